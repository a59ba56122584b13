import { readInt64 } from '../../records/bytes.js';
import type { CommittedOffset, KeyValueOp } from '../log.js';
import type { OrderedDatabase } from './database.js';
import { GROUPS, groupKey, partsOfGroupKey } from './keys.js';

/** Committed offsets of all groups, in memory as in the database. */
export class GroupOffsets {
  /** Group → topic → partition → next offset. */
  private readonly groups = new Map<string, Map<string, Map<number, CommittedOffset>>>();

  async load(database: OrderedDatabase): Promise<void> {
    for await (const entries of database.scan(GROUPS)) {
      for (const [key, value] of entries) {
        const { group, topic, partition } = partsOfGroupKey(key);
        const metadata = Buffer.from(value.subarray(8)).toString('utf8');
        this.apply(group, [
          { topic, partition, offset: readInt64(value, 0), ...(metadata === '' ? {} : { metadata }) },
        ]);
      }
    }
  }

  committed(group: string, topics: readonly string[]): CommittedOffset[] {
    const out: CommittedOffset[] = [];
    for (const topic of new Set(topics)) {
      out.push(...(this.groups.get(group)?.get(topic)?.values() ?? []));
    }
    return out;
  }

  /** An entry is the offset in 8 bytes, and the metadata behind it. */
  operations(group: string, offsets: readonly CommittedOffset[]): KeyValueOp[] {
    return offsets.map(({ topic, partition, offset, metadata = '' }) => {
      const value = Buffer.alloc(8 + Buffer.byteLength(metadata));
      value.writeBigInt64BE(BigInt(offset));
      value.write(metadata, 8);
      return { type: 'put', key: groupKey(group, topic, partition), value };
    });
  }

  apply(group: string, offsets: readonly CommittedOffset[]): void {
    for (const { topic, partition, offset, metadata = '' } of offsets) {
      let topics = this.groups.get(group);
      if (topics === undefined) this.groups.set(group, (topics = new Map()));
      let partitions = topics.get(topic);
      if (partitions === undefined) topics.set(topic, (partitions = new Map()));
      partitions.set(partition, { topic, partition, offset, ...(metadata === '' ? {} : { metadata }) });
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
