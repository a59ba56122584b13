import { WeirError } from '../base/errors.js';
import { changelogTopic, sourcesOf, storesOf, targetsOf } from '../dataflow/names.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { Log, NewTopic } from '../log/log.js';
import type { Topology } from '../plan/topology.js';
import type { Origin } from '../records/progress.js';

/** The topics of a query: what its group reads, what it owns, and how many partitions each has. */
export interface QueryTopics {
  /** Partitions by full name: sources, sinks and internal topics. */
  readonly partitions: ReadonlyMap<string, number>;
  /** What the members of the group share out. */
  readonly sources: readonly string[];
  readonly copartitioned: readonly (readonly string[])[];
  /** Repartition and changelog topics. */
  readonly internal: readonly string[];
  /** By repartition topic, the tasks that write to it. */
  readonly writers: ReadonlyMap<string, readonly Origin[]>;
}

/**
 * Finds out what exists, plans what the query needs, and creates it. A sub-topology has as many tasks as the topics that it
 * reads have partitions. Topics of others must agree in that number; where it reads none of others, it has as many tasks as
 * the sub-topologies that write to its internal topics.
 * @throws WeirError LOG_ERROR where a topic is missing or sources that must agree in partitions do not.
 */
export async function prepareTopics(
  services: RuntimeServices,
  queryId: string,
  topology: Topology,
  /** What gets bad and late records; null: nothing does. */
  letterTopics: readonly (string | null)[] = [],
): Promise<QueryTopics> {
  const { log, serviceId } = services;
  const partitions = new Map<string, number>();
  const internal: NewTopic[] = [];
  const existing = async (name: string): Promise<number> => {
    const known = partitions.get(name);
    if (known !== undefined) return known;
    const topic = await log.describeTopic(name);
    if (topic === undefined) {
      throw new WeirError('LOG_ERROR', `Topic ${name} does not exist`, 'Create it, or drop the query that needs it.');
    }
    partitions.set(name, topic.partitions);
    return topic.partitions;
  };
  /** Who writes stands before who reads. */
  const writers = new Map<string, readonly Origin[]>();
  for (const sub of topology.subtopologies) {
    const sources = sourcesOf(sub, serviceId, queryId);
    const own = sources.filter((s) => writers.has(s));
    const others = sources.filter((s) => !writers.has(s));
    const counts = await Promise.all(others.map(existing));
    const tasks = Math.max(
      ...(counts.length > 0 ? counts : own.map((s) => Math.max(...writers.get(s)!.map((w) => w.partition + 1)))),
    );
    if (counts.some((n) => n !== tasks)) {
      const each = others.map((s, i) => `${s} has ${counts[i]}`).join(', ');
      throw new WeirError('LOG_ERROR', `Sources of query ${queryId} differ in partitions: ${each}`);
    }
    for (const name of own) {
      partitions.set(name, tasks);
      internal.push({ name, partitions: tasks, config: { 'cleanup.policy': 'delete', 'retention.ms': '-1' } });
    }
    for (const node of sub.nodes) if (node.kind === 'sink') await existing(node.topic);
    for (const name of targetsOf(sub, serviceId, queryId)) {
      const each = Array.from({ length: tasks }, (_, partition) => ({ subtopology: sub.id, partition }));
      writers.set(name, [...(writers.get(name) ?? []), ...each]);
    }
    if (log.kind === 'kafka') {
      for (const store of storesOf(sub)) {
        const name = changelogTopic(serviceId, queryId, store);
        partitions.set(name, tasks);
        internal.push({ name, partitions: tasks, config: { 'cleanup.policy': 'compact', 'retention.ms': '-1' } });
      }
    }
  }
  if (internal.length > 0) await log.createTopics(internal);
  for (const name of letterTopics) if (name !== null) partitions.set(name, await letterTopic(log, name, partitions));
  const sets = topology.subtopologies.map((s) => sourcesOf(s, serviceId, queryId));
  return {
    partitions,
    sources: [...new Set(sets.flat())],
    copartitioned: sets.filter((s) => s.length > 1),
    internal: internal.map((t) => t.name),
    writers,
  };
}

/** Partitions of a topic for bad or late records, which is made where it is missing: a record keeps its partition's number. */
async function letterTopic(log: Log, name: string, partitions: ReadonlyMap<string, number>): Promise<number> {
  const there = await log.describeTopic(name);
  if (there !== undefined) return there.partitions;
  const wanted = Math.max(1, ...partitions.values());
  // Another query may make it at the same time, with another number.
  await log.createTopics([{ name, partitions: wanted, config: { 'retention.ms': '-1' } }]).catch(async (e: unknown) => {
    if ((await log.describeTopic(name)) === undefined) throw e;
  });
  return (await log.describeTopic(name))?.partitions ?? wanted;
}

/** Names of the internal topics that a query has, or had: to delete them. */
export function internalTopics(services: RuntimeServices, queryId: string, topology: Topology): readonly string[] {
  const { serviceId, log } = services;
  return topology.subtopologies.flatMap((sub) => [
    ...targetsOf(sub, serviceId, queryId),
    ...(log.kind === 'kafka' ? storesOf(sub).map((s) => changelogTopic(serviceId, queryId, s)) : []),
  ]);
}
