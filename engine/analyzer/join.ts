import type { Comparison, Expression, Join } from '../../parser/ast.js';
import type { DataSource } from '../catalog/index.js';
import { formatByName } from '../formats/index.js';
import type { TypedExpr } from '../plan/expr.js';
import type { KeyWindow } from '../plan/topology.js';
import type { Column } from '../values/schema.js';
import { printType, typeEquals } from '../values/sql-type.js';
import type { AnalyzerContext } from './context.js';
import { fail, tick } from './errors.js';
import { ExpressionAnalyzer } from './expression.js';
import { inClause } from './problem.js';
import type { ResolvedJoin, ResolvedRelation, ResolvedSourceRelation } from './resolved.js';
import { replace, sameExpr } from './rewrite.js';
import { type Binding, columnRefs, joinBindings, relationSources, Scope, sideColumns } from './scope.js';
import { expressionText, identifierText } from './text.js';
import { durationMs } from './windows.js';
import { checkKeyTypes } from './written-types.js';

/** Resolves one JOIN of a relation that is resolved already with a further source, on a condition that is read already. */
export function analyzeJoin(
  context: AnalyzerContext,
  node: Join,
  criteria: JoinCriteria,
  left: ResolvedRelation,
  right: ResolvedSourceRelation,
): ResolvedJoin {
  const leftKey = keyExpression(context, criteria.left, left);
  const rightKey = keyExpression(context, criteria.right, right);
  const text = (e: Expression): string => conditionText(e, [...relationSources(left), right]);
  const got = `Got ${text(criteria.written)}.`;
  checkKeyTypes([{ name: keyName(criteria.left, leftKey, left), type: leftKey.type }], {
    span: node.on.span,
    of: () => node.on.span,
  });
  const flavour = flavourOf(node, left, right, leftKey, rightKey, got);
  if (!typeEquals(leftKey.type, rightKey.type)) {
    const side = (e: Expression): string => {
      const type = e === criteria.left ? leftKey.type : rightKey.type;
      return `${text(e)}{${printType(type)}}`;
    };
    fail(
      `Invalid join condition: types don't match. Got ${side(criteria.written.left)} = ${side(criteria.written.right)}.`,
      node.on.span,
      'CAST one of the two sides.',
    );
  }
  checkWindows(node, left, right, leftKey, rightKey, flavour);
  checkPartitions(node, left, right, leftKey, rightKey);
  return joined(node, flavour, left, right, leftKey, rightKey);
}

// --- Sources and condition -------------------------------------------------------------------------------------------

function checkSources(node: Join, before: readonly ResolvedSourceRelation[], right: ResolvedSourceRelation): void {
  const twin = before.find((s) => s.source.name === right.source.name);
  if (twin !== undefined) {
    const { name } = right.source;
    if (before.length > 1) {
      fail(`N-way joins do not support multiple occurrences of the same source. Source: '${name}'`, node.right.span);
    }
    fail(
      `Can not join '${name}' to '${name}': self joins are not yet supported.`,
      node.right.span,
      'Copy one side with CREATE STREAM … AS SELECT.',
    );
  }
  if (before.some((s) => s.alias === right.alias))
    fail(`The name ${right.alias} stands for two sources.`, node.right.span);
  const stateless = [...before, right].filter((s) => formatByName(s.source.valueFormat.name).states === 'none');
  if (stateless.length > 0) {
    const format = stateless[0]!.source.valueFormat.name;
    const names = stateless.filter((s) => s.source.valueFormat.name === format).map((s) => s.source.name);
    fail(
      `Source(s) ${names.join(', ')} are using the '${format}' value format. This format does not yet support JOIN.`,
      node.span,
    );
  }
}

export interface JoinCriteria {
  readonly left: Expression;
  readonly right: Expression;
  readonly written: Comparison;
}

