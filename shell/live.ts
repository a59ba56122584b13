import { type QueryHeader, queryLines, runStatement, ServerError } from './client.js';
import type { QueryContext } from './query.js';
import { cellText, splitArray } from './row-text.js';
import { type Notice, Progress, sideMessage } from './side-messages.js';
import { fitWidths, printable, ruler, tableRow, untabbed } from './table.js';
import type { Theme } from './theme.js';
import { clip } from './width.js';

/** Keys that are kept; of more, those that have not changed for longest go. */
const MAX_KEYS = 10_000;
const REDRAW_MS = 100;
/** How long a row that has changed stands out. */
const FRESH_MS = 1_000;

interface Kept {
  readonly cells: readonly string[];
  readonly changed: number;
}

/** The latest row of each key of a table that changes. */
export class KeyedRows {
  private readonly rows = new Map<string, Kept>();
  private dropped = 0;

  /** @param keys indexes of the columns that tell rows apart */
  constructor(
    private readonly keys: readonly number[],
    private readonly limit = MAX_KEYS,
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
    this.rows.set(key, { cells: row.map((c) => untabbed(cellText(c)).replaceAll('\n', '⏎')), changed: now });
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
  const short = (row: readonly string[]) =>
    tableRow(
      row.map((c, i) => clip(c, widths[i]!)),
      widths,
    );
  const more = all.length - shown.length;
  const count = `${all.length === 1 ? '1 key' : `${all.length} keys`}${rows.left > 0 ? ` (${rows.left} were dropped)` : ''}`;
  return [
    line,
    clip(short(names), width),
    line,
    ...shown.map((r) => {
      const text = clip(short(r.cells), width);
      return now - r.changed < FRESH_MS ? theme.paint('bold', text) : text;
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

/** Runs a push query on a table and keeps its rows on the screen, each in its place, until `signal` ends it. */
export async function runLive(
  context: QueryContext,
  sql: string,
  keys: LiveKeys,
  rowLimit: number,
  signal: AbortSignal,
): Promise<void> {
  const { out, clock } = context;
  if (!out.isTerminal)
    throw new ServerError('\\live needs a terminal.', 'Without one, run the query as it is: its changes come as rows.');
  const keyNames = await keyColumns(context, sql, signal);
  const progress = new Progress(clock.now());
  let header: QueryHeader | undefined;
  let rows = new KeyedRows([]);
  let notice: Notice | undefined;
  let offset = 0;
  let cancel: (() => void) | undefined;

  const frame = (height: number): string[] =>
    header === undefined
      ? []
      : liveLines({
          names: header.columnNames.map((n) => printable(n).replaceAll('\n', '⏎')),
          rows,
          offset,
          width: out.columns - 1,
          height,
          now: clock.now(),
          footer: [progress.text(clock.now(), 'change'), ...(notice === undefined ? [] : [printable(notice.message)])],
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
    const page = Math.max(1, out.rows - 8);
    const step = { up: -1, down: 1, pageup: -page, pagedown: page, home: -offset, end: rows.size }[name];
    if (step === undefined) return;
    offset = Math.max(0, Math.min(rows.size - 1, offset + step));
    drawNow();
  });
  out.fullScreen(true);
  draw();
  try {
    for await (const lines of changesOf(context, sql, signal)) {
      let changes = 0;
      for (const line of lines) {
        if (header === undefined) {
          header = JSON.parse(line) as QueryHeader;
          rows = new KeyedRows(keyIndexes(header, keyNames));
          continue;
        }
        if (line.startsWith('[')) {
          rows.set(splitArray(line), clock.now());
          changes++;
          continue;
        }
        const message = sideMessage(line);
        if (message.kind === 'failure') throw new ServerError(message.message, message.hint);
        if (message.kind === 'tombstone') {
          rows.delete(splitArray(message.row));
          changes++;
        } else if (message.kind === 'notice') {
          notice = message.notice;
          progress.notice(notice);
        } else if (message.kind === 'progress') progress.progress(message.progress);
      }
      if (changes > 0) notice = undefined;
      progress.add(changes, clock.now());
      soon();
      if (progress.rows >= rowLimit) break;
    }
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
