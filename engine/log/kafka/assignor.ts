import { ByteWriter } from '../../records/bytes.js';
import type { PlacedMember, Placement, TopicPartition } from '../log.js';
import { byTopic, Reader, writeString } from './protocol.js';

/** The name of the assignor in the group protocol: members of one group must have the same. */
export const ASSIGNOR = 'weir-copartition-v1';

/** What a member tells of itself when it joins. */
export interface Subscription {
  readonly topics: readonly string[];
  /** Partitions that it has and works on; of which generation. */
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
  /** Where its node answers, `host:port`; empty: nowhere. */
  readonly address?: string;
  /** Partitions of whose state it has a copy. */
  readonly standby?: readonly TopicPartition[];
}

/** The version of what stands in the user data of subscriptions and assignments. */
const USER_DATA = 1;

/** Kafka's ConsumerProtocolSubscription v2, so that Kafka's own tools can show the group. */
export function encodeSubscription(s: Subscription): Buffer {
  const w = new ByteWriter(256);
  w.int16(2);
  w.int32(s.topics.length);
  for (const t of s.topics) writeString(w, t);
  const user = new ByteWriter(256);
  user.int16(USER_DATA);
  writeString(user, s.address ?? '');
  writePartitions(user, s.standby ?? []);
  w.int32(user.length);
  w.copy(user.bytes());
  writePartitions(w, s.owned);
  w.int32(s.generation);
  return w.bytes();
}

export function decodeSubscription(b: Buffer): Subscription {
  const r = new Reader(b);
  const version = r.int16();
  const topics = Array.from({ length: r.int32() }, () => r.string());
  const behind = Math.max(0, r.int32());
  const end = r.at + behind;
  const known = behind >= 2 && r.int16() === USER_DATA;
  const address = known ? r.string() : '';
  const standby = known ? readPartitions(r) : [];
  r.at = end;
  const owned = version >= 1 ? readPartitions(r) : [];
  return { topics, owned, generation: version >= 2 ? r.int32() : -1, address, standby };
}

/** Kafka's ConsumerProtocolAssignment v0. The whole placement goes along as user data. */
export function encodeAssignment(partitions: readonly TopicPartition[], placement?: Placement): Buffer {
  const w = new ByteWriter(256);
  w.int16(0);
  writePartitions(w, partitions);
  if (placement === undefined) {
    w.int32(-1);
    return w.bytes();
  }
  const user = new ByteWriter(1024);
  user.int16(USER_DATA);
  user.int32(placement.self);
  user.int32(placement.members.length);
  for (const m of placement.members) {
    writeString(user, m.address);
    writePartitions(user, m.owned);
    writePartitions(user, m.standby);
  }
  w.int32(user.length);
  w.copy(user.bytes());
  return w.bytes();
}

/** An empty answer stands for no partitions. */
export function decodeAssignment(b: Buffer | null): TopicPartition[] {
  return b === null || b.length === 0 ? [] : readPartitions(new Reader(b, 2));
}

/** Who has what, as the leader wrote it; undefined where it wrote nothing that this version knows. */
export function decodePlacement(b: Buffer | null): Placement | undefined {
  if (b === null || b.length === 0) return undefined;
  const r = new Reader(b, 2);
  readPartitions(r);
  if (r.int32() < 2 || r.int16() !== USER_DATA) return undefined;
  const self = r.int32();
  const members = Array.from({ length: r.int32() }, () => ({
    address: r.string(),
    owned: readPartitions(r),
    standby: readPartitions(r),
  }));
  return { members, self };
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
  /** How many copies of the state behind which topics are wanted. */
  readonly standbys?: { readonly copies: number; readonly topics: readonly string[] } | undefined;
}

/** What moves together: one partition number of a set of co-partitioned topics. */
type Unit = readonly TopicPartition[];

/**
 * Shares partitions out: each set of topics evenly, members keep what they have as far as that allows. A partition that moves is
 * given to nobody at first: its old owner lets go of it and joins again, and then the new one gets it (as in KIP-429), so no two
 * members ever have it at once.
 */
export function assign(input: AssignmentInput): Map<string, TopicPartition[]> {
  return new Map([...place(input)].map(([id, m]) => [id, [...m.owned]]));
}

