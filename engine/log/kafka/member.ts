import type { Logger } from '../../base/logger.js';
import type { GroupMember, MemberHandler, MemberOptions, Placement, TopicPartition } from '../log.js';
import {
  ASSIGNOR,
  decodeAssignment,
  decodePlacement,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  place,
  type Subscription,
} from './assignor.js';
import type { Cluster, Coordinator } from './cluster.js';
import { CODE, check, hasCode, isRetriable, KafkaError } from './errors.js';
import { Heartbeats } from './heartbeats.js';
import type { GroupIdentity } from './offset-requests.js';
import { backoff } from './retry.js';

interface JoinAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { memberId: string; memberMetadata: Buffer }[];
}

interface Joined {
  readonly generation: number;
  readonly partitions: readonly TopicPartition[];
  readonly placement: Placement | undefined;
  /** Of the leader: what the assignment rests on. */
  readonly counts: ReadonlyMap<string, number> | undefined;
}

const nameOf = (p: TopicPartition): string => `${p.topic}/${p.partition}`;

/**
 * Membership in a consumer group by Kafka's classic protocol, with an assignor of our own. Partitions that stay with a member are
 * not interrupted by a rebalance: see `assign`. Heartbeats do not wait for the engine's work.
 */
export class KafkaMember implements GroupMember {
  private readonly owned = new Map<string, TopicPartition>();
  private readonly leaving = new AbortController();
  private readonly coordinator: Coordinator;
  private readonly joinCoordinator: Coordinator;
  private readonly logger: Logger;
  private handler: MemberHandler | undefined;
  private loop: Promise<void> | undefined;
  private heartbeats: Heartbeats | undefined;
  private memberId = '';
  private generation = -1;
  private rejoining = true;
  /** What the leader last gave it copies of. */
  private standby: readonly TopicPartition[] = [];
  private lastContact = 0;
  private arrivals: (() => void)[] = [];

  constructor(
    private readonly cluster: Cluster,
    private readonly options: MemberOptions,
  ) {
    this.coordinator = cluster.coordinator('group', options.group);
    // A join waits at the broker for the other members: heartbeats and commits go another way.
    this.joinCoordinator = cluster.coordinator('group', options.group, 'join');
    this.logger = cluster.config.logger;
  }

  /** Resolves with the first assignment, which may be of nothing. */
  join(handler: MemberHandler): Promise<void> {
    if (this.handler !== undefined) return Promise.reject(new KafkaError('A member joins once', 0, false, false));
    this.handler = handler;
    this.lastContact = this.cluster.clock.now();
    return new Promise((resolve, reject) => {
      let joined = false;
      const arrived = (): void => {
        joined = true;
        resolve();
      };
      this.loop = this.run(arrived).catch(async (e: unknown) => {
        const cause = e instanceof HandlerFailure ? e.cause : e;
        const error = cause instanceof Error ? cause : new Error(String(cause));
        this.lose();
        await this.depart();
        if (joined) handler.failed(error);
        else reject(error);
      });
    });
  }

  async leave(): Promise<void> {
    if (this.leaving.signal.aborted) return;
    this.leaving.abort(new KafkaError('The member leaves its group', 0, false, false));
    this.arrive(); // no later generation will come
    await this.loop;
    if (this.cluster.closed) return;
    try {
      if (this.owned.size > 0) await this.handler!.revoked([...this.owned.values()]);
    } finally {
      this.owned.clear();
      await this.depart();
    }
  }

  /** Whether the partition is this member's: until `revoked` has resolved, or it is lost. */
  owns(p: TopicPartition): boolean {
    return this.owned.has(nameOf(p));
  }

  /** For commits. @throws KafkaError, fenced, where it is out of the group */
  identity(): GroupIdentity {
    if (this.generation < 0) {
      throw new KafkaError(`Not a member of group ${this.options.group}`, CODE.UNKNOWN_MEMBER_ID, false, true);
    }
    return { memberId: this.memberId, generation: this.generation };
  }

  /** The identity in a later generation, when it has one: at once, or when the join in progress is over. */
  async identityAfter(generation: number): Promise<GroupIdentity | undefined> {
    const { memberId } = this;
    if (this.generation === generation && this.rejoining && !this.leaving.signal.aborted) {
      await new Promise<void>((resolve) => this.arrivals.push(resolve));
    }
    return this.memberId === memberId && this.generation > generation ? this.identity() : undefined;
  }

