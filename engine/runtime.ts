import type { RowStream } from './api/row-stream.js';
import { WeirError } from './base/errors.js';
import type { Properties } from './base/properties.js';
import { sourcesOf } from './dataflow/names.js';
import { querySettings } from './dataflow/query-settings.js';
import type { RuntimeServices } from './dataflow/runtime-services.js';
import type { ErrorHistory } from './observe/processing-error.js';
import type { CounterValues, QueryFailure, QueryState, QueryStatus } from './observe/query-status.js';
import type { ResumeFrom } from './persistent/lost-positions.js';
import { checkSameTable, placementOf, type QueryPlacement } from './persistent/placements.js';
import type { QueryHandle, QuerySpec } from './persistent/query-handle.js';
import { QueryRunner } from './persistent/query-runner.js';
import { isWrong } from './persistent/slot.js';
import type { PullPlan, StreamPullPlan, TableReadPlan } from './plan/pull-plan.js';
import type { PeerRead, PeerRows, Peers } from './pull/peer-reads.js';
import { PullQuery } from './pull/pull-query.js';
import { RoutedTableRows } from './pull/routed-rows.js';
import type { PullReader, RowBatches, TableRows } from './pull/rows.js';
import type { OpenStream } from './pull/stream-rows.js';
import { tableView } from './pull/table-view.js';
import { PushQueries, type PushStream } from './push/push-queries.js';
import { PushQuery, type PushSpec } from './push/push-query.js';
import type { ThreadPool } from './threads/thread-pool.js';
import { ThreadedQuery } from './threads/threaded-query.js';

export type { ResultColumn, RowBatch, RowStream, RowStreamEnd } from './api/row-stream.js';
export type { Properties } from './base/properties.js';
export type { RuntimeServices } from './dataflow/runtime-services.js';
export { type DriverRecord, type DriverReport, type DriverRow, TopologyDriver } from './dataflow/topology-driver.js';
export type { ProcessingEntry, ProcessingError } from './observe/processing-error.js';
export type {
  CounterValues,
  PartitionLag,
  QueryState,
  QueryStatus,
  RestoreProgress,
  TaskStatus,
} from './observe/query-status.js';
export type { QueryPlacement, StoreLag } from './persistent/placements.js';
export type { QuerySpec } from './persistent/query-handle.js';
export type { PeerCounters, PeerQuery, PeerRead, PeerRows, Peers } from './pull/peer-reads.js';
export type { PushStream } from './push/push-queries.js';
export type { FromThread, ToThread } from './threads/protocol.js';
export { ThreadHost } from './threads/thread-host.js';
export { type Thread, ThreadPool } from './threads/thread-pool.js';

/** What the queries of a node are built on. */
export interface NodeServices extends RuntimeServices {
  /** Threads beside the main one, for queries with `num.stream.threads` above 1; undefined: there are none. */
  readonly threads?: ThreadPool | undefined;
  readonly peers?: Peers | undefined;
}

export interface StartQuery extends QuerySpec {
  /** Joins its group and processes nothing until it is resumed. */
  readonly paused?: boolean;
}

/** A persistent query as others look at it. */
export interface RunningQuery {
  readonly state: QueryState;
  counters(): CounterValues;
  /** Records that are committed on the log and not processed yet, as far as is known. */
  lag(): number;
  /** Bytes that its state takes on this node, about. */
  stateBytes(): Promise<number>;
  /** The last failure of the query. */
  lastError(): QueryFailure | undefined;
  /** The latest failures, the oldest first. */
  errors(): readonly QueryFailure[];
  status(): QueryStatus;
}

/** Executes topologies: persistent queries, push queries and pull queries of one node. */
export class Runtime {
  private readonly runners = new Map<string, QueryHandle>();

  private readonly tables: TableRows;
  private readonly push: PushQueries;

  constructor(private readonly services: NodeServices) {
    const { peers, clock } = services;
    this.tables =
      peers === undefined
        ? { open: (read, reader) => this.openAll(read, reader) }
        : new RoutedTableRows({
            peers,
            clock,
            local: (read, reader, partitions) => this.keeper(read).openPartitions(read, reader, partitions),
            view: async (read, reader) => tableView(services, this.keeper(read), read, reader),
          });
    this.push = new PushQueries(services, (spec) => this.openPull(spec));
  }

  /**
   * What another node asks for: rows of those partitions that this one has.
   * @throws NOT_READY where the query does not run here, or is another one than the asking node knows
   */
  readForPeer({ read, partitions, maxLag, ...reader }: PeerRead): PeerRows {
    const runner = this.keeper(read);
    checkSameTable(runner.topology, read);
    const had = partitions.filter((p) => {
      const state = runner.holds(read.subtopology, p);
      return state === 'active' || (maxLag !== null && state !== undefined && state.lag <= maxLag);
    });
    return { partitions: had, rows: runner.openPartitions(read, reader, had) };
  }

