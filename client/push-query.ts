import type { Connection, ServerFrame, Subscription } from './connection.js';
import { WeirClientError } from './errors.js';
import { type Column, type Row, RowReader } from './rows.js';

export type Scalar = string | number | boolean;

/** Why a query is silent (docs/api.md, "Why no rows"). */
export interface Notice {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly [member: string]: unknown;
}

export interface PushOptions {
  /** Properties as SET gives them, e.g. `{'auto.offset.reset': 'earliest'}`. */
  readonly properties?: Readonly<Record<string, Scalar>>;
  /** Values of the variables in the SQL. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Goes on behind the rows that this token came with (`continuation` of an earlier query with the same SQL). */
  readonly continuation?: string;
  /** A table: its rows as they are, then their changes. */
  readonly snapshot?: boolean;
  /**
   * A query that cannot go on where a lost connection left it (an aggregation, a join): true starts it anew, with a `reset`
   * among its changes; else it fails with CONNECTION_LOST.
   */
  readonly restart?: boolean;
  /** Ends the query: its loop throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onNotice?: (notice: Notice) => void;
  /** The connection was lost and is back. `gap`: rows that came meanwhile may be missing. */
  readonly onReconnect?: (event: { readonly gap: boolean }) => void;
}

/**
 * One change of a query's result. `upsert`: a row, new or in place of that with its key. `delete`: the row with these key
 * columns is gone. `snapshotEnd`: what follows are changes. `reset`: forget all rows, the query begins anew.
 */
export type Change<R> =
  | { readonly op: 'upsert'; readonly row: R }
  | { readonly op: 'delete'; readonly row: R }
  | { readonly op: 'snapshotEnd' }
  | { readonly op: 'reset' };

/** Changes that wait for the reader: at the first number the server is told to pause, at the second to go on. */
const PAUSE_AT = 5000;
const RESUME_AT = 1000;

interface SchemaFrame {
  readonly queryId: string;
  readonly columns: readonly Column[];
}

interface RowsFrame {
  readonly rows: readonly (readonly unknown[])[];
  /** Indexes of rows that were deleted. */
  readonly tombstones?: readonly number[];
  readonly continuation?: string;
}

interface Waiting<R> {
  readonly change: Change<R>;
  /** The token that came with it, on the last change of a frame. */
  readonly token: string | undefined;
}

/**
 * A push query, or PRINT (rows of one column, LINE). Iterate it for its rows, or `changes()` for deletes as well; ending the loop ends the query. It pauses the
 * server while its reader is behind, and outlives lost connections: with the server's tokens it goes on where it was.
 */
export class PushQuery<R = Row> implements AsyncIterable<R>, Subscription {
  /** The query's columns, once it is open. */
  readonly columns: Promise<readonly Column[]>;
  private readonly waiting: Waiting<R>[] = [];
  private reader: RowReader | null = null;
  private opened: (columns: readonly Column[]) => void = () => {};
  private unlisten: () => void = () => {};
  private refused: (e: unknown) => void = () => {};
  private wake: () => void = () => {};
  private failure: { readonly error: unknown } | null = null;
  private done = false;
  private paused = false;
  /** Of the last frame that came: where a new connection goes on. */
  private received: string | undefined;
  /** Of the last row that the reader was given. */
  private taken: string | undefined;
  private hasRows = false;
  private isBack = false;
  private gap = false;
  private _queryId: string | undefined;

