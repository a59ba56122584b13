import { factsOf } from '../plan/nodes.js';
import type { SubTopology, TopologyNode } from '../plan/topology.js';

/** Names of what a query owns on the log. All begin with `_weir-`, so that operators can grant and find them by prefix. */

const prefix = (serviceId: string, queryId: string): string => `_weir-${serviceId}-${queryId}`;

export const groupName = (serviceId: string, queryId: string): string => prefix(serviceId, queryId);

/** Rows on their way to a foreign key's partition and back are no repartition of their table, and not called one. */
const repartitionTopic = (serviceId: string, queryId: string, topic: string): string =>
  `${prefix(serviceId, queryId)}-${topic}-${topic.startsWith('ForeignKey-') ? 'topic' : 'repartition'}`;

export const changelogTopic = (serviceId: string, queryId: string, store: string): string =>
  `${prefix(serviceId, queryId)}-${store}-changelog`;

export const transactionalId = (serviceId: string, queryId: string, subtopology: number, partition: number): string =>
  `${prefix(serviceId, queryId)}-${subtopology}-${partition}`;

/** The full name of the topic that a node reads or writes; undefined for a node that does neither. */
export function topicOf(node: TopologyNode, serviceId: string, queryId: string): string | undefined {
  const topic = factsOf(node).topic?.(node);
  return topic?.internal === true ? repartitionTopic(serviceId, queryId, topic.name) : topic?.name;
}

/** Names of the stores of a sub-topology, each once. */
export const storesOf = (sub: SubTopology): readonly string[] => [
  ...new Set(sub.nodes.flatMap((n) => (factsOf(n).stores?.(n) ?? []).map((store) => store.name))),
];

export function sourcesOf(sub: SubTopology, serviceId: string, queryId: string): readonly string[] {
  const topics = sub.nodes.flatMap((n) => (n.kind === 'source' ? [topicOf(n, serviceId, queryId)!] : []));
  return [...new Set(topics)];
}

/** Repartition topics that the tasks of a sub-topology write to. */
export const targetsOf = (sub: SubTopology, serviceId: string, queryId: string): readonly string[] =>
  sub.nodes.flatMap((n) => (n.kind === 'repartition' ? [topicOf(n, serviceId, queryId)!] : []));
