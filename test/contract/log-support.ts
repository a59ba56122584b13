import type { FetchedPartition, GroupMember, Log, LogReader, LogWriter, TopicPartition } from '../../engine/log/log.js';
import { BatchBuilder, BatchCursor } from '../../engine/records/batch.js';
import type { Header } from '../../engine/records/record.js';

/** One implementation under test. */
export interface LogUnderTest {
  /** Open. */
  readonly log: Log;
  /** Closes the log (and its database) and opens it anew on the same data; `log` is then the new one. */
  reopen(): Promise<Log>;
  /** What the state database holds under a whole key, where the log writes state itself. */
  readState?(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
}

/** What a test writes; defaults: no key, no value, no headers, timestamp 1000. */
export interface Written {
  readonly key?: string | null;
  readonly value?: string | null;
  readonly timestamp?: number;
  readonly headers?: readonly Header[];
}

/** One record as a test reads it. */
export interface Seen {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly Header[];
}

/** How long a condition may take: generous, for it is reached only by what is broken. */
export const PATIENCE = 40_000;
/** How long to look for what must not come. */
export const LOOK = 400;

let serial = 0;

/** A name that no other test and no earlier run uses: a broker is shared. */
export function unique(prefix: string): string {
  return `${prefix}-${process.pid}-${Date.now().toString(36)}-${++serial}`;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `condition` gives a value that is not false, undefined or null. */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  patience = PATIENCE,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + patience;
  for (;;) {
    const got = await condition();
    if (got !== false && got !== undefined && got !== null) return got as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`Not within ${patience} ms: ${what}`);
    await sleep(20);
  }
}

/** An unsealed batch, as `LogWriter.append` takes it. */
export function batchOf(records: readonly Written[]): Buffer {
  const builder = new BatchBuilder();
  for (const r of records) {
    const key = r.key === undefined || r.key === null ? null : Buffer.from(r.key);
    const value = r.value === undefined || r.value === null ? null : Buffer.from(r.value);
    builder.add(r.timestamp ?? 1000, key, 0, key?.length ?? -1, value, 0, value?.length ?? -1, r.headers);
  }
  return builder.finish()!;
}

/** A batch of records that have only values. */
export const values = (...list: readonly string[]): Buffer => batchOf(list.map((value) => ({ value })));

/** The records of fetched batches, through the cursor. */
export function recordsOf(fetched: readonly FetchedPartition[]): Seen[] {
  const out: Seen[] = [];
  const cursor = new BatchCursor();
  for (const f of fetched) {
    for (const batch of f.batches) {
      cursor.reset(batch);
      while (cursor.next()) {
        out.push({
          topic: f.topic,
          partition: f.partition,
          offset: cursor.offset,
          timestamp: cursor.timestamp,
          key: cursor.keyStart < 0 ? null : cursor.buffer.toString('utf8', cursor.keyStart, cursor.keyEnd),
          value: cursor.valueStart < 0 ? null : cursor.buffer.toString('utf8', cursor.valueStart, cursor.valueEnd),
          headers: cursor.headerCount === 0 ? [] : cursor.headers(),
        });
      }
    }
  }
  return out;
}

/** Polls until `count` records have come; throws with what came instead. */
export async function collect(reader: LogReader, count: number, patience = PATIENCE): Promise<Seen[]> {
  const out: Seen[] = [];
  const deadline = Date.now() + patience;
  while (out.length < count) {
    out.push(...recordsOf(await reader.poll(250)));
    if (out.length < count && Date.now() > deadline) {
      const last = out
        .slice(-5)
        .map((r) => `${r.topic}/${r.partition}@${r.offset}`)
        .join(' ');
      throw new Error(`${out.length} of ${count} records within ${patience} ms, the last: ${last}`);
    }
  }
  return out;
}

/** Whatever comes within `ms`. */
export async function look(reader: LogReader, ms = LOOK): Promise<Seen[]> {
  const out: Seen[] = [];
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) out.push(...recordsOf(await reader.poll(Math.max(1, deadline - Date.now()))));
  return out;
}

/** Reads `count` records of one partition from an offset with a reader of its own. */
export async function readFrom(
  log: Log,
  topic: string,
  partition: number,
  offset: number,
  count: number,
): Promise<Seen[]> {
  return withReader(log, async (reader) => {
    reader.assign(topic, partition, offset);
    return collect(reader, count);
  });
}

export async function withReader<T>(log: Log, body: (reader: LogReader) => Promise<T>): Promise<T> {
  const reader = log.reader({ clientId: 'contract' });
  try {
    return await body(reader);
  } finally {
    await reader.close();
  }
}

export async function withWriter<T>(
  log: Log,
  transactionalId: string | undefined,
  body: (writer: LogWriter) => Promise<T>,
): Promise<T> {
  const writer = await log.writer({
    clientId: 'contract',
    ...(transactionalId === undefined ? {} : { transactionalId }),
  });
  try {
    return await body(writer);
  } finally {
    await writer.close();
  }
}

const nameOf = (p: TopicPartition): string => `${p.topic}/${p.partition}`;

/** A group member that keeps account of what it owns and of all that it was told. */
export class Member {
  readonly owned = new Set<string>();
  /** `+topic/partition` assigned, `-` revoked, `!` lost, in order. */
  readonly told: string[] = [];
  readonly failures: Error[] = [];
  /** Broken promises: assigned twice, or revoked without having it. */
  readonly faults: string[] = [];
  /** Set: `revoked` waits for it. */
  gate: Promise<void> | undefined;
  revoking = 0;
  /** The last work on what is revoked. */
  beforeRevoked: ((partitions: readonly TopicPartition[]) => Promise<void>) | undefined;
  readonly member: GroupMember;

  constructor(log: Log, group: string, topics: readonly string[], copartitioned: readonly (readonly string[])[] = []) {
    this.member = log.member({ group, clientId: unique('member'), topics, copartitioned });
  }

  join(): Promise<void> {
    return this.member.join({
      assigned: async (partitions) => {
        for (const name of partitions.map(nameOf)) {
          if (this.owned.has(name)) this.faults.push(`assigned again: ${name}`);
          this.owned.add(name);
          this.told.push(`+${name}`);
        }
      },
      revoked: async (partitions) => {
        this.revoking++;
        if (partitions.length > 0) await this.gate;
        await this.beforeRevoked?.(partitions);
        for (const name of partitions.map(nameOf)) this.drop('-', name);
        this.revoking--;
      },
      lost: (partitions) => {
        for (const name of partitions.map(nameOf)) this.drop('!', name);
      },
      failed: (error) => {
        this.failures.push(error);
      },
    });
  }

  leave(): Promise<void> {
    return this.member.leave();
  }

  private drop(sign: string, name: string): void {
    if (!this.owned.delete(name)) this.faults.push(`revoked without having it: ${name}`);
    this.told.push(sign + name);
  }
}

/** A topic of its own for a test. */
export async function topicOf(log: Log, partitions = 1, config: Record<string, string> = {}): Promise<string> {
  const topic = unique('t');
  await log.createTopics([{ name: topic, partitions, config }]);
  await eventually(`topic ${topic} is there`, () => log.describeTopic(topic));
  return topic;
}
