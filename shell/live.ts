import { ConnectionLost, type QueryHeader, queryLines, runStatement, ServerError } from './client.js';
import { pause } from './clock.js';
import { isNumeric } from './formats.js';
import type { QueryContext } from './query.js';
import { cellText, splitArray, timesOf } from './row-text.js';
import { type Notice, Progress, sideMessage } from './side-messages.js';
import { fitWidths, printable, ruler, tableRow, tableWidth, untabbed } from './table.js';
import type { Theme } from './theme.js';
import { clip } from './width.js';

/** Keys that are kept; of more, those that have not changed for longest go. */
const MAX_KEYS = 10_000;
const REDRAW_MS = 100;
/** How long a row that has changed stands out. */
const FRESH_MS = 1_000;

/** Between two attempts to reach a server that has gone. */
const RETRY_MS = 1_000;

interface Kept {
  readonly cells: readonly string[];
  /** By column: the value is NULL. */
  readonly nulls: readonly boolean[];
  readonly changed: number;
}

/** The latest row of each key of a table that changes. */
export class KeyedRows {
  private readonly rows = new Map<string, Kept>();
  private dropped = 0;

  /**
   * @param keys indexes of the columns that tell rows apart
   * @param shown what is shown of a row
   */
  constructor(
    private readonly keys: readonly number[],
    private readonly limit = MAX_KEYS,
    private readonly shown: (row: readonly string[]) => readonly string[] = (row) => row,
  ) {}

  get size(): number {
    return this.rows.size;
  }

  /** Keys that had to go because there were too many. */
  get left(): number {
    return this.dropped;
  }

  /** @param row JSON texts of the values */
  set(row: readonly string[], now: number): void {
    const key = this.keyOf(row);
    // Behind all others, so that the first is the one that has not changed for longest.
    this.rows.delete(key);
    this.rows.set(key, {
      cells: this.shown(row).map((c) => untabbed(cellText(c)).replaceAll('\n', '⏎')),
      nulls: row.map((c) => c === 'null'),
      changed: now,
    });
    if (this.rows.size <= this.limit) return;
    this.rows.delete(this.rows.keys().next().value!);
    this.dropped++;
  }

  delete(row: readonly string[]): void {
    this.rows.delete(this.keyOf(row));
  }

  /** In the order of their keys: rows stay where they are when they change. */
  sorted(): Kept[] {
    const collator = new Intl.Collator(undefined, { numeric: true });
    return [...this.rows.values()].sort((a, b) => {
      for (const k of this.keys) {
        const order = collator.compare(a.cells[k] ?? '', b.cells[k] ?? '');
        if (order !== 0) return order;
      }
      return 0;
    });
  }

  private keyOf(row: readonly string[]): string {
    return this.keys.map((k) => row[k] ?? '').join('\u0000');
  }
}

export interface LiveFrame {
  readonly names: readonly string[];
  /** By column: numbers stand to the right. */
  readonly right?: readonly boolean[];
  readonly rows: KeyedRows;
  /** First row that is shown. */
  readonly offset: number;
  readonly width: number;
  /** Lines that there are in all. */
  readonly height: number;
  readonly now: number;
  readonly footer: readonly string[];
  readonly theme: Theme;
}

/** The lines of the view: a table of as many rows as fit, and what stands under it. */
export function liveLines(frame: LiveFrame): string[] {
  const { names, rows, width, theme, footer, now } = frame;
  const room = Math.max(1, frame.height - 4 - footer.length);
  const all = rows.sorted();
  const offset = Math.max(0, Math.min(frame.offset, all.length - room));
  const shown = all.slice(offset, offset + room);
  const cells = shown.map((r) => r.cells);
  const widths = fitWidths(names, cells, width);
  const line = clip(ruler(widths), width);
  const right = frame.right ?? [];
  // A line that is longer than the screen is cut, colours and all: it gets none.
  const isDimmed = theme.colours && tableWidth(widths) <= width;
  const short = (row: readonly string[], nulls?: readonly boolean[]) =>
    tableRow(
      row.map((c, i) => clip(c, widths[i]!)),
      widths,
      {
        right,
        ...(nulls?.includes(true) === true && isDimmed
          ? { paint: (i: number, text: string) => (nulls[i] === true ? theme.paint('dim', text) : text) }
          : {}),
      },
    );
  const more = all.length - shown.length;
  const count = `${all.length === 1 ? '1 key' : `${all.length} keys`}${rows.left > 0 ? ` (${rows.left} were dropped)` : ''}`;
  return [
    line,
    clip(short(names), width),
    line,
    ...shown.map((r) => {
      if (now - r.changed < FRESH_MS) return theme.paint('bold', clip(short(r.cells), width));
      const text = short(r.cells, r.nulls);
      return isDimmed ? text : clip(text, width);
    }),
    line,
    ...footer.map((f, i) =>
      theme.paint('dim', clip(i === 0 ? `${count}${more > 0 ? `, ${more} not on the screen` : ''} · ${f}` : f, width)),
    ),
  ];
}

