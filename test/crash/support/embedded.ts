import { join } from 'node:path';
import { systemClock } from '../../../engine/base/clock.js';
import { EmbeddedLog } from '../../../engine/log/embedded/index.js';
import type { Log } from '../../../engine/log/log.js';
import { BatchCursor } from '../../../engine/records/batch.js';
import { LevelDatabase } from '../../../engine/stores/level-database.js';
import { SOURCE } from './queries.js';
import type { TopicRecord } from './topic-record.js';

/** Opens the embedded log of a server that has stopped. */
export async function withEmbeddedLog<T>(dataDir: string, body: (log: Log) => Promise<T>): Promise<T> {
  const database = new LevelDatabase({ directory: join(dataDir, 'log') });
  await database.open();
  try {
    const log = new EmbeddedLog(database, { clock: systemClock });
    await log.open();
    try {
      return await body(log);
    } finally {
      await log.close();
    }
  } finally {
    await database.close();
  }
}

/** All records of a topic. */
export async function readAll(log: Log, topic: string): Promise<TopicRecord[]> {
  const out: TopicRecord[] = [];
  const cursor = new BatchCursor();
  for (const { partition, earliest, end } of await log.offsets(topic)) {
    const reader = log.reader({ clientId: 'test' });
    reader.assign(topic, partition, earliest);
    for (let at = earliest; at < end; ) {
      for (const fetched of await reader.poll(1000)) {
        at = fetched.nextOffset;
        for (const batch of fetched.batches) {
          cursor.reset(batch);
          while (cursor.next()) {
            const { buffer: b, keyStart, keyEnd, valueStart, valueEnd, offset, timestamp } = cursor;
            const key = keyStart < 0 ? null : Buffer.from(b.subarray(keyStart, keyEnd));
            const value = valueStart < 0 ? null : b.toString('utf8', valueStart, valueEnd);
            out.push({ partition, offset, timestamp, key, value });
          }
        }
      }
    }
    await reader.close();
  }
  return out;
}

/** What of their inputs the queries have not committed yet, as text. */
export async function behind(log: Log, groups: readonly string[]): Promise<string[]> {
  const out: string[] = [];
  const topics = (await log.listTopics()).map((t) => t.name);
  for (const group of groups) {
    const inputs = [SOURCE, ...topics.filter((t) => t.startsWith(`${group}-`) && t.endsWith('-repartition'))];
    const committed = await log.committed(group, inputs);
    for (const topic of inputs) {
      for (const { partition, end } of await log.offsets(topic)) {
        const at = committed.find((c) => c.topic === topic && c.partition === partition)?.offset ?? 0;
        if (at !== end) out.push(`${group}: ${topic}/${partition} at ${at} of ${end}`);
      }
    }
  }
  return out;
}
