import type { SourceConnectorSpec, SourceContext } from '../connector.js';
import { configOf } from '../postgres/connection.js';
import { quoted } from '../postgres/identifiers.js';
import { isPostgres } from '../postgres/options.js';
import { BulkTask } from './bulk.js';
import { CdcTask, publicationOf, slotNameOf } from './cdc.js';
import { OPTIONS, type Options, problemOf } from './options.js';
import { PolledTask } from './polled.js';
import { Session } from './session.js';
import { dropSlot } from './slot.js';
import { type ArrayParser, Types } from './values.js';

export const postgresSource: SourceConnectorSpec<typeof OPTIONS> = {
  kind: 'SOURCE',
  name: 'postgres-source',
  aliases: ['io.confluent.connect.jdbc.JdbcSourceConnector'],
  takes: isPostgres,
  description: 'Rows of PostgreSQL, and every change of them: by logical replication, or by asking for new rows.',
  options: OPTIONS,
  required: ['url'],
  topicsOption: 'prefix',
  guarantee: 'exactly once',
  guaranteeOf: (options) => (options.mode === 'bulk' ? 'at least once' : 'exactly once'),
  check: problemOf,

  async start(context, position) {
    const config = configOf(context.options);
    const session = await Session.open(config, context.signal);
    try {
      const types = await typesFor(context);
      if (context.options.mode === 'cdc') return await CdcTask.start({ context, config, session, types }, position);
      if (context.options.mode === 'bulk') return await BulkTask.start(context, position, session, types);
      return await PolledTask.start(context, position, session, types);
    } catch (e) {
      await session.close();
      throw e;
    }
  },

  async dropped({ options, signal, serviceId, connector, clock }) {
    if (options.mode !== 'cdc' || !options.dropSlot) return;
    const session = await Session.open(configOf(options), signal);
    try {
      const slot = slotNameOf(options, serviceId, connector);
      await dropSlot(slot, session, clock);
      if (options.publication === undefined) {
        await session.ask(`DROP PUBLICATION IF EXISTS ${quoted(publicationOf(options, slot))}`);
      }
    } finally {
      await session.close();
    }
  },
};

async function typesFor({ into, options }: SourceContext<Options>): Promise<Types> {
  const { default: pg } = await import('pg');
  return new Types(into === undefined ? options.times : 'text', pg.types.arrayParser as unknown as ArrayParser);
}
