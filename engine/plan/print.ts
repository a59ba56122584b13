import { type Column, printSchema } from '../values/schema.js';
import { printType } from '../values/sql-type.js';
import type { AggregateCall, TypedExpr } from './expr.js';
import { type FormatRef, pinnedId, unpinned } from './format-ref.js';
import { type KeyWindow, keptMs, type WindowSpec } from './window.js';

/* The parts of plans as text, for EXPLAIN and for errors. */

/** A typed expression as one line, casts and column positions shown. */
export function printExpr(e: TypedExpr): string {
  const list = (items: readonly TypedExpr[]): string => items.map(printExpr).join(', ');
  switch (e.kind) {
    case 'literal':
      return literalText(e);
    case 'column':
      return `${e.name}@${e.from === 'key' ? 'k' : 'v'}${e.index}`;
    case 'pseudo':
      return e.name;
    case 'arith':
    case 'compare':
      return `(${printExpr(e.left)} ${e.op} ${printExpr(e.right)})`;
    case 'logic':
      return `(${printExpr(e.left)} ${e.op} ${printExpr(e.right)})`;
    case 'negate':
      return `-${printExpr(e.operand)}`;
    case 'not':
      return `(NOT ${printExpr(e.operand)})`;
    case 'isNull':
      return `(${printExpr(e.operand)} IS ${e.negated ? 'NOT ' : ''}NULL)`;
    case 'in':
      return `(${printExpr(e.operand)} ${e.negated ? 'NOT ' : ''}IN (${list(e.list)}))`;
    case 'between':
      return `(${printExpr(e.operand)} ${e.negated ? 'NOT ' : ''}BETWEEN ${printExpr(e.low)} AND ${printExpr(e.high)})`;
    case 'like':
      return `(${printExpr(e.operand)} ${e.negated ? 'NOT ' : ''}LIKE ${printExpr(e.pattern)}${e.escape === null ? '' : ` ESCAPE '${e.escape}'`})`;
    case 'case':
      return `CASE${e.branches.map((b) => ` WHEN ${printExpr(b.when)} THEN ${printExpr(b.then)}`).join('')}${
        e.otherwise === null ? '' : ` ELSE ${printExpr(e.otherwise)}`
      } END`;
    case 'cast':
      return `CAST(${printExpr(e.operand)} AS ${printType(e.type)})`;
    case 'call':
      return `${e.name}(${list(e.args)})`;
    case 'field':
      return `${printExpr(e.operand)}->${e.name}`;
    case 'subscript':
      return `${printExpr(e.operand)}[${printExpr(e.index)}]`;
    case 'array':
      return `ARRAY[${list(e.elements)}]`;
    case 'map':
      return `MAP(${e.entries.map((x) => `${printExpr(x.key)} := ${printExpr(x.value)}`).join(', ')})`;
    case 'struct':
      return `STRUCT(${list(e.fields)})`;
    case 'lambda':
      return `(${e.params.join(', ')}) => ${printExpr(e.body)}`;
    case 'param':
      return e.name;
  }
}

function literalText(e: Extract<TypedExpr, { kind: 'literal' }>): string {
  if (e.value === null) return 'NULL';
  if (e.type.kind === 'STRING') return `'${String(e.value).replaceAll("'", "''")}'`;
  return ['DATE', 'TIME', 'TIMESTAMP', 'BYTES'].includes(e.type.kind) ? `${e.type.kind} ${e.value}` : String(e.value);
}

export const callText = (c: AggregateCall): string => `${c.name}(${[...c.args, ...c.init].map(printExpr).join(', ')})`;

export const printWindow = (w: WindowSpec): string =>
  w.kind === 'SESSION'
    ? `SESSION gap ${w.gapMs} ms, grace ${w.graceMs} ms, retention ${keptMs(w)} ms`
    : `${w.kind} size ${w.sizeMs} ms${w.kind === 'HOPPING' ? `, advance ${w.advanceMs} ms` : ''}, grace ${w.graceMs} ms, retention ${keptMs(w)} ms`;

export const keyWindowText = (w: KeyWindow | null): string =>
  w === null ? '' : w.kind === 'session' ? ' windowed by sessions' : ` windowed by ${w.sizeMs} ms`;

export const formatText = (f: FormatRef): string => {
  const options = Object.entries(unpinned(f).properties).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
  const schema = pinnedId(f);
  if (schema !== undefined) options.push(`schema ${schema}`);
  if (f.wrapSingle !== undefined) options.push(f.wrapSingle ? 'wrapped' : 'unwrapped');
  return options.length === 0 ? f.name : `${f.name}(${options.join(', ')})`;
};

export const columnsText = (columns: readonly Column[], exprs: readonly TypedExpr[]): string =>
  exprs.map((e, i) => `${columns[i]?.name ?? '?'} = ${printExpr(e)}`).join(', ');

export const schemaText = (key: readonly Column[], value: readonly Column[]): string => printSchema({ key, value });