  private arrive(): void {
    const arrivals = this.arrivals;
    this.arrivals = [];
    for (const resolve of arrivals) resolve();
  }

  private async run(joined: () => void): Promise<void> {
    const { clock } = this.cluster;
    const { signal } = this.leaving;
    for (let failures = 0; !signal.aborted; ) {
      try {
        this.rejoining = true;
        // The group waits for the join; a heartbeat of the old generation would be refused once the new one has begun.
        this.heartbeats?.stop();
        const result = await this.orLeaving(this.joinAndSync());
        failures = 0;
        if (await this.accept(result)) joined();
        else {
          joined();
          continue; // something was let go: others wait for it
        }
        await this.orLeaving(this.heartbeats!.over);
      } catch (e) {
        if (signal.aborted) return;
        if (hasCode(e, CODE.UNKNOWN_MEMBER_ID, CODE.FENCED_INSTANCE_ID, CODE.ILLEGAL_GENERATION)) {
          if (!hasCode(e, CODE.ILLEGAL_GENERATION)) this.memberId = '';
          this.lose();
        } else if (!isRetriable(e) && !hasCode(e, CODE.REBALANCE_IN_PROGRESS, CODE.MEMBER_ID_REQUIRED)) throw e;
        if (clock.now() - this.lastContact > this.cluster.config.sessionTimeoutMs) this.lose();
        this.logger.debug({ err: e, group: this.options.group }, 'Joining failed: will be repeated');
        await this.orLeaving(clock.sleep(backoff(Math.min(++failures, 6)), signal)).catch(() => {}); // leaving: loop ends
      }
    }
  }

  /** @returns false where partitions were given up, so that the group must come together again */
  private async accept(result: Joined): Promise<boolean> {
    const handler = this.handler!;
    this.generation = result.generation;
    this.rejoining = false;
    const heartbeats = this.beat(result.counts);
    this.heartbeats = heartbeats;
    this.arrive();
    const wanted = new Map(result.partitions.map((p) => [nameOf(p), p]));
    const gone = [...this.owned.values()].filter((p) => !wanted.has(nameOf(p)));
    if (gone.length > 0) await this.revoke(gone);
    if (this.generation !== result.generation) return true; // lost meanwhile
    const added = [...wanted.values()].filter((p) => !this.owned.has(nameOf(p)));
    for (const p of added) this.owned.set(nameOf(p), p);
    if (added.length > 0) await told(handler.assigned(added));
    this.announce(result.placement);
    return gone.length === 0;
  }

  private announce(placement: Placement | undefined): void {
    if (placement === undefined) return;
    this.standby = placement.members[placement.self]?.standby ?? [];
    this.handler!.placed?.(placement);
  }

  private async revoke(partitions: readonly TopicPartition[]): Promise<void> {
    await told(this.handler!.revoked(partitions));
    for (const p of partitions) this.owned.delete(nameOf(p));
  }

  /** Out of the group: others have the partitions, or will. */
  private lose(): void {
    const partitions = [...this.owned.values()];
    this.owned.clear();
    this.generation = -1;
    this.arrive();
    if (partitions.length > 0) this.handler!.lost(partitions);
  }

  private beat(counts: ReadonlyMap<string, number> | undefined): Heartbeats {
    const { cluster, coordinator, memberId, generation } = this;
    const { group } = this.options;
    const heartbeats = new Heartbeats({
      clock: cluster.clock,
      intervalMs: cluster.config.heartbeatIntervalMs,
      sessionTimeoutMs: cluster.config.sessionTimeoutMs,
      metadataMaxAgeMs: cluster.config.metadataMaxAgeMs,
      beat: () =>
        coordinator.attempt(async (connection) => {
          const args = { groupId: group, groupGenerationId: generation, memberId };
          const { errorCode } = await connection.call<{ errorCode: number }>('Heartbeat', args);
          check(errorCode, `stay in group ${group}`);
          this.lastContact = cluster.clock.now();
        }),
      changed: async () => counts !== undefined && !sameCounts(counts, await this.countPartitions([...counts.keys()])),
      lost: (e) => {
        if (this.heartbeats !== heartbeats) return;
        if (!hasCode(e, CODE.ILLEGAL_GENERATION)) this.memberId = '';
        this.logger.warn({ err: e, group }, 'Out of the group: its partitions are lost');
        this.lose();
      },
    });
    return heartbeats;
  }

