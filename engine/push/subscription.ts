import type { ResultColumn, RowBatch, RowProgress, RowStream, RowStreamEnd } from '../api/row-stream.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import { GivenKeys } from '../operators/given-keys.js';
import type { Feeds } from './feed.js';
import type { Attachment, HubCounts, Hubs, SharedBatch, Subscriber } from './hub.js';
import type { Starts } from './inputs.js';
import { type StatelessPlan, withLimit } from './plan.js';
import { columnsOf, type PlacedBatch, PushQuery } from './push-query.js';

export interface SubscriptionLimits {
  /** Rows, and their bytes about, that wait for one reader at most; beyond, it leaves the others. */
  readonly rows: number;
  readonly bytes: number;
}

/** Waiting batches are the same objects for all readers of a query, so this is nearly what a query holds, not a reader. */
const LIMITS: SubscriptionLimits = { rows: 50_000, bytes: 8 * 1024 * 1024 };

export interface SubscriptionOptions {
  readonly queryId: string;
  readonly plan: StatelessPlan;
  readonly starts: Starts;
  /** Records that stand before them. */
  readonly earlier: number;
  /** What its reader has of the table; null: nobody knows (a token). */
  readonly given?: GivenKeys | null;
  readonly limits?: SubscriptionLimits;
}

const NO_COUNTS: HubCounts = { recordsIn: 0, filtered: 0, undecodable: 0, late: 0 };

/**
 * One reader of a query without state. At the end of the topic it takes the batches that a hub makes for all that ask the
 * same; while it is behind, at first or because it reads slowly, it evaluates by itself until it has come near again.
 */
export class Subscription implements RowStream, Subscriber {
  readonly queryId: string;
  readonly kind = 'push';
  readonly columns: readonly ResultColumn[];
  end: RowStreamEnd = 'terminated';
  /** Evaluates while this reader is behind. */
  private own: PushQuery | null = null;
  private attachment: Attachment | null = null;
  /** Offsets below these were given by `own`; null: the hub gives nothing from before. */
  private from: readonly number[] | null = null;
  /** All before it has been handed out or left out. */
  private positions: readonly number[];
  private queue: SharedBatch[] = [];
  private waitingRows = 0;
  private waitingBytes = 0;
  private taken = false;
  /** Where a hub took over from `own`. */
  private handedAt: readonly number[] = [];
  private rowsOut = 0;
  private left: number;
  private closed = false;
  private failure: Error | null = null;
  private firstError: string | null = null;
  /** What earlier hubs and evaluations of its own have counted. */
  private before: HubCounts = NO_COUNTS;
  private streamTime = -1;
  private wake: () => void = () => {};
  /**
   * What its reader has of the table, until a hub knows it. Null: nobody knows, and tombstones may come of rows that its
   * reader never had. That is so after a token, and behind a hub that it did not keep up with, because a reader that does
   * not read holds nothing.
   */
  private given: GivenKeys | null;

  private readonly limits: SubscriptionLimits;

  constructor(
    private readonly services: RuntimeServices,
    private readonly hubs: Hubs,
    private readonly feeds: Feeds,
    private readonly options: SubscriptionOptions,
  ) {
    const { plan, starts } = options;
    this.queryId = options.queryId;
    this.columns = columnsOf(plan.result);
    this.left = plan.limit ?? Number.POSITIVE_INFINITY;
    this.limits = options.limits ?? LIMITS;
    this.given = !plan.tracksGiven || options.given === null ? null : (options.given ?? new GivenKeys());
    const at = starts.get(plan.topic)!;
    this.positions = at.map((s) => s.offset);
    if (this.left === 0) {
      this.end = 'limit';
      this.closed = true;
      return;
    }
    if (
      !this.attach(
        this.positions,
        at.every((s) => s.atEnd),
      )
    )
      this.catchUp(starts);
  }

