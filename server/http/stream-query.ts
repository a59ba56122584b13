import type { ServerResponse } from 'node:http';
import { type QueryStream, type RowBatch, WeirError } from '../../engine/index.js';
import { BackPressure, type BackPressureLimits } from '../push/back-pressure.js';
import type { SilenceWatch } from '../push/silence.js';
import { remarksOf } from '../push/why-no-rows.js';
import { errorBody } from '../wire/errors.js';
import type { QueryFormat } from '../wire/query-format.js';

const TOO_SLOW = 'The client reads too slowly.';

export interface StreamOptions {
  /** Each row is written by itself, a DATA frame a row over HTTP/2: some clients parse every chunk. */
  readonly perRow: boolean;
  readonly limits: BackPressureLimits & {
    /** What a client that is let go has to take its last words. */
    readonly stopGraceMs: number;
  };
  /** After so long without a row the format's sign of life is sent. */
  readonly heartbeatMs: number;
  /** Tells why there are no rows, where the format has words for it. */
  readonly silences: SilenceWatch;
  /** Whether the server is about to stop: then a query that was ended tells so. */
  isStopping(): boolean;
  onError(e: unknown): void;
}

/**
 * Sends a query's rows until it ends or the client goes. A client that reads slowly holds up its own query only: the next
 * rows are asked for when there is room for them. One that does not read at all is told so, and let go.
 */
export async function streamQuery(
  query: QueryStream,
  format: QueryFormat,
  response: ServerResponse,
  options: StreamOptions,
): Promise<void> {
  const out = new Sender(response, options.limits);
  out.onGone(() => void query.close().catch(options.onError));
  // A push query's client has nothing more to say than that it goes. Others may only have closed their side, and wait; most
  // have gone all the same, which nothing tells before the next row is written.
  const endless = query.kind === 'push' || query.kind === 'print';
  out.goneWhenHalfClosed(endless ? 0 : options.limits.stallTimeoutMs);
  const { progress } = format;
  const listener = options.silences.watch(
    query,
    (notices) => {
      if (out.full) return; // who does not read need not be told that there is nothing to read
      for (const notice of notices) out.write(format.notice?.(notice) ?? '');
    },
    progress &&
      ((now) => {
        if (!out.full) out.write(progress(now));
      }),
  );
  const chunksOf = options.perRow && format.rowChunks !== undefined ? format.rowChunks : format.chunks;
  try {
    out.write(format.header(query));
    while (!out.gone) {
      listener.waits();
      const batch = await nextBatch(query, format, out, options.heartbeatMs);
      listener.heard();
      if (batch === undefined) break;
      for (const chunk of chunksOf(query, batch)) {
        if (options.perRow) await out.writeAlone(chunk);
        else out.write(chunk);
        if (out.full) await out.room();
        if (out.gone) break;
      }
    }
    // A push query says it when it is silent.
    if (query.kind !== 'push' && format.notice !== undefined) {
      for (const notice of remarksOf(query)) out.write(format.notice(notice));
    }
    if (!out.gone) {
      const cut = query.end === 'terminated' && options.isStopping();
      const stopped = new WeirError('SHUTTING_DOWN', 'The server is shutting down.');
      response.end(cut ? format.failure(query, errorBody(stopped)) : format.end(query));
    }
  } catch (e) {
    options.onError(e);
    if (!out.gone) out.endWith(format.failure(query, errorBody(e)), e instanceof Stalled);
  } finally {
    listener.stop();
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
    out.write(heartbeat);
    if (out.full) await out.room();
  }
}

class Stalled extends WeirError {
  constructor() {
    super('LIMIT_EXCEEDED', TOO_SLOW, 'See settings weir.client.max.unsent.bytes and weir.client.stall.timeout.ms.');
  }
}

/** Whether nobody waits for the response any more. Over HTTP/2 it has no `destroyed` of its own: its stream has. */
function hasGone(response: ServerResponse): boolean {
  const { stream } = response as { readonly stream?: { readonly destroyed: boolean } };
  if (stream !== undefined) return stream.destroyed;
  return response.destroyed || response.writableEnded || response.socket?.destroyed === true;
}

/** A response that is written in pieces, by one who waits while too much is unsent. */
class Sender {
  gone: boolean;
  private tell: () => void = () => {};
  private onEnd: () => void = () => {};
  private waiting: NodeJS.Timeout | undefined;
  private readonly pressure: BackPressure;
  private readonly onClose = (): void => {
    this.gone = true;
    this.tell();
  };

  constructor(
    private readonly response: ServerResponse,
    private readonly limits: StreamOptions['limits'],
  ) {
    this.pressure = new BackPressure(response, limits);
    this.gone = hasGone(response); // the client may have gone before there was a query
    response.once('close', this.onClose);
    // What is written to a connection that has just been reset is an error of the response: 'close' follows.
    response.on('error', this.onClose);
  }

  onGone(tell: () => void): void {
    this.tell = tell;
    if (this.gone) tell();
  }

  goneWhenHalfClosed(afterMs: number): void {
    // Over HTTP/2 the connection is not this response's: its stream says when it is closed.
    if ('stream' in this.response) return;
    const { socket } = this.response;
    this.onEnd = () => {
      if (afterMs === 0) this.letGo();
      else this.waiting = setTimeout(() => this.letGo(), afterMs);
    };
    if (socket?.readableEnded === true) this.onEnd();
    else socket?.once('end', this.onEnd);
  }

  /** Its side of the connection is closed as well, else that would stay. */
  private letGo(): void {
    this.onClose();
    this.response.end();
  }

  get full(): boolean {
    return this.pressure.full;
  }

  write(data: string | Buffer): void {
    if (!this.gone && data.length > 0) this.response.write(data);
  }

  /** HTTP/2 puts what waits into one frame: a row alone is one that nothing else waits beside. */
  async writeAlone(data: Buffer): Promise<void> {
    if (this.gone) return;
    const { response } = this;
    const taken = await new Promise<boolean>((resolve) => {
      const finish = (ok: boolean) => {
        clearTimeout(timer);
        response.removeListener('close', onClose);
        resolve(ok);
      };
      const onClose = () => finish(true);
      const timer = setTimeout(() => finish(false), this.limits.stallTimeoutMs);
      response.once('close', onClose);
      response.write(data, () => finish(true));
    });
    if (!taken) throw new Stalled();
  }

  /** @throws Stalled */
  async room(): Promise<void> {
    if (!(await this.pressure.room())) throw new Stalled();
  }

  /** The last words; a client that does not read has a little while for them. */
  endWith(text: string, stalled: boolean): void {
    const { response } = this;
    const { socket } = response;
    // It is let go: over HTTP/1.1 with its connection, over HTTP/2, where others share that, with its stream.
    response.end(text, () => void (stalled && !('stream' in response) && socket?.end()));
    if (!stalled) return;
    const timer = setTimeout(() => response.destroy(), this.limits.stopGraceMs);
    response.once('close', () => clearTimeout(timer));
  }

  release(): void {
    this.response.removeListener('close', this.onClose);
    this.response.socket?.removeListener('end', this.onEnd);
    clearTimeout(this.waiting);
  }
}
