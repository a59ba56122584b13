import { fieldsAsWritten } from '../formats/field-names.js';
import type { Column } from '../values/schema.js';
import { BIGINT } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import type { SinkRow, SinkSource } from './connector.js';

/** The columns of a target's rows: those of the key, of the value, and the bounds of windows, by the names that the target has for them. */
export interface RowColumns {
  readonly columns: readonly Column[];
  /** A row's values in their order. `row.value` is no tombstone. */
  valuesOf(row: SinkRow): readonly Value[];
}

export function rowColumns(source: SinkSource, inLowerCase: boolean): RowColumns | undefined {
  const { schema, windowed } = source;
  if (schema === undefined) return undefined;
  const bounds = windowed ? ['WINDOWSTART', 'WINDOWEND'].map((name) => ({ name, type: BIGINT })) : [];
  const columns = [...schema.key, ...schema.value.filter((c) => c.headers === undefined), ...bounds];
  const written = schema.value.flatMap((c, i) => (c.headers === undefined ? [i] : []));
  const noKey = schema.key.map(() => null);
  return {
    columns: columns.map((c: Column) => {
      const name = c.written ?? c.name;
      return { name: inLowerCase ? name.toLowerCase() : name, type: fieldsAsWritten(c.type) };
    }),
    valuesOf: ({ key, value, windowStart, windowEnd }) => [
      ...(key ?? noKey),
      ...written.map((i) => value![i] ?? null),
      ...(windowed ? [windowStart ?? null, windowEnd ?? null] : []),
    ],
  };
}

/** Two columns that have one name once case is gone; undefined: there are none. */
export const twice = ({ columns }: RowColumns): string | undefined =>
  columns.find((c, i) => columns.findIndex((o) => o.name === c.name) < i)?.name;
