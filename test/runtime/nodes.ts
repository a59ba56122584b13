import { systemClock } from '../../engine/base/clock.js';
import { EmbeddedLog } from '../../engine/log/embedded/index.js';
import { KafkaLog } from '../../engine/log/kafka/index.js';
import type { Log } from '../../engine/log/log.js';
import { BatchBuilder, BatchCursor } from '../../engine/records/batch.js';
import { LevelState } from '../../engine/stores/level.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { makeDir, removeDir } from '../support/temp.js';

/** A log and a state in LevelDB, in a folder that goes with `dispose`. */
export interface StoredNode {
  readonly log: Log;
  readonly database: LevelDatabase;
  readonly state: LevelState;
  readonly directory: string;
  /** Lets go of everything and opens it again. */
  reopen(): Promise<void>;
  dispose(): Promise<void>;
}

type MakeDatabase = (directory: string) => LevelDatabase;
const plainDatabase: MakeDatabase = (directory) => new LevelDatabase({ directory });

export const embeddedNode = (make = plainDatabase): Promise<StoredNode> =>
  openNode((db) => new EmbeddedLog(db, { clock: systemClock }), make);

export const kafkaNode = (bootstrap: string, make = plainDatabase): Promise<StoredNode> =>
  openNode(() => new KafkaLog({ brokers: [bootstrap], heartbeatIntervalMs: 200 }), make);

async function openNode(
  makeLog: (database: LevelDatabase) => Log,
  makeDatabase: (directory: string) => LevelDatabase,
): Promise<StoredNode> {
  const directory = makeDir();
  const open = async () => {
    const database = makeDatabase(directory);
    await database.open();
    const log = makeLog(database);
    await log.open();
    return { database, log, state: new LevelState(database) };
  };
  let now = await open();
  const close = async () => {
    await now.log.close();
    await now.database.close();
  };
  return {
    directory,
    get log() {
      return now.log;
    },
    get state() {
      return now.state;
    },
    get database() {
      return now.database;
    },
    reopen: async () => {
      await close();
      now = await open();
    },
    dispose: async () => {
      await close();
      removeDir(directory);
    },
  };
}

export interface PlainRecord {
  readonly key?: string | null;
  readonly value: string | null;
  readonly timestamp?: number;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
}

const bytes = (text: string | null | undefined) => (text == null ? null : Buffer.from(text));

/** Writes records to one partition. */
export async function write(log: Log, topic: string, records: readonly PlainRecord[], partition = 0): Promise<void> {
  const builder = new BatchBuilder();
  for (const r of records) {
    const [key, value] = [bytes(r.key), bytes(r.value)];
    const headers = (r.headers ?? []).map((h) => ({ key: h.key, value: Buffer.from(h.value) }));
    const start = (b: Buffer | null) => (b === null ? -1 : 0);
    builder.add(
      r.timestamp ?? 0,
      key,
      start(key),
      key?.length ?? -1,
      value,
      start(value),
      value?.length ?? -1,
      headers,
    );
  }
  const writer = await log.writer({ clientId: 'test-write' });
  writer.append(topic, partition, builder.finish()!);
  await writer.flush();
  await writer.close();
}

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** All records of a topic, read committed, by partition and offset. */
export async function readAll(log: Log, topic: string): Promise<ReadRecord[]> {
  const reader = log.reader({ clientId: 'test-read' });
  const out: ReadRecord[] = [];
  const cursor = new BatchCursor();
  const text = (s: number, e: number) => (s < 0 ? null : cursor.buffer.toString('utf8', s, e));
  try {
    for (const { partition, earliest, end } of await log.offsets(topic)) {
      reader.assign(topic, partition, earliest);
      while (reader.position(topic, partition)!.next < end) {
        for (const fetched of await reader.poll(100)) {
          for (const batch of fetched.batches) {
            cursor.reset(batch);
            while (cursor.next()) {
              out.push({
                partition,
                offset: cursor.offset,
                key: text(cursor.keyStart, cursor.keyEnd),
                value: text(cursor.valueStart, cursor.valueEnd),
                timestamp: cursor.timestamp,
                headers: Object.fromEntries(
                  cursor.headers().map((h) => [h.key, h.value === null ? '' : Buffer.from(h.value).toString()]),
                ),
              });
            }
          }
        }
      }
      reader.unassign(topic, partition);
    }
  } finally {
    await reader.close();
  }
  return out;
}

/** Awaits what comes about by itself; the deadline is for what never does. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | false | undefined> | T | false | undefined,
  ms = 20_000,
): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await systemClock.sleep(5);
  }
}
