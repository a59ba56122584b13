import { parseArgs } from 'node:util';
import { loadConfig } from '../server/config.js';
import { launch } from '../server/main.js';
import { plainMessage, UsageError } from './args.js';
import { untilStopped } from './run-server.js';

const SERVER_HELP = `usage: weir server [options]

  --config-file FILE       a .properties file with ksqlDB's names
  --queries-file PATH      statements to deploy: a file, or a folder of .sql files   (ksql.queries.file)
  --bootstrap-servers H:P  Kafka; without it the embedded log is used                (bootstrap.servers)
  --data-dir DIR           the embedded log and state                                (weir.data.dir, default data)
  --listeners URL          where to answer                                           (listeners, default http://0.0.0.0:8088)
  --service-id ID          nodes with one id share their work                        (ksql.service.id, default default_)
  --set NAME=VALUE         any other setting (may be given several times)

Settings come from the file, over it the environment (KSQL_BOOTSTRAP_SERVERS for bootstrap.servers), over it flags.`;

/** `weir server`: runs until it is told to stop. */
export async function server(args: readonly string[]): Promise<number> {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (e) {
    throw new UsageError(plainMessage(e as Error));
  }
  if (values.help) {
    console.log(SERVER_HELP);
    return 0;
  }
  const flags: Record<string, string> = {};
  const flag = (name: string, value: string | undefined) => {
    if (value !== undefined) flags[name] = value;
  };
  flag('ksql.queries.file', values['queries-file']);
  flag('bootstrap.servers', values['bootstrap-servers']);
  flag('weir.data.dir', values['data-dir']);
  flag('listeners', values.listeners);
  flag('ksql.service.id', values['service-id']);
  for (const pair of values.set ?? []) {
    const at = pair.indexOf('=');
    if (at <= 0) throw new UsageError(`--set takes NAME=VALUE, not '${pair}'.`);
    flags[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const running = await launch(loadConfig(flags, process.env, values['config-file']));
  return untilStopped(
    running,
    async () => {},
    (text) => console.error(text),
  );
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: true,
    options: {
      'config-file': { type: 'string' },
      'queries-file': { type: 'string' },
      'bootstrap-servers': { type: 'string' },
      'data-dir': { type: 'string' },
      listeners: { type: 'string' },
      'service-id': { type: 'string' },
      set: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
