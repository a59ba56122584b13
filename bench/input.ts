import { Kafka, logLevel } from 'kafkajs';
import { BatchBuilder, partitionOf } from '../engine/records/batch.js';
import { RawProducer } from './raw-producer.js';
import { type Trip, trips } from './trips.js';

/** Partitions of the input, and of every topic that a work writes. */
export const PARTITIONS = 4;

/** A batch may be up to Kafka's default of 1 MiB (`message.max.bytes`). */
const BATCH_BYTES = 900_000;
/** Whole batches that wait until they are sent together. */
const WAITING = 8;

/** Creates topics of {@link PARTITIONS} partitions. */
export async function createTopics(bootstrap: string, topics: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR }).admin();
  await admin.connect();
  const wanted = topics.map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 }));
  await admin.createTopics({ topics: wanted, waitForLeaders: true });
  await admin.disconnect();
}

/** Creates `topic` and writes the rides into it, keyed by pick-up zone, with their event time as timestamp. */
export async function writeTrips(bootstrap: string, topic: string, rows: number): Promise<void> {
  await createTopics(bootstrap, [topic]);
  const producer = await RawProducer.connect(bootstrap);
  const builders = Array.from({ length: PARTITIONS }, () => new BatchBuilder());
  const full: { partition: number; batch: Buffer }[] = [];
  const flush = (partition: number) => {
    const batch = builders[partition]!.finish();
    if (batch !== undefined) full.push({ partition, batch });
  };
  const key = Buffer.alloc(16);
  const value = Buffer.alloc(1024);
  const add = (trip: Trip) => {
    const keyEnd = key.write(String(trip.index % 263), 0, 'latin1');
    const valueEnd = value.write(trip.json, 0, 'latin1');
    const partition = partitionOf(key, 0, keyEnd, PARTITIONS);
    builders[partition]!.add(trip.timestamp, key, 0, keyEnd, value, 0, valueEnd);
    if (builders[partition]!.bytes > BATCH_BYTES) flush(partition);
  };
  const send = async () => {
    // A partition once in a request: the broker takes one batch of each.
    while (full.length > 0) {
      const request = new Map<number, Buffer>();
      for (const { partition, batch } of full) if (!request.has(partition)) request.set(partition, batch);
      await producer.send(
        topic,
        [...request].map(([partition, batch]) => ({ partition, batch })),
      );
      const sent = new Set(request.values());
      full.splice(0, full.length, ...full.filter(({ batch }) => !sent.has(batch)));
    }
  };
  try {
    for (const trip of trips(rows)) {
      add(trip);
      if (full.length >= WAITING) await send();
    }
    for (let partition = 0; partition < PARTITIONS; partition++) flush(partition);
    await send();
  } finally {
    producer.close();
  }
}

/** Deletes an output topic together with the internal topics that its name is a part of. */
export async function deleteTopics(bootstrap: string, output: string): Promise<void> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR }).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.includes(output));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}
