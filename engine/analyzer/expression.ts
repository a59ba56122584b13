import type * as ast from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import type { Catalog } from '../catalog/index.js';
import type { ArgType, LambdaArg } from '../functions/function.js';
import type { FunctionRegistry } from '../functions/registry.js';
import type { AggregateCall, CallExpr, LiteralExpr, TypedExpr } from '../plan/expr.js';
import { canCast } from '../values/cast.js';
import { BOOLEAN, INTEGER, printType, type SqlType, typeEquals } from '../values/sql-type.js';
import { checkConstants, columnTypes, countRows, unitAsColumn } from './calls.js';
import { castTo, coerceAll, type Written } from './coerce.js';
import { arrayOf, caseOf, mapOf, structOf } from './constructors.js';
import { didYouMean, listed, notSupported } from './errors.js';
import { literal, literalExpr, STRING_TYPE, typeOf, UNTYPED_NULL } from './literals.js';
import { arithmetic, comparison } from './operators.js';
import { functionHint } from './other-functions.js';
import { invalidIn, located, problem } from './problem.js';
import { expressionText, type TextOf } from './text.js';
import { unreachable } from './unreachable.js';
import type { Spelling } from './written-names.js';
import { resolveType } from './written-types.js';

/** What an expression may refer to in its clause. */
export interface ExpressionScope {
  /** A column, or throws with the clause's wording. `inAggregate`: in an argument of an aggregate function. */
  column(ref: ast.ColumnRef, inAggregate: boolean): TypedExpr;
  /** Whether `ref` names a column: a bare unit such as SECOND may be one. */
  hasColumn?(ref: ast.ColumnRef): boolean;
  /** What stands for the result of an aggregate call; absent: no aggregates here. */
  aggregate?(call: AggregateCall, node: ast.FunctionCall, table: boolean): TypedExpr;
  /** What stands for a row of a table function's call; absent: none here. */
  tableFunction?(call: CallExpr, node: ast.FunctionCall): TypedExpr;
  /** How messages show an expression; absent: as written. */
  text?: TextOf;
  /** Names of fields that are made here keep their case. */
  spelling?: Spelling | undefined;
  /** Why an aggregate or table function is refused here, where ksqlDB has a wording of its own. */
  refuse?(node: ast.FunctionCall, kind: 'aggregate' | 'table'): never;
}

interface LambdaFrame {
  readonly names: readonly string[];
  readonly types: readonly SqlType[];
}

/** Deepest nesting of expressions that is analysed; the parser has a limit of its own, views of others may not. */
const MAX_DEPTH = 1000;

const notBooleanWhen = (text: string, type: string): string =>
  `WHEN operand type should be boolean.\nType for '${text}' is ${type}`;

/** Types the expressions of one clause. Throws SqlError for names, ExpressionProblem for types. */
export class ExpressionAnalyzer {
  readonly #lambdas: LambdaFrame[] = [];
  /** The aggregate call that is being typed: they do not nest. */
  #inAggregate: ast.FunctionCall | undefined;
  /** Likewise the table function. */
  #inTable: ast.FunctionCall | undefined;
  #depth = 0;

  constructor(
    private readonly catalog: Catalog,
    private readonly functions: FunctionRegistry,
    private readonly scope: ExpressionScope,
  ) {}

