import { readInt64 } from '../../types/bytes.js';
import type { KeyValueOp, TopicPartitionOffset } from '../log.js';
import type { OrderedDatabase } from './database.js';
import { GROUPS, groupKey, partsOfGroupKey } from './keys.js';

/** Committed offsets of all groups, in memory as in the database. */
export class GroupOffsets {
  /** Group → topic → partition → next offset. */
  private readonly groups = new Map<string, Map<string, Map<number, number>>>();

  async load(database: OrderedDatabase): Promise<void> {
    for await (const entries of database.scan(GROUPS)) {
      for (const [key, value] of entries) {
        const { group, topic, partition } = partsOfGroupKey(key);
        this.apply(group, [{ topic, partition, offset: readInt64(value, 0) }]);
      }
    }
  }

  committed(group: string, topics: readonly string[]): TopicPartitionOffset[] {
    const out: TopicPartitionOffset[] = [];
    for (const topic of new Set(topics)) {
      const partitions = this.groups.get(group)?.get(topic) ?? [];
      for (const [partition, offset] of partitions) out.push({ topic, partition, offset });
    }
    return out;
  }

  operations(group: string, offsets: readonly TopicPartitionOffset[]): KeyValueOp[] {
    return offsets.map(({ topic, partition, offset }) => {
      const value = Buffer.allocUnsafe(8);
      value.writeBigInt64BE(BigInt(offset));
      return { type: 'put', key: groupKey(group, topic, partition), value };
    });
  }

  apply(group: string, offsets: readonly TopicPartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      let topics = this.groups.get(group);
      if (topics === undefined) this.groups.set(group, (topics = new Map()));
      let partitions = topics.get(topic);
      if (partitions === undefined) topics.set(topic, (partitions = new Map()));
      partitions.set(partition, offset);
    }
  }

  /** Operations that remove a group, or all groups' offsets of a topic. */
  removal(which: { readonly group: string } | { readonly topic: string }): KeyValueOp[] {
    const ops: KeyValueOp[] = [];
    for (const [group, topics] of this.groups) {
      if ('group' in which && which.group !== group) continue;
      for (const [topic, partitions] of topics) {
        if ('topic' in which && which.topic !== topic) continue;
        for (const partition of partitions.keys()) ops.push({ type: 'del', key: groupKey(group, topic, partition) });
      }
    }
    return ops;
  }

  forget(which: { readonly group: string } | { readonly topic: string }): void {
    if ('group' in which) this.groups.delete(which.group);
    else for (const topics of this.groups.values()) topics.delete(which.topic);
  }
}
