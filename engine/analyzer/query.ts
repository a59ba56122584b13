import type { ColumnRef, Expression, FunctionCall, Query } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import type { SourceKind } from '../catalog/index.js';
import type { AggregateCall, TypedExpr } from '../plan/expr.js';
import { LANGUAGE } from '../settings.js';
import { BOOLEAN, INTEGER, printType } from '../values/sql-type.js';
import { callsIn, countRows } from './calls.js';
import { joinText, placeOf, refuseIn, refuseTwice, unqualified } from './clauses.js';
import { castTo } from './coerce.js';
import type { AnalyzerContext } from './context.js';
import { fail, listed } from './errors.js';
import { ExpressionAnalyzer, type ExpressionScope } from './expression.js';
import { literal, typeOf } from './literals.js';
import { type OrderScope, orderKeys } from './order-by.js';
import { inClause } from './problem.js';
import { checkKeys, checkNames } from './projection.js';
import { refuseOrdering } from './pull.js';
import type { QueryUse } from './query-use.js';
import { analyzeRelation } from './relation.js';
import type { KeyExpr, QueryShape, ResolvedQuery, SelectColumn, TableFunctionCall } from './resolved.js';
import { replace, sameExpr } from './rewrite.js';
import { type Binding, type Clause, keyColumns, Scope, WINDOW_COLUMNS, windowPseudo } from './scope.js';
import { columnNames, type ListedItem, listItems, spelledNames } from './select-list.js';
import { expressionText, identifierText } from './text.js';
import { keyWindowOf, windowSpec } from './windows.js';
import { spelled, spelledAliases } from './written-names.js';

const WINDOW_BOUNDS_RULE =
  'can only be used in the SELECT clause of windowed aggregations and can not be passed to aggregate functions.';

export function analyzeQuery(context: AnalyzerContext, query: Query, use: QueryUse): ResolvedQuery {
  if (use.kind !== 'pull') refuseOrdering(query);
  return new QueryAnalyzer(context, query, use).run();
}

class QueryAnalyzer {
  readonly #context: AnalyzerContext;
  readonly #query: Query;
  readonly #use: QueryUse;
  readonly #relation;
  readonly #scope: Scope;
  /** What the select list may name: a windowed aggregation adds its window's bounds. */
  readonly #selectScope: Scope;
  readonly #tableFunctions: TableFunctionCall[] = [];
  readonly #calls: AggregateCall[] = [];
  readonly #callPlaces = new Map<string, number>();
  /** Aggregate calls as written, those that do not work on tables apart. */
  readonly #aggregates: FunctionCall[] = [];
  readonly #streamOnly: string[] = [];
  #firstTableFunction: FunctionCall | undefined;