  constructor(
    private readonly connection: Connection,
    readonly id: string,
    private readonly sql: string,
    private readonly options: PushOptions,
  ) {
    this.received = this.taken = options.continuation;
    this.columns = new Promise((resolve, reject) => {
      this.opened = resolve;
      this.refused = reject;
    });
    this.columns.catch(() => {}); // the iteration tells of it too
    const { signal } = options;
    if (signal?.aborted) {
      this.abort(signal.reason);
      return;
    }
    if (signal !== undefined) {
      const onAbort = (): void => this.abort(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.unlisten = () => signal.removeEventListener('abort', onAbort);
    }
    connection.subscribe(this);
  }

  /** The server's id of it, once it is open. */
  get queryId(): string | undefined {
    return this._queryId;
  }

  /** A token behind the rows that were given so far, that in hand with them; undefined while the query gives none. */
  get continuation(): string | undefined {
    return this.taken;
  }

  /** Changes that have come and were not taken yet. */
  get waitingChanges(): number {
    return this.waiting.length;
  }

  /** Ends the query. Its loop ends after the rows that have come. */
  close(): void {
    if (this.done) return;
    this.done = true;
    this.unlisten();
    this.connection.unsubscribe(this.id);
    this.refused(new WeirClientError('CLOSED', 'The query was closed.'));
    this.wake();
  }

  /** Its rows; deletes are left out. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    for await (const change of this.changes()) if (change.op === 'upsert') yield change.row;
  }

  async *changes(): AsyncGenerator<Change<R>, void, undefined> {
    try {
      for (;;) {
        const next = this.waiting.shift();
        if (next !== undefined) {
          this.flow();
          if (next.token !== undefined) this.taken = next.token;
          yield next.change;
        } else if (this.failure !== null) throw this.failure.error;
        else if (this.done) return;
        else {
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
        }
      }
    } finally {
      this.close();
    }
  }

  subscribeFrame(): object {
    const { properties = {}, variables, snapshot } = this.options;
    return {
      type: 'subscribe',
      id: this.id,
      sql: this.sql,
      properties: snapshot === true ? { ...properties, 'weir.push.snapshot': 'true' } : properties,
      ...(variables === undefined ? {} : { variables }),
      ...(this.received === undefined ? {} : { continuation: this.received }),
    };
  }

  frame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'schema':
        this.schema(frame as unknown as SchemaFrame);
        break;
      case 'rows':
        this.rows(frame as unknown as RowsFrame);
        break;
      case 'lines':
        this.lines(frame.lines as readonly string[]);
        break;
      case 'snapshot_end':
        this.push({ op: 'snapshotEnd' });
        break;
      case 'notice':
        this.options.onNotice?.(frame.notice as Notice);
        break;
      case 'end':
        this.done = true;
        this.unlisten();
        this.wake();
        break;
    }
  }

  lost(): boolean {
    if (this.done) return false;
    this.paused = false;
    const { snapshot, restart, properties } = this.options;
    if (this.received === undefined) {
      if (this.hasRows) {
        if (snapshot !== true && restart !== true) {
          const message = 'The connection was lost, and this query cannot go on where it was.';
          this.failed(new WeirClientError('CONNECTION_LOST', message, 'The option `restart` starts it anew.'));
          return false;
        }
        this.push({ op: 'reset' });
        this.hasRows = false;
      } else if (properties?.['auto.offset.reset'] !== 'earliest' && this._queryId !== undefined) this.gap = true;
    }
    this.isBack = this._queryId !== undefined;
    return true;
  }

  failed(e: WeirClientError): void {
    this.fail(e);
  }

  /** Rows that have come and were not taken are not given any more. */
  private abort(reason: unknown): void {
    if (this.done) return;
    this.waiting.length = 0;
    this.fail(reason);
    this.close();
  }

  private fail(error: unknown): void {
    this.unlisten();
    this.failure = { error };
    this.refused(error);
    this.wake();
  }

  private schema({ queryId, columns }: SchemaFrame): void {
    this._queryId = queryId;
    this.reader = new RowReader(columns);
    this.opened(columns);
    if (this.waiting.length > RESUME_AT) this.pause();
    if (!this.isBack) return;
    this.isBack = false;
    this.options.onReconnect?.({ gap: this.gap });
    this.gap = false;
  }

  private rows(frame: RowsFrame): void {
    const deleted = new Set(frame.tombstones ?? []);
    const last = frame.rows.length - 1;
    frame.rows.forEach((values, i) => {
      const op = deleted.has(i) ? 'delete' : 'upsert';
      const change: Change<R> = { op, row: this.reader!.read<R>(values) };
      this.waiting.push({ change, token: i === last ? frame.continuation : undefined });
    });
    if (frame.continuation !== undefined) this.received = frame.continuation;
    this.hasRows = true;
    if (this.waiting.length >= PAUSE_AT) this.pause();
    this.wake();
  }

  /** Of PRINT: rows of one column, LINE. */
  private lines(lines: readonly string[]): void {
    for (const line of lines)
      this.waiting.push({ change: { op: 'upsert', row: { LINE: line } as R }, token: undefined });
    this.hasRows = true;
    if (this.waiting.length >= PAUSE_AT) this.pause();
    this.wake();
  }

  private push(change: Change<R>): void {
    this.waiting.push({ change, token: undefined });
    this.wake();
  }

  private pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.connection.send({ type: 'pause', id: this.id });
  }

  /** The reader has taken one. */
  private flow(): void {
    if (!this.paused || this.waiting.length > RESUME_AT || this.done) return;
    this.paused = false;
    this.connection.send({ type: 'resume', id: this.id });
  }
}
