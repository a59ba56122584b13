import { boolean, list, oneOf, type SettingValues, setting, text } from '../../base/setting.js';
import { CONNECTION_OPTIONS } from '../postgres/options.js';

/** Options have the names of Confluent's JDBC sink where that has them. */
export const OPTIONS = {
  ...CONNECTION_OPTIONS,
  table: setting(
    'table.name.format',
    text,
    '${topic}',
    'The table that gets the rows, with its schema where it is not public. ${topic} is the name of the topic.',
    { aliases: ['table'] },
  ),
  mode: setting(
    'insert.mode',
    oneOf('insert', 'upsert'),
    undefined,
    'insert: each row is a new one, and the table needs no key. upsert: a row takes the place of that with its key. Left out: insert of a stream, upsert of a table.',
  ),
  keyFields: setting(
    'pk.fields',
    list,
    undefined,
    'Columns that are the key of the table; left out: those of the key of the stream or table, and of windows their bounds.',
  ),
  deletes: setting(
    'delete.enabled',
    boolean,
    undefined,
    'Whether a tombstone deletes the row with its key (upsert). Left out: it does where a table is read. Else it is left out.',
  ),
  create: setting('auto.create', boolean, true, 'Whether the table is made where it is missing.'),
  evolve: setting(
    'auto.evolve',
    boolean,
    true,
    'Whether columns that the table lacks are added, and types widened that are too narrow. Every other difference ends the connector.',
  ),
  lowerCase: setting(
    'column.names.lowercase',
    boolean,
    true,
    'Whether names of columns are written in lower case, as Postgres has names without quotes.',
  ),
};

export type PostgresSinkOptions = SettingValues<typeof OPTIONS>;

export function problemOf(options: PostgresSinkOptions): string | undefined {
  if (options.mode === 'insert' && options.deletes === true) return 'delete.enabled is for insert.mode=upsert.';
  return undefined;
}
