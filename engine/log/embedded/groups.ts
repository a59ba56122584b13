import { WeirError } from '../../base/errors.js';
import type { GroupMember, MemberHandler, MemberOptions, TopicPartition } from '../log.js';

/** This writer or member has been replaced: what it wanted to commit is refused. */
export class FencedError extends WeirError {
  readonly fenced = true;

  constructor(message: string) {
    super('LOG_ERROR', message);
  }
}

/** A member that has joined. */
interface Joined {
  readonly options: MemberOptions;
  readonly handler: MemberHandler;
  /** By `nameOf`. */
  readonly owned: Map<string, TopicPartition>;
}

/**
 * Who owns which partitions, for the groups of this process: the embedded log has no others. A partition is revoked,
 * and its owner has let go, before it is assigned to another member.
 */
export class GroupCoordinator {
  private readonly groups = new Map<string, Group>();
  /** What stands behind each member from `join` to the end of `leave`. */
  private readonly joined = new WeakMap<GroupMember, Joined>();

  /** `partitions` tells how many a topic has; 0 where it does not exist (yet). */
  constructor(private readonly partitions: (topic: string) => number) {}

  member(options: MemberOptions): GroupMember {
    const member: GroupMember = {
      join: async (handler) => {
        if (this.joined.has(member)) return;
        const joined = { options, handler, owned: new Map() };
        this.joined.set(member, joined);
        await this.group(options.group).add(joined);
      },
      leave: async () => {
        const leaving = this.joined.get(member);
        const group = this.groups.get(options.group);
        if (leaving === undefined || group === undefined) return;
        await group.remove(leaving);
        if (this.joined.get(member) === leaving) this.joined.delete(member);
        // Another one of the name may have been made since this one was emptied.
        if (group.empty && this.groups.get(options.group) === group) this.groups.delete(options.group);
      },
    };
    return member;
  }

  /** Why `member` may not commit offsets of these partitions, if so: they are no longer its own. */
  refuses(member: GroupMember, partitions: readonly TopicPartition[]): FencedError | undefined {
    const joined = this.joined.get(member);
    const foreign = partitions.find(
      (p) => joined === undefined || (joined.options.topics.includes(p.topic) && !joined.owned.has(nameOf(p))),
    );
    if (foreign === undefined) return undefined;
    return new FencedError(`Partition ${foreign.partition} of topic ${foreign.topic} is no longer this member's`);
  }

  /**
   * Topics have been created: members that wait for them get their partitions, soon. Not awaited, for who creates them
   * may be a handler that a rebalance waits for.
   */
  topicsChanged(): void {
    for (const group of this.groups.values()) void group.rebalance();
  }

  /** A topic has been deleted: its partitions are lost to their owners. */
  topicDeleted(topic: string): void {
    for (const group of this.groups.values()) group.lose(topic);
  }

  private group(name: string): Group {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new Group(this.partitions);
      this.groups.set(name, group);
    }
    return group;
  }
}

