import { systemClock } from '../engine/index.js';
import { openEmbedded, openKafka } from '../server/main.js';
import { typed } from '../shell/typed-command.js';
import { ApiClient } from './api-client.js';
import { UsageError } from './args.js';
import { LogSink, type RecordSink, ServerSink } from './record-sink.js';

/** Options of every command that writes records: where they go. */
export const SINK_OPTIONS = {
  server: { type: 'string' },
  user: { type: 'string', short: 'u' },
  password: { type: 'string', short: 'p' },
  'bootstrap-server': { type: 'string' },
  'data-dir': { type: 'string' },
  partitions: { type: 'string' },
} as const;

export const SINK_HELP = `  --server URL             a running Weir server (default $WEIR_SERVER, else http://localhost:8088)
  -u, --user, -p, --password   sign in there
  --bootstrap-server H:P   Kafka instead
  --data-dir DIR           an embedded log that no server holds, instead
  --partitions N           of the topic where it has to be made (default 4)`;

const ELSEWHERE = `Start one with ${typed('start')}, or write to Kafka with --bootstrap-server HOST:PORT, or to a data folder that no server holds with --data-dir DIR.`;

export interface SinkChoice {
  readonly server?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly 'bootstrap-server'?: string | undefined;
  readonly 'data-dir'?: string | undefined;
}

export async function openSink(choice: SinkChoice): Promise<RecordSink> {
  const given = [choice.server, choice['bootstrap-server'], choice['data-dir']].filter((x) => x !== undefined);
  if (given.length > 1) throw new UsageError('Give one of --server, --bootstrap-server and --data-dir.');
  if (choice['bootstrap-server'] !== undefined) {
    return new LogSink(await openKafka({ 'bootstrap.servers': choice['bootstrap-server'] }), systemClock.now);
  }
  if (choice['data-dir'] !== undefined) return new LogSink(await openEmbedded(choice['data-dir']), systemClock.now);
  return new ServerSink(new ApiClient(choice, ELSEWHERE, 'LOG_ERROR'));
}
