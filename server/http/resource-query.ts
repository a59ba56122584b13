import { type SourceColumns, type SqlType, WeirError } from '../../engine/index.js';

/** From the parameters of `GET /api/{table}` to a query. */

type Column = SourceColumns['columns'][number];

const OPERATORS: Readonly<Record<string, string>> = {
  eq: '=',
  ne: '<>',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  like: 'LIKE',
  in: 'IN',
};
/** Parameters that are no columns. */
const OWN = ['select', 'order', 'limit', 'offset', 'follow'] as const;
const WINDOW_BOUNDS = ['WINDOWSTART', 'WINDOWEND'];

const bad = (message: string, hint?: string): WeirError => new WeirError('BAD_REQUEST', message, hint);
const quoted = (name: string): string => `\`${name}\``;

export interface ResourceQuery {
  readonly sql: string;
  readonly follow: boolean;
}

/** The source that a path names: as written, or in any case where no other is called so. */
export function sourceOf(sources: readonly SourceColumns[], name: string): SourceColumns {
  const found =
    sources.find((s) => s.name === name) ?? sources.find((s) => s.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new WeirError('NOT_FOUND', `There is no stream or table ${name}.`, 'GET /api lists what there is.');
}

/** The query of `GET /api/{name}?…`. @throws BAD_REQUEST for a parameter that says nothing */
export function resourceQuery(source: SourceColumns, parameters: Readonly<Record<string, unknown>>): ResourceQuery {
  const wheres: string[] = [];
  const own: Record<string, string> = {};
  for (const [name, given] of Object.entries(parameters)) {
    for (const value of Array.isArray(given) ? (given as string[]) : [String(given)]) {
      const [, base = name, operator = 'eq'] = /^(.*)\[(\w+)\]$/.exec(name) ?? [];
      if (OWN.some((o) => o === name)) own[name] = value;
      else wheres.push(condition(columnOf(source, base), operator, value));
    }
  }
  const follow = own.follow !== undefined && own.follow !== 'false';
  const selected = own.select?.split(',').map((n) => quoted(columnOf(source, n.trim()).name));
  const order = own.order?.split(',').map((n) => {
    const [, minus, column] = /^(-?)(.*)$/.exec(n.trim())!;
    return `${quoted(columnOf(source, column!).name)}${minus === '-' ? ' DESC' : ''}`;
  });
  if (follow && (order !== undefined || own.offset !== undefined)) {
    throw bad('order and offset do not go with follow: rows come as they change.');
  }
  const parts = [
    `SELECT ${selected?.join(', ') ?? '*'} FROM ${quoted(source.name)}`,
    ...(wheres.length === 0 ? [] : [`WHERE ${wheres.join(' AND ')}`]),
    ...(order === undefined ? [] : [`ORDER BY ${order.join(', ')}`]),
    ...(follow ? ['EMIT CHANGES'] : []),
    ...(own.limit === undefined ? [] : [`LIMIT ${count('limit', own.limit)}`]),
    ...(own.offset === undefined ? [] : [`OFFSET ${count('offset', own.offset)}`]),
  ];
  return { sql: `${parts.join(' ')};`, follow };
}

/** The query of `GET /api/{name}/{key}`; of a key of several columns they are separated by commas. */
export function keyQuery(source: SourceColumns, key: string): string {
  const columns = source.columns.filter((c) => c.key);
  const values = columns.length === 1 ? [key] : key.split(',');
  if (columns.length === 0 || source.kind !== 'TABLE') throw bad(`${source.name} has no rows that a key names.`);
  if (values.length !== columns.length) {
    throw bad(
      `The key of ${source.name} is ${columns.map((c) => c.name).join(',')}: so many values, with commas between them.`,
    );
  }
  const wheres = columns.map((c, i) => condition(c, 'eq', values[i]!));
  return `SELECT * FROM ${quoted(source.name)} WHERE ${wheres.join(' AND ')};`;
}

function columnOf(source: SourceColumns, name: string): Column {
  const bound = WINDOW_BOUNDS.find((b) => b === name.toUpperCase());
  if (source.windowed && bound !== undefined) return { name: bound, type: { kind: 'BIGINT' }, key: true };
  const found =
    source.columns.find((c) => c.name === name) ??
    source.columns.find((c) => c.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const names = source.columns.map((c) => c.name);
  throw bad(
    `${source.name} has no column ${name}.`,
    `Its columns are ${names.join(', ')}; other parameters are ${OWN.join(', ')}.`,
  );
}

function condition({ name, type }: Column, operator: string, value: string): string {
  const word = OPERATORS[operator];
  if (word === undefined) {
    throw bad(`There is no comparison ${name}[${operator}].`, `There are ${Object.keys(OPERATORS).join(', ')}.`);
  }
  if (operator === 'in') {
    return `${quoted(name)} IN (${value
      .split(',')
      .map((v) => literal(name, type, v))
      .join(', ')})`;
  }
  return `${quoted(name)} ${word} ${literal(name, operator === 'like' ? { kind: 'STRING' } : type, value)}`;
}

function count(name: string, value: string): string {
  if (!/^\d{1,9}$/.test(value)) throw bad(`${name} must be a whole number, not '${value}'.`);
  return value;
}

/** A value of a parameter as SQL. Nothing of it can be more than that value. @throws BAD_REQUEST for one that is no value of the type */
export function literal(name: string, type: SqlType, value: string): string {
  const must = (form: RegExp, what: string): string => {
    if (!form.test(value)) throw bad(`${name} must be ${what}, not '${value}'.`);
    return value;
  };
  switch (type.kind) {
    case 'STRING':
      return `'${value.replaceAll("'", "''")}'`;
    case 'BOOLEAN':
      return must(/^(true|false)$/i, 'true or false');
    case 'INTEGER':
    case 'BIGINT':
      return must(/^-?\d{1,19}$/, 'a whole number');
    case 'DOUBLE':
    case 'DECIMAL':
      return must(/^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$/, 'a number');
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      return `'${must(/^[\dT:.+\-Z ]+$/, `a ${type.kind.toLowerCase()}`)}'`;
    default:
      throw bad(`${name} is a ${type.kind}, which no parameter compares with.`);
  }
}
