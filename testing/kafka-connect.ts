/** A real Kafka Connect worker for tests, from Maven Central: a free port of the loopback, Kafka's own file connectors. */
import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fetchJars, type JarSet, KAFKA_VERSION } from './jars.js';
import { freePorts } from './kafka-broker.js';

const CONNECT_JARS: JarSet = {
  name: `connect-${KAFKA_VERSION}`,
  artifacts: [
    ...['connect-runtime', 'connect-json', 'connect-file', 'connect-transforms'].map(
      (name) => `org.apache.kafka:${name}:${KAFKA_VERSION}`,
    ),
    'org.slf4j:slf4j-simple:1.7.36',
  ],
};
const START_TIMEOUT_MS = 120_000;

/** Ends the worker when the pipe to us closes, in whatever way we end. */
const KEEPER = `
exec 3<&0
"$@" </dev/null >worker.log 2>&1 &
java=$!
( read -r _ <&3; kill -9 $java ) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait $java
kill $guard 2>/dev/null
`;

export interface ConnectWorker {
  /** Of its REST API. */
  readonly url: string;
  /** Ends it and deletes its files. */
  stop(): Promise<void>;
}

/** @param bootstrap `host:port` of a broker */
export async function startConnect(bootstrap: string): Promise<ConnectWorker> {
  const libs = await fetchJars(CONNECT_JARS);
  const folder = await mkdtemp(join(tmpdir(), 'weir-connect-'));
  const plugins = join(folder, 'plugins', 'connect-file');
  await mkdir(plugins, { recursive: true });
  const file = (await readdir(libs)).find((name) => name.startsWith('connect-file-'))!;
  await copyFile(join(libs, file), join(plugins, file));
  const [port] = await freePorts(1);
  const group = `connect-${port}`;
  const config: Record<string, string> = {
    'bootstrap.servers': bootstrap,
    'group.id': group,
    listeners: `http://127.0.0.1:${port}`,
    'rest.advertised.host.name': '127.0.0.1',
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter.schemas.enable': 'false',
    'config.storage.topic': `${group}-configs`,
    'offset.storage.topic': `${group}-offsets`,
    'status.storage.topic': `${group}-status`,
    'config.storage.replication.factor': '1',
    'offset.storage.replication.factor': '1',
    'status.storage.replication.factor': '1',
    'offset.storage.partitions': '1',
    'status.storage.partitions': '1',
    'plugin.path': join(folder, 'plugins'),
    'plugin.discovery': 'service_load',
  };
  const properties = join(folder, 'worker.properties');
  const lines = Object.entries(config).map(([name, value]) => `${name}=${value}`);
  await writeFile(properties, `${lines.join('\n')}\n`);
  const java = ['java', '-Xmx384m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
  java.push('-cp', `${libs}/*`, 'org.apache.kafka.connect.cli.ConnectDistributed', properties);
  const child = spawn('sh', ['-c', KEEPER, 'sh', ...java], { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.stdin.destroy();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + START_TIMEOUT_MS; ; ) {
    try {
      const answer = await fetch(`${url}/connectors`, { signal: AbortSignal.timeout(2000) });
      if (answer.ok) return { url, stop };
    } catch {
      // it does not listen yet
    }
    if (child.exitCode !== null || Date.now() > until) {
      const log = await readFile(join(folder, 'worker.log'), 'utf8');
      await stop();
      throw new Error(`Kafka Connect did not come up at ${url}:\n${log.slice(-3000)}`);
    }
    await pause(200);
  }
}