export interface LiveKeys {
  /** Calls back with each key; the function that this gives ends it. */
  onKey(call: (name: string) => void): () => void;
}

export interface LiveOptions {
  /** Changes after which it ends. */
  readonly rowLimit: number;
  /** Bounds of windows and ROWTIME stand as times. */
  readonly times: boolean;
}

/**
 * Runs a push query on a table and keeps its rows on the screen, each in its place, until `q` is pressed or `signal` ends it.
 * Where the server goes away the rows stay, and the query begins anew when it is there again.
 */
export async function runLive(
  context: QueryContext,
  sql: string,
  keys: LiveKeys,
  options: LiveOptions,
  outer: AbortSignal,
): Promise<void> {
  const { out, clock } = context;
  const left = new AbortController();
  const signal = AbortSignal.any([outer, left.signal]);
  if (!out.isTerminal)
    throw new ServerError('\\live needs a terminal.', 'Without one, run the query as it is: its changes come as rows.');
  const keyNames = await keyColumns(context, sql, signal);
  const progress = new Progress(clock.now());
  let header: QueryHeader | undefined;
  let rows = new KeyedRows([]);
  let notice: Notice | undefined;
  let away: string | undefined;
  let offset = 0;
  let cancel: (() => void) | undefined;

  const frame = (height: number): string[] =>
    header === undefined
      ? []
      : liveLines({
          names: header.columnNames.map((n) => printable(n).replaceAll('\n', '⏎')),
          right: header.columnTypes.map(isNumeric),
          rows,
          offset,
          width: out.columns - 1,
          height,
          now: clock.now(),
          footer: [
            progress.text(clock.now(), 'change').replace('Ctrl-C ends', 'q ends'),
            ...((away ?? notice?.message) === undefined ? [] : [printable((away ?? notice?.message)!)]),
          ],
          theme: out.theme,
        });
  const draw = () => {
    cancel = undefined;
    // From the corner each time: whatever the terminal has made of the old lines when it got another size is drawn over.
    out.raw(`\u001b[H${frame(out.rows).join('\u001b[K\n')}\u001b[K\u001b[J`);
  };
  const soon = (ms = REDRAW_MS) => {
    cancel ??= clock.after(ms, () => {
      draw();
      soon(FRESH_MS / 2); // rates change, and what stood out no longer does
    });
  };
  const drawNow = () => {
    cancel?.();
    cancel = undefined;
    soon(0);
  };
  const noKeys = keys.onKey((name) => {
    if (name === 'q') return left.abort();
    const page = Math.max(1, out.rows - 8);
    const step = { up: -1, down: 1, pageup: -page, pagedown: page, home: -offset, end: rows.size }[name];
    if (step === undefined) return;
    offset = Math.max(0, Math.min(rows.size - 1, offset + step));
    drawNow();
  });
  const take = (line: string): boolean => {
    if (header === undefined || line.startsWith(HEADER)) {
      // Another beginning, after the server was away: what is no more is not told.
      header = JSON.parse(line) as QueryHeader;
      const shown = options.times ? timesOf(header) : undefined;
      rows = new KeyedRows(keyIndexes(header, keyNames), MAX_KEYS, shown);
      return false;
    }
    if (line.startsWith('[')) {
      rows.set(splitArray(line), clock.now());
      return true;
    }
    const message = sideMessage(line);
    if (message.kind === 'failure') throw new ServerError(message.message, message.hint, message.code);
    if (message.kind === 'tombstone') {
      rows.delete(splitArray(message.row));
      return true;
    }
    if (message.kind === 'notice') {
      notice = message.notice;
      progress.notice(notice);
    } else if (message.kind === 'progress') progress.progress(message.progress);
    return false;
  };
  out.fullScreen(true);
  draw();
  try {
    const waiting = (text: string) => {
      away = text;
      drawNow();
    };
    for await (const lines of lasting(context, sql, waiting, signal)) {
      const changes = lines.filter(take).length;
      away = undefined;
      if (changes > 0) notice = undefined;
      progress.add(changes, clock.now());
      soon();
      if (progress.rows >= options.rowLimit) break;
    }
  } catch (e) {
    if (!left.signal.aborted || outer.aborted) throw e;
  } finally {
    noKeys();
    cancel?.();
    out.fullScreen(false);
    // What stood there last stays, where the shell goes on.
    out.raw(
      frame(out.rows - 1)
        .map((l) => `${l}\n`)
        .join(''),
    );
  }
}

