import type { MemberOptions, Placement, TopicPartition } from '../../engine/log/log.js';
import { grouped } from './grouped.js';
import type { SimProcess } from './process.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

/** A process that is silent for so long is out of its groups. */
export const SESSION_TIMEOUT_MS = 3000;
/** A member that takes longer to let go of partitions is out of the group too. */
const REBALANCE_TIMEOUT_MS = 6000;

/** A member as the coordinator knows it; calls reach it after some time, in order. */
export interface Membership {
  readonly id: string;
  readonly process: SimProcess;
  readonly topics: readonly string[];
  readonly copartitioned: readonly (readonly string[])[];
  readonly standbys: MemberOptions['standbys'];
  readonly address: string;
  /** The group has come together anew, in this generation. */
  joined(generation: number): void;
  revoke(partitions: readonly TopicPartition[], done: () => void): void;
  assign(partitions: readonly TopicPartition[]): void;
  placed(placement: Placement): void;
  expelled(): void;
}

/** Partitions of one number of topics that go together. */
interface Unit {
  /** The set of topics that it is of. */
  readonly topics: string;
  readonly partitions: readonly TopicPartition[];
  owner: Membership | null;
  target: Membership | null;
  /** Who keeps copies of the state behind it. */
  copies: readonly Membership[];
  revoking: boolean;
}

/** Who owns which partitions, as a group coordinator with a cooperative protocol has it. */
export class Groups {
  private readonly groups = new Map<string, Group>();
  private serial = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    private readonly partitionsOf: (topic: string) => number,
  ) {}

  nextId(): number {
    return ++this.serial;
  }

  get(name: string): Group {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new Group(this.scheduler, this.random, this.partitionsOf);
      this.groups.set(name, group);
    }
    return group;
  }

  /** A process is dead or paused: unless it is heard of again, its members go when their sessions are over. */
  silent(process: SimProcess): void {
    const since = process.pausedSince;
    this.scheduler.after(SESSION_TIMEOUT_MS, 'broker session timeout', () => {
      if (process.alive && (since === undefined || process.pausedSince !== since)) return;
      for (const g of this.groups.values()) g.expelWhere((m) => m.process === process);
    });
  }

  /** Members of a process are dropped though it is alive; it hears of it later. */
  expel(process: SimProcess): void {
    for (const g of this.groups.values()) g.expelWhere((m) => m.process === process);
  }

  shuffle(): void {
    for (const g of this.groups.values()) g.rebalance(true);
  }
}

