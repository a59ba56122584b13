import type { RawData } from 'ws';
import { WeirError } from '../../../engine/index.js';
import type { RouteContext } from '../../http/context.js';
import { CLOSE, type FrameSender } from '../frames.js';
import {
  type ClientMessage,
  errorFrame,
  FrameRefused,
  pongFrame,
  readMessage,
  refusalFrame,
  SubscribeRefused,
} from './messages.js';
import { Subscription } from './subscription.js';

/** A client of `/ws/v1`: its queries by the names that it gave them. */
export class Connection {
  private readonly subscriptions = new Map<string, Subscription>();

  constructor(
    private readonly client: FrameSender,
    private readonly context: RouteContext,
  ) {
    const { ws } = client;
    ws.on('message', (data, isBinary) => this.take(data, isBinary));
    ws.on('close', () => {
      for (const subscription of this.subscriptions.values()) void subscription.stop();
    });
  }

  /** The server stops: each query is told so, then the connection ends. */
  shutDown(): void {
    const stopped = new WeirError('SHUTTING_DOWN', 'The server is shutting down.');
    for (const id of this.subscriptions.keys()) this.client.send(errorFrame(id, stopped));
    this.client.close(CLOSE.retryLater, stopped.message);
  }

  private take(data: RawData, isBinary: boolean): void {
    try {
      this.carryOut(this.read(data as Buffer, isBinary));
    } catch (e) {
      if (e instanceof SubscribeRefused && !this.subscriptions.has(e.id)) this.client.send(errorFrame(e.id, e.error));
      else if (e instanceof SubscribeRefused) {
        this.client.send(refusalFrame({ type: 'subscribe', id: e.id }, e.error));
      } else if (e instanceof FrameRefused) this.client.send(refusalFrame(e.request, e.error));
      else {
        this.context.logger.error({ err: e }, 'a WebSocket frame could not be carried out');
        this.client.send(refusalFrame({}, e));
      }
    }
    if (this.client.full) void this.readNoMore();
  }

  /** Who does not take the answers is not listened to. */
  private async readNoMore(): Promise<void> {
    const { ws } = this.client;
    if (ws.isPaused) return;
    ws.pause();
    await this.client.room();
    ws.resume();
  }

  private read(data: Buffer, isBinary: boolean): ClientMessage {
    if (isBinary) throw new FrameRefused({}, new WeirError('BAD_REQUEST', 'Frames must be text, not binary.'));
    const { maxFrameBytes } = this.context.config.limits;
    if (data.length > maxFrameBytes) {
      throw new FrameRefused(
        {},
        new WeirError(
          'LIMIT_EXCEEDED',
          `A frame of ${data.length} bytes is larger than ${maxFrameBytes}.`,
          'See setting weir.ws.max.frame.bytes.',
        ),
      );
    }
    return readMessage(data.toString('utf8'));
  }

  private carryOut(message: ClientMessage): void {
    if (message.type === 'ping') this.client.send(pongFrame(message.data));
    else if (message.type === 'subscribe') this.subscribe(message);
    else {
      // Where there is none it has just ended.
      const subscription = this.subscriptions.get(message.id);
      if (message.type === 'unsubscribe') void subscription?.stop();
      else if (message.type === 'pause') subscription?.pause();
      else subscription?.resume();
    }
  }

  private subscribe(message: ClientMessage & { readonly type: 'subscribe' }): void {
    const { id } = message;
    if (this.subscriptions.has(id)) {
      throw new FrameRefused(
        { type: 'subscribe', id },
        new WeirError('BAD_REQUEST', `The id '${id}' is in use on this connection.`, 'It is free after end or error.'),
      );
    }
    const { maxSubscriptions } = this.context.config.limits;
    if (this.subscriptions.size >= maxSubscriptions) {
      throw new SubscribeRefused(
        id,
        new WeirError(
          'LIMIT_EXCEEDED',
          `A connection has at most ${maxSubscriptions} queries.`,
          'Open another connection, or raise weir.ws.max.subscriptions.',
        ),
      );
    }
    const over = () => this.subscriptions.delete(id);
    const subscription = new Subscription(id, this.client, this.context, over);
    this.subscriptions.set(id, subscription);
    void subscription.run(message);
  }
}
