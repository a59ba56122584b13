import type { Choices } from './choices.js';
import { type Expr, Expressions, guarded, type Row } from './expressions.js';
import { schemaText } from './run.js';
import {
  type Col,
  columnsOf,
  createSql,
  declared,
  type Input,
  keyFormatFor,
  rowOf,
  type Source,
  valueFormatFor,
} from './sources.js';
import { canonical, type Val } from './values.js';

export const SINK = 'RESULT';

/** A row of a result, with what is compared. A window for windowed keys; a null value is a tombstone. */
export interface ResultRow {
  readonly key: readonly Val[];
  readonly window?: { readonly start: number; readonly end: number };
  readonly value: readonly Val[] | null;
  /** Undefined: any. */
  readonly timestamp: number | undefined;
}

/** A random query, and its result as plain evaluation over all of the input has it. */
export interface QueryCase {
  readonly sources: readonly Source[];
  readonly sql: string;
  readonly sink: Source;
  /** `log`: every record in order. `bag`: in any order. `table`: the last row of each key. */
  readonly compared: 'log' | 'bag' | 'table';
  /** What is expected of these inputs. */
  evaluate(inputs: readonly Input[]): ResultRow[];
}

/** A column of a SELECT list. */
export interface Item {
  readonly name: string;
  readonly expr: Expr;
}

export const itemSql = (i: Item): string => (i.expr.sql === i.name ? i.name : `${i.expr.sql} AS ${i.name}`);

export const colOf = (i: Item): Col => ({ name: i.name, type: i.expr.type });

export const valuesOf = (items: readonly Item[], row: Row): Val[] => items.map((i) => guarded(i.expr, row));

export const passes = (condition: Expr | null, row: Row): boolean =>
  condition === null || guarded(condition, row) === true;

export function sinkOf(
  c: Choices,
  kind: Source['kind'],
  key: readonly Item[],
  value: readonly Item[],
  name = SINK,
): Source {
  return {
    name,
    kind,
    key: key.map(colOf),
    value: value.map(colOf),
    keyFormat: key.length === 0 ? 'KAFKA' : keyFormatFor(c, key.map(colOf)),
    valueFormat: valueFormatFor(c, value.length),
  };
}

/** `CREATE … AS SELECT`, the list in any order. */
export function createAs(c: Choices, sink: Source, items: readonly Item[], rest: string): Created {
  const at = c.next(items.length);
  const list = [...items.slice(at), ...items.slice(0, at)];
  const formats = `KEY_FORMAT='${sink.keyFormat}', VALUE_FORMAT='${sink.valueFormat}'`;
  const properties = sink.key.length === 0 ? `VALUE_FORMAT='${sink.valueFormat}'` : formats;
  const find = (name: string) => items.find((i) => i.name === name)!;
  // Value columns stand as in the list, key columns as in the key.
  const value = list.filter((i) => sink.value.some((v) => v.name === i.name));
  return {
    sql: `CREATE ${sink.kind} ${sink.name} WITH (${properties}) AS SELECT ${list.map(itemSql).join(', ')} ${rest};`,
    sink: { ...sink, value: value.map(colOf) },
    keys: sink.key.map((k) => find(k.name)),
    values: value,
  };
}

export interface Created {
  readonly sql: string;
  readonly sink: Source;
  /** Items in the order of the sink's columns. */
  readonly keys: readonly Item[];
  readonly values: readonly Item[];
}

export const script = (sources: readonly Source[], ...queries: readonly string[]): string =>
  [...sources.map(createSql), ...queries].join('\n');

export const where = (condition: Expr | null): string => (condition === null ? '' : ` WHERE ${condition.sql}`);

/** What stands in a result, one text a row. */
export function texts(rows: readonly ResultRow[], sink: Source): string[] {
  // DELIMITED has one form for NULL and an empty text.
  const text = (v: Val, col: Col, format: string) => canonical(v === '' && format === 'DELIMITED' ? null : v, col.type);
  return rows.map((r) => {
    const key = sink.key.map((k, i) => text(r.key[i]!, k, sink.keyFormat)).join(', ');
    const value =
      r.value === null ? 'tombstone' : sink.value.map((v, i) => text(r.value![i]!, v, sink.valueFormat)).join(', ');
    const window = r.window === undefined ? '' : ` @${r.window.start}..${r.window.end}`;
    return `[${key}]${window} -> ${value}${r.timestamp === undefined ? '' : ` at ${r.timestamp}`}`;
  });
}

/** The last row of each key; tombstones take theirs away. */
export function lastRows(rows: readonly ResultRow[], sink: Source): ResultRow[] {
  const last = new Map<string, ResultRow>();
  for (const r of rows) {
    const key = texts([{ ...r, value: null, timestamp: undefined }], sink)[0]!;
    if (r.value === null) last.delete(key);
    else last.set(key, r);
  }
  return [...last.values()];
}