  #text(node: ast.Expression): string {
    return (this.scope.text ?? expressionText)(node);
  }

  readonly #textOf: TextOf = (node) => this.#text(node);

  analyze(node: ast.Expression): TypedExpr {
    if (++this.#depth > MAX_DEPTH) problem('The expression is nested too deeply.', node.span);
    try {
      return this.#expression(node);
    } finally {
      this.#depth--;
    }
  }

  #expression(node: ast.Expression): TypedExpr {
    switch (node.kind) {
      case 'StringLiteral':
      case 'IntegerLiteral':
      case 'BigintLiteral':
      case 'DecimalLiteral':
      case 'DoubleLiteral':
      case 'BooleanLiteral':
      case 'NullLiteral':
      case 'TemporalLiteral':
        return literalExpr(node);
      case 'ColumnRef':
        return this.#column(node);
      case 'StructAccess':
        return this.#field(node);
      case 'Subscript':
        return this.#subscript(node);
      case 'Arithmetic':
        return arithmetic(node, this.analyze(node.left), this.analyze(node.right), this.#textOf);
      case 'Unary':
        return this.#unary(node);
      case 'Concat':
        return this.#call('CONCAT', [node.left, node.right], node.span);
      case 'Comparison':
        return this.#compare(node.operator, this.#written(node.left), node.right, node.span);
      case 'Logical':
        return {
          kind: 'logic',
          op: node.operator,
          left: this.#condition(node.left),
          right: this.#condition(node.right),
          type: BOOLEAN,
        };
      case 'Not':
        return { kind: 'not', operand: this.#condition(node.operand), type: BOOLEAN };
      case 'IsNull':
        return { kind: 'isNull', operand: this.analyze(node.operand), negated: node.negated, type: BOOLEAN };
      case 'Between':
        return this.#between(node);
      case 'In':
        return this.#in(node);
      case 'Like':
        return this.#like(node);
      case 'SearchedCase':
        return this.#case(
          node,
          node.whens.map((w) => this.#condition(w.operand, notBooleanWhen)),
        );
      case 'SimpleCase':
        return this.#case(
          node,
          node.whens.map((w) => this.#compare('=', this.#written(node.operand), w.operand, w.span)),
        );
      case 'Cast':
        return this.#cast(node);
      case 'FunctionCall':
        return this.#function(node);
      case 'IntervalUnit':
        // Outside of a function that takes a unit it can only be a column of that name.
        return this.#column(unitAsColumn(node));
      case 'Lambda':
        return problem('A lambda is only allowed as the argument of a function.', node.span);
      case 'ArrayConstructor':
        return arrayOf(node, this.#all(node.elements), this.#textOf);
      case 'MapConstructor':
        return mapOf(
          node,
          this.#all(node.entries.map((e) => e.key)),
          this.#all(node.entries.map((e) => e.value)),
          this.#textOf,
        );
      case 'StructConstructor':
        return structOf(
          node,
          node.entries.map((e) => this.analyze(e.value)),
          this.scope.spelling,
        );
      case 'AtTimeZone':
        return notSupported('AT TIME ZONE', node.span);
      default:
        return unreachable(node);
    }
  }

  #written(node: ast.Expression): Written {
    return { node, expr: this.analyze(node) };
  }

  #all(nodes: readonly ast.Expression[]): readonly Written[] {
    return nodes.map((n) => this.#written(n));
  }

  #case(node: ast.SearchedCase | ast.SimpleCase, conditions: readonly TypedExpr[]): TypedExpr {
    const results = node.whens.map((w) => w.result);
    if (node.otherwise !== undefined) results.push(node.otherwise);
    return caseOf(node, conditions, this.#all(results), this.#textOf);
  }

  #compare(operator: ast.ComparisonOperator, left: Written, right: ast.Expression, span: Span): TypedExpr {
    const node: ast.Comparison = { kind: 'Comparison', operator, left: left.node, right, span };
    return comparison(operator, left, this.#written(right), node, this.#textOf);
  }

  #column(node: ast.ColumnRef): TypedExpr {
    if (node.source === undefined) {
      for (let depth = 0; depth < this.#lambdas.length; depth++) {
        const frame = this.#lambdas[this.#lambdas.length - 1 - depth]!;
        const index = frame.names.indexOf(node.name.name);
        if (index >= 0) return { kind: 'param', depth, index, name: node.name.name, type: frame.types[index]! };
      }
    }
    return this.scope.column(node, this.#inAggregate !== undefined);
  }

  #condition(
    node: ast.Expression,
    wrong = (text: string, type: string) => `${text} (${type}) is not a boolean.`,
  ): TypedExpr {
    const expr = this.analyze(node);
    const type = typeOf(expr);
    if (type !== null && type.kind !== 'BOOLEAN') {
      problem(wrong(this.#text(node), printType(type)), node.span, 'Compare it with something.');
    }
    return castTo(expr, BOOLEAN);
  }

  #field(node: ast.StructAccess): TypedExpr {
    const operand = this.analyze(node.base);
    const type = typeOf(operand);
    if (type?.kind !== 'STRUCT') {
      return problem(
        `Could not find field with name: ${node.field.name}: expected STRUCT type, got ${type === null ? 'null' : printType(type)}.`,
        node.span,
        this.#typeOf(node.base, operand),
      );
    }
    const index = type.fields.findIndex((f) => f.name === node.field.name);
    if (index < 0) {
      const names = type.fields.map((f) => f.name);
      return problem(
        `Could not find field '${node.field.name}' in '${this.#text(node.base)}'.`,
        node.field.span,
        didYouMean(node.field.name, names) ?? `It has ${listed(names)}.`,
      );
    }
    return { kind: 'field', operand, index, name: node.field.name, type: type.fields[index]!.type };
  }

  #subscript(node: ast.Subscript): TypedExpr {
    const operand = this.analyze(node.base);
    const index = this.analyze(node.index);
    const type = typeOf(operand);
    if (type?.kind === 'ARRAY') {
      const by = typeOf(index)?.kind;
      if (by !== 'INTEGER' && by !== 'BIGINT')
        problem(`An array is indexed by an INTEGER: ${this.#text(node)}.`, node.index.span);
      return { kind: 'subscript', operand, index: castTo(index, INTEGER), type: type.element };
    }
    if (type?.kind === 'MAP') {
      const by = typeOf(index);
      if (by !== null && !typeEquals(by, type.key)) {
        problem(
          `The key of ${this.#text(node.base)} is of type ${printType(type.key)}, not ${printType(by)}.`,
          node.index.span,
        );
      }
      return { kind: 'subscript', operand, index: castTo(index, type.key), type: type.value };
    }
    return problem(
      `Subscript expressions do not apply to type ${type === null ? 'null' : printType(type)}.`,
      node.span,
      this.#typeOf(node.base, operand),
    );
  }

  #unary(node: ast.Unary): TypedExpr {
    const operand = this.analyze(node.operand);
    const type = typeOf(operand);
    if (type === null || !['INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL'].includes(type.kind)) {
      return problem(
        `Unsupported type for unary ${node.operator}: ${type === null ? 'null' : printType(type)}`,
        node.span,
        this.#typeOf(node.operand, operand),
      );
    }
    return node.operator === '+' ? operand : { kind: 'negate', operand, type };
  }

  #between(node: ast.Between): TypedExpr {
    const operand = this.#written(node.operand);
    const bound = (op: '>=' | '<=', value: ast.Expression) => this.#compare(op, operand, value, node.span);
    const [low, high] = invalidIn('Invalid expression', () => [bound('>=', node.low), bound('<=', node.high)] as const);
    if (low.kind !== 'compare' || high.kind !== 'compare')
      return problem('BETWEEN needs values that can be ordered.', node.span);
    if (typeEquals(low.left.type, high.left.type)) {
      return {
        kind: 'between',
        operand: low.left,
        low: low.right,
        high: high.right,
        negated: node.negated,
        type: BOOLEAN,
      };
    }
    // The two bounds brought the operand to different types: say it as two comparisons.
    const both: TypedExpr = { kind: 'logic', op: 'AND', left: low, right: high, type: BOOLEAN };
    return node.negated ? { kind: 'not', operand: both, type: BOOLEAN } : both;
  }

  #in(node: ast.In): TypedExpr {
    const items = [node.operand, ...node.list].map((n) => this.#written(n));
    const { exprs } = invalidIn('Invalid Predicate', () => coerceAll(items, this.#textOf));
    return { kind: 'in', operand: exprs[0]!, list: exprs.slice(1), negated: node.negated, type: BOOLEAN };
  }

  #like(node: ast.Like): TypedExpr {
    const operand = this.analyze(node.operand);
    const pattern = this.analyze(node.pattern);
    for (const [side, n] of [
      [operand, node.operand],
      [pattern, node.pattern],
    ] as const) {
      const type = typeOf(side);
      if (type !== null && type.kind !== 'STRING') {
        problem(
          `Like condition must be between strings. The column type for Like condition must be VARCHAR. The column type is ${printType(type)}: ${this.#text(n)}`,
          n.span,
        );
      }
    }
    if (node.escape !== undefined && [...node.escape].length !== 1) {
      problem(`Expected exactly one character in ESCAPE clause, got: ${node.escape}`, node.span);
    }
    return {
      kind: 'like',
      operand: castTo(operand, STRING_TYPE),
      pattern: castTo(pattern, STRING_TYPE),
      escape: node.escape ?? null,
      negated: node.negated,
      type: BOOLEAN,
    };
  }

  #typeOf(node: ast.Expression, expr: TypedExpr): string | undefined {
    return columnTypes([node], [expr], this.#textOf);
  }

  #cast(node: ast.Cast): TypedExpr {
    const operand = this.analyze(node.operand);
    const type = resolveType(node.type, this.catalog, this.scope.spelling);
    const from = typeOf(operand);
    if (from === null) return literal(null, type);
    if (!canCast(from, type)) {
      const message = `Cast of ${printType(from)} to ${printType(type)} is not supported`;
      problem(message, node.span, this.#typeOf(node.operand, operand));
    }
    return typeEquals(from, type) ? operand : { kind: 'cast', operand, type };
  }

  // --- Functions -------------------------------------------------------------------------------------------------------

  #function(node: ast.FunctionCall): TypedExpr {
    const { name } = node.name;
    const kind = this.functions.kindOf(name);
    if (kind === undefined) {
      // What is wrong in the arguments comes first.
      this.#arguments(node.args);
      problem(`Can't find any functions with the name '${name}'`, node.name.span, functionHint(name, this.functions));
    }
    if (kind === 'aggregate') return this.#aggregate(node);
    if (kind === 'table') return this.#table(node);
    return this.#call(name, node.args, node.span);
  }

  #aggregate(node: ast.FunctionCall): TypedExpr {
    if (this.#inAggregate !== undefined) {
      problem(`Aggregate functions can not be nested: ${this.#inAggregate.name.name}(${node.name.name}())`, node.span);
    }
    if (this.scope.aggregate === undefined) {
      // Names that do not exist come first.
      this.#arguments(node.args);
      if (this.scope.refuse !== undefined) this.scope.refuse(node, 'aggregate');
      return problem(`Aggregate function ${node.name.name} is not allowed here.`, node.span);
    }
    this.#inAggregate = node;
    try {
      // COUNT(*) and COUNT() count rows; for any other function both mean the time of the row.
      const rows = node.args.length === 0 && node.name.name !== 'COUNT';
      const written = rows ? countRows({ ...node, star: true }).args : node.args;
      const args = this.#arguments(written);
      const r = located(
        node.span,
        () => this.functions.resolveAggregate(node.name.name, args.types),
        () => columnTypes(args.nodes, args.exprs, this.#textOf),
      );
      const finished = this.#finish(args, r.paramTypes, r.lambdaParams);
      const init = finished.slice(r.initFrom).map((e, i): LiteralExpr => {
        const source = written[r.initFrom + i]!;
        if (e.kind === 'literal') return e;
        if (e.kind === 'cast' && e.operand.kind === 'literal') return { ...e.operand, type: e.operand.type };
        return problem(
          `Parameter ${r.initFrom + i + 1} passed to function ${node.name.name} must be a literal constant, but was expression: '${this.#text(source)}'`,
          source.span,
        );
      });
      const call: AggregateCall = {
        name: node.name.name,
        overload: r.overload,
        args: finished.slice(0, r.initFrom),
        init,
        type: r.type,
      };
      checkConstants(this.functions, call, node.span);
      return this.scope.aggregate(call, node, r.table);
    } finally {
      this.#inAggregate = undefined;
    }
  }

  #table(node: ast.FunctionCall): TypedExpr {
    if (this.scope.tableFunction === undefined) {
      if (this.scope.refuse !== undefined) this.scope.refuse(node, 'table');
      return problem(`Table function ${node.name.name} is not allowed here.`, node.span);
    }
    if (this.#inTable !== undefined) {
      problem(`Table functions can not be nested: ${this.#inTable.name.name}(${node.name.name}())`, node.span);
    }
    this.#inTable = node;
    const args = this.#arguments(node.args);
    this.#inTable = undefined; // An error ends the analysis.
    const r = located(
      node.span,
      () => this.functions.resolveTable(node.name.name, args.types),
      () => columnTypes(args.nodes, args.exprs, this.#textOf),
    );
    const call: CallExpr = {
      kind: 'call',
      name: node.name.name,
      overload: r.overload,
      args: this.#finish(args, r.paramTypes, r.lambdaParams),
      type: r.type,
    };
    return this.scope.tableFunction(call, node);
  }

  /** A call of a scalar function. */
  #call(name: string, nodes: readonly ast.Expression[], span: Span): TypedExpr {
    const args = this.#arguments(nodes);
    const r = located(
      span,
      () => this.functions.resolveScalar(name, args.types),
      () => columnTypes(args.nodes, args.exprs, this.#textOf),
    );
    return {
      kind: 'call',
      name,
      overload: r.overload,
      args: this.#finish(args, r.paramTypes, r.lambdaParams),
      type: r.type,
    };
  }

  #arguments(nodes: readonly ast.Expression[]): Arguments {
    const exprs: (TypedExpr | null)[] = [];
    const types: ArgType[] = [];
    for (const node of nodes) {
      if (node.kind === 'Lambda') {
        exprs.push(null);
        types.push(this.#lambdaArg(node));
      } else if (node.kind === 'IntervalUnit' && this.scope.hasColumn?.(unitAsColumn(node)) !== true) {
        exprs.push(literal(node.unit, STRING_TYPE));
        types.push({ kind: 'INTERVALUNIT' });
      } else {
        const expr = this.analyze(node);
        exprs.push(expr);
        types.push(typeOf(expr));
      }
    }
    return { nodes, exprs, types };
  }

  #lambdaArg(node: ast.Lambda): LambdaArg {
    return {
      kind: 'LAMBDA',
      arity: node.params.length,
      resolve: (params) => typeOf(this.#lambdaBody(node, params)),
    };
  }

  #lambdaBody(node: ast.Lambda, types: readonly SqlType[]): TypedExpr {
    this.#lambdas.push({ names: node.params.map((p) => p.name), types });
    try {
      return this.analyze(node.body);
    } finally {
      this.#lambdas.pop();
    }
  }

  /** Arguments cast to the types of the chosen overload. */
  #finish(
    args: Arguments,
    paramTypes: readonly SqlType[],
    lambdaParams: readonly (readonly SqlType[] | null)[],
  ): readonly TypedExpr[] {
    return args.exprs.map((expr, i) => {
      const node = args.nodes[i]!;
      const type = paramTypes[i]!;
      if (node.kind !== 'Lambda') return castTo(expr ?? UNTYPED_NULL, type);
      const body = castTo(this.#lambdaBody(node, lambdaParams[i] ?? []), type);
      return { kind: 'lambda', params: node.params.map((p) => p.name), body, type };
    });
  }
}

interface Arguments {
  readonly nodes: readonly ast.Expression[];
  /** Null for a lambda: it is typed when the overload is known. */
  readonly exprs: readonly (TypedExpr | null)[];
  readonly types: readonly ArgType[];
}
