import type { Client } from 'pg';
import type { Column } from '../../values/schema.js';
import { ConnectorFailed } from '../connector.js';
import { quoted, type WrittenTable, writtenTable } from '../postgres/identifiers.js';
import type { PostgresSinkOptions } from './options.js';
import { postgresType, taken } from './values.js';

/** The table of a sink, with the columns that its rows have. */
export interface TargetTable {
  /** As SQL names it. */
  readonly sql: string;
  readonly columns: readonly Column[];
  /** Positions of the key's columns; none: rows are only added. */
  readonly key: readonly number[];
}

interface There {
  readonly name: string;
  readonly type: string;
}

/** Any number: tasks of one table do this one after the other. */
const LOCK = 4_217_001;

/**
 * Makes the table where it is missing, and adds or widens columns, as the options allow.
 * @throws ConnectorFailed where the table cannot take the rows
 */
export async function prepareTable(
  client: Client,
  name: string,
  columns: readonly Column[],
  key: readonly number[],
  options: PostgresSinkOptions,
): Promise<TargetTable> {
  const written = writtenTable(name);
  if (written === undefined)
    throw new ConnectorFailed(`'${name}' is no name of a table.`, 'table.name.format says it.');
  const sql = sqlOf(written);
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK, sql]);
    const there = await columnsOf(client, sql);
    if (there === undefined) await create(client, sql, columns, key, options);
    else await fit(client, sql, columns, there, options);
    await client.query('COMMIT');
  } catch (e) {
    await client.query('ROLLBACK').catch(() => undefined); // the connection has gone, and the transaction with it
    throw e;
  }
  return { sql, columns, key };
}

const sqlOf = ({ schema, name }: WrittenTable): string =>
  schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;

/** Undefined: there is no such table. */
async function columnsOf(client: Client, sql: string): Promise<readonly There[] | undefined> {
  const { rows } = await client.query<{ oid: string | null }>('SELECT to_regclass($1)::oid AS oid', [sql]);
  const { oid } = rows[0]!;
  if (oid === null) return undefined;
  const found = await client.query<There>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped`,
    [oid],
  );
  return found.rows;
}

async function create(
  client: Client,
  sql: string,
  columns: readonly Column[],
  key: readonly number[],
  options: PostgresSinkOptions,
): Promise<void> {
  if (!options.create) {
    throw new ConnectorFailed(`There is no table ${sql}.`, 'Make it, or set auto.create=true.');
  }
  const lines = columns.map((c) => `${quoted(c.name)} ${postgresType(c.type)}`);
  if (key.length > 0) lines.push(`PRIMARY KEY (${key.map((i) => quoted(columns[i]!.name)).join(', ')})`);
  await client.query(`CREATE TABLE ${sql} (${lines.join(', ')})`);
}

async function fit(
  client: Client,
  sql: string,
  columns: readonly Column[],
  there: readonly There[],
  options: PostgresSinkOptions,
): Promise<void> {
  const changes: string[] = [];
  for (const { name, type } of columns) {
    const is = there.find((c) => c.name === name)?.type;
    if (is === undefined) {
      changes.push(`ADD COLUMN ${quoted(name)} ${postgresType(type)}`);
      continue;
    }
    const how = taken(type, is);
    if (how === undefined) {
      throw new ConnectorFailed(
        `Column ${name} of table ${sql} is ${is}, which takes no ${type.kind}.`,
        'Change the column or the query; Weir adds columns and makes them wider, and changes nothing else.',
      );
    }
    if (how !== 'as it is') changes.push(`ALTER COLUMN ${quoted(name)} TYPE ${how.widenTo}`);
  }
  if (changes.length === 0) return;
  if (!options.evolve) {
    throw new ConnectorFailed(
      `Table ${sql} does not have what the rows have: ${changes.join('; ')}.`,
      'Make that change, or set auto.evolve=true.',
    );
  }
  await client.query(`ALTER TABLE ${sql} ${changes.join(', ')}`);
}
