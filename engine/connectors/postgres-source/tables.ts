import { ConnectorFailed } from '../connector.js';
import { meant, quoted, writtenTable } from '../postgres/identifiers.js';
import type { Session } from './session.js';

/** A table as the catalog of the database has it. */
export interface Table {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** As SQL has it: `"public"."stations"`. */
  readonly sql: string;
  /** `p`: it is partitioned. */
  readonly kind: string;
  /** Columns of the index that is the replica identity, else of the primary key, in its order; empty: there is neither. */
  readonly key: readonly string[];
  /** The whole old row is in the log of the server. */
  readonly full: boolean;
}

/** `schema.name`, or a name that the search path finds. */
export async function tableNamed(written: string, session: Session): Promise<Table> {
  const { schema, name } = writtenTable(written) ?? { schema: undefined, name: written };
  const found = await session.rows<Omit<Table, 'key' | 'full' | 'sql'> & { identity: string; key: string }>(
    `SELECT c.oid::text, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relreplident AS identity,
            coalesce((SELECT json_agg(a.attname ORDER BY k.place)
               FROM pg_index i
               CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
              WHERE i.indrelid = c.oid AND k.place <= i.indnkeyatts
                AND i.indexrelid = (SELECT x.indexrelid FROM pg_index x
                   WHERE x.indrelid = c.oid AND (x.indisprimary OR x.indisreplident)
                   ORDER BY x.indisreplident AND c.relreplident = 'i' DESC, x.indisprimary DESC LIMIT 1)), '[]')::text AS key
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND CASE WHEN $2::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = $2 END
        AND lower(c.relname) = lower($1)
      ORDER BY c.relname = $1 DESC, n.nspname <> 'public'`,
    [name, schema ?? null],
  );
  const exact = meant(name, found);
  if (exact === undefined) {
    throw new ConnectorFailed(
      `There is no table ${written} in the database, or the user may not see it.`,
      'Check table.whitelist: a table outside of the search path needs its schema.',
    );
  }
  return {
    oid: exact.oid,
    schema: exact.schema,
    name: exact.name,
    sql: `${quoted(exact.schema)}.${quoted(exact.name)}`,
    kind: exact.kind,
    key: JSON.parse(exact.key) as string[],
    full: exact.identity === 'f',
  };
}

/** The column that is meant: the one of this name, else the only one of it in any case. */
export function columnNamed<T extends { readonly name: string }>(
  written: string,
  columns: readonly T[],
  option: string,
): T {
  const found = meant(written, columns);
  if (found !== undefined) return found;
  throw new ConnectorFailed(
    `${option} names the column ${written}, which is not there.`,
    `There are: ${columns.map((c) => c.name).join(', ')}.`,
  );
}
