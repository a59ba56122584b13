import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { untilStopped } from '../cli/run-server.js';
import { EMPTY_CONTEXT, systemClock } from '../engine/index.js';
import { loadConfig } from '../server/config.js';
import { readScripts } from '../server/deploy.js';
import { launch } from '../server/main.js';
import type { RunningServer } from '../server/server.js';
import type { Example, Running } from './example.js';
import { EXAMPLES } from './index.js';
import type { Need } from './needs.js';

/** The checkout, from the sources or from what was built of them. */
const ROOT = (() => {
  const above = dirname(dirname(fileURLToPath(import.meta.url)));
  return above.endsWith('dist') ? dirname(above) : above;
})();

export interface RunOptions {
  /** Of the command line, behind the name. `port`, `data-dir` and `feed` are everybody's. */
  readonly options?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Further settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly say?: (text: string) => void;
}

export interface RunningExample extends RunningServer {
  readonly example: Example;
  /** Ends the feed and the server. */
  stop(): Promise<void>;
}

/** Something that the example needs is not there. */
export class MissingNeed extends Error {}

/** Starts an example: a server with its statements deployed, its page and its feed. @throws MissingNeed */
export async function runExample(name: string, run: RunOptions = {}): Promise<RunningExample> {
  const { options = {}, env = process.env, say = (text) => console.log(text) } = run;
  const example = await EXAMPLES[name]!();
  const folder = join(ROOT, 'examples', name);
  const dataDir = options['data-dir'] ?? join('data', name);
  const workDir = join(dataDir, 'files');
  mkdirSync(workDir, { recursive: true });
  const found = await lookFor(name, example, env, say);
  const config = loadConfig(
    {
      'weir.log.level': 'warn',
      listeners: `http://127.0.0.1:${options.port ?? '8088'}`,
      'weir.data.dir': dataDir,
      'ksql.service.id': `${name}_`,
      'weir.connectors.files.dirs': workDir,
      'weir.pages.dirs': pagesOf(folder),
      ...(env.WEIR_KAFKA === undefined ? {} : { 'bootstrap.servers': env.WEIR_KAFKA }),
      ...(found.has('registry') ? { 'ksql.schema.registry.url': found.get('registry')! } : {}),
      ...(found.has('connect') ? { 'ksql.connect.url': found.get('connect')! } : {}),
      ...example.settings?.({ folder, workDir, found }),
      ...run.settings,
    },
    env,
  );
  const feeding = new AbortController();
  let running!: Omit<Running, 'address'>;
  const server = await launch(config, async (engine) => {
    running = {
      folder,
      workDir,
      found,
      engine,
      clock: systemClock,
      signal: feeding.signal,
      options,
      topic: async (topic, partitions) => void (await engine.produce(topic, [], partitions)),
      send: async (topic, records) => void (await engine.produce(topic, records)),
      say,
    };
    await example.prepare?.({ ...running, address: '' });
    await engine.deploy(scriptsOf(folder, found));
  });
  const { address } = server;
  let fed: Promise<void> = Promise.resolve();
  if (example.feed !== undefined && options.feed !== 'off') {
    fed = example.feed({ ...running, address }).catch((e: unknown) => {
      if (!feeding.signal.aborted) say(`The feed has stopped: ${e instanceof Error ? e.message : String(e)}`);
    });
  }
  return {
    ...server,
    example,
    stop: async () => {
      feeding.abort(new Error('the example ends'));
      await fed;
      await server.stop();
    },
  };
}

/** The example's own page at `/`, what all pages share, and the charts' library. */
const pagesOf = (folder: string): string =>
  [
    join(folder, 'page'),
    `/shared=${join(ROOT, 'examples', 'shared')}`,
    `/uplot=${join(ROOT, 'node_modules', 'uplot', 'dist')}`,
  ].join(',');

/** All files are one deployment, so that a statement may use those of other files. */
const scriptsOf = (folder: string, found: ReadonlyMap<string, string>) =>
  ['queries', ...[...found.keys()].map((need) => `queries-${need}`)].flatMap((name) => {
    try {
      return readScripts(join(folder, name));
    } catch (e) {
      // Not every need has statements of its own.
      if (name === 'queries') throw e;
      return [];
    }
  });

async function lookFor(
  name: string,
  example: Example,
  env: Readonly<Record<string, string | undefined>>,
  say: (text: string) => void,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const look = async (need: Need): Promise<string | undefined> => {
    const address = env[need.variable] ?? need.fallback;
    const why = URL.canParse(address) ? await need.missing(address) : `'${address}' is no URL`;
    if (why !== undefined) {
      return `${need.name} is not there (${why}).\n  Start one:  ${need.command}\n  or say where it is:  ${need.variable}=… npm run example ${name}`;
    }
    found.set(need.name, address);
    Object.assign(process.env, need.secrets?.(address));
    return undefined;
  };
  const onKafka = env.WEIR_KAFKA === undefined ? [] : (example.needsOnKafka ?? []);
  for (const need of [...(example.needs ?? []), ...onKafka]) {
    const missing = await look(need);
    if (missing !== undefined)
      throw new MissingNeed(`The example ${name} needs ${need.name}, which ${missing.slice(need.name.length + 1)}`);
  }
  for (const need of example.takes ?? []) {
    const missing = await look(need);
    if (missing !== undefined) say(`Left out: ${missing}`);
  }
  return found;
}

const USAGE = (): string => `usage: npm run example NAME [-- --port 8088 --data-dir data/NAME --feed off …]

Over Kafka:  WEIR_KAFKA=host:9092 npm run example NAME

${Object.keys(EXAMPLES)
  .map((name) => `  ${name}`)
  .join('\n')}`;

/** `npm run example`: until it is stopped. Resolves with the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || !Object.hasOwn(EXAMPLES, name)) {
    console.error(USAGE());
    return 2;
  }
  const options: Record<string, string> = {};
  for (let i = 0; i < rest.length; i++) {
    const [, key, inline] = /^--([\w-]+)(?:=(.*))?$/.exec(rest[i]!) ?? [];
    if (key === undefined) {
      console.error(`${rest[i]} is no option.\n\n${USAGE()}`);
      return 2;
    }
    options[key] = inline ?? rest[++i] ?? '';
  }
  const began = performance.now();
  let running: RunningExample;
  try {
    running = await runExample(name, { options });
  } catch (e) {
    if (!(e instanceof MissingNeed)) throw e;
    console.error(e.message);
    return 1;
  }
  const { example, address, engine } = running;
  const [{ queries }] = (await engine.execute('SHOW QUERIES;', EMPTY_CONTEXT)) as unknown as [
    { queries: { id: string }[] },
  ];
  const lines = example.hints(address).map((line) => `  ${line}`);
  console.log(`
${example.title}: ${example.about}

It runs after ${Math.round(performance.now() - began)} ms, with ${queries.length} queries. Open ${address}

${lines.join('\n')}

Ctrl-C stops it; the next start goes on where this one stopped.
`);
  return untilStopped(
    running,
    async () => {},
    (text) => console.error(text),
  );
}
