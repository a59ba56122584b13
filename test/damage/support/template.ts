import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../engine/base/clock.js';
import { EmbeddedLog } from '../../../engine/log/embedded/index.js';
import { crc32c } from '../../../engine/records/crc32c.js';
import { LevelState } from '../../../engine/stores/level.js';
import { LevelDatabase, type LevelOptions } from '../../../engine/stores/level-database.js';
import type { TaskId } from '../../../engine/stores/store.js';
import { batchOf, recordsOf } from '../../contract/log-support.js';

const TASK: TaskId = { queryId: 'Q', subtopology: 0, partition: 0 };
const STORE = 's';
const TOPIC = 't';
const GROUP = 'g';
const KEYS = 60;
const COUNT_KEY = Buffer.from('count');

/** So small that a few hundred commits make tables, and compactions of them. */
const SMALL = { writeBufferBytes: 64 * 1024 };

const keyOf = (i: number): Buffer => Buffer.from(`key ${i % KEYS}`);
/** Some of it can be compressed, and all of it tells which commit it is of. */
const textOf = (i: number): string =>
  `${i} ${String((i * 2_654_435_761) % 1e9).repeat(12 + (i % 7))} ${'x'.repeat(150)}`;

/**
 * A database in which an embedded log and the state of a task lie together. Commit i appends record i to a topic, sets
 * one key to it and a counter to i + 1, and commits the offset i + 1 of a group.
 */
export async function writeTemplate(directory: string, commits: number): Promise<void> {
  const database = new LevelDatabase({ directory, ...SMALL });
  await database.open();
  const log = new EmbeddedLog(database, { clock: systemClock });
  await log.open();
  await log.createTopics([{ name: TOPIC, partitions: 1 }]);
  const state = new LevelState(database);
  const store = state.store(TASK, STORE);
  const writer = await log.writer({ clientId: 'test', transactionalId: 'tx' });
  for (let i = 0; i < commits; i++) {
    writer.append(TOPIC, 0, batchOf([{ key: `k${i}`, value: textOf(i) }]));
    store.put(keyOf(i), Buffer.from(textOf(i)));
    store.put(COUNT_KEY, Buffer.from(String(i + 1)));
    const offsets = [{ topic: TOPIC, partition: 0, offset: i + 1 }];
    await writer.commit({ group: GROUP, offsets, state: store.databaseOps() });
    store.committed();
  }
  await writer.close();
  await log.close();
  await database.close();
}

export type Kind = 'flip' | 'truncate' | 'zeros' | 'remove';

export interface Hit {
  readonly file: string;
  readonly kind: Kind;
  /** The file is a log, and one before it has what is in no table either. */
  readonly followsLog: boolean;
  readonly text: string;
}

/** Does one thing to one file of a database. */
export function hit(directory: string, random: () => number): Hit {
  const files = readdirSync(directory).filter((f) => !f.startsWith('LO')); // LOG is for people, LOCK is empty
  const file = files[Math.floor(random() * files.length)]!;
  const path = join(directory, file);
  const content = readFileSync(path);
  const at = Math.floor(random() * content.length);
  const dice = random();
  const kind: Kind = dice < 0.7 ? 'flip' : dice < 0.88 ? 'truncate' : dice < 0.97 ? 'zeros' : 'remove';
  if (kind === 'truncate') truncateSync(path, at);
  else if (kind === 'remove') rmSync(path);
  else {
    if (kind === 'flip') content[at]! ^= 1 << Math.floor(random() * 8);
    else content.fill(0, at, Math.min(content.length, at + 1 + Math.floor(random() * 5000)));
    writeFileSync(path, content);
  }
  const followsLog = file.endsWith('.log') && files.some((f) => f.endsWith('.log') && f < file);
  return { file, kind, followsLog, text: `${kind} ${file} at ${at} of ${content.length}` };
}

export function copyOf(template: string, directory: string): string {
  rmSync(directory, { recursive: true, force: true });
  cpSync(template, directory, { recursive: true });
  return directory;
}

/**
 * What one who opens the database is told: how many commits it has, where all that can be read is as it was after that
 * many of them (0: it is empty).
 * @throws WeirError where it says that it is damaged
 * @throws Error of another kind where it gives a wrong answer
 */
export async function examine(
  directory: string,
  options: Pick<LevelOptions, 'setAside' | 'verify'> = {},
): Promise<number> {
  const database = new LevelDatabase({ directory, ...options, ...SMALL });
  await database.open();
  try {
    const log = new EmbeddedLog(database, { clock: systemClock });
    await log.open();
    try {
      return await compare(database, log);
    } finally {
      await log.close();
    }
  } finally {
    await database.close();
  }
}

const wrong = (what: string): never => {
  throw new Error(`wrong answer: ${what}`);
};

async function compare(database: LevelDatabase, log: EmbeddedLog): Promise<number> {
  const state = new LevelState(database);
  const store = state.store(TASK, STORE);
  const found = store.get(COUNT_KEY);
  const commits = found === undefined ? 0 : Number(Buffer.from(found).toString());
  const expected = new Map<string, string>();
  for (let i = 0; i < commits; i++) expected.set(keyOf(i).toString(), textOf(i));
  for (const [key, value] of expected) {
    const got = store.get(Buffer.from(key));
    if (got === undefined || Buffer.from(got).toString() !== value) wrong(`${key} of ${commits} commits`);
  }
  let entries = 0;
  for await (const [key, value] of state.reader(TASK, STORE).range(undefined, undefined)) {
    entries++;
    const name = Buffer.from(key).toString();
    if (name !== 'count' && expected.get(name) !== Buffer.from(value).toString()) wrong(`${name} in a scan`);
  }
  if (entries !== (commits === 0 ? 0 : expected.size + 1)) wrong(`${entries} entries in a scan`);
  const there = (await log.describeTopic(TOPIC)) !== undefined;
  if (!there) return commits === 0 ? 0 : wrong('the topic is gone');
  const { earliest, end } = (await log.offsets(TOPIC))[0]!;
  if (earliest !== 0 || end !== commits) wrong(`a log from ${earliest} to ${end} of ${commits} commits`);
  const committed = (await log.committed(GROUP, [TOPIC]))[0]?.offset ?? 0;
  if (committed !== commits) wrong(`offset ${committed} of ${commits} commits`);
  const reader = log.reader({ clientId: 'test' });
  reader.assign(TOPIC, 0, 0);
  for (let next = 0; next < commits; ) {
    for (const r of recordsOf(await reader.poll(1000))) {
      if (r.offset !== next || r.key !== `k${next}` || r.value !== textOf(next)) wrong(`record ${next}`);
      next++;
    }
  }
  await reader.close();
  return commits;
}

/** A batch of LevelDB's with one put; key and value of fewer than 128 bytes. */
export function putBatch(sequence: number, key: string, value: string): Buffer {
  const header = Buffer.alloc(12);
  header.writeBigUInt64LE(BigInt(sequence), 0);
  header.writeUInt32LE(1, 8);
  return Buffer.concat([
    header,
    Buffer.of(1, key.length),
    Buffer.from(key),
    Buffer.of(value.length),
    Buffer.from(value),
  ]);
}

/** A log of LevelDB's with these records, which all fit into its first block. */
export function logOf(records: readonly Buffer[]): Buffer {
  return Buffer.concat(
    records.flatMap((record) => {
      const typed = Buffer.concat([Buffer.of(1), record]);
      const crc = crc32c(typed, 0, typed.length) >>> 0;
      const header = Buffer.alloc(6);
      header.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 0);
      header.writeUInt16LE(record.length, 4);
      return [header, typed];
    }),
  );
}