  private async joinAndSync(): Promise<Joined> {
    const answer = await this.joinGroup();
    this.memberId = answer.memberId;
    this.lastContact = this.cluster.clock.now();
    let counts: Map<string, number> | undefined;
    let groupAssignment: { memberId: string; memberAssignment: Buffer }[] = [];
    if (answer.leaderId === answer.memberId) {
      const members = new Map(answer.members.map((m) => [m.memberId, decodeSubscription(m.memberMetadata)]));
      counts = await this.countPartitions([...members.values()].flatMap((s) => s.topics));
      const { copartitioned, standbys } = this.options;
      const placed = [...place({ members, counts: existing(counts), copartitioned, standbys })];
      const all = placed.map(([, m]) => m);
      groupAssignment = placed.map(([memberId, { owned }], self) => ({
        memberId,
        memberAssignment: encodeAssignment(owned, { members: all, self }),
      }));
    }
    const { group } = this.options;
    const sync = await this.joinCoordinator.attempt(async (connection) => {
      const answered = await connection.call<{ errorCode: number; memberAssignment: Buffer | null }>('SyncGroup', {
        groupId: group,
        generationId: answer.generationId,
        memberId: answer.memberId,
        groupAssignment,
      });
      check(answered.errorCode, `get an assignment of group ${group}`);
      return answered;
    });
    this.lastContact = this.cluster.clock.now();
    return {
      generation: answer.generationId,
      partitions: decodeAssignment(sync.memberAssignment),
      placement: decodePlacement(sync.memberAssignment),
      counts,
    };
  }

  private joinGroup(): Promise<JoinAnswer> {
    const { group, topics } = this.options;
    const { config } = this.cluster;
    const subscription: Subscription = {
      topics: [...new Set(topics)].sort(),
      owned: [...this.owned.values()],
      generation: this.generation,
      address: this.options.address ?? '',
      standby: this.standby,
    };
    return this.joinCoordinator.attempt(async (connection) => {
      const answer = await connection.call<JoinAnswer>('JoinGroup', {
        groupId: group,
        sessionTimeout: config.sessionTimeoutMs,
        rebalanceTimeout: config.rebalanceTimeoutMs,
        memberId: this.memberId,
        protocolType: 'consumer',
        groupProtocols: [{ name: ASSIGNOR, metadata: encodeSubscription(subscription) }],
      });
      if (answer.errorCode === CODE.MEMBER_ID_REQUIRED) this.memberId = answer.memberId;
      check(answer.errorCode, `join group ${group}`);
      return answer;
    });
  }

  /** 0 for a topic that does not exist (yet). */
  private async countPartitions(topics: readonly string[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>(topics.map((t) => [t, 0]));
    for (const t of await this.cluster.topics([...counts.keys()])) counts.set(t.name, t.partitions.length);
    return counts;
  }

  /** Tells the group, if it can be told within a short time, and closes the connections. */
  private async depart(): Promise<void> {
    const { group } = this.options;
    const { config } = this.cluster;
    this.heartbeats?.stop();
    this.generation = -1;
    try {
      if (this.memberId === '') return;
      await this.coordinator.run(async (connection) => {
        const args = { groupId: group, memberId: this.memberId };
        const { errorCode } = await connection.call<{ errorCode: number }>('LeaveGroup', args);
        if (errorCode !== CODE.UNKNOWN_MEMBER_ID) check(errorCode, `leave group ${group}`);
      }, config.connectionTimeoutMs);
    } catch (e) {
      this.logger.warn({ err: e, group }, 'The group was not told of the leave: it will notice by the session timeout');
    } finally {
      this.cluster.close();
    }
  }

  /** The promise's outcome, or a rejection as soon as the member is to leave. */
  private orLeaving<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.leaving;
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(signal.reason);
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  }
}

/** An error of the handler's is final, whatever it is: the member cannot keep its word. */
class HandlerFailure extends Error {}

async function told(answer: Promise<void>): Promise<void> {
  try {
    await answer;
  } catch (cause) {
    throw new HandlerFailure('The handler of a group member failed', { cause });
  }
}

const existing = (counts: ReadonlyMap<string, number>): Map<string, number> =>
  new Map([...counts].filter(([, n]) => n > 0));

function sameCounts(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([topic, n]) => b.get(topic) === n);
}