/** ON: one equality, one side of it over what is joined so far (`before`), the other over the source that joins. */
export function readCriteria(
  node: Join,
  before: readonly ResolvedSourceRelation[],
  right: ResolvedSourceRelation,
): JoinCriteria {
  checkSources(node, before, right);
  const { on } = node;
  const sources = [...before, right];
  if (on.kind === 'Logical') {
    fail(
      `Invalid join condition: joins on multiple conditions are not yet supported. Got ${conditionText(on, sources)}.`,
      on.span,
      'Join on one equality and put the rest into WHERE.',
    );
  }
  if (on.kind !== 'Comparison' || on.operator !== '=') {
    return fail(
      `Invalid join condition: only equality is supported. Got ${conditionText(on, sources)}.`,
      on.span,
      'Write ON a.x = b.y.',
    );
  }
  const scope = new Scope(sources.flatMap(sideColumns));
  const owner = (side: Expression): string => {
    const owners = new Set(columnRefs(side).map((ref) => scope.resolve(ref, 'JOIN ON').source));
    if (owners.size !== 1) {
      fail(
        `Invalid comparison expression '${conditionText(side, sources)}' in join '${conditionText(on, sources)}'. ` +
          'Each side of the join comparision must contain references from exactly one source.',
        side.span,
      );
    }
    return [...owners][0]!;
  };
  const a = owner(on.left);
  const b = owner(on.right);
  if (a === b) {
    fail(
      'Each side of the join must reference exactly one source and not the same source. ' +
        `Left side references ${tick(a)} and right references ${tick(b)}`,
      on.span,
    );
  }
  if (b === right.alias) return { left: on.left, right: on.right, written: on };
  if (a === right.alias) return { left: on.right, right: on.left, written: on };
  return fail(
    `A join criteria is expected to reference the source (${tick(right.alias)}) in the FROM clause, instead the right source ` +
      `references ${tick(b)} and the left source references ${tick(a)}`,
    on.span,
  );
}

function keyExpression(context: AnalyzerContext, node: Expression, side: ResolvedRelation): TypedExpr {
  const bindings = side.kind === 'source' ? sideColumns(side) : joinBindings(side);
  return onExpression(context, node, new Scope(bindings));
}

/** A part of a join's ON, whose columns are those of `scope`. */
export function onExpression(context: AnalyzerContext, node: Expression, scope: Scope): TypedExpr {
  return inClause(
    (m) => `Error in JOIN ON expression: ${m}`,
    () =>
      new ExpressionAnalyzer(context.catalog, context.functions, {
        column: (ref) => scope.resolve(ref, 'JOIN ON').expr,
        hasColumn: (ref) => scope.find(ref).length > 0,
        refuse: (call, kind) => fail(`JOIN ON does not support ${kind} functions: ${call.name.name}.`, call.span),
      }).analyze(node),
  );
}

/** What the key column of a repartition by the condition is called. */
function keyName(node: Expression, key: TypedExpr, left: ResolvedRelation): string {
  const binding = sideColumns(left).find((b) => sameExpr(b.expr, key));
  return binding === undefined || node.kind !== 'ColumnRef' ? 'ROWKEY' : `${binding.source}_${binding.name}`;
}

/** An expression of the condition with every column under its source's name. */
function conditionText(node: Expression, sources: readonly ResolvedSourceRelation[]): string {
  const scope = new Scope(sources.flatMap(sideColumns));
  const text = expressionText(node, (source, name) => {
    const found = source?.name ?? scope.bindings.find((b) => b.name === name.name)?.source;
    return `${found === undefined ? '' : `${identifierText(found)}.`}${identifierText(name.name)}`;
  });
  // Messages show a bare equality without its parentheses, but an equality inside something else with them.
  return node.kind === 'Comparison' && columnRefs(node.left).length > 0 && columnRefs(node.right).length > 0
    ? text.replace(/^\((.*)\)$/s, '$1')
    : text;
}

// --- What kind of join it is -----------------------------------------------------------------------------------------

/** Whether `expr` is what rows of the relation are keyed by. */
const isKey = (expr: TypedExpr, relation: ResolvedRelation): boolean => {
  if (relation.schema.key.length !== 1) return false;
  if (relation.kind === 'source') return expr.kind === 'column' && expr.from === 'key';
  if (relation.equalToKey.some((e) => sameExpr(e.expr, expr))) return true;
  return expr.kind === 'column' && expr.from === 'value' && relation.keyChoices[0]!.includes(expr.index);
};