  /** Who has what, by query. */
  placements(): ReadonlyMap<string, QueryPlacement> {
    return new Map([...this.runners].map(([id, runner]) => [id, placementOf(this.services, runner)]));
  }

  /** The latest processing errors of this node; undefined where none are kept. */
  get errorHistory(): ErrorHistory | undefined {
    return this.services.errorHistory;
  }

  /** Starts a persistent query; what fails, now or later, is in its status. */
  async startQuery(start: StartQuery): Promise<void> {
    if (this.runners.has(start.queryId)) throw new WeirError('INTERNAL', `Query ${start.queryId} runs already`);
    const runner = this.handleOf(start);
    this.runners.set(start.queryId, runner);
    if (start.paused === true) runner.pause();
    runner.start();
  }

  /** Stops a query and starts it with another topology, from the same committed offsets and on the same state. */
  async replaceQuery(start: StartQuery): Promise<void> {
    if (this.runners.has(start.queryId)) await this.stopQuery(start.queryId);
    await this.startQuery(start);
  }

  query(queryId: string): RunningQuery | undefined {
    return this.runners.get(queryId);
  }

  async pauseQuery(queryId: string): Promise<void> {
    this.runner(queryId).pause();
  }

  /** Goes on after a pause; starts anew after ERROR. `from`: see `LostPositions`. */
  async resumeQuery(queryId: string, from?: ResumeFrom): Promise<void> {
    this.runner(queryId).resume(from);
  }

  /** Stops a query and keeps what it owns: its next start goes on where it stopped. */
  async stopQuery(queryId: string): Promise<void> {
    const runner = this.runner(queryId);
    this.runners.delete(queryId);
    await runner.stop();
  }

  /** Stops a query and removes its internal topics, its group and its state. */
  async dropQuery(queryId: string): Promise<void> {
    const runner = this.runner(queryId);
    this.runners.delete(queryId);
    await runner.drop();
  }

  openPush(spec: PushSpec): Promise<PushStream> {
    return this.push.open(spec);
  }

  /** A pull query: on a table from committed state, on a stream as a bounded read of its topic. */
  async openPull(spec: PullReader & { readonly plan: PullPlan | StreamPullPlan }): Promise<RowStream> {
    const { plan, ...reader } = spec;
    const openStream: OpenStream = (topology, reader) =>
      PushQuery.open(this.services, { ...reader, topology, bounded: true });
    if ('topology' in plan) return openStream(plan.topology, reader);
    return PullQuery.open(this.services, { tables: this.tables, openStream }, { ...reader, plan });
  }

  /** Commits and stops all persistent queries. Push queries are closed by those who read them. */
  async stop(): Promise<void> {
    const runners = [...this.runners.values()];
    this.runners.clear();
    await Promise.all(runners.map((r) => r.stop()));
    await this.services.threads?.close();
  }

  /** On as many threads as its settings say, where there are threads to be had. */
  private handleOf(start: StartQuery): QueryHandle {
    const { threads: pool, logger } = this.services;
    const threads = threadsOf(start.properties);
    if (threads > 1 && pool !== undefined) return new ThreadedQuery(this.services, start, pool, threads);
    if (threads > 1) logger.warn({ queryId: start.queryId, threads }, 'there is one thread only: num.stream.threads');
    return new QueryRunner(this.services, start);
  }

  /** Rows of all partitions: this node is the only one. */
  private async openAll(read: TableReadPlan, reader: PullReader): Promise<RowBatches> {
    const count = await this.partitionsOf(read);
    const all = Array.from({ length: count }, (_, p) => p);
    return this.keeper(read).openPartitions(read, reader, all);
  }

  private async partitionsOf(read: TableReadPlan): Promise<number> {
    const runner = this.keeper(read);
    const sub = runner.topology.subtopologies.find((s) => s.id === read.subtopology)!;
    const [topic] = sourcesOf(sub, this.services.serviceId, runner.queryId);
    return (await this.services.log.describeTopic(topic!))?.partitions ?? 0;
  }

  /** @throws NOT_READY where the query that keeps the table does not run here */
  private keeper({ queryId, source }: TableReadPlan): QueryHandle {
    const runner = this.runners.get(queryId);
    if (runner !== undefined) return runner;
    throw new WeirError('NOT_READY', `Query ${queryId}, which keeps the table ${source}, does not run here`);
  }

  private runner(queryId: string): QueryHandle {
    const runner = this.runners.get(queryId);
    if (runner === undefined) throw new WeirError('NOT_FOUND', `Query ${queryId} does not run here`);
    return runner;
  }
}

/** A query whose settings are wrong says so itself, in its status. */
function threadsOf(properties: Properties): number {
  try {
    return querySettings(properties).threads;
  } catch (e) {
    if (isWrong(e)) return 1;
    throw e;
  }
}
