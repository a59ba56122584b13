/**
 * `npm run bench -- push`: subscribers of one push query under load, some of which do not read; and what idle ones cost.
 * Server, subscribers and producer are processes of their own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import type { ClientCounts, PushClientsOptions } from './clients.js';
import { produce } from './producer.js';
import type { ServerCosts } from './server-process.js';

const USAGE = `usage: npm run bench -- push [options]
  --clients N    readers of one query (default 1000)
  --stalled N    subscribers that do not read (default 10)
  --rate N       rows a second (default 10000)
  --seconds N    (default 120)
  --idle N       idle subscriptions (default 10000; 0 leaves this part out)`;

const MIB = 1024 * 1024;
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
const whole = (n: number): string => Math.round(n).toLocaleString('en');

class Child {
  private constructor(private readonly process: ChildProcess) {}

  static start(file: string): Child {
    const path = fileURLToPath(new URL(file, import.meta.url));
    return new Child(fork(path, [], { execArgv: ['--expose-gc'] }));
  }

  /** The next message, after one was sent. */
  ask<T>(message?: string | object): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`a process of the benchmark has ended: ${code}`));
      this.process.once('exit', ended);
      this.process.once('message', (answer) => {
        this.process.removeListener('exit', ended);
        resolve(answer as T);
      });
      if (message !== undefined) this.process.send(message);
    });
  }

  tell(message: string): void {
    this.process.send(message);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.process.exitCode !== null) return resolve();
      this.process.once('exit', () => resolve());
      this.process.send('stop', () => {});
      setTimeout(() => this.process.kill('SIGKILL'), 10_000).unref();
    });
  }

  kill(): void {
    this.process.kill('SIGKILL');
  }
}

interface ClientReport extends ClientCounts {
  readonly stalledClosed: number;
  readonly lastId: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly cpu: number;
}

async function statement(address: string, ksql: string): Promise<void> {
  const answer = await fetch(`${address}/ksql`, { method: 'POST', body: JSON.stringify({ ksql }) });
  if (answer.status !== 200) throw new Error(await answer.text());
}

const STREAM = (topic: string) =>
  `CREATE STREAM ${topic} (id BIGINT, ts BIGINT) WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON', PARTITIONS=1);`;

async function underLoad(options: { clients: number; stalled: number; rate: number; seconds: number }): Promise<void> {
  const { clients, stalled, rate, seconds } = options;
  const server = Child.start('./server-process.js');
  const readers = Child.start('./client-process.js');
  try {
    const { address } = await server.ask<{ address: string }>();
    await statement(address, STREAM('ticks'));
    const url = new URL(address);
    await readers.ask({
      host: url.hostname,
      port: Number(url.port),
      healthy: clients,
      stalled,
      sql: 'SELECT id, ts FROM ticks EMIT CHANGES;',
    } satisfies PushClientsOptions);
    const before = await server.ask<ServerCosts>('costs');
    let most = before;
    let watching = true;
    const watch = (async () => {
      while (watching) {
        await new Promise((resolve) => setTimeout(resolve, 2000));
        const costs = await server.ask<ServerCosts>('costs');
        if (costs.rss > most.rss) most = costs;
      }
    })();
    const produced = await produce(address, 'ticks', rate, seconds);
    let report = await readers.ask<ClientReport>('counts');
    // What is still on its way comes, or it never does.
    for (let i = 0; i < 100 && report.lastId < produced.records - 1; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      report = await readers.ask<ClientReport>('counts');
    }
    watching = false;
    await watch;
    readers.tell('wake');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const after = await server.ask<ServerCosts>('costs');
    const { stalledClosed } = await readers.ask<ClientReport>('counts');
    const expected = produced.records * clients;
    console.log(`
${whole(clients)} readers of one query, ${stalled} that do not read, ${whole(rate)} rows/s asked for, ${seconds} s
  produced        ${whole(produced.records / produced.seconds)} rows/s (${whole(produced.records)} rows)
  delivered       ${whole(report.rows / produced.seconds)} rows/s, ${whole(report.frames / produced.seconds)} frames/s, ${mib(report.bytes / produced.seconds)}/s
  complete        ${report.rows === expected && report.gaps === 0 ? 'every row to every reader, in order' : `${whole(report.rows)} of ${whole(expected)} rows, ${report.gaps} gaps`}
  latency         p50 ${report.p50.toFixed(1)} ms, p99 ${report.p99.toFixed(1)} ms, max ${report.max.toFixed(0)} ms (of the first row of each frame)
  not reading     ${stalledClosed} of ${stalled} closed by the server; ${report.closed} readers lost
  server memory   RSS ${mib(before.rss)} before, ${mib(most.rss)} at most, ${mib(after.rss)} after; heap ${mib(most.heap)} at most
  processor       server ${((after.cpu - before.cpu) / produced.seconds).toFixed(2)} cores, readers ${(report.cpu / produced.seconds).toFixed(2)}`);
  } finally {
    readers.kill();
    await server.stop();
  }
}

