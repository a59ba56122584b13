/**
 * Real Kafka brokers (KRaft), one or several, for tests and benchmarks: jars from Maven Central, free ports, data in
 * folders of their own that are deleted at the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { fetchJars, KAFKA_JARS, run } from './jars.js';

export interface BrokerOptions {
  /** The JVM's heap, for example `256m` (the default). */
  readonly heap?: string;
  /** Further JVM flags, in place of the ones that make a short run start fast. */
  readonly jvmFlags?: readonly string[];
  /** Lines of `server.properties` that replace or extend the defaults. */
  readonly config?: Readonly<Record<string, string>>;
  /** How long a start may take, in milliseconds (default 60,000). */
  readonly startTimeoutMs?: number;
  /** Listeners beside PLAINTEXT, by names that are security protocols; what they need (`ssl.*`…) stands in `config`. */
  readonly listeners?: readonly ('SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT')[];
  /**
   * Ports of 127.0.0.1, one for each broker, where a proxy of the test listens: a further listener of plain text, `PROXIED`,
   * is advertised there. Who comes by a proxy is sent by the proxies to all brokers.
   */
  readonly proxyPorts?: readonly number[];
  /** Passwords of users who may log in by SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly scramUsers?: Readonly<Record<string, string>>;
}

export interface Broker {
  /** `127.0.0.1:PORT`; stays the same over {@link restart}. */
  readonly bootstrap: string;
  /** Addresses of the further listeners, by name. */
  readonly listeners: Readonly<Record<string, string>>;
  /** The folder of Kafka's jars, also those of its command line tools. */
  readonly libs: string;
  /** The process id of the JVM that runs now, or `undefined` when it is down. */
  readonly pid: number | undefined;
  /** Ends the broker and deletes its data. May be called twice. */
  stop(): Promise<void>;
  /** `SIGKILL`, as a machine that loses its power; the data stays. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; a broker that still runs is shut down cleanly first. */
  restart(): Promise<void>;
}

/**
 * The JVM is a child of this small shell, whose standard input is a pipe from us. When we end in whatever way, also by
 * SIGKILL, the pipe closes, and the shell ends the JVM.
 */
const KEEPER = `
exec 3<&0
folder=$1; shift
"$@" </dev/null >>"$folder/broker.log" 2>&1 &
java=$!
echo $java
( read -r _ <&3; kill -9 $java ) >/dev/null 2>&1 &
guard=$!
exec 3<&- >/dev/null
wait $java
code=$?
kill $guard 2>/dev/null
exit $code
`;

/**
 * Removes the data when the pipe closes, whether a JVM runs then or not. It tries again for as long as one that was
 * just killed may still write.
 */
const SWEEPER = `
read -r _
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  sleep 0.5
  rm -rf "$1" 2>/dev/null
  [ -e "$1" ] || exit 0
done
`;

const FAST_START = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/** Below the ports that systems give to outgoing connections: until a program listens, no connection takes its port. */
const [FIRST_PORT, LAST_PORT] = [10_000, 32_000];

async function listen(): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(randomInt(FIRST_PORT, LAST_PORT), '127.0.0.1', resolve);
      });
      return server;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === 100) throw e;
    }
  }
}

/** Ports of 127.0.0.1 that were free a moment ago; all are held at once, so they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Resolves once the broker answers a metadata request in which it lists itself (so it is no longer fenced). */
async function answersMetadata(bootstrap: string, stillRuns: () => boolean, timeoutMs: number): Promise<boolean> {
  const kafka = new Kafka({
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 2000,
    retry: { retries: 0 },
  });
  const deadline = performance.now() + timeoutMs;
  while (stillRuns() && performance.now() < deadline) {
    const admin = kafka.admin();
    try {
      await admin.connect();
      const cluster = await admin.describeCluster();
      const listed = cluster.brokers.some((b) => `${b.host}:${b.port}` === bootstrap);
      if (listed && cluster.controller !== null) return true;
    } catch {
      // Not listening yet, or not ready: ask again until the deadline.
    } finally {
      await admin.disconnect();
    }
    await pause(100);
  }
  return false;
}

/** Neither the child nor its pipes keep this process alive. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as { unref?(): void } | null)?.unref?.();
}

class SingleNode implements Broker {
  private child: ChildProcess | undefined;
  private gone: Promise<void> = Promise.resolve();
  private stopped = false;
  private readonly sweeper: ChildProcess;
  pid: number | undefined;

  constructor(
    readonly bootstrap: string,
    readonly listeners: Readonly<Record<string, string>>,
    readonly libs: string,
    private readonly folder: string,
    private readonly options: BrokerOptions,
  ) {
    this.sweeper = spawn('sh', ['-c', SWEEPER, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    letGo(this.sweeper);
  }

  async start(): Promise<void> {
    const java = ['java', `-Xmx${this.options.heap ?? '256m'}`, ...(this.options.jvmFlags ?? FAST_START)];
    java.push('-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', `${this.libs}/*`, 'kafka.Kafka');
    java.push(join(this.folder, 'server.properties'));
    // Detached: a Ctrl-C at the terminal reaches us alone, and what ends the broker is the pipe.
    const child = spawn('sh', ['-c', KEEPER, 'sh', this.folder, ...java], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.child = child;
    this.gone = new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => {
        this.pid = undefined;
        resolve();
      });
    });
    this.pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    });
    letGo(child);
    const ready = await answersMetadata(
      this.bootstrap,
      () => this.pid !== undefined,
      this.options.startTimeoutMs ?? 60_000,
    );
    if (ready) return;
    const log = await readFile(join(this.folder, 'broker.log'), 'utf8').catch(() => '(no log)');
    await this.kill();
    throw new Error(`Kafka did not come up at ${this.bootstrap}:\n${log.slice(-4000)}`);
  }

  private signal(name: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      process.kill(this.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: it has just ended by itself
    }
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }

  /** Waits for the end of the process; unlike a broker at work, this keeps us alive. */
  private async ended(): Promise<void> {
    this.child?.ref();
    await this.gone;
  }

  async restart(): Promise<void> {
    if (this.stopped) throw new Error('The broker was stopped and its data deleted');
    if (this.pid !== undefined) {
      this.signal('SIGTERM');
      const tooLong = setTimeout(() => this.signal('SIGKILL'), 15_000);
      await this.ended();
      clearTimeout(tooLong);
    }
    await this.start();
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await this.kill(); // its data goes anyway: a clean shutdown would only cost time
    this.child?.stdin?.destroy();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    this.sweeper.stdin?.destroy();
  }
}

