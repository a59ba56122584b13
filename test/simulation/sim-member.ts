import type { GroupMember, MemberHandler, MemberOptions, TopicPartition } from '../../engine/log/log.js';
import { Refused } from './broker.js';
import type { Group, Groups, Membership } from './groups.js';
import type { SimProcess } from './process.js';

/** How long a member takes at most to hear that it is out of the group. */
const NOTICE_MS = 1500;

const nameOf = (p: TopicPartition): string => `${p.topic}/${p.partition}`;

export interface Identity {
  readonly id: string;
  readonly generation: number;
}

/** A member of a group on the side of the node. One that was dropped joins again, as another member. */
export class SimMember implements GroupMember {
  private readonly owned = new Map<string, TopicPartition>();
  private readonly group: Group;
  private handler: MemberHandler | undefined;
  private id = '';
  /** -1: it has heard of none. */
  private generation = -1;
  /** Commits that wait for the generation that the group is in already. */
  private waiting: (() => void)[] = [];
  private leaving = false;
  /** A join that is on its way: one that came behind the leave would make a member that nobody ever removes. */
  private entering: Promise<void> = Promise.resolve();
  /** The handler is told one thing after another. */
  private told: Promise<void> = Promise.resolve();

  constructor(
    private readonly groups: Groups,
    private readonly process: SimProcess,
    private readonly options: MemberOptions,
  ) {
    this.group = groups.get(options.group);
  }

  async join(handler: MemberHandler): Promise<void> {
    this.handler = handler;
    await this.enter();
  }

  async leave(): Promise<void> {
    if (this.leaving || this.handler === undefined) return;
    this.leaving = true;
    await this.entering;
    await this.told;
    try {
      if (this.owned.size > 0) await this.handler.revoked([...this.owned.values()]);
    } finally {
      this.owned.clear();
      const { id } = this;
      await this.process.request('leave', () => this.group.remove(id));
    }
  }

  owns(p: TopicPartition): boolean {
    return this.owned.has(nameOf(p));
  }

  /** For commits: who it says it is. */
  identity(): Identity {
    if (this.id === '') throw new Refused(`Not a member of ${this.options.group}`, true);
    return { id: this.id, generation: this.generation };
  }

  /** The identity in a later generation, when it has one; undefined: it will have none. */
  async identityAfter({ id, generation }: Identity): Promise<Identity | undefined> {
    if (this.id === id && this.generation === generation && !this.leaving) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    return this.id === id && this.generation > generation ? this.identity() : undefined;
  }

  private arrive(generation: number): void {
    this.generation = generation;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private async enter(): Promise<void> {
    const id = `${this.process.name}-${this.groups.nextId()}`;
    const { topics, copartitioned, standbys, address = '' } = this.options;
    // What comes sooner waits for what was said before it, as in the one conversation of a member with its coordinator.
    const deliver = (label: string, run: () => Promise<void>): void => {
      const arrival = new Promise<void>((resolve) => this.process.later(this.process.latency(), label, resolve));
      this.tell(async () => {
        await arrival;
        if (this.id === id && !this.leaving) await run();
      });
    };
    const membership: Membership = {
      id,
      process: this.process,
      topics,
      copartitioned,
      standbys,
      address,
      // Not told in turn: a member that lets go of partitions commits in the generation that takes them away.
      joined: (generation) =>
        this.process.later(this.process.latency(), 'hears of a generation', () => {
          if (this.id === id && generation > this.generation) this.arrive(generation);
        }),
      placed: (placement) => {
        // Who does not ask for copies and has no address does not look at it.
        if (standbys === undefined && address === '') return;
        deliver('is told who has what', async () => this.handler!.placed?.(placement));
      },
      assign: (partitions) => deliver('is assigned', () => this.assigned(partitions)),
      revoke: (partitions, done) =>
        deliver('is revoked', async () => {
          await this.handler!.revoked(partitions.filter((p) => this.owns(p)));
          for (const p of partitions) this.owned.delete(nameOf(p));
          await this.process.request('let go', done);
        }),
      expelled: () =>
        this.process.later(this.process.random.next() * NOTICE_MS, 'is out of the group', () => {
          if (this.id === id && !this.leaving) this.lose();
        }),
    };
    this.id = id;
    this.generation = -1;
    this.entering = this.process.request('join', () => this.group.add(membership));
    await this.entering;
  }

  private assigned(partitions: readonly TopicPartition[]): Promise<void> {
    for (const p of partitions) this.owned.set(nameOf(p), p);
    return this.handler!.assigned(partitions);
  }

  private tell(what: () => Promise<void>): void {
    this.told = this.told.then(what).catch((e: unknown) => this.handler!.failed(e as Error));
  }

  private lose(): void {
    const lost = [...this.owned.values()];
    this.owned.clear();
    this.id = '';
    this.arrive(-1);
    if (lost.length > 0) this.handler!.lost(lost);
    this.process.later(this.process.random.next() * 200, 'joins again', () => {
      if (!this.leaving) void this.enter();
    });
  }
}
