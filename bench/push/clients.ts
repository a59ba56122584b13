import { connect, type Socket } from 'node:net';

/** Times between a row's production and its coming, in buckets that are 5 % wide: exact enough, and of one size for ever. */
export class Latencies {
  private static readonly GROWTH = Math.log(1.05);
  readonly buckets: number[] = new Array(400).fill(0);
  count = 0;
  max = 0;

  /** @param ms above 0 */
  add(ms: number): void {
    const at = Math.round(Math.log(Math.max(ms, 0.01) / 0.01) / Latencies.GROWTH);
    this.buckets[Math.min(at, this.buckets.length - 1)]!++;
    this.count++;
    if (ms > this.max) this.max = ms;
  }

  quantile(q: number): number {
    let left = q * this.count;
    for (const [i, n] of this.buckets.entries()) {
      left -= n;
      if (n > 0 && left <= 0) return 0.01 * Math.exp(i * Latencies.GROWTH);
    }
    return this.max;
  }
}

export interface ClientCounts {
  readonly open: number;
  readonly closed: number;
  readonly rows: number;
  readonly frames: number;
  readonly bytes: number;
  /** Rows that did not follow the one before them. */
  readonly gaps: number;
}

export interface PushClientsOptions {
  readonly host: string;
  readonly port: number;
  /** Readers, each with a connection of its own. */
  readonly healthy: number;
  /** Connections that subscribe and then read no more. */
  readonly stalled: number;
  readonly sql: string;
}

const UPGRADE =
  'GET /ws/v1 HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A text frame of a client, masked with zeros (RFC 6455 §5.3). */
export function clientFrame(message: object): Buffer {
  const data = Buffer.from(JSON.stringify(message));
  const length = data.length < 126 ? [0x80 | data.length] : [0x80 | 126, data.length >> 8, data.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), data]);
}

/** Microseconds since the epoch: one clock for all processes of a machine. */
export const nowMicros = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);

/**
 * Subscribers over plain sockets, that look at no more of a frame than they must: rows are `[id, microseconds, …]` with
 * ids that follow each other, so the first and the last of a frame tell how many there are, and whether one is missing.
 * The latency of a frame is that of its first row, the one that has waited longest.
 */
export class PushClients {
  readonly latencies = new Latencies();
  private readonly healthy: Reader[] = [];
  private readonly stalled: Socket[] = [];
  private stalledClosed = 0;

  constructor(private readonly options: PushClientsOptions) {}

  /** Resolves when all have their schema. */
  async open(): Promise<void> {
    const { healthy, stalled } = this.options;
    // Not all at once: the queue of a listening socket is short.
    for (let i = 0; i < healthy + stalled; i += 50) {
      const some = Array.from({ length: Math.min(50, healthy + stalled - i) }, (_, j) => this.connect(i + j < healthy));
      await Promise.all(some);
    }
  }

  private connect(reads: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const { host, port, sql } = this.options;
      const socket = connect({ host, port, noDelay: true });
      socket.once('error', reject);
      const reader = new Reader(reads ? this.latencies : new Latencies(), () => {
        socket.removeListener('error', reject);
        socket.on('error', () => {}); // 'close' counts it
        if (!reads) socket.pause();
        resolve();
      });
      socket.on('data', (chunk) => reader.take(chunk));
      socket.once('close', () => {
        reader.closed = true;
        if (!reads) this.stalledClosed++;
      });
      socket.write(UPGRADE);
      socket.write(clientFrame({ type: 'subscribe', id: 'q', sql }));
      if (reads) this.healthy.push(reader);
      else this.stalled.push(socket);
      reader.end = () => socket.destroy();
    });
  }

  counts(): ClientCounts & { readonly stalledClosed: number; readonly lastId: number } {
    const sum = (of: (r: Reader) => number) => this.healthy.reduce((n, r) => n + of(r), 0);
    // A connection that does not read notices its end only when it reads again.
    return {
      open: sum((r) => (r.closed ? 0 : 1)),
      closed: sum((r) => (r.closed ? 1 : 0)),
      rows: sum((r) => r.rows),
      frames: sum((r) => r.frames),
      bytes: sum((r) => r.bytes),
      gaps: sum((r) => r.gaps),
      stalledClosed: this.stalledClosed,
      lastId: this.healthy.reduce((least, r) => Math.min(least, r.lastId), Number.POSITIVE_INFINITY),
    };
  }

  /** Lets the stalled ones read what there is for them, so that they notice their end. */
  wakeStalled(): void {
    for (const socket of this.stalled) socket.resume();
  }

  close(): void {
    for (const reader of this.healthy) reader.end();
    for (const socket of this.stalled) socket.destroy();
  }
}

const ROWS = Buffer.from('"rows":[[');
const SCHEMA = '{"type":"schema"';

class Reader {
  rows = 0;
  frames = 0;
  bytes = 0;
  gaps = 0;
  lastId = -1;
  closed = false;
  end: () => void = () => {};
  private rest: Buffer | undefined;
  private upgraded = false;

  constructor(
    private readonly latencies: Latencies,
    private readonly ready: () => void,
  ) {}

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    let data = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    if (!this.upgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) return void (this.rest = data);
      this.upgraded = true;
      data = data.subarray(end + 4);
    }
    let at = 0;
    for (;;) {
      if (data.length - at < 2) break;
      const short = data[at + 1]! & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (data.length - at < head) break;
      const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : data.readUIntBE(at + 4, 6);
      if (data.length - at - head < length) break;
      this.frame(data, at + head, at + head + length);
      at += head + length;
    }
    this.rest = at === data.length ? undefined : data.subarray(at);
  }

  private frame(data: Buffer, from: number, to: number): void {
    const head = data.toString('latin1', from, Math.min(to, from + 96));
    if (!head.startsWith('{"type":"rows"')) {
      if (head.startsWith(SCHEMA)) this.ready();
      return;
    }
    const first = data.indexOf(ROWS, from) + ROWS.length;
    const last = data.lastIndexOf(']]', to);
    const [firstId, micros] = data
      .toString('latin1', first, first + 40)
      .split(',', 2)
      .map(Number.parseFloat) as [number, number];
    const lastRow = data.lastIndexOf('[', last) + 1;
    const lastId = Number.parseFloat(data.toString('latin1', lastRow, lastRow + 20));
    if (this.lastId >= 0 && firstId !== this.lastId + 1) this.gaps++;
    this.rows += lastId - firstId + 1;
    this.lastId = lastId;
    this.frames++;
    this.latencies.add((nowMicros() - micros) / 1000);
  }
}
