/** What comes between the rows of a push query (docs/api.md): why it is silent, deletes, the end of the snapshot. */

export interface Notice {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly records?: number;
  readonly rows?: number;
}

/** How far the query is; it comes every two seconds while that changes. */
export interface QueryProgress {
  readonly lag: number;
  readonly skipped: number;
  readonly late: number;
}

export type SideMessage =
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'progress'; readonly progress: QueryProgress }
  /** The JSON text of the row that was deleted. */
  | { readonly kind: 'tombstone'; readonly row: string }
  | { readonly kind: 'snapshotEnd' }
  | { readonly kind: 'other' }
  | {
      readonly kind: 'failure';
      readonly message: string;
      readonly hint: string | undefined;
      readonly code: string | undefined;
    };

const TOMBSTONE = '{"tombstone":';

/** Reads a line that is an object. */
export function sideMessage(line: string): SideMessage {
  if (line.startsWith(TOMBSTONE)) return { kind: 'tombstone', row: line.slice(TOMBSTONE.length, -1) };
  const o = JSON.parse(line) as Record<string, unknown>;
  if (o.notice !== undefined) return { kind: 'notice', notice: o.notice as Notice };
  if (o.progress !== undefined) return { kind: 'progress', progress: o.progress as QueryProgress };
  if (o.snapshotEnd !== undefined) return { kind: 'snapshotEnd' };
  if (o.continuation !== undefined || o.message === undefined) return { kind: 'other' };
  const { hint, code } = o as { readonly hint?: string; readonly code?: string };
  return { kind: 'failure', message: String(o.message), hint, code };
}

const RATE_WINDOW_MS = 5_000;

/** What the line under a push query tells: rows, rows a second, lag and skipped records as the server has told last. */
export class Progress {
  private count = 0;
  private lag: number | undefined;
  private skipped = 0;
  private marks: { readonly at: number; readonly count: number }[];

  constructor(private readonly began: number) {
    this.marks = [{ at: began, count: 0 }];
  }

  get rows(): number {
    return this.count;
  }

  add(rows: number, now: number): void {
    this.count += rows;
    const last = this.marks.at(-1)!;
    // A mark each quarter of a second is enough to tell a rate.
    if (now - last.at >= 250) this.marks.push({ at: now, count: this.count });
    while (this.marks.length > 2 && now - this.marks[1]!.at > RATE_WINDOW_MS) this.marks.shift();
  }

  notice(notice: Notice): void {
    if (notice.code === 'WAITING_AT_END') this.lag = 0;
    if (notice.code === 'CATCHING_UP') this.lag = notice.records;
  }

  progress({ lag, skipped, late }: QueryProgress): void {
    this.lag = lag;
    this.skipped = skipped + late;
  }

  /** @param what one of those that are counted */
  text(now: number, what = 'row'): string {
    const from = this.marks.find((m) => now - m.at <= RATE_WINDOW_MS) ?? {
      at: now - RATE_WINDOW_MS,
      count: this.count,
    };
    const seconds = Math.max((now - from.at) / 1000, 0.25);
    const rate = now - this.began < 250 ? 0 : (this.count - from.count) / seconds;
    return [
      this.count === 1 ? `1 ${what}` : `${this.count} ${what}s`,
      `${rate >= 100 ? Math.round(rate) : rate.toFixed(1)} ${what}s/s`,
      ...(this.lag === undefined ? [] : [`lag ${this.lag}`]),
      `skipped ${this.skipped}`,
      'Ctrl-C ends',
    ].join(' · ');
  }
}