export class Group {
  /** Grows whenever partitions are handed out: what a member says in an earlier one counts no more. */
  generation = 0;
  private readonly members = new Map<string, Membership>();
  private readonly units = new Map<string, Unit>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    private readonly partitionsOf: (topic: string) => number,
  ) {}

  has(id: string): boolean {
    return this.members.has(id);
  }

  add(member: Membership): void {
    this.members.set(member.id, member);
    for (const topics of copartitionedSets(member)) {
      const count = Math.max(...topics.map(this.partitionsOf));
      for (let partition = 0; partition < count; partition++) {
        const key = `${topics.join(',')}/${partition}`;
        if (this.units.has(key)) continue;
        const partitions = topics.map((topic) => ({ topic, partition }));
        this.units.set(key, {
          topics: topics.join(','),
          partitions,
          owner: null,
          target: null,
          copies: [],
          revoking: false,
        });
      }
    }
    this.rebalance(false);
  }

  remove(id: string): void {
    if (!this.members.delete(id)) return;
    for (const unit of this.units.values()) {
      if (unit.owner?.id !== id) continue;
      unit.owner = null;
      unit.revoking = false;
    }
    this.rebalance(false);
  }

  expelWhere(which: (m: Membership) => boolean): void {
    for (const m of [...this.members.values()]) {
      if (!which(m)) continue;
      this.remove(m.id);
      m.expelled();
    }
  }

  /** New targets: shares of each set of topics that differ by one at most. `anew`: any share, owners do not matter. */
  rebalance(anew: boolean): void {
    this.begin();
    const members = this.random.shuffled([...this.members.values()]);
    const total = new Map(members.map((m) => [m, 0]));
    for (const units of grouped([...this.units.values()], (u) => u.topics).values()) {
      const load = new Map(members.map((m) => [m, 0]));
      const most = Math.ceil(units.length / Math.max(1, members.length));
      const weight = (m: Membership) => load.get(m)! * 1000 + total.get(m)!;
      for (const unit of units) {
        const { owner } = unit;
        const keeps = !anew && owner !== null && load.has(owner) && load.get(owner)! < most;
        const least = members.reduce<Membership | null>((a, b) => (a === null || weight(b) < weight(a) ? b : a), null);
        unit.target = keeps ? owner : anew && members.length > 0 ? this.random.pick(members) : least;
        if (unit.target === null) continue;
        load.set(unit.target, load.get(unit.target)! + 1);
        total.set(unit.target, total.get(unit.target)! + 1);
      }
    }
    this.settle();
    this.place(true);
  }

  private begin(): void {
    this.generation++;
    for (const m of this.members.values()) m.joined(this.generation);
  }

  /** Tells all members who has what, and chooses who keeps copies. */
  private place(anew: boolean): void {
    const members = [...this.members.values()];
    for (const unit of this.units.values()) {
      const asked = members.find((m) => unit.partitions.some((p) => m.standbys?.topics.includes(p.topic)));
      const others = members.filter((m) => m !== unit.target && m !== unit.owner);
      const kept = anew ? [] : unit.copies.filter((m) => others.includes(m));
      const more = this.random.shuffled(others.filter((m) => !kept.includes(m)));
      unit.copies = asked === undefined ? [] : [...kept, ...more].slice(0, asked.standbys!.copies);
    }
    const units = [...this.units.values()];
    const of = (which: (u: Unit) => boolean) => units.filter(which).flatMap((u) => u.partitions);
    const placed = members.map((m) => ({
      address: m.address,
      owned: of((u) => u.owner === m && u.target === m),
      standby: of((u) => u.copies.includes(m)),
    }));
    for (const [self, m] of members.entries()) m.placed({ members: placed, self });
  }

  /** Takes away what is another's, gives what is free. */
  private settle(): void {
    const revoked = new Map<Membership, Unit[]>();
    const assigned = new Map<Membership, Unit[]>();
    const put = (to: Map<Membership, Unit[]>, m: Membership, unit: Unit) => to.set(m, [...(to.get(m) ?? []), unit]);
    for (const unit of this.units.values()) {
      if (unit.owner === null && unit.target !== null) {
        unit.owner = unit.target;
        put(assigned, unit.owner, unit);
      } else if (unit.owner !== null && unit.owner !== unit.target && !unit.revoking) {
        unit.revoking = true;
        put(revoked, unit.owner, unit);
      }
    }
    for (const [member, units] of revoked) this.revoke(member, units);
    for (const [member, units] of assigned) member.assign(units.flatMap((u) => u.partitions));
  }

  private revoke(member: Membership, units: readonly Unit[]): void {
    let done = false;
    member.revoke(
      units.flatMap((u) => u.partitions),
      () => {
        done = true;
        if (!this.members.has(member.id)) return;
        for (const unit of units) {
          if (unit.owner !== member) continue;
          unit.owner = null;
          unit.revoking = false;
        }
        this.begin();
        this.settle();
        this.place(false);
      },
    );
    this.scheduler.after(REBALANCE_TIMEOUT_MS, 'broker rebalance timeout', () => {
      if (!done) this.expelWhere((m) => m === member);
    });
  }
}

/** The sets that a member names, joined where they overlap, and each other topic by itself. */
function copartitionedSets(member: Membership): string[][] {
  const sets: string[][] = [];
  for (const topics of [...member.copartitioned, ...member.topics.map((t) => [t])]) {
    const touched = sets.filter((s) => s.some((t) => topics.includes(t)));
    for (const s of touched) sets.splice(sets.indexOf(s), 1);
    sets.push([...new Set([...touched.flat(), ...topics])].sort());
  }
  return sets;
}
