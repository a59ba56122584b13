import { ConnectorFailed, type SourceContext } from '../connector.js';
import { quoted } from '../postgres/identifiers.js';
import { type KeyColumn, KeyOrder } from './key-order.js';
import type { Options } from './options.js';
import { topicOf } from './rows.js';
import type { Session } from './session.js';
import { columnNamed, type Table, tableNamed } from './tables.js';

/** A table whose changes mode cdc reads. */
export interface Captured {
  readonly table: Table;
  /** `schema.name`. */
  readonly name: string;
  readonly topic: string | undefined;
  /** Columns that become the key of its records; empty: records have none. */
  readonly key: readonly string[];
  /** Undefined: a snapshot of it that is cut short begins anew. */
  readonly order: KeyOrder | undefined;
  /** Columns as the publication has them, and the condition of its rows. */
  readonly columns: readonly string[];
  readonly where: string | undefined;
}

/** @throws ConnectorFailed for tables that are not there, or that cannot be told as rows of `into` */
export async function tablesOf(context: SourceContext<Options>, session: Session): Promise<Table[]> {
  const out: Table[] = [];
  for (const written of context.options.tables ?? []) {
    const table = await tableNamed(written, session);
    if (table.kind !== 'r' && table.kind !== 'p') {
      throw new ConnectorFailed(
        `${written} is no table: Postgres has no log of changes of it.`,
        'Use another mode for views.',
      );
    }
    if (!out.some((t) => t.oid === table.oid)) out.push(table);
  }
  if (context.into !== undefined && out.length > 1) {
    throw new ConnectorFailed(
      `Rows of ${out.length} tables cannot go into one ${context.into.kind.toLowerCase()}.`,
      'Make a connector for each, or give topic.prefix instead of into.',
    );
  }
  return out;
}

/** What the publication says of each table. @throws ConnectorFailed where it lacks one */
export async function captured(
  tables: readonly Table[],
  publication: string,
  context: SourceContext<Options>,
  session: Session,
): Promise<Captured[]> {
  const [version] = await session.rows<{ number: string }>("SELECT current_setting('server_version_num') AS number");
  const filters = Number(version!.number) >= 150_000;
  const out: Captured[] = [];
  for (const table of tables) {
    const [published] = await session.rows<{ names: string | null; filter: string | null }>(
      `SELECT ${filters ? 'to_json(attnames)::text AS names, rowfilter AS filter' : 'NULL AS names, NULL AS filter'}
         FROM pg_publication_tables WHERE pubname = $1 AND schemaname = $2 AND tablename = $3`,
      [publication, table.schema, table.name],
    );
    if (published === undefined) {
      throw new ConnectorFailed(
        `The publication ${publication} does not have the table ${table.schema}.${table.name}.`,
        `ALTER PUBLICATION ${quoted(publication)} ADD TABLE ${table.sql}. Of a partitioned table it needs publish_via_partition_root.`,
      );
    }
    const columns = await columnsOf(table, session);
    const names = published.names === null ? undefined : (JSON.parse(published.names) as string[]);
    const shown = columns.filter((c) => names?.includes(c.name) ?? true);
    out.push({
      table,
      name: `${table.schema}.${table.name}`,
      topic: topicOf(context.options.prefix, table.name),
      key: keyOf(table, columns, context),
      order: KeyOrder.of(table.key.map((k) => shown.find((c) => c.name === k) ?? { name: k, type: '' })),
      columns: shown.map((c) => c.name),
      where: published.filter ?? undefined,
    });
  }
  return out;
}

/** Generated columns are not in the log of the server. */
const columnsOf = (table: Table, session: Session): Promise<KeyColumn[]> =>
  session.rows<{ name: string; type: string }>(
    `SELECT a.attname AS name, CASE WHEN n.nspname = 'pg_catalog' THEN t.typname ELSE '' END AS type
       FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum`,
    [table.oid],
  );

/** The key of `into`, where it has one, else the key of the table. A delete must tell it. */
function keyOf(table: Table, columns: readonly KeyColumn[], { into }: SourceContext<Options>): readonly string[] {
  if (into === undefined) return table.key;
  const key = into.schema.key.map((c) => columnNamed(c.name, columns, `The key of ${into.name}`).name);
  const told = table.full || key.every((k) => table.key.includes(k));
  if (told && !(into.kind === 'TABLE' && !table.full && key.length < table.key.length)) return key;
  const rows = table.key.length === 0 ? 'has no primary key' : `has the primary key (${table.key.join(', ')})`;
  throw new ConnectorFailed(
    `The key of ${into.name} is (${key.join(', ')}), and ${table.schema}.${table.name} ${rows}: its deletes would not tell which row is gone.`,
    `Give both the same key, or ALTER TABLE ${table.sql} REPLICA IDENTITY FULL.`,
  );
}

/** Makes the publication where it is missing and the options say so. `begins`: nothing has been read by it. */
export async function ensurePublication(
  name: string,
  tables: readonly Table[],
  begins: boolean,
  options: Options,
  session: Session,
): Promise<void> {
  const [there] = await session.rows('SELECT 1 FROM pg_publication WHERE pubname = $1', [name]);
  if (there !== undefined) return;
  if (!begins) {
    throw new ConnectorFailed(
      `The publication ${name} is gone: what changed in the tables since then cannot be read.`,
      'Drop the connector and create it again: it then begins with the rows that are there.',
    );
  }
  if (options.createPublication === 'disabled') {
    throw new ConnectorFailed(
      `There is no publication ${name} in the database.`,
      `CREATE PUBLICATION ${quoted(name)} FOR TABLE ${tables.map((t) => t.sql).join(', ')} WITH (publish_via_partition_root = true), or set publication.autocreate.mode to filtered.`,
    );
  }
  const list = tables.map((t) => (t.kind === 'p' ? t.sql : `ONLY ${t.sql}`)).join(', ');
  await session.ask(`CREATE PUBLICATION ${quoted(name)} FOR TABLE ${list} WITH (publish_via_partition_root = true)`);
}
