import { fetchJars, KAFKA_JARS, run } from '../testing/jars.js';
import { Checksum, countResult, filterResult, type Session, sessionResult } from './trips.js';

export type Work = 'filter' | 'count' | 'session';
export const WORKS: readonly Work[] = ['filter', 'count', 'session'];

interface OutputRecord {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

function* records(dump: Buffer): Generator<OutputRecord> {
  let p = 0;
  const bytes = (): Buffer | null => {
    const length = dump.readInt32BE(p);
    p += 4;
    if (length < 0) return null;
    p += length;
    return dump.subarray(p - length, p);
  };
  while (p < dump.length) {
    const partition = dump.readInt32BE(p);
    p += 12; // and the timestamp, which is not compared
    yield { partition, key: bytes(), value: bytes() };
  }
}

function counted(value: Buffer): number {
  return (JSON.parse(value.toString()) as { C: number }).C;
}

function filterOf(dump: Buffer): string {
  const checksum = new Checksum();
  for (const { value } of records(dump)) {
    if (value === null) throw new Error('filter wrote a tombstone');
    const row = JSON.parse(value.toString()) as { VENDORID: string; SURGE: number };
    checksum.add(row.VENDORID, row.SURGE);
  }
  return filterResult(checksum);
}

function countOf(dump: Buffer): string {
  const counts = new Map<string, number>();
  for (const { key, value } of records(dump)) counts.set(key!.toString(), counted(value!));
  return countResult(counts);
}

/** A session's key in Kafka: the key's bytes, then end and start as 64-bit numbers. */
function sessionOf(dump: Buffer): string {
  const sessions = new Map<string, Session>();
  for (const { key, value } of records(dump)) {
    const id = key!.toString('latin1');
    if (value === null) {
      sessions.delete(id);
      continue;
    }
    const at = key!.length - 16;
    sessions.set(id, {
      key: key!.toString('utf8', 0, at),
      end: Number(key!.readBigInt64BE(at)),
      start: Number(key!.readBigInt64BE(at + 8)),
      count: counted(value),
    });
  }
  return sessionResult(sessions.values());
}

const RESULT_OF: Readonly<Record<Work, (dump: Buffer) => string>> = {
  filter: filterOf,
  count: countOf,
  session: sessionOf,
};

/**
 * What a contender left in its output topic, in the form of `expectedResults`: the rows of `filter`, the last value of
 * each key of `count`, the sessions that no tombstone took away. Read by Kafka's own Java consumer.
 * @param classes the folder that holds the compiled `DumpTopic`
 */
export async function resultInTopic(work: Work, bootstrap: string, topic: string, classes: string): Promise<string> {
  const libs = await fetchJars(KAFKA_JARS);
  const level = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  const dump = await run('java', ['-Xmx256m', level, '-cp', `${classes}:${libs}/*`, 'DumpTopic', bootstrap, topic]);
  return RESULT_OF[work](dump.stdout);
}
