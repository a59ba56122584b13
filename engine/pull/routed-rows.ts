import type { Clock } from '../base/clock.js';
import { messageOf, WeirError } from '../base/errors.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import { PULL, QUERY, REQUEST } from '../settings.js';
import type { PeerRead, Peers } from './peer-reads.js';
import type { PullReader, Row, RowBatches, TableRows } from './rows.js';

/** What this node knows of the tasks that keep a table. */
export interface TableView {
  /** How many there are; 0: not known, as long as the query has not been started here. */
  readonly partitions: number;
  /** What the query does on this node: RUNNING, REBALANCING, ERROR… */
  readonly state: string;
  /** Nodes of the query's group. */
  readonly nodes: readonly string[];
  /** The node that owns a partition; undefined: it is on its way from one to another. */
  owner(partition: number): string | undefined;
  standbys(partition: number): readonly string[];
  /** What this node has of a partition: the task itself, a copy that is so far behind, or nothing. */
  here(partition: number): 'active' | { readonly lag: number } | undefined;
  /**
   * Partitions of the keys asked for; undefined: not known. `certain`: who writes to the source puts each key there. Else the
   * key may be elsewhere too, where the topic was written with another partitioner.
   */
  partitionsOfKeys(): { readonly partitions: readonly number[]; readonly certain: boolean } | undefined;
}

export interface RoutingOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  /** Rows of some partitions from this node's own state. */
  readonly local: (read: TableReadPlan, reader: PullReader, partitions: readonly number[]) => RowBatches;
  /** Throws NOT_READY where the query that keeps the table does not run here. */
  readonly view: (read: TableReadPlan, reader: PullReader) => Promise<TableView>;
}

/** For so long, a partition that nobody answers for is asked for again: it may be moving, or being restored. */
const PATIENCE_MS = 10_000;
/** The same, where its owner cannot be reached. */
const AWAY_MS = 2000;
const PAUSE_MS = 100;

/** Rows of a table wherever they are: each partition is read where it is owned, or from a copy where that is allowed. */
export class RoutedTableRows implements TableRows {
  constructor(private readonly options: RoutingOptions) {}

  async open(read: TableReadPlan, reader: PullReader): Promise<RowBatches> {
    const rows = new RoutedRead(this.options, read, reader).rows();
    // The error for what cannot be had is thrown before the query's first row, as long as there can be another answer.
    return begun(await rows.next(), rows);
  }
}

/** Rows whose first batch has been taken already. */
function begun(first: IteratorResult<Batch, void>, rows: RowBatches): RowBatches {
  let waiting: IteratorResult<Batch, void> | undefined = first;
  const next = async (): Promise<IteratorResult<Batch, void>> => {
    const step = waiting ?? (await rows.next());
    waiting = undefined;
    return step;
  };
  return Object.assign(Object.create(rows) as RowBatches, {
    next,
    return: () => rows.return(undefined),
    throw: (e: unknown) => rows.throw(e),
    [Symbol.asyncIterator]() {
      return this as unknown as RowBatches;
    },
  });
}

/** Rows that have begun to come. */
interface Opened {
  readonly partitions: readonly number[];
  readonly first: IteratorResult<Batch, void>;
  readonly rows: RowBatches;
}

type Batch = readonly Row[];

class RoutedRead {
  private readonly maxLag: number | null;
  private readonly opened = new Set<RowBatches>();
  private left: number;
  private count = 0;

  constructor(
    private readonly options: RoutingOptions,
    private readonly read: TableReadPlan,
    private readonly reader: PullReader,
  ) {
    const { properties } = reader;
    const readsCopies = PULL.standbyReads.of(properties) && reader.upToDate !== true;
    this.maxLag = readsCopies ? Math.min(Number(PULL.maxLag.of(properties)), Number.MAX_SAFE_INTEGER) : null;
    this.left = read.limit ?? Number.POSITIVE_INFINITY;
  }