/** A Kafka cluster id: 16 bytes in URL-safe base64, not beginning with a dash (an option to Kafka's tools). */
function clusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

/** Where one node of a cluster listens. */
interface NodePorts {
  readonly id: number;
  readonly plain: number;
  readonly controller: number;
  /** With the port that is advertised. */
  readonly further: readonly { readonly name: string; readonly port: number; readonly advertised: number }[];
}

const LOCAL = '127.0.0.1';
const PROXIED = 'PROXIED';

function serverProperties(folder: string, node: NodePorts, all: readonly NodePorts[], options: BrokerOptions): string {
  const { plain, controller, further } = node;
  const listeners = [`PLAINTEXT://${LOCAL}:${plain}`, ...further.map((f) => `${f.name}://${LOCAL}:${f.port}`)];
  const protocols = further.map((f) => `${f.name}:${f.name === PROXIED ? 'PLAINTEXT' : f.name}`);
  const replicas = String(Math.min(3, all.length));
  const inSync = all.length >= 3 ? '2' : '1';
  const config: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': all.map((n) => `${n.id}@${LOCAL}:${n.controller}`).join(','),
    listeners: [...listeners, `CONTROLLER://${LOCAL}:${controller}`].join(','),
    'advertised.listeners': [listeners[0], ...further.map((f) => `${f.name}://${LOCAL}:${f.advertised}`)].join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', 'PLAINTEXT:PLAINTEXT', ...protocols].join(','),
    'log.dirs': join(folder, 'data'),
    'num.partitions': '4',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'true',
    // A broker that was killed is let in again when its old session has ended: 9 s by default.
    'broker.session.timeout.ms': '1500',
    'broker.heartbeat.interval.ms': '500',
    // Event times of test data are years old: with any retention the broker deletes them within minutes.
    'log.retention.ms': '-1',
    'log.cleaner.dedupe.buffer.size': '16777216',
    ...options.config,
  };
  return Object.entries(config)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function scramArguments(users: Readonly<Record<string, string>>): string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
}

/**
 * Starts a broker and waits until it answers.
 * @throws Error with the end of the broker's log when it does not come up
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  return (await startCluster(1, options))[0]!;
}

/**
 * Starts some brokers that are one cluster, each a controller too, and waits until all answer. From three on, topics
 * have three replicas, two of which must be in sync.
 * @throws Error with the end of a broker's log when it does not come up
 */
export async function startCluster(count: number, options: BrokerOptions = {}): Promise<Broker[]> {
  const libs = await fetchJars(KAFKA_JARS);
  for (let attempt = 1; ; attempt++) {
    const folders: string[] = [];
    const brokers: SingleNode[] = [];
    try {
      const names: readonly string[] = [
        ...(options.listeners ?? []),
        ...(options.proxyPorts === undefined ? [] : [PROXIED]),
      ];
      const ports = await freePorts(count * (2 + names.length));
      const nodes: NodePorts[] = Array.from({ length: count }, (_, i) => {
        const [plain, controller, ...own] = ports.slice(i * (2 + names.length)) as [number, number, ...number[]];
        const further = names.map((name, at) => {
          const port = own[at]!;
          return { name, port, advertised: name === PROXIED ? options.proxyPorts![i]! : port };
        });
        return { id: i + 1, plain, controller, further };
      });
      const cluster = clusterId();
      for (const node of nodes) {
        const folder = await mkdtemp(join(tmpdir(), 'weir-kafka-'));
        folders.push(folder);
        const properties = join(folder, 'server.properties');
        await writeFile(properties, serverProperties(folder, node, nodes, options));
        const tool = ['-Xmx64m', ...FAST_START, '-cp', `${libs}/*`, 'kafka.tools.StorageTool', 'format'];
        await run('java', [...tool, '-t', cluster, '-c', properties, ...scramArguments(options.scramUsers ?? {})]);
        const listeners = Object.fromEntries(node.further.map((f) => [f.name, `${LOCAL}:${f.port}`]));
        brokers.push(new SingleNode(`${LOCAL}:${node.plain}`, listeners, libs, folder, options));
      }
      await Promise.all(brokers.map((b) => b.start()));
      return brokers;
    } catch (error) {
      await Promise.all(brokers.map((b) => b.stop()));
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 5 })));
      // Someone else may have taken a port between our look and the broker's bind.
      if (attempt >= 3 || !/in use|BindException/.test(String(error))) throw error;
    }
  }
}
