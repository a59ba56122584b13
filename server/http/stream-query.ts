import type { ServerResponse } from 'node:http';
import { type QueryStream, type RowBatch, WeirError } from '../../engine/index.js';
import { errorBody } from '../wire/errors.js';
import type { QueryFormat } from '../wire/query-format.js';

/** Bytes written at a time, about: within the stall timeout a client has to take this much. */
const CHUNK_BYTES = 64 * 1024;

export interface StreamOptions {
  /** Each row is written by itself, a DATA frame a row over HTTP/2: some clients parse every chunk. */
  readonly perRow: boolean;
  /** A client that has not taken a chunk after this is let go. */
  readonly stallTimeoutMs: number;
  /** After so long without a row the format's sign of life is sent. */
  readonly heartbeatMs: number;
  /** Whether the server is about to stop: then a query that was ended tells so. */
  isStopping(): boolean;
  onError(e: unknown): void;
}

/**
 * Sends a query's rows until it ends or the client goes. A client that reads slowly holds up its own query only: the next
 * rows are asked for when what was sent has been taken.
 */
export async function streamQuery(
  query: QueryStream,
  format: QueryFormat,
  response: ServerResponse,
  options: StreamOptions,
): Promise<void> {
  const out = new Sender(response, options.stallTimeoutMs);
  out.onGone(() => void query.close().catch(options.onError));
  // A push query's client has nothing more to say than that it goes; others only close their side and wait.
  if (query.kind === 'push' || query.kind === 'print') out.goneWhenHalfClosed();
  try {
    await out.send(format.header(query));
    while (!out.gone) {
      const batch = await nextBatch(query, format, out, options.heartbeatMs);
      if (batch === undefined) break;
      const texts = format.rows(query, batch);
      if (options.perRow) for (const text of texts) await out.send(text, true);
      else for (const text of chunksOf(texts)) await out.send(text);
    }
    if (!out.gone) {
      const cut = query.end === 'terminated' && options.isStopping();
      const stopped = new WeirError('SHUTTING_DOWN', 'The server is shutting down.');
      response.end(cut ? format.failure(query, errorBody(stopped)) : format.end(query));
    }
  } catch (e) {
    options.onError(e);
    if (!out.gone) response.end(format.failure(query, errorBody(e)));
  } finally {
    out.release();
    await query.close();
  }
}

/** The next rows; while there are none, signs of life, by which a client that has vanished is noticed as well. */
async function nextBatch(
  query: QueryStream,
  { heartbeat }: QueryFormat,
  out: Sender,
  heartbeatMs: number,
): Promise<RowBatch | undefined> {
  const next = query.next();
  if (heartbeat === undefined || query.kind !== 'push') return next;
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<'silence'>((resolve) => {
      timer = setTimeout(() => resolve('silence'), heartbeatMs);
    });
    try {
      const first = await Promise.race([next, silence]);
      if (first !== 'silence') return first;
    } finally {
      clearTimeout(timer);
    }
    await out.send(heartbeat);
  }
}

/** Rows' texts joined into pieces of about `CHUNK_BYTES`. */
function* chunksOf(texts: readonly string[]): Generator<string> {
  let chunk = '';
  for (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK_BYTES) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** A response that is written in pieces, by one who waits until each is taken. */
class Sender {
  gone: boolean;
  private tell: () => void = () => {};
  private readonly onClose = (): void => {
    this.gone = true;
    this.tell();
  };

  constructor(
    private readonly response: ServerResponse,
    private readonly stallTimeoutMs: number,
  ) {
    // The client may have gone before there was a query.
    this.gone = response.destroyed || response.writableEnded || response.socket?.destroyed === true;
    response.once('close', this.onClose);
    // What is written to a connection that has just been reset is an error of the response: 'close' follows.
    response.on('error', this.onClose);
  }

  onGone(tell: () => void): void {
    this.tell = tell;
    if (this.gone) tell();
  }

  goneWhenHalfClosed(): void {
    // Over HTTP/2 the connection is not this response's: its stream says when it is closed.
    if ('stream' in this.response) return;
    const { socket } = this.response;
    if (socket?.readableEnded === true) this.onClose();
    else socket?.once('end', this.onClose);
  }

  /** Writes, and waits while the client has too much to take; `alone`: nothing is written to the same frame. */
  async send(text: string, alone = false): Promise<void> {
    if (this.gone || text === '') return;
    const { response } = this;
    const taken = await new Promise<boolean>((resolve) => {
      const finish = (ok: boolean) => {
        clearTimeout(timer);
        response.removeListener('drain', drained);
        response.removeListener('close', drained);
        resolve(ok);
      };
      const drained = () => finish(true);
      const timer = setTimeout(() => finish(false), this.stallTimeoutMs);
      // HTTP/2 puts what waits into one frame: a row alone is one that nothing else waits beside.
      if (alone) response.write(text, drained);
      else if (response.write(text)) finish(true);
      else response.once('drain', drained);
      response.once('close', drained);
    });
    if (!taken) response.destroy(new Error('the client has stopped reading'));
  }

  release(): void {
    this.response.removeListener('close', this.onClose);
    this.response.socket?.removeListener('end', this.onClose);
  }
}