class Group {
  private readonly members: Joined[] = [];
  /** Rebalances run one after another. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly partitions: (topic: string) => number) {}

  get empty(): boolean {
    return this.members.length === 0;
  }

  add(member: Joined): Promise<void> {
    this.members.push(member);
    return this.rebalance();
  }

  async remove(member: Joined): Promise<void> {
    // A member until it has let go: a rebalance that comes before must not give away what it still works on.
    await this.inTurn(async () => {
      await revoke(member, [...member.owned.values()]);
      const at = this.members.indexOf(member);
      if (at >= 0) this.members.splice(at, 1);
    });
    await this.rebalance();
  }

  rebalance(): Promise<void> {
    return this.inTurn(async () => {
      const members = [...this.members];
      const targets = assign(members, this.partitions);
      await Promise.all(
        members.map((member) => {
          const target = targets.get(member)!;
          return revoke(
            member,
            [...member.owned].filter(([name]) => !target.has(name)).map(([, partition]) => partition),
          );
        }),
      );
      // One that has left in the meantime gets nothing; the rebalance that its leaving began gives that to others.
      const left = members.filter((member) => this.members.includes(member));
      await Promise.all(left.map((m) => give(m, targets.get(m)!)));
      // No standbys: all members of this process see one state.
      const placed = left.map(({ options, owned }) => ({
        address: options.address ?? '',
        owned: [...owned.values()],
        standby: [],
      }));
      for (const [self, { handler }] of left.entries()) handler.placed?.({ members: placed, self });
    });
  }

  lose(topic: string): void {
    for (const { owned, handler } of this.members) {
      const lost = [...owned.values()].filter((p) => p.topic === topic);
      for (const partition of lost) owned.delete(nameOf(partition));
      if (lost.length > 0) handler.lost(lost);
    }
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.last.then(work);
    // A failure is for its caller to see. The next one in turn runs all the same.
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

async function revoke(member: Joined, partitions: readonly TopicPartition[]): Promise<void> {
  if (partitions.length === 0) return;
  try {
    await member.handler.revoked(partitions);
  } catch (e) {
    member.handler.failed(e as Error);
  }
  for (const partition of partitions) member.owned.delete(nameOf(partition));
}

async function give(member: Joined, target: ReadonlyMap<string, TopicPartition>): Promise<void> {
  const fresh = [...target].filter(([name]) => !member.owned.has(name));
  if (fresh.length === 0) return;
  for (const [name, partition] of fresh) member.owned.set(name, partition);
  try {
    await member.handler.assigned(fresh.map(([, partition]) => partition));
  } catch (e) {
    member.handler.failed(e as Error);
  }
}

/**
 * The partitions that each member shall have. Within a co-partitioned set the same partition numbers go together, the
 * shares differ by one at most, and a member keeps what it has as far as its share allows.
 */
function assign(
  members: readonly Joined[],
  partitions: (topic: string) => number,
): Map<Joined, Map<string, TopicPartition>> {
  const targets = new Map(members.map((m) => [m, new Map<string, TopicPartition>()]));
  for (const topics of copartitionedSets(members)) {
    const eligible = members.filter((m) => topics.every((t) => m.options.topics.includes(t)));
    if (eligible.length === 0) continue;
    const count = Math.max(...topics.map(partitions));
    const share = shares(eligible, count, targets);
    const free: number[] = [];
    const given = new Map<Joined, number[]>(eligible.map((m) => [m, []]));
    for (let p = 0; p < count; p++) {
      const owner = eligible.find((m) => topics.some((topic) => m.owned.has(nameOf({ topic, partition: p }))));
      if (owner !== undefined && given.get(owner)!.length < share.get(owner)!) given.get(owner)!.push(p);
      else free.push(p);
    }
    for (const member of eligible) {
      const mine = given.get(member)!;
      while (mine.length < share.get(member)!) mine.push(free.shift()!);
      for (const partition of mine) {
        for (const topic of topics) {
          if (partition < partitions(topic))
            targets.get(member)!.set(nameOf({ topic, partition }), { topic, partition });
        }
      }
    }
  }
  return targets;
}

/** How many of `count` partitions each gets; what does not divide goes to those that have the least so far. */
function shares(
  members: readonly Joined[],
  count: number,
  targets: ReadonlyMap<Joined, ReadonlyMap<string, TopicPartition>>,
): Map<Joined, number> {
  const least = [...members].sort((a, b) => targets.get(a)!.size - targets.get(b)!.size);
  const each = Math.floor(count / members.length);
  return new Map(least.map((m, i) => [m, each + (i < count % members.length ? 1 : 0)]));
}

/** The sets that the members name, and each topic that is in none as a set of its own. */
function copartitionedSets(members: readonly Joined[]): readonly (readonly string[])[] {
  const sets = new Map<string, readonly string[]>();
  const covered = new Set<string>();
  for (const { options } of members) {
    for (const set of options.copartitioned) {
      sets.set([...set].sort().join(','), set);
      for (const topic of set) covered.add(topic);
    }
  }
  for (const { options } of members) {
    for (const topic of options.topics) if (!covered.has(topic)) sets.set(topic, [topic]);
  }
  return [...sets.values()];
}

const nameOf = (p: TopicPartition): string => `${p.topic}/${p.partition}`;
