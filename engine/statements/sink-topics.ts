import { WeirError } from '../base/errors.js';
import type { DataSource } from '../catalog/index.js';
import { LANGUAGE } from '../settings.js';
import type { StatementContext } from './context.js';

const DEFAULT_PARTITIONS = 4;

/** Partitions of a topic, as it is or as the checked script would have made it; undefined where there is none. */
async function partitionsOf(context: StatementContext, topic: string): Promise<number | undefined> {
  const planned = context.plannedTopics.get(topic);
  if (planned !== undefined) return planned;
  return (await context.parts.log.describeTopic(topic))?.partitions;
}

/** The topic of a source as it is or will be. */
export interface CheckedTopic {
  readonly partitions: number;
  /** Makes it where it is missing. */
  make(): Promise<void>;
}

/** The command of a CREATE with the partitions of its topic filled in: joins are checked against them. */
export function withPartitions<C extends { readonly source: DataSource }>(command: C, partitions: number): C {
  const { source } = command;
  return { ...command, source: { ...source, topic: { ...source.topic, partitions } } };
}

/**
 * Checks the topic of a CREATE STREAM or TABLE: it must exist, or PARTITIONS must say how to make it.
 * Throws BAD_STATEMENT with ksqlDB's wording.
 */
export async function sourceTopic(context: StatementContext, source: DataSource): Promise<CheckedTopic> {
  const { topic } = source;
  const existing = await partitionsOf(context, topic.name);
  if (existing === undefined) {
    if (topic.partitions === null) {
      throw new WeirError(
        'BAD_STATEMENT',
        `Kafka topic does not exist: ${topic.name}`,
        'Add PARTITIONS to the WITH clause, and the topic will be created.',
      );
    }
    return createTopic(context, topic.name, topic.partitions, topic.replicas, topic.retentionMs);
  }
  await checkExisting(context, topic, existing);
  return there(existing);
}

/** Checks the topic that a CREATE … AS writes: made like its first source's topic where it is missing. */
export async function sinkTopic(
  context: StatementContext,
  sink: DataSource,
  sources: readonly DataSource[],
): Promise<CheckedTopic> {
  const { topic } = sink;
  const existing = await partitionsOf(context, topic.name);
  if (existing !== undefined) {
    await checkExisting(context, topic, existing);
    return there(existing);
  }
  let partitions = topic.partitions;
  if (partitions === null) {
    const first = sources[0];
    partitions = (first && (await partitionsOf(context, first.topic.name))) ?? DEFAULT_PARTITIONS;
  }
  return createTopic(context, topic.name, partitions, topic.replicas, topic.retentionMs);
}

const there = (partitions: number): CheckedTopic => ({ partitions, make: async () => {} });

function createTopic(
  context: StatementContext,
  name: string,
  partitions: number,
  replicas: number | null,
  retentionMs: number | null,
): CheckedTopic {
  context.plannedTopics.set(name, partitions);
  const make = () =>
    context.parts.log.createTopics([
      {
        name,
        partitions,
        ...(replicas === null ? {} : { replicas }),
        // Event times may be years old: the broker's default retention would delete them within minutes.
        config: { 'retention.ms': String(retentionMs ?? -1) },
      },
    ]);
  return { partitions, make };
}

/** What WITH says of a topic that is there must be so. The embedded log has no replicas: it takes any number of them. */
async function checkExisting(context: StatementContext, topic: DataSource['topic'], existing: number): Promise<void> {
  const { name, partitions, replicas } = topic;
  const { log } = context.parts;
  const found = replicas === null || log.kind !== 'kafka' ? undefined : (await log.describeTopic(name))?.replicas[0];
  const replicasDiffer = found !== undefined && found !== replicas;
  if ((partitions === null || partitions === existing) && !replicasDiffer) return;
  throw new WeirError(
    'BAD_STATEMENT',
    `A Kafka topic with the name '${name}' already exists, with different partition/replica configuration than required. ` +
      `KSQL expects ${partitions ?? existing} partitions (topic has ${existing})` +
      (replicasDiffer ? `, ${replicas} replication factor (topic has ${found})` : ''),
    `Leave PARTITIONS and REPLICAS (and ${LANGUAGE.sinkPartitions.name}, ${LANGUAGE.sinkReplicas.name}) out to take the topic as it is.`,
  );
}