  async next(): Promise<RowBatch | undefined> {
    while (!this.closed) {
      const placed = await this.take();
      if (placed !== undefined) return this.handOut(placed);
      if (this.failure !== null) throw this.failure;
      if (this.closed) break;
      if (this.attachment === null) this.catchUp(this.startsHere());
      else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.drop();
    this.wake();
    const { own } = this;
    this.own = null;
    await Promise.all([this.leave(), own?.close()]);
  }

  progress(): RowProgress {
    const { own, attachment } = this;
    const mine = own?.progress();
    const shared = attachment?.counts() ?? NO_COUNTS;
    const sum = (name: keyof HubCounts): number => this.before[name] + (mine?.[name] ?? 0) + shared[name];
    const at = mine ?? attachment ?? { atEnd: false, lag: 0, streamTime: -1 };
    return {
      recordsIn: sum('recordsIn'),
      rowsOut: this.rowsOut,
      filtered: sum('filtered'),
      undecodable: sum('undecodable'),
      firstError: this.firstError ?? mine?.firstError ?? attachment?.lastError() ?? null,
      late: sum('late'),
      earlier: this.options.earlier,
      atEnd: at.atEnd,
      lag: at.lag,
      streamTime: Math.max(this.streamTime, at.streamTime),
      heldBack: 0,
      unmatched: [],
    };
  }

  offer(shared: SharedBatch): void {
    const own = this.withoutGiven(shared);
    if (own === null) return;
    const rows = own.batch.rows.length;
    if (this.waitingRows > 0 && (this.waitingRows + rows > this.limits.rows || this.waitingBytes > this.limits.bytes)) {
      // What waits here is dropped, and evaluated anew when the reader comes to it: a reader that does not read holds
      // nothing.
      this.drop();
      this.leave().catch((e: unknown) => this.fail(e instanceof Error ? e : new Error(String(e))));
      return;
    }
    this.queue.push(own);
    this.waitingRows += rows;
    this.waitingBytes += own.bytes;
    this.wake();
  }

  fail(error: Error): void {
    this.note();
    this.attachment = null;
    this.failure = error;
    this.wake();
  }

  get isCrowded(): boolean {
    return this.waitingRows * 2 > this.limits.rows || this.waitingBytes * 2 > this.limits.bytes;
  }

  hasTaken(): boolean {
    const { taken } = this;
    this.taken = false;
    return taken;
  }

  private async take(): Promise<PlacedBatch | undefined> {
    const { own } = this;
    if (own !== null) {
      const placed = await own.nextPlaced();
      if (placed !== undefined || this.closed) return placed;
      await this.endOwn(own);
    }
    const shared = this.queue.shift();
    if (shared === undefined) return undefined;
    this.waitingRows -= shared.batch.rows.length;
    this.waitingBytes -= shared.bytes;
    this.taken = true;
    return shared;
  }

  private handOut({ batch, positions }: PlacedBatch): RowBatch {
    this.positions = positions;
    if (batch.rows.length < this.left) {
      this.left -= batch.rows.length;
      this.rowsOut += batch.rows.length;
      return batch;
    }
    this.end = 'limit';
    this.closed = true;
    this.drop();
    this.leave().catch((e: unknown) => this.services.logger.warn({ err: e }, 'a push query did not leave its hub'));
    this.rowsOut += this.left;
    if (batch.rows.length === this.left) return batch;
    // No place in the topic stands behind these rows.
    const { rows, tombstones } = batch;
    return {
      rows: rows.slice(0, this.left),
      ...(tombstones === undefined ? {} : { tombstones: tombstones.slice(0, this.left) }),
    };
  }

  private attach(positions: readonly number[], atEnd: boolean): boolean {
    const { queryId, plan } = this.options;
    const attachment = this.hubs.attach(plan, queryId, this, positions, atEnd, this.given);
    if (attachment === undefined) return false;
    this.given = null;
    this.attachment = attachment;
    this.from = attachment.from;
    return true;
  }

  /** Evaluates by itself from here on, until a hub is within reach. */
  private catchUp(starts: Starts): void {
    const { queryId, plan, earlier } = this.options;
    const spec = {
      queryId,
      topology: withLimit(plan.topology, Number.isFinite(this.left) ? this.left : null),
      properties: plan.properties,
    };
    this.own = new PushQuery(this.services, spec, {
      starts,
      earlier,
      reader: this.feeds.reader(queryId),
      given: this.given ?? undefined,
      continuation: plan.continuation,
      handOver: (positions, atEnd) => this.handOver(positions, atEnd),
    });
  }

  private handOver(positions: readonly number[], atEnd: boolean): boolean {
    if (this.closed || !this.attach(positions, atEnd)) return false;
    this.handedAt = positions;
    return true;
  }

  private async endOwn(own: PushQuery): Promise<void> {
    this.own = null;
    const { recordsIn, filtered, undecodable, late, firstError, streamTime } = own.progress();
    this.count({ recordsIn, filtered, undecodable, late });
    this.firstError ??= firstError;
    this.streamTime = Math.max(this.streamTime, streamTime);
    if (own.end === 'limit') {
      this.end = 'limit';
      this.closed = true;
    }
    this.positions = this.handedAt;
    await own.close();
  }

  /** What `own` has not given of a batch; null: nothing. */
  private withoutGiven(shared: SharedBatch): SharedBatch | null {
    const { from } = this;
    if (from === null) return shared;
    const { batch, origins } = shared;
    const isPast = shared.positions.every((p, i) => p >= from[i]!);
    if (isPast) this.from = null;
    const kept = batch.rows.flatMap((_, i) => (origins.offsets[i]! >= from[origins.partitions[i]!]! ? [i] : []));
    if (kept.length === 0) return null;
    if (isPast && kept.length === batch.rows.length) return shared;
    const positions = shared.positions.map((p, i) => Math.max(p, from[i]!));
    const { tombstones } = batch;
    const { continuation } = this.options.plan;
    return {
      ...shared,
      positions,
      bytes: (shared.bytes * kept.length) / batch.rows.length,
      batch: {
        rows: kept.map((i) => batch.rows[i]!),
        ...(tombstones === undefined ? {} : { tombstones: kept.map((i) => tombstones[i]!) }),
        ...(continuation === undefined ? {} : { continuation: continuation(positions) }),
      },
      origins: { partitions: kept.map((i) => origins.partitions[i]!), offsets: kept.map((i) => origins.offsets[i]!) },
    };
  }

  /** From what was handed out last. */
  private startsHere(): Starts {
    const starts = this.positions.map((offset, partition) => ({ partition, offset, atEnd: false }));
    return new Map([[this.options.plan.topic, starts]]);
  }

  private async leave(): Promise<void> {
    const { attachment } = this;
    this.note();
    this.attachment = null;
    await attachment?.leave();
  }

  /** Keeps what the hub has counted for it. */
  private note(): void {
    const { attachment } = this;
    if (attachment === null) return;
    this.count(attachment.counts());
    this.firstError ??= attachment.lastError();
    this.streamTime = Math.max(this.streamTime, attachment.streamTime);
  }

  private count(more: HubCounts): void {
    const { before } = this;
    this.before = {
      recordsIn: before.recordsIn + more.recordsIn,
      filtered: before.filtered + more.filtered,
      undecodable: before.undecodable + more.undecodable,
      late: before.late + more.late,
    };
  }

  private drop(): void {
    this.queue = [];
    this.waitingRows = 0;
    this.waitingBytes = 0;
  }
}
