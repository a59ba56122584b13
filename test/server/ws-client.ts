import WebSocket from 'ws';
import type { Json, TestServer } from './support.js';

/** A client of `/ws/v1`: shows what came, and waits for what is to come. */
export class V1Client {
  readonly frames: Json[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  private waiting: (() => void)[] = [];

  private constructor(readonly ws: WebSocket) {
    ws.on('message', (m) => {
      this.frames.push(JSON.parse(String(m)) as Json);
      this.wake();
    });
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
    ws.on('error', () => {}); // 'close' follows
  }

  static open(server: TestServer, options: WebSocket.ClientOptions = {}): Promise<V1Client> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(`${server.address.replace('http', 'ws')}/ws/v1`, options);
      const client = new V1Client(ws);
      ws.once('open', () => resolve(client));
      ws.once('error', reject);
    });
  }

  send(...messages: readonly unknown[]): void {
    for (const m of messages) this.ws.send(typeof m === 'string' ? m : JSON.stringify(m));
  }

  private wake(): void {
    for (const go of this.waiting.splice(0)) go();
  }

  private changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  of(id: string): Json[] {
    return this.frames.filter((f) => f.id === id);
  }

  /** All rows of a query so far. */
  rows(id: string): unknown[][] {
    return this.of(id).flatMap((f) => (f.type === 'rows' ? (f.rows as unknown[][]) : []));
  }

  async until(passes: () => boolean): Promise<void> {
    while (!passes()) {
      if (this.closed !== undefined) throw new Error(`closed: ${JSON.stringify([this.closed, this.frames])}`);
      await this.changed();
    }
  }

  /** Until the query is over; its last frame. */
  async over(id: string): Promise<Json> {
    const last = () => this.of(id).find((f) => f.type === 'end' || f.type === 'error');
    await this.until(() => last() !== undefined);
    return last()!;
  }

  async untilClosed(): Promise<{ readonly code: number; readonly reason: string }> {
    while (this.closed === undefined) await this.changed();
    return this.closed;
  }
}