  async *rows(): RowBatches {
    try {
      const view = await this.started();
      const all = Array.from({ length: view.partitions }, (_, p) => p);
      const keyed = view.partitionsOfKeys();
      const expected = keyed?.partitions ?? all;
      yield* this.of(expected);
      if (keyed === undefined || keyed.certain || this.count > 0) return;
      yield* this.of(all.filter((p) => !expected.includes(p)));
    } finally {
      for (const rows of this.opened) await rows.return(undefined);
    }
  }

  /** What is known of the table, once it is known how many partitions it has. */
  private async started(): Promise<TableView> {
    const { clock } = this.options;
    const begun = clock.now();
    for (;;) {
      const view = await this.options.view(this.read, this.reader);
      if (view.partitions > 0) return view;
      if (clock.now() - begun >= PATIENCE_MS) {
        const { queryId, source } = this.read;
        throw new WeirError('NOT_READY', `Query ${queryId}, which keeps the table ${source}, has not started here yet`);
      }
      await clock.sleep(PAUSE_MS);
    }
  }

  /** Rows of some partitions, once all of them can be had: what cannot is asked for again, until the patience is over. */
  private async *of(partitions: readonly number[]): RowBatches {
    const { clock, view } = this.options;
    const begun = clock.now();
    const opened: Opened[] = [];
    const failed = new Map<string, unknown>();
    let rest = partitions;
    while (rest.length > 0 && this.left > 0) {
      opened.push(...(await this.attempt(rest, failed)));
      const served = new Set(opened.flatMap((o) => o.partitions));
      rest = rest.filter((p) => !served.has(p));
      if (rest.length === 0) break;
      const now = await view(this.read, this.reader);
      const patience = this.isLocalOnly ? 0 : this.isAnyMoving(rest, now, failed) ? PATIENCE_MS : AWAY_MS;
      if (clock.now() - begun >= patience) throw this.unavailable(rest, now, failed);
      await clock.sleep(PAUSE_MS);
    }
    for (const o of opened) yield* this.drain(o);
  }

  /** Whether waiting may help in another way than that an owner answers again. */
  private isAnyMoving(partitions: readonly number[], view: TableView, failed: ReadonlyMap<string, unknown>): boolean {
    const { peers } = this.options;
    return partitions.some((p) => {
      const owner = view.owner(p);
      return owner === undefined || owner === peers.self || (peers.isAlive(owner) && !failed.has(owner));
    });
  }

  private get isLocalOnly(): boolean {
    return REQUEST.skipForwarding.of(this.reader.properties);
  }

  /** Opens what can be opened now, everywhere at once. */
  private async attempt(partitions: readonly number[], failed: Map<string, unknown>): Promise<Opened[]> {
    const view = await this.options.view(this.read, this.reader);
    const opened: Opened[] = [];
    let rest: readonly number[] = partitions.filter((p) => view.here(p) !== 'active');
    const here = partitions.filter((p) => !rest.includes(p));
    if (here.length > 0) opened.push(await this.openHere(here));
    if (!this.isLocalOnly) {
      rest = await this.ask(
        this.byNode(rest, (p) => [view.owner(p)]),
        rest,
        null,
        opened,
        failed,
      );
    }
    if (this.maxLag !== null && rest.length > 0) {
      const copies = rest.filter((p) => this.isFresh(view.here(p)));
      if (copies.length > 0) opened.push(await this.openHere(copies));
      rest = rest.filter((p) => !copies.includes(p));
      if (!this.isLocalOnly) {
        rest = await this.ask(
          this.byNode(rest, (p) => view.standbys(p)),
          rest,
          this.maxLag,
          opened,
          failed,
        );
      }
    }
    // The query does not run here, or a partition was moved: somebody may have it.
    const homeless = rest.filter((p) => view.owner(p) === undefined || view.owner(p) === this.options.peers.self);
    if (homeless.length > 0 && !this.isLocalOnly) {
      for (const node of this.others(view.nodes)) {
        const open = homeless.filter((p) => !opened.some((o) => o.partitions.includes(p)));
        if (open.length === 0) break;
        await this.ask(new Map([[node, open]]), open, this.maxLag, opened, failed);
      }
    }
    return opened;
  }

