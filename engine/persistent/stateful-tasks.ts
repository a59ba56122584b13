import { sourcesOf, storesOf } from '../dataflow/names.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { TopicPartition } from '../log/log.js';
import type { Topology } from '../plan/topology.js';
import type { TaskId } from '../stores/store.js';
import type { QueryTopics } from './internal-topics.js';
import { slotKey } from './slot.js';

/** A task that keeps state, wherever in the group it runs. */
export interface StatefulTask {
  /** Of its slot. */
  readonly key: string;
  readonly task: TaskId;
  readonly stores: readonly string[];
  /** What it reads. */
  readonly topics: readonly string[];
}

export function statefulTasks(options: {
  readonly services: RuntimeServices;
  readonly queryId: string;
  readonly topology: Topology;
  readonly topics: QueryTopics;
}): StatefulTask[] {
  const { services, queryId, topology } = options;
  return topology.subtopologies.flatMap((sub) => {
    const stores = storesOf(sub);
    if (stores.length === 0) return [];
    const topics = sourcesOf(sub, services.serviceId, queryId);
    const count = Math.max(0, ...topics.map((t) => options.topics.partitions.get(t) ?? 0));
    return Array.from({ length: count }, (_, partition) => ({
      key: slotKey(sub.id, partition),
      task: { queryId, subtopology: sub.id, partition },
      stores,
      topics,
    }));
  });
}

export const isInputOf = ({ topic, partition }: TopicPartition, { task, topics }: StatefulTask): boolean =>
  task.partition === partition && topics.includes(topic);