/** `assign`, and the standbys: each on a member that does not have the partition, where it is already if that is possible. */
export function place(input: AssignmentInput): Map<string, PlacedMember> {
  const ids = [...input.members.keys()].sort();
  const out = new Map(
    ids.map((id) => [
      id,
      {
        address: input.members.get(id)!.address ?? '',
        owned: [] as TopicPartition[],
        standby: [] as TopicPartition[],
      },
    ]),
  );
  const owners = ownersOf(input.members);
  const copies = copiesOf(input.members);
  const load = new Map<string, number>(ids.map((id) => [id, 0]));
  let before = 0;
  for (const topics of componentsOf(input)) {
    const able = ids.filter((id) => topics.every((t) => input.members.get(id)!.topics.includes(t)));
    if (able.length === 0) continue;
    const units = unitsOf(topics, input.counts);
    before += units.length;
    const targets = shareOut(units, able, { owners, copies, load, cap: Math.ceil(before / able.length) });
    for (const [i, unit] of units.entries()) {
      const target = targets[i]!;
      const moves = unit.some((p) => (owners.get(nameOf(p)) ?? target) !== target);
      // While another member has a part of the unit, the target keeps the part that it has, and gets no more.
      const now = moves ? unit.filter((p) => owners.get(nameOf(p)) === target) : unit;
      out.get(target)!.owned.push(...now);
    }
    if (!topics.some((t) => input.standbys?.topics.includes(t))) continue;
    const address = (id: string): string => input.members.get(id)!.address || id;
    for (const [id, list] of copy(units, targets, able, copies, input.standbys!.copies, address)) {
      out.get(id)!.standby.push(...list);
    }
  }
  return out;
}

/**
 * Shares out `count` copies of each unit, to members on other nodes than its owner's (and as few as there are of those): the
 * members that have one keep it as far as their share allows.
 */
function copy(
  units: readonly Unit[],
  targets: readonly string[],
  able: readonly string[],
  copies: ReadonlyMap<string, ReadonlySet<string>>,
  count: number,
  address: (id: string) => string,
): Map<string, TopicPartition[]> {
  const wanted = Math.min(count, able.length - 1);
  const out = new Map<string, TopicPartition[]>();
  if (wanted <= 0) return out;
  const share = Math.ceil((units.length * wanted) / able.length);
  const chosen = units.map(() => new Set<string>());
  const held = new Map(able.map((id) => [id, 0]));
  /** Copies of one owner's units at another member: spread, so that all take a part when it goes. */
  const ofOwner = new Map<string, number>();
  const spread = (i: number, id: string): number => ofOwner.get(`${targets[i]}/${id}`) ?? 0;
  const give = (i: number, id: string): void => {
    ofOwner.set(`${targets[i]}/${id}`, spread(i, id) + 1);
    chosen[i]!.add(id);
    held.set(id, held.get(id)! + 1);
  };
  /** What dies together is no copy of each other. */
  const isApart = (i: number, id: string): boolean =>
    address(id) !== address(targets[i]!) && [...chosen[i]!].every((other) => address(other) !== address(id));
  for (const [i, unit] of units.entries()) {
    for (const id of able) {
      const has = unit.some((p) => copies.get(nameOf(p))?.has(id) === true);
      if (has && isApart(i, id) && chosen[i]!.size < wanted && held.get(id)! < share) give(i, id);
    }
  }
  for (const [i, unit] of units.entries()) {
    while (chosen[i]!.size < wanted) {
      const free = able.filter((id) => isApart(i, id));
      if (free.length === 0) break;
      const below = free.filter((id) => held.get(id)! < share);
      const rank = (id: string): number => spread(i, id) * units.length + held.get(id)!;
      give(
        i,
        (below.length > 0 ? below : free).reduce((best, id) => (rank(id) < rank(best) ? id : best)),
      );
    }
    for (const id of chosen[i]!) out.set(id, [...(out.get(id) ?? []), ...unit]);
  }
  return out;
}

interface Sharing {
  readonly owners: ReadonlyMap<string, string>;
  /** Members that have a copy of a partition's state. */
  readonly copies: ReadonlyMap<string, ReadonlySet<string>>;
  readonly load: Map<string, number>;
  /** What a member may have in all, so that the remainders of many sets do not go to the same one. */
  readonly cap: number;
}

/** The member of each unit: its owner, else one that has a copy of its state, else who has least. */
function shareOut(units: readonly Unit[], able: readonly string[], { owners, copies, load, cap }: Sharing): string[] {
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
  for (const [i, unit] of units.entries()) {
    if (targets[i] !== undefined) continue;
    const ready = able.filter((id) => !full(id) && unit.some((p) => copies.get(nameOf(p))?.has(id) === true));
    if (ready.length > 0)
      give(
        i,
        ready.reduce((best, id) => (load.get(id)! < load.get(best)! ? id : best)),
      );
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

function copiesOf(members: ReadonlyMap<string, Subscription>): Map<string, Set<string>> {
  const copies = new Map<string, Set<string>>();
  for (const [id, { standby = [] }] of members) {
    for (const p of standby) copies.set(nameOf(p), (copies.get(nameOf(p)) ?? new Set()).add(id));
  }
  return copies;
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
