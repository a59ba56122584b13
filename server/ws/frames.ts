import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { BackPressure, type BackPressureLimits } from '../push/back-pressure.js';

const FIN_AND_TEXT = 0x81;

/** A whole text message as one unmasked frame (RFC 6455 §5.2), as servers send them. */
export function textFrame(...parts: readonly (string | Buffer)[]): Buffer {
  const buffers = parts.map((p) => (typeof p === 'string' ? Buffer.from(p, 'utf8') : p));
  const length = buffers.reduce((n, b) => n + b.length, 0);
  let head: Buffer;
  if (length < 126) {
    head = Buffer.from([FIN_AND_TEXT, length]);
  } else if (length < 65_536) {
    head = Buffer.from([FIN_AND_TEXT, 126, length >> 8, length & 0xff]);
  } else {
    head = Buffer.alloc(10);
    head[0] = FIN_AND_TEXT;
    head[1] = 127;
    head.writeUIntBE(length, 4, 6);
  }
  return Buffer.concat([head, ...buffers]);
}

/** A close reason is at most 123 bytes (RFC 6455 §5.5). */
const MAX_REASON = 123;

function closeReason(message: string): string {
  const bytes = Buffer.from(message, 'utf8');
  if (bytes.length <= MAX_REASON) return message;
  // Cut at a character's first byte, so that no half of one is sent.
  let end = MAX_REASON;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

export const CLOSE = { done: 1000, badRequest: 1003, internal: 1011, retryLater: 1013 } as const;

const TOO_SLOW = 'The client reads too slowly.';

/**
 * The server's side of a WebSocket, for frames that are made once and sent to many: they go to the socket as they are,
 * between those that `ws` writes (nothing is compressed, so it writes each at once).
 */
export class FrameSender {
  private readonly pressure: BackPressure;

  constructor(
    readonly ws: WebSocket,
    private readonly socket: Duplex,
    private readonly limits: BackPressureLimits & { readonly stopGraceMs: number },
  ) {
    this.pressure = new BackPressure(socket, limits);
  }

  get open(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  get full(): boolean {
    return this.pressure.full;
  }

  send(frame: Buffer): void {
    if (this.open) this.socket.write(frame);
  }

  /**
   * Sends as soon as there is room: at once, mostly. False where the client is gone, or has read too slowly: then it is
   * closed with that reason.
   */
  async sendInTime(frame: Buffer): Promise<boolean> {
    // Many may wait for the same room: each looks again before it takes it.
    while (this.full && this.open) await this.room();
    this.send(frame);
    return this.open;
  }

  /** Waits until there was room, or the client is gone. */
  async room(): Promise<void> {
    if (!(await this.pressure.room())) this.close(CLOSE.retryLater, TOO_SLOW);
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.ws.close(code, closeReason(reason));
    // It may not read the close frame either.
    const timer = setTimeout(() => this.ws.terminate(), this.limits.stopGraceMs);
    this.ws.once('close', () => clearTimeout(timer));
  }
}
