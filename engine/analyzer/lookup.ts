import type { Comparison, Expression, In, Query } from '../../parser/ast.js';
import { joinSpans, type Span } from '../../parser/source.js';
import type { DataSource } from '../catalog/index.js';
import { PULL } from '../settings.js';
import { type Column, printSchema } from '../values/schema.js';
import { printType } from '../values/sql-type.js';
import type { AnalyzerContext } from './context.js';
import { fail } from './errors.js';
import type { ResolvedSourceRelation } from './resolved.js';
import { columnRefs, WINDOW_COLUMNS } from './scope.js';
import { expressionText } from './text.js';

const SCAN_OFF = `Query requires table scan to be enabled. Table scans can be enabled by setting ${PULL.tableScan.name}=true.`;

/**
 * Checks of WHERE that are the keys' own, and, where an operator has turned table scans off, that every alternative in it
 * says which keys to read. The rest of WHERE is an ordinary condition.
 */
export function checkLookup(
  context: AnalyzerContext,
  { where, from }: Query,
  tables: readonly ResolvedSourceRelation[],
): void {
  const [only, second] = tables;
  if (only === undefined) return;
  if (second !== undefined) {
    if (!PULL.tableScan.of(context.properties)) fail(`A join reads its tables whole. ${SCAN_OFF}`, from.span);
    return;
  }
  const { key } = only.source.schema;
  if (where !== undefined) checkKeyValues(where, key);
  if (PULL.tableScan.of(context.properties)) return;
  if (where === undefined) fail(`Missing WHERE clause. ${SCAN_OFF}`, from.span);
  const all = alternatives(where);
  if (all === undefined) fail(`WHERE has more than ${MAX_ALTERNATIVES} alternatives. ${SCAN_OFF}`, where.span);
  const checked = all.map((parts) => checkAlternative(context, parts, only.source));
  // Points are looked up one after the other; of ranges only one can be walked.
  const range = checked.find((c) => c.ranged);
  if (range !== undefined && all.length > 1) fail(SCAN_OFF, range.span);
}

/** Alternatives of a WHERE that are told apart at most. */
const MAX_ALTERNATIVES = 1000;

/** A condition as alternatives, each of which is conditions that all hold; undefined: there are too many. */
function alternatives(e: Expression): readonly (readonly Expression[])[] | undefined {
  if (e.kind !== 'Logical') return [[e]];
  const left = alternatives(e.left);
  const right = alternatives(e.right);
  if (left === undefined || right === undefined) return undefined;
  const count = e.operator === 'OR' ? left.length + right.length : left.length * right.length;
  if (count > MAX_ALTERNATIVES) return undefined;
  return e.operator === 'OR' ? [...left, ...right] : left.flatMap((l) => right.map((r) => [...l, ...r]));
}

const WINDOW_BOUNDS: ReadonlySet<string> = new Set(WINDOW_COLUMNS);

const operands = (e: Expression, operator: 'AND' | 'OR'): readonly Expression[] =>
  e.kind === 'Logical' && e.operator === operator
    ? [...operands(e.left, operator), ...operands(e.right, operator)]
    : [e];

const keyColumn = (e: Expression, key: readonly Column[]): Column | undefined =>
  e.kind === 'ColumnRef' ? key.find((c) => c.name === e.name.name) : undefined;

/** Values in `key IN (…)` are of the key's type as they are written. */
function checkKeyValues(where: Expression, key: readonly Column[]): void {
  for (const part of operands(where, 'AND')) {
    if (part.kind !== 'In') continue;
    const column = keyColumn(part.operand, key);
    if (column === undefined) continue;
    for (const value of part.list) {
      if (value.kind === 'NullLiteral') {
        fail(`Primary key columns can not be NULL: (${expressionText(part.operand)} = null)`, value.span);
      }
      if (value.kind === 'StringLiteral' && column.type.kind !== 'STRING' && !isTime(column)) {
        fail(
          `'${value.value}' can not be converted to the type of the key column: ${column.name} ${printType(column.type)} KEY`,
          value.span,
        );
      }
    }
  }
}

