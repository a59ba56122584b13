import { randomUUID } from 'node:crypto';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import type { Log, LogReader } from '../../engine/log/log.js';
import type { Topology } from '../../engine/plan/topology.js';
import { type PushLimits, PushQueries, type PushStream } from '../../engine/push/push-queries.js';
import { BatchBuilder } from '../../engine/records/batch.js';
import type { Properties, RowBatch, RuntimeServices } from '../../engine/runtime.js';
import { MemoryState } from '../../engine/stores/memory.js';
import type { Value } from '../../engine/values/value.js';
import { bytes, codecServices } from './support.js';

/** A log that counts the readers that are open. */
export interface CountedLog {
  readonly log: Log;
  readonly readers: { open: number; made: number };
}

export function counted(log: Log): CountedLog {
  const readers = { open: 0, made: 0 };
  const reader: Log['reader'] = (options) => {
    const real = log.reader(options);
    readers.open++;
    readers.made++;
    let open = true;
    const close = async (): Promise<void> => {
      if (open) readers.open--;
      open = false;
      await real.close();
    };
    return new Proxy(real, {
      get: (target, name) => {
        if (name === 'close') return close;
        const member = target[name as keyof LogReader];
        return typeof member === 'function' ? (member as (...a: unknown[]) => unknown).bind(target) : member;
      },
    });
  };
  const proxy = new Proxy(log, {
    get: (target, name) => {
      if (name === 'reader') return reader;
      const member = target[name as keyof Log] as unknown;
      return typeof member === 'function' ? (member as (...a: unknown[]) => unknown).bind(target) : member;
    },
  });
  return { log: proxy, readers };
}

export const PARTITIONS = 3;

/** Push queries over one topic of a log. */
export class PushBench {
  readonly queries: PushQueries;
  readonly topic = `in-${randomUUID()}`;
  readonly readers: CountedLog['readers'];
  readonly log: Log;
  private made = 0;
  private seq = 0;

  constructor(log: Log, limits: PushLimits = {}) {
    const { log: watched, readers } = counted(log);
    this.log = watched;
    this.readers = readers;
    const services: RuntimeServices = {
      ...codecServices,
      serviceId: 'push',
      log: watched,
      state: new MemoryState(),
      clock: systemClock,
      logger: silentLogger,
    } as RuntimeServices;
    const noTable = () => Promise.reject(new Error('there is no table here'));
    this.queries = new PushQueries(services, noTable, limits);
  }

  create(): Promise<void> {
    return this.log.createTopics([{ name: this.topic, partitions: PARTITIONS }]);
  }

  open(topology: Topology, properties: Properties = {}): Promise<PushStream> {
    return this.queries.open({ queryId: `Q${this.made++}`, topology: this.own(topology), properties });
  }

  /** Rows with AMOUNT counting up from 0, over the partitions in turn; the user is `u` and the number modulo 7. */
  async produce(n: number): Promise<void> {
    const builders = Array.from({ length: PARTITIONS }, () => new BatchBuilder());
    for (let i = 0; i < n; i++) {
      const at = this.seq++;
      const key = bytes(at)!;
      const value = bytes({ USER: `u${at % 7}`, AMOUNT: at })!;
      builders[at % PARTITIONS]!.add(at, key, 0, key.length, value, 0, value.length);
    }
    await this.append(builders.map((b) => b.finish()));
  }

  async append(batches: readonly (Buffer | undefined)[]): Promise<void> {
    const writer = await this.log.writer({ clientId: 'test' });
    batches.forEach((b, p) => {
      if (b !== undefined) writer.append(this.topic, p, b);
    });
    await writer.flush();
    await writer.close();
  }

  private own(topology: Topology): Topology {
    return {
      ...topology,
      subtopologies: topology.subtopologies.map((s) => ({
        ...s,
        nodes: s.nodes.map((n) => (n.kind === 'source' ? { ...n, topic: this.topic } : n)),
      })),
    };
  }
}

/** Batches until `n` rows have come. */
export async function batches(stream: PushStream, n: number): Promise<readonly RowBatch[]> {
  const out: RowBatch[] = [];
  for (let rows = 0; rows < n; ) {
    const batch = await stream.next();
    if (batch === undefined) break;
    out.push(batch);
    rows += batch.rows.length;
  }
  return out;
}

export const rowsOf = (list: readonly RowBatch[]): readonly (readonly Value[])[] => list.flatMap((b) => b.rows);

/** The first column of `n` rows, in order. */
export const numbers = async (stream: PushStream, n: number): Promise<number[]> =>
  rowsOf(await batches(stream, n))
    .map((r) => Number(r[0]))
    .sort((a, b) => a - b);

export const upTo = (n: number, from = 0): number[] => Array.from({ length: n - from }, (_, i) => i + from);

export async function until(what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await systemClock.sleep(2);
  }
}