function flavourOf(
  node: Join,
  left: ResolvedRelation,
  right: ResolvedSourceRelation,
  leftKey: TypedExpr,
  rightKey: TypedExpr,
  got: string,
): ResolvedJoin['flavour'] {
  const type = node.joinType;
  const outer = `Got ${nameOf(left)} [${type}]${type === 'INNER' ? '' : ' OUTER'} JOIN ${nameOf(right)}.`;
  if (left.output === 'STREAM' && right.output === 'STREAM') {
    if (node.within === undefined) {
      fail(
        'Stream-Stream joins must have a WITHIN clause specified. None was provided.',
        node.span,
        'Write WITHIN 1 HOUR, for example, between the source and ON.',
      );
    }
    return 'streamStream';
  }
  if (node.within !== undefined) {
    const what = left.output === 'STREAM' ? 'Stream-Table' : 'Table-Table';
    fail(
      `A window definition was provided for a ${what} join. These joins are not windowed. Please drop the window definition ` +
        '(i.e. the WITHIN clause) and try to execute your join again.',
      node.within.span,
    );
  }
  if (left.output === 'TABLE' && right.output === 'STREAM') {
    fail(
      `Invalid join order: table-stream joins are not supported; only stream-table joins. ${outer}`,
      node.span,
      'Put the stream first.',
    );
  }
  const span = node.on.span;
  if (left.output === 'STREAM') {
    if (!isKey(rightKey, right)) {
      fail(`Invalid join condition: stream-table joins require to join on the table's primary key. ${got}`, span);
    }
    if (type === 'RIGHT' || type === 'FULL') {
      fail(
        `Invalid join type: ${type.toLowerCase()}-outer join not supported for stream-table join. ${outer}`,
        node.span,
      );
    }
    return 'streamTable';
  }
  if (!isKey(rightKey, right)) {
    fail(
      `Invalid join condition: table-table joins require to join on the primary key of the right input table. ${got}`,
      span,
    );
  }
  if (isKey(leftKey, left)) return 'tableTable';
  if (left.window !== null || right.window !== null) {
    fail(`Invalid join condition: foreign-key table-table joins are not supported on windowed tables. ${got}`, span);
  }
  if (left.kind === 'join') {
    fail(
      `Invalid join condition: foreign-key table-table joins are not supported as part of n-way joins. ${got}`,
      span,
    );
  }
  if (type === 'RIGHT' || type === 'FULL') fail(`${type} OUTER JOIN on a foreign key is not supported`, node.span);
  return 'foreignKey';
}

const nameOf = (relation: ResolvedRelation): string =>
  relation.kind === 'source' ? identifierText(relation.alias) : nameOf(relationSources(relation)[0]!);

/** A direct read keeps the partitions of the topic; anything else goes through a topic of Weir's own. */
const isDirect = (expr: TypedExpr, relation: ResolvedRelation): boolean => isKey(expr, relation);

function checkWindows(
  node: Join,
  left: ResolvedRelation,
  right: ResolvedSourceRelation,
  leftKey: TypedExpr,
  rightKey: TypedExpr,
  flavour: ResolvedJoin['flavour'],
): void {
  if (left.window === null && right.window === null) return;
  if (left.window === null || right.window === null) {
    const first = relationSources(left)[0]!;
    const line = (s: ResolvedSourceRelation): string =>
      `${tick(s.alias)} is ${s.source.windowType === null ? 'not' : s.source.windowType} windowed`;
    fail(`Can not join windowed source to non-windowed source.\n${line(first)}\n${line(right)}`, node.span);
  }
  const moved = !isDirect(leftKey, left) || !isDirect(rightKey, right) || flavour === 'foreignKey';
  // Keys that name a schema: equal keys of two topics differ in bytes.
  const registry =
    formatByName(right.source.keyFormat.name).schemas !== undefined && left.window.kind === right.window.kind;
  if (moved || (!sameWindow(left.window, right.window) && !registry)) {
    fail(
      'Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.',
      node.span,
    );
  }
}

const sameWindow = (a: KeyWindow, b: KeyWindow): boolean =>
  a.kind === b.kind && (a.kind === 'session' || (b.kind === 'time' && a.sizeMs === b.sizeMs));

/** Sources that are both read as they are must agree in their partitions; what is re-keyed travels to those of the other. */
function checkPartitions(
  node: Join,
  left: ResolvedRelation,
  right: ResolvedSourceRelation,
  leftKey: TypedExpr,
  rightKey: TypedExpr,
): void {
  if (!isDirect(leftKey, left) || !isDirect(rightKey, right)) return;
  const first = relationSources(left)[0]!.source;
  const second = right.source;
  const [a, b] = [first.topic.partitions, second.topic.partitions];
  if (a === null || b === null || a === b) return;
  const quote = (s: DataSource): string => tick(s.name);
  fail(
    `Can't join ${quote(first)} with ${quote(second)} since the number of partitions don't match. ` +
      `${quote(first)} partitions = ${a}; ${quote(second)} partitions = ${b}. ` +
      'Please repartition either one so that the number of partitions match.',
    node.span,
    'CREATE STREAM … WITH (PARTITIONS=n) AS SELECT … makes a copy with other partitions.',
  );
}