const isTime = (c: Column): boolean => c.type.kind === 'DATE' || c.type.kind === 'TIME' || c.type.kind === 'TIMESTAMP';

/** Whether an alternative asks for a range of keys, and where; throws where it needs all of the table to be read. */
function checkAlternative(
  context: AnalyzerContext,
  parts: readonly Expression[],
  { schema: { key }, window }: DataSource,
): { readonly ranged: boolean; readonly span: Span } {
  const whole = parts.reduce(
    (left, right): Expression => ({
      kind: 'Logical',
      operator: 'AND',
      left,
      right,
      span: joinSpans(left.span, right.span),
    }),
  );
  const { span } = whole;
  const ranged = new Set<string>();
  const equal = new Set<string>();
  for (const part of parts) {
    checkWindowBound(part);
    const found = keyComparison(part, key);
    if (found === undefined) continue;
    const { column, node, value } = found;
    if (value.some((v) => columnRefs(v).length > 0)) {
      fail('A comparison must be between a key column and a resolvable expression.', node.span);
    }
    if (node.kind === 'Comparison' && node.operator === '!=') {
      fail(
        `Bound on key columns '[${printSchema({ key, value: [] })}]' must currently be '='. Got: ${expressionText(node)}. ${SCAN_OFF}`,
        node.span,
      );
    }
    if (ranged.has(column.name) || equal.has(column.name)) {
      fail(
        'A comparison condition on the key column cannot be combined with other comparisons such as an IN predicate. ' +
          SCAN_OFF,
        node.span,
      );
    }
    (node.kind === 'In' || node.operator === '=' ? equal : ranged).add(column.name);
  }
  const bound = equal.size + ranged.size;
  const like = parts.find((part) => part.kind === 'Like');
  if (bound === 0 && like !== undefined)
    fail(`Like condition must be between strings, and no key can be found by it. ${SCAN_OFF}`, like.span);
  if (bound === 0) fail(`WHERE clause missing key column for disjunct: ${expressionText(whole)}. ${SCAN_OFF}`, span);
  if (bound < key.length) {
    fail(
      `Multi-column sources must specify every key in the WHERE clause. Specified: [${[...equal, ...ranged].join(', ')}]. ${SCAN_OFF}`,
      span,
    );
  }
  if (ranged.size === 0) return { ranged: false, span };
  // A window's bounds narrow what is read of one key, not of a range of keys.
  const single = key.length === 1 && key[0]!.type.kind === 'STRING' && window === null;
  if (!single || !PULL.rangeScan.of(context.properties)) fail(SCAN_OFF, span);
  return { ranged: true, span };
}

/** A bound of windows that narrows what is read is a comparison with a constant; any other is asked of all rows. */
function checkWindowBound(part: Expression): void {
  const bound = columnRefs(part).find((ref) => WINDOW_BOUNDS.has(ref.name.name));
  if (bound === undefined) return;
  const between = part.kind === 'Between' && !part.negated ? [part.operand, part.low, part.high] : undefined;
  const sides = part.kind === 'Comparison' && part.operator !== '!=' ? [part.left, part.right] : (between ?? []);
  const others = sides.filter((side) => side !== bound);
  if (sides.length - others.length !== 1 || others.some((side) => columnRefs(side).length > 0)) {
    fail(
      `Windows are found by =, <, <=, >, >= or BETWEEN and constants. Got: ${expressionText(part)}. ${SCAN_OFF}`,
      part.span,
    );
  }
}

interface KeyComparison {
  readonly column: Column;
  readonly node: Comparison | In;
  /** What the key is compared with. */
  readonly value: readonly Expression[];
}

function keyComparison(part: Expression, key: readonly Column[]): KeyComparison | undefined {
  if (part.kind === 'In' && !part.negated) {
    const column = keyColumn(part.operand, key);
    return column && { column, node: part, value: part.list };
  }
  if (part.kind !== 'Comparison') return undefined;
  const left = keyColumn(part.left, key);
  if (left !== undefined) return { column: left, node: part, value: [part.right] };
  const right = keyColumn(part.right, key);
  return right && { column: right, node: part, value: [part.left] };
}