const HEADER = '{"queryId":';

/** A server that has gone, is going or has not come up yet. */
const isAway = (e: unknown): e is ServerError =>
  e instanceof ConnectionLost || (e instanceof ServerError && (e.code === 'NOT_READY' || e.code === 'SHUTTING_DOWN'));

/** Where a server says that it goes, the end of the query follows. */
function isFarewell(line: string): boolean {
  const message = sideMessage(line);
  return message.kind === 'failure' && message.code === 'SHUTTING_DOWN';
}

/**
 * The changes of a query, again from its beginning whenever the server was away after it had once answered.
 * @param waiting is told why nothing comes
 */
async function* lasting(
  context: QueryContext,
  sql: string,
  waiting: (text: string) => void,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  for (let began = false; ; ) {
    try {
      for await (const lines of changesOf(context, sql, signal)) {
        began = true;
        yield lines.filter((line) => line.startsWith('[') || line.startsWith(HEADER) || !isFarewell(line));
      }
      // A query ends by itself where it has a limit; all others with their server.
      if (/\bLIMIT\s+\d+\s*;?\s*$/i.test(sql) || signal.aborted) return;
      waiting('The server has ended the query: it is asked again.');
    } catch (e) {
      if (!began || signal.aborted || !isAway(e)) throw e;
      waiting(`${e.message} It is asked again each second; what stands here is as it was.`);
    }
    await pause(context.clock, RETRY_MS, signal);
    if (signal.aborted) return;
  }
}

/** The rows of the table and then its changes; of what is no plain table the changes from the beginning on. */
async function* changesOf(
  { server, session }: QueryContext,
  sql: string,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  const ask = (properties: Record<string, string>) =>
    queryLines(server, sql, session, signal, { sideMessages: true, properties });
  try {
    yield* ask({ 'weir.push.snapshot': 'true' });
  } catch (e) {
    // Aggregates and joins are no tables yet, and refuse to give a snapshot; a missing key is missed without one as well.
    if (!(e instanceof ServerError) || e.code !== 'NO_SNAPSHOT') throw e;
    yield* ask({ 'auto.offset.reset': 'earliest', ...session.properties });
  }
}

/** The names of the columns that are a query's key, as EXPLAIN tells; of windows their bounds as well. */
async function keyColumns({ server, session }: QueryContext, sql: string, signal: AbortSignal): Promise<string[]> {
  const [entity] = await runStatement(server, `EXPLAIN ${sql}`, session, signal);
  const description = entity?.queryDescription as
    | { readonly fields?: readonly { readonly name: string; readonly type?: string }[] }
    | undefined;
  const names = (description?.fields ?? []).filter((f) => f.type === 'KEY').map((f) => f.name);
  return [...names, 'WINDOWSTART', 'WINDOWEND'];
}

function keyIndexes(header: QueryHeader, names: readonly string[]): number[] {
  const indexes = header.columnNames.flatMap((n, i) => (names.includes(n) ? [i] : []));
  if (indexes.length === 0)
    throw new ServerError(
      'The query selects no key column, so its rows cannot be told apart.',
      'Select the key of the table as well.',
    );
  return indexes;
}