/** Idle subscriptions, a hundred on each connection: all of one query, or each of its own. */
async function idle(count: number, distinct: boolean): Promise<void> {
  const server = Child.start('./server-process.js');
  const sockets: WebSocket[] = [];
  try {
    const { address } = await server.ask<{ address: string }>();
    await statement(address, STREAM('ticks'));
    const before = await server.ask<ServerCosts>('costs');
    const started = performance.now();
    const sql = (i: number) => `SELECT id, ts FROM ticks${distinct ? ` WHERE id = ${i}` : ''} EMIT CHANGES;`;
    let refused = 0;
    for (let i = 0; i < count; i += 100) {
      const ws = new WebSocket(`${address.replace('http', 'ws')}/ws/v1`);
      sockets.push(ws);
      await new Promise((resolve, reject) => {
        ws.once('open', resolve);
        ws.once('error', reject);
      });
      const n = Math.min(100, count - i);
      await new Promise<void>((resolve) => {
        let left = n;
        ws.on('message', (m) => {
          const { type } = JSON.parse(String(m)) as { type: string };
          if (type === 'error') refused++;
          if ((type === 'schema' || type === 'error') && --left === 0) resolve();
        });
        for (let j = 0; j < n; j++) ws.send(JSON.stringify({ type: 'subscribe', id: `q${j}`, sql: sql(i + j) }));
      });
    }
    const seconds = (performance.now() - started) / 1000;
    // The first reasons of silence are told; what comes then is what idleness costs.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const open = await server.ask<ServerCosts>('costs');
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const later = await server.ask<ServerCosts>('costs');
    const each = (later.heap + later.external - before.heap - before.external) / count;
    console.log(`
${whole(count)} idle subscriptions, ${distinct ? 'each another query' : 'all of one query'}, on ${sockets.length} connections
  opened in       ${seconds.toFixed(1)} s${refused > 0 ? `; ${refused} refused` : ''}
  server memory   RSS ${mib(before.rss)} before, ${mib(later.rss)} with them; ${(each / 1024).toFixed(1)} KiB of heap each
  processor       ${(((later.cpu - open.cpu) / 10) * 100).toFixed(1)} % of a core`);
  } finally {
    for (const ws of sockets) ws.terminate();
    await server.stop();
  }
}

/** The status to exit with. */
export async function pushBench(argv: readonly string[]): Promise<number> {
  const defaults = { clients: '1000', stalled: '10', rate: '10000', seconds: '120', idle: '10000' };
  let numbers: Record<keyof typeof defaults, number>;
  try {
    const spec = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' as const }]));
    const { values } = parseArgs({ args: [...argv], options: spec });
    const entries = Object.entries({ ...defaults, ...values }).map(([name, text]) => {
      if (!/^\d+$/.test(text as string)) throw new Error(`--${name} must be a whole number, not ${text as string}`);
      return [name, Number(text)];
    });
    numbers = Object.fromEntries(entries) as typeof numbers;
  } catch (e) {
    console.error(`${(e as Error).message}\n${USAGE}`);
    return 2;
  }
  console.log(`Node ${process.version}, ${availableParallelism()} cores for server, subscribers and producer together`);
  if (numbers.clients > 0) await underLoad(numbers);
  if (numbers.idle > 0) {
    await idle(numbers.idle, false);
    await idle(numbers.idle, true);
  }
  return 0;
}