// --- The joined row --------------------------------------------------------------------------------------------------

const KEY_NAME = 'ROWKEY';

function joined(
  node: Join,
  flavour: ResolvedJoin['flavour'],
  left: ResolvedRelation,
  right: ResolvedSourceRelation,
  leftKey: TypedExpr,
  rightKey: TypedExpr,
): ResolvedJoin {
  const mine = sideColumns(left);
  const theirs = sideColumns(right);
  const value = [...mine, ...theirs].map((b): Column => ({ name: `${b.source}_${b.name}`, type: b.expr.type }));
  const window = node.within;
  const within =
    flavour !== 'streamStream' || window === undefined
      ? null
      : {
          beforeMs: durationMs(window.before),
          afterMs: durationMs(window.after),
          graceMs: window.grace === undefined ? null : durationMs(window.grace),
        };
  const base = {
    kind: 'join' as const,
    flavour,
    joinType: node.joinType,
    left,
    right,
    leftKey,
    rightKey,
    within,
    output: left.output,
    window: left.window,
  };
  if (flavour === 'foreignKey') {
    // Rows keep the left table's key.
    const choices = left.schema.key.map((_, i) => [
      mine.findIndex((b) => b.expr.kind === 'column' && b.expr.from === 'key' && b.expr.index === i),
    ]);
    return {
      ...base,
      schema: { key: left.schema.key, value },
      keyChoices: choices,
      certainKeys: choices,
      equalToKey: [],
    };
  }
  const { joinType } = node;
  const leftChoices = choicesOf(left, leftKey, mine, 'keyChoices');
  const rightChoices = choicesOf(right, rightKey, theirs, 'keyChoices').map((i) => i + mine.length);
  const keyChoices = joinType === 'FULL' ? [] : [...leftChoices, ...rightChoices];
  const certain = [
    ...(joinType === 'INNER' || joinType === 'LEFT' ? choicesOf(left, leftKey, mine, 'certainKeys') : []),
    ...(joinType === 'INNER' || joinType === 'RIGHT' ? rightChoices : []),
  ];
  const name = keyChoices.length > 0 ? value[keyChoices[0]!]!.name : madeUpName(mine, theirs);
  return {
    ...base,
    schema: { key: [{ name, type: leftKey.type }], value },
    keyChoices: [keyChoices],
    certainKeys: [certain],
    equalToKey: [
      { expr: shifted(leftKey, mine, value, 0), certain: joinType === 'INNER' || joinType === 'LEFT' },
      { expr: shifted(rightKey, theirs, value, mine.length), certain: joinType === 'INNER' || joinType === 'RIGHT' },
    ],
  };
}

/** An expression over a side's rows as one over the joined row, in which the side's columns begin at `offset`. */
const shifted = (expr: TypedExpr, columns: readonly Binding[], value: readonly Column[], offset: number): TypedExpr =>
  replace(expr, (part) => {
    const at = columns.findIndex((b) => sameExpr(b.expr, part));
    if (at < 0) return undefined;
    const { name, type } = value[at + offset]!;
    return { kind: 'column', from: 'value', index: at + offset, name, type };
  });

/** The columns of a side that are what it is joined by: the column itself, and what an earlier join made equal to it. */
function choicesOf(
  side: ResolvedRelation,
  key: TypedExpr,
  columns: readonly Binding[],
  which: 'keyChoices' | 'certainKeys',
): readonly number[] {
  const own = columns.findIndex((b) => sameExpr(b.expr, key));
  if (side.kind === 'source') return own < 0 ? [] : [own];
  const equal = side[which].find((choices) => choices.includes(own));
  if (equal !== undefined) return equal;
  if (own >= 0) return [own];
  const known = side.equalToKey.some((e) => sameExpr(e.expr, key) && (e.certain || which === 'keyChoices'));
  return known ? (side[which][0] ?? []) : [];
}

/** ROWKEY, or with a number where a source has a column of that name. */
function madeUpName(left: readonly Binding[], right: readonly Binding[]): string {
  const taken = new Set([...left, ...right].map((b) => b.name));
  let name = KEY_NAME;
  for (let n = 1; taken.has(name); n++) name = `${KEY_NAME}_${n}`;
  return name;
}
