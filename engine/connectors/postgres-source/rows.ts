import type { FieldDef } from 'pg';
import type { JsonRow, JsonValue, RowRecord } from '../connector.js';
import type { Session } from './session.js';
import type { Types } from './values.js';

/** Rows of a result as JSON, by the names of its columns as Postgres has them. */
export async function rowReader(
  fields: readonly Pick<FieldDef, 'name' | 'dataTypeID'>[],
  types: Types,
  session: Session,
): Promise<(row: readonly (string | null)[]) => JsonRow> {
  await types.learn(
    fields.map((f) => f.dataTypeID),
    session,
  );
  const columns = fields.map((f) => ({ name: f.name, read: types.reader(f.dataTypeID) }));
  return (row) => {
    const out: Record<string, JsonValue> = {};
    for (const [i, { name, read }] of columns.entries()) {
      const text = row[i] ?? null;
      out[name] = text === null ? null : read(text);
    }
    return out;
  };
}

/** Where the rows of a table go; undefined: to `into`, or to the topic of the option `topic`. */
export const topicOf = (prefix: string | undefined, table: string | undefined): string | undefined =>
  prefix === undefined ? undefined : prefix + (table ?? '');

export const recordOf = (value: JsonRow, topic: string | undefined, origin: string): RowRecord => ({
  value,
  origin,
  ...(topic === undefined ? {} : { topic }),
});
