import { type ErrorBody, WeirClientError } from './errors.js';
import { parseExact } from './exact-json.js';
import type { OpenSocket, Socket } from './socket.js';

/** A frame of the server on `/ws/v1` (docs/api.md). */
export interface ServerFrame {
  readonly type: string;
  readonly id?: string;
  readonly [member: string]: unknown;
}

/** One query on the connection. */
export interface Subscription {
  readonly id: string;
  /** The frame that opens it, from where it is now. */
  subscribeFrame(): object;
  frame(frame: ServerFrame): void;
  /** The connection is gone. True: subscribe again on the next one; false: it is over and has told its reader so. */
  lost(): boolean;
  /** It is over. */
  failed(e: WeirClientError): void;
}

export interface Reconnect {
  /** Milliseconds before the first try, doubled with each (default 100). */
  readonly firstMs?: number;
  /** At most this between two tries (default 10,000). */
  readonly maxMs?: number;
  /** Tries in a row before queries fail with UNREACHABLE (default: no end). */
  readonly attempts?: number;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly openSocket: OpenSocket;
  readonly reconnect: Reconnect;
  /** In [0, 1): spreads clients that lost one server. */
  readonly random: () => number;
  readonly delay: (ms: number, run: () => void) => () => void;
}

/** Answers to the upgrade that another try would only repeat, by status. */
const REFUSALS: Readonly<Record<string, () => WeirClientError>> = {
  '401': () => new WeirClientError('UNAUTHORIZED', 'The server does not take this user and password.'),
  '403': () => new WeirClientError('FORBIDDEN', 'The server does not take requests from here.'),
};

/**
 * One WebSocket for all queries of a client: opened for the first, closed behind the last, opened again when it is lost.
 * What a query does about a loss it decides itself.
 */
export class Connection {
  private readonly subscriptions = new Map<string, Subscription>();
  private socket: Socket | null = null;
  private isOpen = false;
  /** Has been open at least once: then a loss is worth trying again. */
  private hasBeenOpen = false;
  private connecting = false;
  private attempts = 0;
  private cancelRetry: (() => void) | null = null;
  private closed = false;

  constructor(private readonly options: ConnectionOptions) {}

  subscribe(subscription: Subscription): void {
    if (this.closed) {
      subscription.failed(new WeirClientError('CLOSED', 'The client is closed.'));
      return;
    }
    this.subscriptions.set(subscription.id, subscription);
    if (this.isOpen) this.send(subscription.subscribeFrame());
    else this.connect();
  }

  /** The query is over for its reader. */
  unsubscribe(id: string): void {
    if (!this.subscriptions.delete(id)) return;
    this.send({ type: 'unsubscribe', id });
    this.closeIfIdle();
  }

  send(frame: object): void {
    if (this.isOpen) this.socket!.send(JSON.stringify(frame));
  }

  close(): void {
    this.closed = true;
    this.failAll(new WeirClientError('CLOSED', 'The client is closed.'));
    this.closeIfIdle();
  }

  private connect(): void {
    if (this.connecting || this.socket !== null || this.cancelRetry !== null) return;
    this.connecting = true;
    const { url, authorization, openSocket } = this.options;
    Promise.resolve(openSocket(url, authorization)).then(
      (socket) => this.take(socket),
      (e: unknown) => {
        this.connecting = false;
        this.lost(String(e));
      },
    );
  }

  private take(socket: Socket): void {
    this.connecting = false;
    this.socket = socket;
    socket.onopen = () => {
      this.isOpen = this.hasBeenOpen = true;
      this.attempts = 0;
      for (const s of this.subscriptions.values()) this.send(s.subscribeFrame());
      this.closeIfIdle();
    };
    socket.onmessage = ({ data }) => this.receive(String(data));
    let why = '';
    socket.onclose = ({ code, reason }) => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.isOpen = false;
      const refusal = REFUSALS[/server response: (\d+)$/.exec(why)?.[1] ?? ''];
      if (refusal !== undefined) this.failAll(refusal());
      else this.lost(reason || why || `The connection was closed (${code}).`);
    };
    // 'close' follows.
    socket.onerror = ({ message }) => {
      why = message ?? '';
    };
  }

  private receive(text: string): void {
    const frame = parseExact(text) as ServerFrame;
    const subscription = frame.id === undefined ? undefined : this.subscriptions.get(frame.id);
    if (frame.type === 'end' || frame.type === 'error') this.ended(frame, subscription);
    else subscription?.frame(frame);
  }

  private ended(frame: ServerFrame, subscription: Subscription | undefined): void {
    if (subscription === undefined) return;
    const error = frame.type === 'error' ? WeirClientError.from(frame as ErrorBody) : undefined;
    // A server that stops or has just started: another try, on this connection or on the next.
    if (error !== undefined && this.hasBeenOpen && (error.code === 'SHUTTING_DOWN' || error.code === 'NOT_READY')) {
      if (!subscription.lost()) this.subscriptions.delete(subscription.id);
      else if (error.code === 'NOT_READY') {
        this.options.delay(this.backoff(), () => {
          if (this.subscriptions.get(subscription.id) === subscription) this.send(subscription.subscribeFrame());
        });
      }
      return;
    }
    this.subscriptions.delete(subscription.id);
    if (error !== undefined) subscription.failed(error);
    else subscription.frame(frame);
    this.closeIfIdle();
  }

  private lost(reason: string): void {
    for (const s of [...this.subscriptions.values()]) if (!s.lost()) this.subscriptions.delete(s.id);
    if (this.subscriptions.size === 0) return;
    const { attempts = Number.POSITIVE_INFINITY } = this.options.reconnect;
    if (!this.hasBeenOpen || this.attempts >= attempts) {
      const message = `No Weir server answers at ${this.options.url}: ${reason}`;
      this.failAll(new WeirClientError('UNREACHABLE', message));
      return;
    }
    this.cancelRetry = this.options.delay(this.backoff(), () => {
      this.cancelRetry = null;
      if (this.subscriptions.size > 0) this.connect();
    });
  }

  private backoff(): number {
    const { firstMs = 100, maxMs = 10_000 } = this.options.reconnect;
    return Math.min(maxMs, firstMs * 2 ** Math.min(this.attempts++, 20)) * (0.5 + this.options.random() / 2);
  }

  private failAll(e: WeirClientError): void {
    const all = [...this.subscriptions.values()];
    this.subscriptions.clear();
    for (const s of all) s.failed(e);
  }

  private closeIfIdle(): void {
    if (this.subscriptions.size > 0) return;
    this.cancelRetry?.();
    this.cancelRetry = null;
    const { socket } = this;
    this.socket = null;
    this.isOpen = false;
    socket?.close();
  }
}