export const expectedSchema = (sink: Source): string => schemaText(sink.key, sink.value);

/** A stream of random columns. */
export const stream = (c: Choices): Source => declared(c, { name: 'S', kind: 'STREAM' });
export const table = (c: Choices): Source => declared(c, { name: 'T', kind: 'TABLE' });

export const condition = (c: Choices, columns: readonly Expr[]): Expr | null =>
  c.chance(4) ? new Expressions(c, columns).condition(2) : null;

/** Random columns of a SELECT list. */
export const randomItems = (c: Choices, columns: readonly Expr[], keys: readonly Item[], most = 4): Item[] =>
  c.many(1, most, (i) => ({ name: `X${i + 1}`, expr: inValue(new Expressions(c, columns).any(3), keys) }));

/** A key stands once in a list; AS_VALUE makes a column of the value of it, or of any expression that is the same. */
export function inValue(e: Expr, keys: readonly Item[]): Expr {
  return keys.some((k) => k.expr.sql === e.sql) ? { ...e, sql: `AS_VALUE(${e.sql})` } : e;
}

/** SELECT … FROM stream [WHERE] [PARTITION BY]. */
export function streamQuery(c: Choices, from: Source = stream(c), name = SINK, format?: 'JSON'): QueryCase {
  const columns = columnsOf(from);
  const filter = condition(c, columns);
  const moved = c.chance(3);
  const key: Item[] = moved
    ? distinct(c.many(1, 2, () => new Expressions(c, columns).reading(c.pick(['INTEGER', 'STRING', 'BIGINT']), 2))).map(
        (expr, i) => ({ name: `P${i + 1}`, expr }),
      )
    : from.key.map((k) => ({ name: k.name, expr: columns.find((e) => e.sql === k.name)! }));
  const value = randomItems(c, columns, key);
  const partition = moved ? ` PARTITION BY ${key.map((k) => k.expr.sql).join(', ')}` : '';
  const formats = format === undefined ? {} : { keyFormat: key.length === 0 ? 'KAFKA' : format, valueFormat: format };
  const plain = { ...sinkOf(c, 'STREAM', key, value, name), ...formats };
  const rest = `FROM ${from.name}${where(filter)}${partition} EMIT CHANGES`;
  const { sql, sink, keys, values } = createAs(c, plain, [...key, ...value], rest);
  const ofKey = new Set(from.key.map((k) => k.name));
  return {
    sources: [from],
    sql: script([from], sql),
    sink,
    compared: 'log',
    evaluate: (inputs) =>
      inputs.flatMap((r): ResultRow[] => {
        const row = rowOf(r);
        if (r.value === null) {
          if (filter !== null) return [];
          // Of a row without a value only what depends on the key alone can be computed.
          const known = (i: Item) => !moved || i.expr.reads.every((name) => ofKey.has(name));
          return [
            { key: keys.map((k) => (known(k) ? guarded(k.expr, row) : null)), value: null, timestamp: r.timestamp },
          ];
        }
        if (!passes(filter, row)) return [];
        return [{ key: valuesOf(keys, row), value: valuesOf(values, row), timestamp: r.timestamp }];
      }),
  };
}

/** SELECT … FROM table [WHERE]. */
export function tableQuery(c: Choices): QueryCase {
  const from = table(c);
  const columns = columnsOf(from);
  const filter = condition(c, columns);
  const key = from.key.map((k) => ({ name: k.name, expr: columns.find((e) => e.sql === k.name)! }));
  const value = randomItems(c, columns, key);
  const plain = sinkOf(c, 'TABLE', key, value);
  const rest = `FROM ${from.name}${where(filter)} EMIT CHANGES`;
  const { sql, sink, keys, values } = createAs(c, plain, [...key, ...value], rest);
  return {
    sources: [from],
    sql: script([from], sql),
    sink,
    compared: 'table',
    evaluate: (inputs) =>
      tableRows(inputs, from).flatMap((r) => {
        const row = rowOf(r);
        if (!passes(filter, row)) return [];
        return [{ key: valuesOf(keys, row), value: valuesOf(values, row), timestamp: r.timestamp }];
      }),
  };
}

/** The rows of a table after these inputs. Rows without a key are none. */
export function tableRows(inputs: readonly Input[], of: Source): Input[] {
  const rows = new Map<string, Input>();
  for (const r of inputs) {
    if (r.source !== of || r.key === null) continue;
    const key = keyText(r.key, of.key);
    if (r.value === null) rows.delete(key);
    else rows.set(key, r);
  }
  return [...rows.values()];
}

export const keyText = (key: readonly Val[], cols: readonly { readonly type: Col['type'] }[]): string =>
  key.map((v, i) => canonical(v, cols[i]!.type)).join(', ');

/** Each SQL text once. */
export const distinct = (exprs: readonly Expr[]): Expr[] =>
  exprs.filter((e, i) => exprs.findIndex((x) => x.sql === e.sql) === i);
