import { type QueryHeader, queryLines, type Server, ServerError, type SessionState } from './client.js';
import type { Clock } from './clock.js';
import { type Format, isMachineFormat, type Row, type RowWriter, rowWriter } from './formats.js';
import type { Output } from './output.js';
import { Pager, type PagerOptions } from './pager.js';
import { splitArray, timesOf } from './row-text.js';
import { type Notice, Progress, sideMessage } from './side-messages.js';
import { printable } from './table.js';
import { clip } from './width.js';

export interface QueryContext {
  readonly server: Server;
  readonly session: SessionState;
  readonly out: Output;
  readonly clock: Clock;
}

export interface RunOptions {
  readonly format: Format;
  readonly verticalWhenWide: boolean;
  /** Long results of pull queries go through it. */
  readonly pager: PagerOptions | undefined;
  /** A person is watching: a line of status stands under the rows of a push query. */
  readonly status: boolean;
  /** Bounds of windows and ROWTIME stand as times. */
  readonly times: boolean;
  /** Rows after which the query is ended. */
  readonly rowLimit: number;
  /** Milliseconds after which it is ended; infinite: never. */
  readonly timeoutMs: number;
}

/** How long rows are held back to find the widths of columns. */
const SAMPLE_MS = 150;
const STATUS_MS = 250;

const COMMENTS_AND_TEXTS = /'(?:[^']|'')*'|`[^`]*`|"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\//g;

/** A query that goes on: EMIT stands outside of quotes and comments. */
export const isPush = (sql: string): boolean =>
  /\bEMIT\s+(CHANGES|FINAL)\b/i.test(sql.replace(COMMENTS_AND_TEXTS, ' '));

/** Runs a SELECT and prints what comes, until it ends or `signal` does. */
export async function runQuery(
  context: QueryContext,
  sql: string,
  options: RunOptions,
  signal: AbortSignal,
): Promise<void> {
  const { out, clock } = context;
  const push = isPush(sql);
  const pager = new Pager(out, push ? undefined : options.pager);
  const stop = new AbortController();
  const ends = AbortSignal.any([signal, stop.signal, pager.left.signal]);
  const progress = new Progress(clock.now());
  const noTimeout =
    options.timeoutMs === Number.POSITIVE_INFINITY ? () => {} : clock.after(options.timeoutMs, () => stop.abort());
  const stopStatus = push && options.status ? showStatus(context, progress) : () => {};
  let writer: RowWriter | undefined;
  let asTimes = (row: Row): Row => row;
  let cancelFlush: (() => void) | undefined;
  try {
    for await (const lines of queryLines(context.server, sql, context.session, ends, { sideMessages: true })) {
      let rows: Row[] = [];
      const writeRows = () => {
        const full = options.rowLimit - progress.rows;
        if (rows.length > full) rows = rows.slice(0, full);
        progress.add(rows.length, clock.now());
        pager.write(writer!.rows(rows.map(asTimes)));
        rows = [];
      };
      for (const line of lines) {
        if (writer === undefined) {
          writer = begin(line, options, out);
          if (options.times && !isMachineFormat(options.format)) asTimes = timesOf(JSON.parse(line) as QueryHeader);
        } else if (line.startsWith('[')) rows.push(splitArray(line));
        else {
          const message = sideMessage(line);
          if (message.kind === 'tombstone') rows.push(splitArray(message.row));
          else if (message.kind === 'failure') {
            writeRows();
            throw new ServerError(message.message, message.hint);
          } else if (message.kind === 'notice') {
            writeRows();
            pager.write(writer.flush());
            progress.notice(message.notice);
            tellNotice(out, message.notice, options);
          } else if (message.kind === 'progress') progress.progress(message.progress);
        }
      }
      if (writer !== undefined) writeRows();
      if (progress.rows >= options.rowLimit) {
        stop.abort();
        break;
      }
      if (writer?.holds === true) cancelFlush ??= clock.after(SAMPLE_MS, () => pager.write(writer!.flush()));
      await out.drained();
    }
  } catch (e) {
    if (signal.aborted || !ends.aborted) throw e;
  } finally {
    noTimeout();
    cancelFlush?.();
    stopStatus();
    if (writer !== undefined) pager.write(writer.end());
    if (signal.aborted) await pager.finish();
  }
  if (!isMachineFormat(options.format) && options.format !== 'markdown') {
    const { rows } = progress;
    const count = rows === 0 ? 'No rows.\n' : rows === 1 ? '1 row.\n' : `${rows} rows.\n`;
    if (out.isTerminal && !out.isScreen) out.tell(count.trimEnd());
    else pager.write(count);
  }
  await pager.finish();
}

/** A refused query answers with an error and no header. */
function begin(line: string, options: RunOptions, out: Output): RowWriter {
  const header = JSON.parse(line) as QueryHeader;
  if (header.columnNames === undefined) {
    const message = sideMessage(line);
    if (message.kind === 'failure') throw new ServerError(message.message, message.hint);
    throw new ServerError(`The server answered what is no header of a query: ${line.slice(0, 200)}`, undefined);
  }
  return rowWriter(
    options.format,
    { names: header.columnNames, types: header.columnTypes },
    {
      width: out.lineWidth,
      verticalWhenWide: options.verticalWhenWide,
      escape: out.isScreen,
      theme: out.isScreen ? out.theme : undefined,
    },
  );
}

/** On a terminal between the rows; else beside them, so that what reads the rows gets rows. */
function tellNotice(out: Output, notice: Notice, { status }: { readonly status: boolean }): void {
  const lines = notice.hint === undefined ? [notice.message] : [notice.message, notice.hint];
  const text = lines.map((l) => out.theme.paint('dim', `-- ${printable(l)}`)).join('\n');
  if (status) out.print(text);
  else out.error(text);
}

function showStatus({ out, clock }: QueryContext, progress: Progress): () => void {
  let cancel = () => {};
  const tick = () => {
    out.setStatus(out.theme.paint('dim', clip(progress.text(clock.now()), out.columns - 1)));
    cancel = clock.after(STATUS_MS, tick);
  };
  cancel = clock.after(STATUS_MS, tick);
  return () => {
    cancel();
    out.setStatus('');
  };
}
