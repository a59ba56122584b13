import { BIGINT, TIMESTAMP } from '../../values/sql-type.js';
import { ConnectorFailed, type SinkConnectorSpec, type SinkContext } from '../connector.js';
import { configOf, connect } from '../postgres/connection.js';
import { isPostgres } from '../postgres/options.js';
import { type RowColumns, rowColumns, twice } from '../row-columns.js';
import { TargetOffset } from './offsets.js';
import { OPTIONS, type PostgresSinkOptions, problemOf } from './options.js';
import { prepareTable } from './table.js';
import { PostgresSinkTask, stageSql } from './task.js';

type Context = SinkContext<PostgresSinkOptions>;

export const postgresSink: SinkConnectorSpec<typeof OPTIONS> = {
  kind: 'SINK',
  name: 'postgres-sink',
  aliases: ['io.confluent.connect.jdbc.JdbcSinkConnector'],
  takes: isPostgres,
  description: 'Writes rows into a table of PostgreSQL: each as a new row, or in the place of that with its key.',
  options: OPTIONS,
  required: ['url'],
  guarantee: 'exactly once',
  check: problemOf,

  async start(context) {
    const columns = columnsOf(context);
    const key = keyOf(context, columns);
    const connection = await connect(configOf(context.options), context.signal);
    try {
      const { client } = connection;
      const name = context.options.table.replaceAll('${topic}', context.source.topic);
      const table = await prepareTable(client, name, columns.columns, key, context.options);
      if (key.length > 0) await client.query(stageSql(table));
      const offset = await TargetOffset.claim(client, context);
      return new PostgresSinkTask(context, connection, table, columns, offset);
    } catch (e) {
      await connection.close();
      throw e;
    }
  },

  async dropped(context) {
    const connection = await connect(configOf(context.options), context.signal);
    try {
      await TargetOffset.forget(connection.client, context.serviceId, context.connector);
    } finally {
      await connection.close();
    }
  },
};

/** The columns of the table's rows. Bounds of windows are times there. */
function columnsOf({ source, options }: Context): RowColumns {
  const found = rowColumns(source, options.lowerCase);
  if (found === undefined) {
    throw new ConnectorFailed(
      `Topic ${source.topic} has no columns that are known.`,
      'Declare a stream over it and name that in from.',
    );
  }
  const double = twice(found);
  if (double !== undefined) {
    throw new ConnectorFailed(
      `Two columns are called ${double}.`,
      'Set column.names.lowercase=false, or name them otherwise.',
    );
  }
  if (!source.windowed) return found;
  const bounds = found.columns.length - 2;
  return {
    ...found,
    columns: found.columns.map((c, i) => (i >= bounds && c.type.kind === BIGINT.kind ? { ...c, type: TIMESTAMP } : c)),
  };
}

/** Positions of the key's columns; none where rows are only added. */
function keyOf({ source, options }: Context, { columns }: RowColumns): readonly number[] {
  const mode = options.mode ?? (source.kind === 'TABLE' ? 'upsert' : 'insert');
  if (mode === 'insert') return [];
  if (options.keyFields !== undefined) {
    return options.keyFields.map((name) => {
      const at = columns.findIndex((c) => c.name.toLowerCase() === name.toLowerCase());
      if (at < 0) throw new ConnectorFailed(`pk.fields has ${name}, which is no column of ${source.name}.`);
      return at;
    });
  }
  const keys = source.schema!.key.map((_, i) => i);
  if (keys.length === 0) {
    throw new ConnectorFailed(`${source.name} has no key for insert.mode=upsert.`, 'Name its columns in pk.fields.');
  }
  return source.windowed ? [...keys, columns.length - 2, columns.length - 1] : keys;
}
