import type { RowStream } from '../api/row-stream.js';
import { isNotReady, messageOf } from '../base/errors.js';
import { querySettings } from '../dataflow/query-settings.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { PartitionOffsets } from '../log/log.js';
import type { GivenKeys } from '../operators/given-keys.js';
import type { PullSpec } from '../pull/pull-query.js';
import { PUSH, REQUEST } from '../settings.js';
import { resumeAt } from './continuation.js';
import { type FeedLimits, Feeds } from './feed.js';
import { type HubLimits, Hubs } from './hub.js';
import { type Starts, startsOf } from './inputs.js';
import { noToken, type StatelessPlan, statelessPlan } from './plan.js';
import { PushQuery, type PushSpec, tablesOf, topicsOf } from './push-query.js';
import { checkSnapshot, SnapshotQuery, type SnapshotReads } from './snapshot.js';
import { Subscription, type SubscriptionLimits } from './subscription.js';

/** A push query as its reader has it. */
export type PushStream = RowStream & Required<Pick<RowStream, 'progress'>>;

export interface PushLimits {
  readonly feeds?: FeedLimits;
  readonly hubs?: HubLimits;
  readonly subscriptions?: SubscriptionLimits;
}

/** How long an answer about open transactions is good for. */
const ASKED_MS = 5000;

/** The push queries of a node, and what they have in common. */
export class PushQueries {
  private readonly feeds: Feeds;
  private readonly hubs: Hubs;
  /** What was found of open transactions, by topic. */
  private readonly asked = new Map<string, { readonly at: number; readonly records: Promise<number> }>();

  constructor(
    private readonly services: RuntimeServices,
    private readonly openTable: (spec: PullSpec) => Promise<RowStream>,
    private readonly limits: PushLimits = {},
  ) {
    this.feeds = new Feeds(services.log, services.clock, limits.feeds);
    this.hubs = new Hubs(services, this.feeds, limits.hubs);
  }

  /** Readings and evaluations that are shared at the moment. */
  get shared(): { readonly feeds: number; readonly hubs: number } {
    return { feeds: this.feeds.size, hubs: this.hubs.size };
  }

  /** @throws BAD_REQUEST for a token that does not fit, BAD_STATEMENT for a snapshot that cannot be */
  async open(spec: PushSpec): Promise<PushStream> {
    const topics = topicsOf(spec.topology);
    const openRecords = async () => {
      const all = await Promise.all(topics.map((topic) => this.openRecords(topic)));
      return all.reduce((sum, n) => sum + n, 0);
    };
    return Object.assign(await this.start(spec), { openRecords });
  }

  /** Of one topic; the same to all who ask within a few seconds. */
  private openRecords(topic: string): Promise<number> {
    const { log, clock } = this.services;
    const now = clock.now();
    const known = this.asked.get(topic);
    if (known !== undefined && Math.abs(now - known.at) < ASKED_MS) return known.records;
    for (const [other, { at }] of this.asked) if (Math.abs(now - at) >= ASKED_MS) this.asked.delete(other);
    const records = Promise.all([log.offsets(topic), log.offsets(topic, true)]).then(([stable, all]) =>
      all.reduce((sum, { partition, end }) => sum + Math.max(0, end - (endOf(stable, partition) ?? end)), 0),
    );
    this.asked.set(topic, { at: now, records });
    return records;
  }

  private async start(spec: PushSpec): Promise<PushStream> {
    const { properties, topology, queryId } = spec;
    const plan = statelessPlan(topology, properties, PUSH.tokens.of(properties));
    const token = REQUEST.continuationToken.of(properties);
    const wantsSnapshot = PUSH.snapshot.of(properties);
    if (wantsSnapshot) checkSnapshot(plan);
    if (token !== undefined && plan === undefined) throw noToken();
    const { log } = this.services;
    if (plan === undefined) {
      const from = querySettings(properties).offsetReset;
      const at = await startsOf(log, topicsOf(topology), from, false, tablesOf(topology));
      return new PushQuery(this.services, spec, { ...at, reader: this.feeds.reader(queryId) });
    }
    if (token !== undefined) {
      const starts = new Map([[plan.topic, await resumeAt(token, plan.fingerprint, plan.topic, log)]]);
      return this.subscribe(plan, queryId, starts, 0, null);
    }
    if (wantsSnapshot) return this.snapshot(plan, spec);
    const { starts, earlier } = await startsOf(log, [plan.topic], querySettings(properties).offsetReset);
    return this.subscribe(plan, queryId, starts, earlier);
  }

  private subscribe(
    plan: StatelessPlan,
    queryId: string,
    starts: Starts,
    earlier: number,
    given?: GivenKeys | null,
  ): Subscription {
    const { subscriptions } = this.limits;
    return new Subscription(this.services, this.hubs, this.feeds, {
      ...{ queryId, plan, starts, earlier },
      ...(given === undefined ? {} : { given }),
      ...(subscriptions === undefined ? {} : { limits: subscriptions }),
    });
  }

  private async snapshot(plan: StatelessPlan, spec: PushSpec): Promise<PushStream> {
    const { log } = this.services;
    const { queryId } = spec;
    const began = await log.offsets(plan.topic);
    const state = await this.state(spec);
    const reads = async (afterState: boolean): Promise<SnapshotReads> => {
      // What the state has may be behind a transaction that is open: it is waited for.
      const { starts, earlier } = await startsOf(log, [plan.topic], 'bounded', afterState);
      const all = starts.get(plan.topic)!;
      const rest = afterState ? all.map((s) => ({ ...s, offset: endOf(began, s.partition) ?? s.offset })) : all;
      const ends = all.map((s) => ({ partition: s.partition, offset: s.bound!, atEnd: true }));
      return {
        changes: (given) => this.subscribe(plan, queryId, new Map([[plan.topic, ends]]), 0, given),
        rest: new PushQuery(
          this.services,
          { ...spec, topology: plan.topology },
          { starts: new Map([[plan.topic, rest]]), earlier, reader: this.feeds.reader(queryId), bounded: true },
        ),
        continuation: plan.continuation?.(ends.map((e) => e.offset)),
      };
    };
    return new SnapshotQuery({ queryId, plan, state, reads, stateLost: (e) => this.stateLost(queryId, e) });
  }

  /** Rows of a table's state as it is now or later; undefined where that cannot be read. */
  private async state({ table, queryId, properties }: PushSpec): Promise<RowStream | undefined> {
    const plan = await table?.();
    if (plan === undefined) return undefined;
    try {
      return await this.openTable({ plan, queryId, properties, upToDate: true });
    } catch (e) {
      if (!isNotReady(e)) throw e;
      this.stateLost(queryId, e);
      return undefined;
    }
  }

  private stateLost(queryId: string, e: unknown): void {
    this.services.logger.debug({ queryId, error: messageOf(e) }, 'a snapshot is read from its topic');
  }
}

const endOf = (ends: readonly PartitionOffsets[], partition: number): number | undefined =>
  ends.find((e) => e.partition === partition)?.end;