  constructor(context: AnalyzerContext, query: Query, use: QueryUse) {
    this.#context = context;
    this.#query = query;
    this.#use = use;
    const { relation, bindings } = analyzeRelation(context, query.from, use.kind === 'pull');
    this.#relation = relation;
    this.#scope = new Scope(bindings);
    this.#selectScope =
      query.window === undefined || this.#scope.aliases.length > 1
        ? this.#scope
        : new Scope([
            ...bindings.filter((b) => b.role !== 'window'),
            ...WINDOW_COLUMNS.map(
              (name): Binding => ({ source: this.#scope.aliases[0]!, name, expr: windowPseudo(name), role: 'window' }),
            ),
          ]);
  }

  run(): ResolvedQuery {
    const query = this.#query;
    const persistent = this.#use.kind === 'persistent';
    if (persistent && this.#relation.output === 'TABLE' && this.#relation.window !== null) {
      fail('KSQL does not support persistent queries on windowed tables.', query.from.span);
    }
    const partitionBy = query.partitionBy ?? [];
    for (const e of partitionBy) if (e.kind === 'ColumnRef') this.#scope.resolve(e, 'PARTITION BY');
    const items = listItems(query.select, {
      scope: this.#scope,
      windowColumns: !persistent,
      partitionBy: query.partitionBy,
      typeOf: (node) => typeOf(this.#expression(node, 'SELECT', this.#selectHooks())),
    });
    const names = columnNames(items, this.#scope, persistent);
    const where = query.where === undefined ? null : this.#condition(query.where, 'WHERE');
    const grouped = query.groupBy !== undefined || this.#usesAggregates(items);
    if (query.window !== undefined && !grouped) {
      fail('WINDOW clause requires a GROUP BY clause.', query.window.span);
    }
    const shaped = this.#spelled(grouped ? this.#grouped(items, names) : this.#plain(items, names), items);
    const relation = this.#relation;
    const resolved: ResolvedQuery = {
      ...shaped,
      relation,
      where,
      tableFunctions: this.#tableFunctions,
      emit: this.#emit(shaped.shape),
      limit: query.limit ?? null,
      distinct: query.distinct === true,
      offset: query.offset ?? 0,
    };
    if (this.#use.kind === 'persistent') {
      this.#use.check?.(resolved);
      checkKeys({ items, names, select: shaped.select, use: this.#use, shape: shaped.shape, query, relation });
    }
    checkNames(shaped.select, items);
    return resolved;
  }

  /** The select list with names as they are written, where they keep their case. */
  #spelled(shaped: Shaped, items: readonly ListedItem[]): Shaped {
    const { spelling } = this.#context;
    if (spelling === undefined) return shaped;
    const exprs = shaped.select.map((c) => c.expr);
    const written = spelledNames(items, exprs, this.#scope, spelledAliases(this.#query.from, spelling), spelling);
    return { ...shaped, select: shaped.select.map((c, i) => ({ ...c, ...spelled(c.name, written[i]) })) };
  }

  #emit(shape: QueryShape): ResolvedQuery['emit'] {
    const emit = this.#query.emit;
    if (emit === 'FINAL' && (shape.kind !== 'grouped' || shape.window === null)) {
      fail(
        'EMIT FINAL is only supported for windowed aggregations.',
        this.#query.from.span,
        'Put a WINDOW behind the source.',
      );
    }
    if (this.#use.kind === 'pull') return null;
    return emit === 'FINAL' ? 'final' : 'changes';
  }

  // --- Queries without aggregation ---------------------------------------------------------------------------------

  #plain(items: readonly ListedItem[], names: readonly string[]): Shaped {
    const query = this.#query;
    if (query.having !== undefined) fail('HAVING requires a GROUP BY clause.', query.having.span);
    const exprs = items.map((i) => this.#select(i));
    let shape: QueryShape = { kind: 'plain' };
    if (query.partitionBy !== undefined) {
      const keys = this.#partitionKeys(query.partitionBy);
      shape = { kind: 'partitioned', keys: this.#nameKeys(keys, query.partitionBy, exprs, names) };
    }
    if (shape.kind === 'plain' && this.#keysAsSelected()) shape = this.#selectedKeys(exprs, names);
    const keys = shape.kind === 'partitioned' ? shape.keys.map((k) => k.expr) : keyColumns(this.#relation, exprs);
    const select = exprs.map((expr, i): SelectColumn => {
      const at = keys.findIndex((k) => sameExpr(k, expr));
      const key = at < 0 ? null : at;
      // What a persistent query writes as its key is the join's key, whichever of the equal columns was named.
      const own = key !== null && shape.kind === 'plain' && this.#use.kind === 'persistent';
      return { name: names[i]!, expr: own ? this.#keyColumn(key) : expr, key, span: items[i]!.span };
    });
    return {
      shape,
      having: null,
      select,
      orderBy: this.#orderBy(select, {
        expression: (node) => this.#expression(node, 'ORDER BY', { refuse: refuseIn('ORDER BY') }),
      }),
      output: this.#relation.output,
      window: this.#relation.window,
    };
  }

  #orderBy(select: readonly SelectColumn[], scope: Pick<OrderScope, 'expression'>): ResolvedQuery['orderBy'] {
    const { orderBy, distinct } = this.#query;
    return orderKeys(orderBy ?? [], { ...scope, select, selectedOnly: distinct === true });
  }

  /** ksqlDB's newer planner, off by default: the key is what the projection has of it, in the projection's order. */
  #keysAsSelected(): boolean {
    const { properties } = this.#context;
    const isStream = this.#use.kind === 'persistent' && this.#relation.output === 'STREAM';
    return isStream && LANGUAGE.keysAsSelected.of(properties);
  }

  #selectedKeys(exprs: readonly TypedExpr[], names: readonly string[]): QueryShape {
    const own = keyColumns(this.#relation, exprs);
    const keys = exprs.flatMap((expr, i) => (own.some((k) => sameExpr(k, expr)) ? [{ name: names[i]!, expr }] : []));
    const same = keys.length === own.length && keys.every((k, i) => sameExpr(k.expr, own[i]!));
    return same ? { kind: 'plain' } : { kind: 'partitioned', keys };
  }

  #keyColumn(index: number): TypedExpr {
    const { name, type } = this.#relation.schema.key[index]!;
    return { kind: 'column', from: 'key', index, name, type };
  }

  #partitionKeys(list: readonly Expression[]): readonly TypedExpr[] {
    if (this.#relation.output === 'TABLE') {
      fail('PARTITION BY is not supported on tables.', list[0]!.span, 'Use GROUP BY to aggregate by another key.');
    }
    if (list.some((e) => e.kind === 'NullLiteral')) {
      if (list.length > 1) fail('Cannot PARTITION BY multiple columns including NULL', list[0]!.span);
      return [];
    }
    const keys = list.map((e) =>
      inClause(
        (m) => `Error in PARTITION BY expression: ${m}`,
        () => this.#expression(e, 'PARTITION BY', { refuse: refuseIn('PARTITION BY') }),
      ),
    );
    refuseTwice('PARTITION BY', list, keys);
    this.#checkRepartition(keys);
    return keys;
  }

  /** Rows of a windowed source stay with their key: the window is part of it. */
  #checkRepartition(keys: readonly TypedExpr[]): void {
    if (this.#relation.window === null) return;
    const own = keyColumns(this.#relation, keys);
    const same = keys.length === own.length && keys.every((k, i) => sameExpr(k, own[i]!));
    if (!same) {
      fail(
        'Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.',
        this.#query.from.span,
      );
    }
  }

  // --- Queries with aggregation ------------------------------------------------------------------------------------

  #grouped(items: readonly ListedItem[], names: readonly string[]): Shaped {
    const query = this.#query;
    const groupBy = query.groupBy ?? [];
    if (query.partitionBy !== undefined)
      fail('GROUP BY and PARTITION BY can not be used together.', query.partitionBy[0]!.span);
    if (query.window !== undefined && this.#relation.output === 'TABLE') {
      fail('Windowing not supported for table aggregations.', query.window.span);
    }
    const keys = groupBy.map((e) =>
      inClause(
        (m) => `Error in GROUP BY expression: ${m}`,
        () => this.#expression(e, 'GROUP BY', { refuse: refuseIn('GROUP BY') }),
      ),
    );
    refuseTwice('GROUP BY', groupBy, keys);
    const raw = items.map((i) => this.#select(i));
    if (this.#firstTableFunction !== undefined) {
      fail(
        'Table functions cannot be used with aggregations.',
        this.#firstTableFunction.span,
        'Make a stream of its rows with CREATE STREAM … AS SELECT, and aggregate that.',
      );
    }
    const having = query.having === undefined ? null : this.#condition(query.having, 'HAVING');
    if (this.#calls.length === 0 && !this.#pull) {
      fail(
        'GROUP BY requires aggregate functions in either the SELECT or HAVING clause.',
        groupBy[0]?.span ?? query.span,
      );
    }
    const violations = { columns: [] as string[], items: [] as string[], first: undefined as Span | undefined };
    const select = raw.map((expr, i) => {
      violations.columns = [];
      const seen = this.#overGroups(expr, keys, violations.columns);
      if (violations.columns.length > 0) {
        violations.items.push(expressionText(items[i]!.node, unqualified));
        violations.first ??= items[i]!.span;
      }
      return seen;
    });
    if (violations.items.length > 0 && (query.groupBy !== undefined || this.#aggregates.length > 0)) {
      // A pull query's wording begins as that of ksqlDB, which has no such pull queries at all.
      const what =
        this.#pull && query.groupBy !== undefined ? "Pull queries don't support GROUP BY clauses without: " : '';
      fail(
        `${what}Non-aggregate SELECT expression(s) not part of GROUP BY: ${violations.items.join(', ')}\n` +
          'Either add the column(s) to the GROUP BY or remove them from the SELECT.',
        violations.first,
      );
    }
    if (query.groupBy === undefined && this.#use.kind === 'persistent') {
      const calls = this.#aggregates.map((a) => expressionText(countRows(a), unqualified));
      fail(
        `${this.#use.statement} statement does not support aggregate function [${calls.join(', ')}] without a GROUP BY clause.`,
        this.#aggregates[0]!.span,
      );
    }
    if (this.#relation.output === 'TABLE' && this.#streamOnly.length > 0 && !this.#pull) {
      const plural = this.#streamOnly.length > 1;
      fail(
        `The aggregation function${plural ? 's' : ''} ${listed(this.#streamOnly)} cannot be applied to a table source, only to a stream source.`,
        this.#aggregates.find((a) => this.#streamOnly.includes(a.name.name))!.span,
      );
    }
    violations.columns = [];
    const grouped = having === null ? null : this.#overGroups(having, keys, violations.columns);
    if (violations.columns.length > 0) {
      fail(
        `Non-aggregate HAVING expression not part of GROUP BY: ${violations.columns.join(', ')}`,
        placeOf(violations.columns[0]!, query.having!),
      );
    }
    if (groupBy.length > 0 && !this.#pull) this.#checkRepartition(keys);
    const oneGroup = this.#pull ? [] : ONE_GROUP;
    const named = groupBy.length > 0 ? this.#nameKeys(keys, groupBy, raw, names) : oneGroup;
    const window = query.window === undefined ? null : windowSpec(query.window, query.emit === 'FINAL');
    const columns = select.map((expr, i) => ({
      name: names[i]!,
      expr,
      key: expr.kind === 'column' && expr.from === 'key' ? expr.index : null,
      span: items[i]!.span,
    }));
    return {
      shape: { kind: 'grouped', keys: named, window, calls: this.#calls },
      having: grouped,
      select: columns,
      orderBy: this.#orderBy(columns, { expression: (node) => this.#groupedOrder(node, keys) }),
      output: 'TABLE',
      window: window === null ? this.#relation.window : keyWindowOf(window),
    };
  }

  /** An expression of ORDER BY over the groups. */
  #groupedOrder(node: Expression, keys: readonly TypedExpr[]): TypedExpr {
    const violations: string[] = [];
    const raw = this.#expression(node, 'ORDER BY', {
      aggregate: (call, n, table) => this.#aggregate(call, n, table),
      refuse: refuseIn('ORDER BY'),
    });
    const expr = this.#overGroups(raw, keys, violations);
    if (violations.length > 0) {
      fail(
        `Non-aggregate ORDER BY expression not part of GROUP BY: ${violations.join(', ')}`,
        placeOf(violations[0]!, node),
      );
    }
    return expr;
  }

  get #pull(): boolean {
    return this.#use.kind === 'pull';
  }

  /** Position of the first aggregate's stand-in among the value columns. */
  get #base(): number {
    return this.#relation.schema.value.length + MAX_TABLE_FUNCTIONS;
  }

  /** `expr` over the rows that the aggregation gives. Columns that are no part of a group key go to `violations`. */
  #overGroups(expr: TypedExpr, keys: readonly TypedExpr[], violations: string[]): TypedExpr {
    return replace(expr, (part) => {
      if (part.kind === 'column' && part.from === 'value' && part.index >= this.#base) {
        return { ...part, index: part.index - this.#base };
      }
      const at = keys.findIndex((k) => sameExpr(k, part));
      if (at >= 0) {
        const name = part.kind === 'column' || part.kind === 'pseudo' ? part.name : `KSQL_KEY_${at}`;
        return { kind: 'column', from: 'key', index: at, name, type: part.type };
      }
      if (part.kind === 'column') violations.push(identifierText(part.name));
      if (part.kind === 'pseudo') {
        const bound = part.name === 'WINDOWSTART' || part.name === 'WINDOWEND';
        const windowed = this.#query.window !== undefined || (this.#relation.window !== null && !this.#pull);
        if (!bound || !windowed) violations.push(part.name);
      }
      return undefined;
    });
  }

  /** Key columns take the names of the select list; one that is not selected gets its own or a generated name. */
  #nameKeys(
    keys: readonly TypedExpr[],
    nodes: readonly Expression[],
    select: readonly TypedExpr[],
    names: readonly string[],
  ): readonly KeyExpr[] {
    return keys.map((expr, i) => {
      const at = select.findIndex((e) => sameExpr(e, expr));
      const node = nodes[i]!;
      const own = node.kind === 'ColumnRef' ? node.name.name : `KSQL_COL_${i}`;
      return { name: at >= 0 ? names[at]! : own, expr };
    });
  }

  #usesAggregates(items: readonly ListedItem[]): boolean {
    const inside = (node: Expression): boolean =>
      callsIn(node).some((c) => this.#context.functions.kindOf(c.name.name) === 'aggregate');
    const { having, orderBy } = this.#query;
    const nodes = [...items.map((i) => i.node), ...(orderBy ?? []).map((o) => o.expression)];
    return nodes.some(inside) || (having !== undefined && inside(having));
  }

  // --- Expressions -------------------------------------------------------------------------------------------------

  #select(item: ListedItem): TypedExpr {
    const expr = inClause(
      (m) => (m.startsWith('Cast of ') ? `Invalid Select: ${m}` : m),
      () => this.#expression(item.node, 'SELECT', this.#selectHooks()),
    );
    if (typeOf(expr) === null) {
      fail(
        "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).",
        item.node.span,
      );
    }
    return expr;
  }

  #selectHooks(): Partial<ExpressionScope> {
    return {
      aggregate: (call, node, table) => this.#aggregate(call, node, table),
      tableFunction: (call, node) => {
        if (this.#relation.output === 'TABLE')
          fail('Table source is not supported with table functions', this.#query.from.span);
        this.#firstTableFunction ??= node;
        if (this.#tableFunctions.length >= MAX_TABLE_FUNCTIONS)
          fail(`More than ${MAX_TABLE_FUNCTIONS} table functions.`, this.#query.span);
        const same = this.#tableFunctions.findIndex((t) => sameExpr(t.call, call));
        const at = same >= 0 ? same : this.#tableFunctions.length;
        const name = `KSQL_SYNTH_${at}`;
        if (same < 0) this.#tableFunctions.push({ call, column: { name, type: call.type } });
        return { kind: 'column', from: 'value', index: this.#relation.schema.value.length + at, name, type: call.type };
      },
    };
  }

  #aggregate(call: AggregateCall, node: FunctionCall, table: boolean): TypedExpr {
    this.#aggregates.push(node);
    if (!table && !this.#streamOnly.includes(call.name)) this.#streamOnly.push(call.name);
    const text = JSON.stringify(call);
    let at = this.#callPlaces.get(text);
    if (at === undefined) this.#callPlaces.set(text, (at = this.#calls.push(call) - 1));
    return { kind: 'column', from: 'value', index: this.#base + at, name: `KSQL_AGG_VARIABLE_${at}`, type: call.type };
  }

  #expression(node: Expression, clause: Clause, hooks: Partial<ExpressionScope>): TypedExpr {
    const scope = clause === 'SELECT' || clause === 'HAVING' ? this.#selectScope : this.#scope;
    return new ExpressionAnalyzer(this.#context.catalog, this.#context.functions, {
      ...hooks,
      spelling: this.#context.spelling,
      hasColumn: (ref) => scope.find(ref).length > 0,
      ...(scope.aliases.length > 1 ? { text: (n) => joinText(n, scope) } : {}),
      column: (ref, inAggregate) => this.#column(ref, clause, scope, inAggregate),
    }).analyze(node);
  }

  #column(ref: ColumnRef, clause: Clause, scope: Scope, inAggregate: boolean): TypedExpr {
    const name = ref.name.name;
    const bounds = (WINDOW_COLUMNS as readonly string[]).includes(name);
    if (bounds && this.#query.window !== undefined && this.#scope.aliases.length < 2) {
      if (inAggregate || clause === 'GROUP BY' || clause === 'HAVING')
        fail(`Window bounds column ${name} ${WINDOW_BOUNDS_RULE}`, ref.span);
      if (clause === 'WHERE' && this.#scope.find(ref).length === 0) {
        fail(
          `Error in WHERE expression: Unknown column ${name}.`,
          ref.span,
          'WHERE sees rows before they are put into windows.',
        );
      }
    }
    return scope.resolve(ref, clause).expr;
  }

  /** WHERE or HAVING: a boolean. */
  #condition(node: Expression, clause: 'WHERE' | 'HAVING'): TypedExpr {
    const text = this.#scope.aliases.length > 1 ? joinText(node, this.#scope) : expressionText(node);
    const hooks: Partial<ExpressionScope> =
      clause === 'HAVING'
        ? { aggregate: (call, n, table) => this.#aggregate(call, n, table), refuse: refuseIn('HAVING') }
        : { refuse: refuseIn('WHERE') };
    const expr = inClause(
      (m) => `Error in ${clause} expression: ${m}\nStatement: ${text}`,
      () => this.#expression(node, clause, hooks),
    );
    const type = typeOf(expr);
    if (type !== null && type.kind !== 'BOOLEAN') {
      fail(
        `Type error in ${clause} expression: Should evaluate to boolean but is ${text} (${printType(type)}) instead.`,
        node.span,
      );
    }
    return castTo(expr, BOOLEAN);
  }
}

/** Table functions of one query; also the room between value columns and the stand-ins of aggregates. */
const MAX_TABLE_FUNCTIONS = 100;

/** A push query that aggregates without GROUP BY: all rows are one group. */
const ONE_GROUP: readonly KeyExpr[] = [{ name: 'ROWKEY', expr: literal(0, INTEGER) }];

interface Shaped {
  readonly shape: QueryShape;
  readonly having: TypedExpr | null;
  readonly select: readonly SelectColumn[];
  readonly orderBy: ResolvedQuery['orderBy'];
  readonly output: SourceKind;
  readonly window: ResolvedQuery['window'];
}
