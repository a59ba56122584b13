import { BatchBuilder, partitionOf } from '../../engine/records/batch.js';
import type { Random } from './random.js';

export const PARTITIONS = 2;

/** The sources of the reference queries. All have JSON keys and values, and two partitions. */
export const SOURCES: Readonly<Record<string, string>> = {
  s: "CREATE STREAM S (K STRING KEY, G STRING, N INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=2);",
  r: "CREATE STREAM R (K STRING KEY, H STRING, M INT) WITH (KAFKA_TOPIC='r', FORMAT='JSON', PARTITIONS=2);",
  t: "CREATE TABLE T (K STRING PRIMARY KEY, G STRING, V INT) WITH (KAFKA_TOPIC='t', FORMAT='JSON', PARTITIONS=2);",
  u: "CREATE TABLE U (K STRING PRIMARY KEY, W INT) WITH (KAFKA_TOPIC='u', FORMAT='JSON', PARTITIONS=2);",
};

export type Fields = Readonly<Record<string, string | number | null>>;

/** One record of an input, as it was written. */
export interface Row {
  readonly topic: string;
  readonly partition: number;
  /** A phase begins when everything before it is processed and committed. */
  readonly phase: number;
  readonly key: string | null;
  /** Null: a tombstone. */
  readonly value: Fields | null;
  readonly ts: number;
  /** Its value is no JSON: it is skipped. */
  readonly damaged: boolean;
}

export interface Inputs {
  /** Of each phase the rows, those of one partition in their order. */
  readonly phases: readonly (readonly Row[])[];
  /** From this phase on nothing goes wrong, and one node works that has restored everything. */
  readonly healedFrom: number;
}

const KEYS = ['k0', 'k1', 'k2', 'k3', 'k4'];
const GROUPS = ['g0', 'g1', 'g2', 'g3'];
/** Behind everything that waits for its time: windows with their grace, joins with theirs. */
export const END_OF_TIME = 3_600_000;

export const keyBytes = (key: string | null): Buffer | null => (key === null ? null : Buffer.from(JSON.stringify(key)));

/** The partition of a text as a JSON key. */
export function partitionOfKey(key: string): number {
  const bytes = keyBytes(key)!;
  return partitionOf(bytes, 0, bytes.length, PARTITIONS);
}

/** Random streams as a history: all of it is there before the query begins, each partition in the order of its times. */
export function randomHistory(random: Random, topics: readonly string[]): Inputs {
  const times = new Map(topics.map((t) => [t, 0]));
  const rows = topics.flatMap((topic) => rowsOf(random, topic, 0, random.int(20, 60), times, 0));
  return { phases: [rows, topics.flatMap((topic) => lastRows(topic, 1))], healedFrom: 1 };
}

/** Random input for the sources that a query reads. Tables come before the streams that look into them. */
export function randomInputs(random: Random, topics: readonly string[]): Inputs {
  const phases: Row[][] = [];
  const times = new Map(topics.map((t) => [t, 0]));
  const tables = topics.filter((t) => t === 't' || t === 'u');
  const streams = topics.filter((t) => t === 's' || t === 'r');
  const add = (which: readonly string[], least: number, most: number) => {
    if (which.length === 0) return;
    const phase = phases.length;
    phases.push(which.flatMap((topic) => rowsOf(random, topic, phase, random.int(least, most), times)));
  };
  for (let round = 0; round < 2; round++) {
    add(tables, 6, 22);
    add(streams, 6, 28);
  }
  const healedFrom = phases.length;
  add(tables, 3, 8);
  add(streams, 4, 10);
  if (streams.length > 0) phases.push(streams.flatMap((topic) => lastRows(topic, phases.length)));
  return { phases, healedFrom };
}

/** `late`: how many of them are, by little or by much. */
function rowsOf(
  random: Random,
  topic: string,
  phase: number,
  count: number,
  times: Map<string, number>,
  late = 0.2,
): Row[] {
  const out: Row[] = [];
  const stream = topic === 's' || topic === 'r';
  for (let i = 0; i < count; i++) {
    let time = times.get(topic)!;
    times.set(topic, (time += random.int(0, 1500)));
    const ts = random.chance(late) ? Math.max(0, time - random.int(0, 25_000)) : time;
    const key = keyOf(random, topic);
    const value = !stream && random.chance(0.2) ? null : fieldsOf(random, topic);
    const damaged = stream && random.chance(0.02);
    const partition = key === null ? random.int(0, PARTITIONS - 1) : partitionOfKey(key);
    out.push({ topic, partition, phase, key, value, ts, damaged });
  }
  return out;
}

function keyOf(random: Random, topic: string): string | null {
  if ((topic === 's' || topic === 'r') && random.chance(0.04)) return null;
  return topic === 'u' ? random.pick([...KEYS, ...GROUPS]) : random.pick(KEYS);
}

function fieldsOf(random: Random, topic: string): Fields {
  const group = random.chance(0.1) ? null : random.pick(GROUPS);
  const number = random.int(0, 9);
  switch (topic) {
    case 's':
      return { G: group, N: number };
    case 'r':
      return { H: group, M: number };
    case 't':
      return { G: group, V: number };
    default:
      return { W: number };
  }
}

/** So many groups are in all partitions, however an internal topic spreads them. */
const LAST_GROUPS = 8;

/** Moves stream time on in every partition, whether rows are spread by their key or by their group. */
function lastRows(topic: string, phase: number): Row[] {
  const out: Row[] = [];
  for (let p = 0; p < PARTITIONS; p++) {
    const key = lastKey(p);
    for (let g = 0; g < LAST_GROUPS; g++) {
      const group = `end-g${g}`;
      const value: Fields = topic === 's' ? { G: group, N: 1 } : { H: group, M: 1 };
      out.push({ topic, partition: p, phase, key, value, ts: END_OF_TIME, damaged: false });
    }
  }
  return out;
}

function lastKey(partition: number): string {
  for (let i = 0; ; i++) if (partitionOfKey(`end-${i}`) === partition) return `end-${i}`;
}

export function batchOf(rows: readonly Row[]): Buffer {
  const b = new BatchBuilder();
  for (const r of rows) {
    const key = keyBytes(r.key);
    const value = r.damaged ? Buffer.from('{"') : r.value === null ? null : Buffer.from(JSON.stringify(r.value));
    b.add(r.ts, key, key === null ? -1 : 0, key?.length ?? 0, value, value === null ? -1 : 0, value?.length ?? 0);
  }
  return b.finish()!;
}
