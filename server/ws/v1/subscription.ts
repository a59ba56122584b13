import type { QueryStream } from '../../../engine/index.js';
import { WeirError } from '../../../engine/index.js';
import type { RouteContext } from '../../http/context.js';
import type { FrameSender } from '../frames.js';
import {
  batchFrames,
  endFrame,
  errorFrame,
  noticeFrame,
  progressFrame,
  type Subscribe,
  schemaFrame,
  snapshotEndFrame,
} from './messages.js';

/** One query of a connection, from `subscribe` to its `end` or `error`. */
export class Subscription {
  private query: QueryStream | undefined;
  private stopped = false;
  /** Settled by `resume`, or when it is over; undefined while it is not paused. */
  private pausing: { readonly until: Promise<void>; readonly go: () => void } | undefined;

  constructor(
    readonly id: string,
    private readonly client: FrameSender,
    private readonly context: Pick<RouteContext, 'engine' | 'logger' | 'silences'>,
    /** Called before the last frame: with that the client may use the id again. */
    private readonly over: () => void,
  ) {}

  /** Serves the query until it is over; then the id is free. Never rejects. */
  async run({ sql, context, progress, objects }: Subscribe): Promise<void> {
    const { id, client } = this;
    const { engine, silences } = this.context;
    let unwatch = (): void => {};
    try {
      const query = await engine.openQuery(sql, context);
      this.query = query;
      if (!this.stopped) {
        client.send(schemaFrame(id, query));
        const deaf = () => client.full || this.pausing !== undefined;
        const listener = silences.watch(
          query,
          (notices) => {
            if (deaf()) return;
            for (const notice of notices) client.send(noticeFrame(id, notice));
          },
          progress
            ? (now) => {
                if (!deaf()) client.send(progressFrame(id, now));
              }
            : undefined,
        );
        unwatch = listener.stop;
        for (;;) {
          await this.pausing?.until;
          if (this.stopped || !client.open) break;
          listener.waits();
          const batch = await query.next();
          listener.heard();
          if (batch === undefined) break;
          for (const frame of batchFrames(id, query, batch, objects)) {
            if (this.pausing !== undefined) await this.pausing.until;
            if (this.stopped) break;
            if (!client.full) client.send(frame);
            else if (!(await client.sendInTime(frame))) break;
          }
          if (batch.snapshotEnd === true && !this.stopped) client.send(snapshotEndFrame(id));
        }
      }
      if (query.end === 'terminated' && !this.stopped && engine.isStopping) {
        throw new WeirError('SHUTTING_DOWN', 'The server is shutting down.');
      }
      this.over();
      client.send(endFrame(id, this.stopped ? 'terminated' : query.end));
    } catch (e) {
      this.over();
      client.send(errorFrame(id, e));
    } finally {
      unwatch();
      await this.close();
    }
  }

  pause(): void {
    if (this.pausing !== undefined || this.stopped) return;
    let go = (): void => {};
    const until = new Promise<void>((resolve) => {
      go = resolve;
    });
    this.pausing = { until, go };
  }

  resume(): void {
    this.pausing?.go();
    this.pausing = undefined;
  }

  /** No more rows; `run` says the `end`, where there is still somebody to hear it. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.resume();
    await this.close();
  }

  private async close(): Promise<void> {
    try {
      await this.query?.close();
    } catch (e) {
      this.context.logger.warn({ err: e }, 'closing a query failed');
    }
  }
}
