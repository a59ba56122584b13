import { ByteWriter } from '../../types/bytes.js';
import type { TopicPartition } from '../log.js';
import { byTopic, Reader, writeString } from './protocol.js';

/** The name of the assignor in the group protocol: members of one group must have the same. */
export const ASSIGNOR = 'weir-copartition-v1';

/** What a member tells of itself when it joins. */
export interface Subscription {
  readonly topics: readonly string[];
  /** Partitions that it has and works on; of which generation. */
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
}

/** Kafka's ConsumerProtocolSubscription v2, so that Kafka's own tools can show the group. */
export function encodeSubscription(s: Subscription): Buffer {
  const w = new ByteWriter(256);
  w.int16(2);
  w.int32(s.topics.length);
  for (const t of s.topics) writeString(w, t);
  w.int32(-1); // user data
  writePartitions(w, s.owned);
  w.int32(s.generation);
  return w.bytes();
}

export function decodeSubscription(b: Buffer): Subscription {
  const r = new Reader(b);
  const version = r.int16();
  const topics = Array.from({ length: r.int32() }, () => r.string());
  r.skip(Math.max(0, r.int32())); // user data
  const owned = version >= 1 ? readPartitions(r) : [];
  return { topics, owned, generation: version >= 2 ? r.int32() : -1 };
}

/** Kafka's ConsumerProtocolAssignment v0. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const w = new ByteWriter(256);
  w.int16(0);
  writePartitions(w, partitions);
  w.int32(-1); // user data
  return w.bytes();
}

/** An empty answer stands for no partitions. */
export function decodeAssignment(b: Buffer | null): TopicPartition[] {
  return b === null || b.length === 0 ? [] : readPartitions(new Reader(b, 2));
}

function writePartitions(w: ByteWriter, partitions: readonly TopicPartition[]): void {
  const topics = byTopic(partitions);
  w.int32(topics.size);
  for (const [topic, list] of topics) {
    writeString(w, topic);
    w.int32(list.length);
    for (const p of list) w.int32(p.partition);
  }
}

function readPartitions(r: Reader): TopicPartition[] {
  const out: TopicPartition[] = [];
  for (let topics = r.int32(); topics > 0; topics--) {
    const topic = r.string();
    for (let n = r.int32(); n > 0; n--) out.push({ topic, partition: r.int32() });
  }
  return out;
}

export interface AssignmentInput {
  readonly members: ReadonlyMap<string, Subscription>;
  /** Partition counts of the topics that exist. */
  readonly counts: ReadonlyMap<string, number>;
  /** Sets of topics of which equal partition numbers go to one member; sets that share a topic are one. */
  readonly copartitioned: readonly (readonly string[])[];
}

/** What moves together: one partition number of a set of co-partitioned topics. */
type Unit = readonly TopicPartition[];

/**
 * Shares partitions out: each set of topics evenly, members keep what they have as far as that allows. A partition that moves is
 * given to nobody at first: its old owner lets go of it and joins again, and then the new one gets it (as in KIP-429), so no two
 * members ever have it at once.
 */
export function assign(input: AssignmentInput): Map<string, TopicPartition[]> {
  const ids = [...input.members.keys()].sort();
  const out = new Map<string, TopicPartition[]>(ids.map((id) => [id, []]));
  const owners = ownersOf(input.members);
  const load = new Map<string, number>(ids.map((id) => [id, 0]));
  let before = 0;
  for (const topics of componentsOf(input)) {
    const able = ids.filter((id) => topics.every((t) => input.members.get(id)!.topics.includes(t)));
    if (able.length === 0) continue;
    const units = unitsOf(topics, input.counts);
    before += units.length;
    const targets = shareOut(units, able, owners, load, Math.ceil(before / able.length));
    for (const [i, unit] of units.entries()) {
      const target = targets[i]!;
      const moves = unit.some((p) => (owners.get(nameOf(p)) ?? target) !== target);
      // While any of it is elsewhere the target keeps what it has of it, and gets no more.
      const now = moves ? unit.filter((p) => owners.get(nameOf(p)) === target) : unit;
      out.get(target)!.push(...now);
    }
  }
  return out;
}

/** The member of each unit. `cap`: what a member may have in all, so that the odd ones of many sets do not pile up. */
function shareOut(
  units: readonly Unit[],
  able: readonly string[],
  owners: ReadonlyMap<string, string>,
  load: Map<string, number>,
  cap: number,
): string[] {
  const floor = Math.floor(units.length / able.length);
  let odd = units.length % able.length;
  const here = new Map<string, number>(able.map((id) => [id, 0]));
  const targets: (string | undefined)[] = units.map(() => undefined);
  const give = (i: number, id: string): void => {
    if (here.get(id)! >= floor) odd--;
    targets[i] = id;
    here.set(id, here.get(id)! + 1);
    load.set(id, load.get(id)! + 1);
  };
  const full = (id: string): boolean => {
    const n = here.get(id)!;
    return n > floor || (n === floor && odd === 0);
  };
  for (const [i, unit] of units.entries()) {
    const owner = unit.map((p) => owners.get(nameOf(p))).find((o) => o !== undefined);
    if (owner === undefined || !able.includes(owner) || full(owner)) continue;
    if (here.get(owner)! >= floor && load.get(owner)! >= cap) continue;
    give(i, owner);
  }
  for (let i = 0; i < units.length; i++) {
    if (targets[i] !== undefined) continue;
    let best: string | undefined;
    for (const id of able) {
      if (full(id)) continue;
      const below = here.get(id)! < floor;
      const bestBelow = best !== undefined && here.get(best)! < floor;
      if (best === undefined || (below && !bestBelow) || (below === bestBelow && load.get(id)! < load.get(best)!))
        best = id;
    }
    give(i, best!);
  }
  return targets as string[];
}

/** Who has a partition. Of two who claim it, the one of the later generation. */
function ownersOf(members: ReadonlyMap<string, Subscription>): Map<string, string> {
  const owners = new Map<string, string>();
  for (const id of [...members.keys()].sort()) {
    const { owned, generation } = members.get(id)!;
    for (const p of owned) {
      const other = owners.get(nameOf(p));
      if (other === undefined || members.get(other)!.generation < generation) owners.set(nameOf(p), id);
    }
  }
  return owners;
}

/** All topics that members want and that exist, in sets that move together. */
function componentsOf(input: AssignmentInput): string[][] {
  const component = new Map<string, Set<string>>();
  for (const { topics } of input.members.values()) {
    for (const t of topics) if (input.counts.has(t) && !component.has(t)) component.set(t, new Set([t]));
  }
  for (const set of input.copartitioned) {
    const known = set.filter((t) => component.has(t));
    if (known.length < 2) continue;
    const union = new Set(known.flatMap((t) => [...component.get(t)!]));
    for (const t of union) component.set(t, union);
  }
  const sets = [...new Set(component.values())].map((s) => [...s].sort());
  return sets.sort((a, b) => (a[0]! < b[0]! ? -1 : 1));
}

function unitsOf(topics: readonly string[], counts: ReadonlyMap<string, number>): Unit[] {
  const most = Math.max(...topics.map((t) => counts.get(t)!));
  return Array.from({ length: most }, (_, partition) =>
    topics.filter((t) => partition < counts.get(t)!).map((topic) => ({ topic, partition })),
  );
}

const nameOf = (p: TopicPartition): string => `${p.partition}/${p.topic}`;
