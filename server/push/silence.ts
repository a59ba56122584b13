import type { Clock, QueryProgress, QueryStream } from '../../engine/index.js';
import { isOftenLate, lateNotice, type Notice, openNotice, reasonOf, remarksOf, whyNoRows } from './why-no-rows.js';

/** One reader of a push query, as the watch over silences sees it. */
export interface Listener {
  /** The reader asks for rows: from here on silence counts. */
  waits(): void;
  /** Rows have come: it waits no more. What it does with them (or a slow client) is no silence of the query. */
  heard(): void;
  stop(): void;
}

/** What a reader is told of how far its query is, while rows come as well as while they do not. */
export interface Progress {
  /** Records between the query and the end of its topics. */
  readonly lag: number;
  readonly recordsIn: number;
  /** Rows that WHERE or HAVING left out. */
  readonly filtered: number;
  /** Records that could not be decoded. */
  readonly skipped: number;
  /** Records that came after their window's grace. */
  readonly late: number;
}

/** How often readers who ask for it are told how far their query is. */
const PROGRESS_EVERY_MS = 2000;

/** How often a silent query looks whether a transaction is open before it. */
const ASK_EVERY_MS = 5000;

const NOBODY: Listener = { waits: () => {}, heard: () => {}, stop: () => {} };

interface Watched {
  readonly query: QueryStream & { progress(): QueryProgress };
  readonly tell: (notices: readonly Notice[]) => void;
  readonly tellProgress: ((progress: Progress) => void) | undefined;
  /** Clock time from which on its progress is told again. */
  progressAt: number;
  /** What was told last: nothing is told that is the same. */
  told: Progress | undefined;
  /** Clock time since when it waits; undefined while it does not. */
  since: number | undefined;
  /** How far the query was at its last row. */
  before: QueryProgress | undefined;
  /** Rows have come since `before` was taken. */
  moved: boolean;
  said: string;
  /** Clock time from which on it is looked for open transactions again. */
  askAt: number;
  /** That many records were late. */
  saidLate: boolean;
}

/**
 * Watches over push queries that say nothing, and tells their readers why: after `afterMs` of silence, and again when the
 * reason changes. Readers who ask for it are told every two seconds how far their query is, where that has changed. One
 * `tick` looks at all of them, so that ten thousand silent queries cost one timer.
 */
export class SilenceWatch {
  private readonly watched = new Set<Watched>();

  constructor(
    private readonly clock: Clock,
    private readonly afterMs: number,
    private readonly onError: (e: unknown) => void,
  ) {}

  /**
   * `tell` and `tellProgress` are called in `tick`; they must not throw. A query that cannot say how far it is is not
   * watched.
   */
  watch(
    query: QueryStream,
    tell: (notices: readonly Notice[]) => void,
    tellProgress?: (progress: Progress) => void,
  ): Listener {
    if (query.kind !== 'push' || query.progress === undefined) return NOBODY;
    const entry: Watched = {
      query: query as Watched['query'],
      tell,
      tellProgress,
      progressAt: this.clock.now() + PROGRESS_EVERY_MS,
      told: undefined,
      since: undefined,
      before: undefined,
      moved: false,
      said: '',
      askAt: 0,
      saidLate: false,
    };
    this.watched.add(entry);
    return {
      waits: () => {
        entry.since ??= this.clock.now();
      },
      heard: () => {
        entry.since = undefined;
        entry.moved = true;
      },
      stop: () => this.watched.delete(entry),
    };
  }

  get size(): number {
    return this.watched.size;
  }

  tick(): void {
    const now = this.clock.now();
    for (const entry of this.watched) {
      try {
        if (entry.tellProgress !== undefined && now >= entry.progressAt) tellProgress(entry, now);
        this.look(entry, now);
      } catch (e) {
        this.watched.delete(entry);
        this.onError(e);
      }
    }
  }

  private look(entry: Watched, now: number): void {
    if (entry.since === undefined) return;
    if (entry.moved) {
      // The place of the last row, as near as ticks are; asking at every row would cost more than the rows.
      entry.moved = false;
      entry.before = entry.query.progress();
      if (!entry.saidLate && isOftenLate(entry.before)) {
        entry.saidLate = true;
        entry.tell([lateNotice(entry.before.late)]);
      }
    }
    if (now - entry.since < this.afterMs) return;
    const notices = [...whyNoRows(entry.query.progress(), entry.before), ...remarksOf(entry.query)];
    const asks = entry.query.openRecords !== undefined && notices.some((n) => n.code === 'WAITING_AT_END');
    if (!asks) say(entry, notices);
    else if (now >= entry.askAt) {
      entry.askAt = now + ASK_EVERY_MS;
      this.ask(entry, notices).catch(this.onError);
    }
  }

  /** What looks like the end may be a transaction that is open. */
  private async ask(entry: Watched, notices: readonly Notice[]): Promise<void> {
    // Where the log does not say, the end it is.
    const open = await entry.query.openRecords!().catch(() => 0);
    if (entry.since === undefined || !this.watched.has(entry)) return;
    say(entry, open === 0 ? notices : notices.map((n) => (n.code === 'WAITING_AT_END' ? openNotice(open) : n)));
  }
}

function say(entry: Watched, notices: readonly Notice[]): void {
  const reason = reasonOf(notices);
  if (notices.length === 0 || reason === entry.said) return;
  entry.said = reason;
  entry.tell(notices);
}

function tellProgress(entry: Watched, now: number): void {
  entry.progressAt = now + PROGRESS_EVERY_MS;
  const { lag, recordsIn, filtered, undecodable: skipped, late } = entry.query.progress();
  const { told } = entry;
  const same =
    told !== undefined &&
    told.lag === lag &&
    told.recordsIn === recordsIn &&
    told.filtered === filtered &&
    told.skipped === skipped &&
    told.late === late;
  if (same) return;
  entry.told = { lag, recordsIn, filtered, skipped, late };
  entry.tellProgress?.(entry.told);
}
