import { boolean, list, milliseconds, oneOf, type SettingValues, setting, text, whole } from '../../base/setting.js';
import { CONNECTION_OPTIONS } from '../postgres/options.js';

/** Options have the names of Confluent's JDBC source and of Debezium where these have them. */
export const OPTIONS = {
  ...CONNECTION_OPTIONS,
  mode: setting(
    'mode',
    oneOf('incrementing', 'timestamp', 'timestamp+incrementing', 'bulk', 'cdc'),
    'cdc',
    'How changes are found. cdc: logical replication, which sees every insert, update and delete. incrementing: new rows, by a number that grows. timestamp: new and changed rows, by a time of change. timestamp+incrementing: the same, with the number telling apart rows of one time. bulk: all rows, each interval.',
  ),
  tables: setting(
    'table.whitelist',
    list,
    undefined,
    'Tables that are read, separated by commas, with their schema where it is not public.',
    { aliases: ['table', 'table.include.list'] },
  ),
  query: setting(
    'query',
    text,
    undefined,
    'A SELECT whose rows are read, instead of table.whitelist. Not with mode cdc.',
  ),
  prefix: setting(
    'topic.prefix',
    text,
    undefined,
    'Rows go to the topic of this name and the name of their table (of query: this name alone), instead of into or topic.',
  ),
  incrementingColumn: setting(
    'incrementing.column.name',
    text,
    undefined,
    'The column whose values grow with each new row. Needed by the modes that name it.',
  ),
  timestampColumns: setting(
    'timestamp.column.name',
    list,
    undefined,
    'The column that says when a row changed last; of several the first that is not NULL. Needed by the modes that name it.',
  ),
  pollMs: setting('poll.interval.ms', milliseconds, 1000, 'How often a mode other than cdc asks for new rows.'),
  batchRows: setting('batch.max.rows', whole({ least: 1, most: 100_000 }), 1000, 'Rows in one batch, at most.'),
  delayMs: setting(
    'timestamp.delay.interval.ms',
    milliseconds,
    0,
    'How old a timestamp must be before its rows are read, for clocks that differ: of programs that set it themselves.',
  ),
  timezone: setting(
    'db.timezone',
    text,
    undefined,
    'The time zone in which a timestamp column without a zone is written; left out: that of the database.',
  ),
  late: setting(
    'late.transactions',
    oneOf('wait', 'ignore'),
    'wait',
    'wait: rows are read once no open transaction can still commit one that belongs before them, so that none is missed. ignore: they are read at once, and rows that are committed later with a smaller number or time are missed.',
  ),
  times: setting(
    'time.format',
    oneOf('number', 'text'),
    'number',
    'Dates and times on a topic. number: as JSON columns of type TIMESTAMP, DATE and TIME take them. text: ISO-8601, with microseconds. With into they fit the columns.',
  ),
  slot: setting(
    'slot.name',
    text,
    undefined,
    'The replication slot of mode cdc; left out: weir_ with the names of the service and the connector.',
  ),
  publication: setting(
    'publication.name',
    text,
    undefined,
    'The publication of mode cdc; left out: the name of the slot.',
  ),
  createPublication: setting(
    'publication.autocreate.mode',
    oneOf('filtered', 'disabled'),
    'filtered',
    'filtered: a publication that is missing is made, for the tables of the connector. disabled: it must be there.',
  ),
  snapshot: setting(
    'snapshot.mode',
    oneOf('initial', 'never'),
    'initial',
    'Whether mode cdc begins with the rows that are there (initial), or with what changes from now on (never).',
  ),
  dropSlot: setting(
    'slot.drop.on.stop',
    boolean,
    true,
    'Whether DROP CONNECTOR drops the slot, and the publication that the connector made. A slot that stays keeps the log of the server.',
  ),
  truncate: setting(
    'truncate.handling.mode',
    oneOf('fail', 'skip'),
    'fail',
    'What TRUNCATE does in mode cdc, as it does not tell which rows are gone. fail: the connector fails. skip: it is told in the log, and the rows stay in Weir.',
  ),
  toast: setting(
    'toast.unchanged',
    oneOf('fail', 'current'),
    'fail',
    'A large value that an update has not changed is not in the log of the server, unless the table has REPLICA IDENTITY FULL. fail: the connector fails. current: the value is read from the table, as it is by then.',
  ),
};

export type Options = SettingValues<typeof OPTIONS>;

/** What is wrong with options that fit together badly. */
export function problemOf(o: Options): string | undefined {
  if (o.query !== undefined && o.tables !== undefined) return 'Give table.whitelist or query, not both.';
  if (o.query === undefined && (o.tables ?? []).length === 0) return 'Say what is read: table.whitelist or query.';
  if (o.query !== undefined && o.mode === 'cdc') return 'Mode cdc reads tables: give table.whitelist instead of query.';
  if (o.mode.includes('incrementing') && o.incrementingColumn === undefined) {
    return `Mode ${o.mode} needs incrementing.column.name.`;
  }
  if (o.mode.includes('timestamp') && (o.timestampColumns ?? []).length === 0) {
    return `Mode ${o.mode} needs timestamp.column.name.`;
  }
  if (o.slot !== undefined && !/^[a-z0-9_]{1,63}$/.test(o.slot)) {
    return 'slot.name has lower-case letters, digits and _, 63 at most.';
  }
  return undefined;
}