  private isFresh(state: ReturnType<TableView['here']>): boolean {
    return typeof state === 'object' && state.lag <= this.maxLag!;
  }

  private others(nodes: readonly string[]): string[] {
    const { peers } = this.options;
    return [...new Set(nodes)].filter((n) => n !== '' && n !== peers.self && peers.isAlive(n));
  }

  /** Which partitions to ask which node for: of those that may have one, the first that is alive. */
  private byNode(
    partitions: readonly number[],
    candidates: (partition: number) => readonly (string | undefined)[],
  ): Map<string, number[]> {
    const out = new Map<string, number[]>();
    for (const p of partitions) {
      const [node] = this.others(candidates(p).filter((n) => n !== undefined));
      if (node !== undefined) out.set(node, [...(out.get(node) ?? []), p]);
    }
    return out;
  }

  /** Asks nodes at once. @returns the partitions that none of them has given */
  private async ask(
    nodes: ReadonlyMap<string, readonly number[]>,
    partitions: readonly number[],
    maxLag: number | null,
    opened: Opened[],
    failed: Map<string, unknown>,
  ): Promise<readonly number[]> {
    await Promise.all(
      [...nodes].map(async ([node, asked]) => {
        try {
          opened.push(await this.openThere(node, asked, maxLag));
          failed.delete(node);
        } catch (e) {
          if (e instanceof WeirError && FINAL.has(e.code)) throw e;
          failed.set(node, e);
        }
      }),
    );
    return partitions.filter((p) => !opened.some((o) => o.partitions.includes(p)));
  }

  private async openHere(partitions: readonly number[]): Promise<Opened> {
    const rows = this.options.local(this.read, this.reader, partitions);
    this.opened.add(rows);
    return { partitions, rows, first: await rows.next() };
  }

  private async openThere(node: string, partitions: readonly number[], maxLag: number | null): Promise<Opened> {
    const request: PeerRead = { ...this.reader, read: this.read, partitions, maxLag };
    const answer = await this.options.peers.readTable(node, request);
    this.opened.add(answer.rows);
    return { partitions: answer.partitions, rows: answer.rows, first: await answer.rows.next() };
  }

  private async *drain({ rows, first }: Opened): RowBatches {
    for (let step = first; step.done !== true; step = await rows.next()) {
      const batch = step.value.length > this.left ? step.value.slice(0, this.left) : step.value;
      this.left -= batch.length;
      this.count += batch.length;
      if (batch.length > 0) yield batch;
      if (this.left <= 0) return;
    }
    this.opened.delete(rows);
  }

  private unavailable(partitions: readonly number[], view: TableView, failed: ReadonlyMap<string, unknown>): WeirError {
    const { peers } = this.options;
    const where = partitions.slice(0, 5).map((p) => {
      const owner = view.owner(p);
      if (owner === undefined) return `${p} is being moved between nodes`;
      if (owner === peers.self) return `${p} is owned by this node, where the query is ${view.state}`;
      if (!peers.isAlive(owner)) return `${p} is owned by ${owner}, which does not answer`;
      const e = failed.get(owner);
      return `${p} is owned by ${owner}${e === undefined ? '' : `: ${messageOf(e)}`}`;
    });
    const more = partitions.length > 5 ? ` and ${partitions.length - 5} more` : '';
    return new WeirError(
      'NOT_READY',
      `Table ${this.read.source} cannot be read: partition ${where.join('; partition ')}${more}.`,
      this.maxLag === null
        ? `Try again in a moment, or allow copies to be read: ${PULL.standbyReads.name}=true (and ${QUERY.standbyReplicas.name} of its query).`
        : `Try again in a moment; no copy is within ${PULL.maxLag.name}=${this.maxLag}.`,
    );
  }
}

/** Errors that another place would give as well. */
const FINAL: ReadonlySet<string> = new Set(['BAD_STATEMENT', 'BAD_REQUEST', 'LIMIT_EXCEEDED', 'STATE_ERROR']);
