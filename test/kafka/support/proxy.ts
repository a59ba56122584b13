/** A proxy in front of a broker that understands Kafka's frames, so that a test can lose, delay and damage them. */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** Numbers of Kafka's requests. */
export const API = { produce: 0, fetch: 1, metadata: 3, endTxn: 26 } as const;

/** A request, or the response to one. */
export interface Frame {
  readonly kind: 'request' | 'response';
  /** Of the request. */
  readonly api: number;
  readonly version: number;
  readonly clientId: string;
  /** The client's connection: 1, 2, … in the order of their coming. */
  readonly connection: number;
  /** Size, header and body. A test may change it in place. */
  readonly bytes: Buffer;
}

/** What becomes of a frame: `swallow` drops it alone, `cut` the connection with it. */
export type Verdict = 'pass' | 'swallow' | 'cut';

export type Rule = (frame: Frame) => Verdict | Promise<Verdict>;

export class BrokerProxy {
  /** What the next frames meet. */
  rule: Rule = () => 'pass';
  /** Connections that have come so far. */
  accepted = 0;
  private target = 0;
  private readonly sockets = new Map<number, Socket>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((client) => this.accept(client));
  }

  /** Listens; the broker is named later, when it is up. */
  static async start(): Promise<BrokerProxy> {
    const proxy = new BrokerProxy();
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Whether a client holds on to a connection. */
  isOpen(connection: number): boolean {
    return this.sockets.has(connection);
  }

  /** `host:port` of the broker. */
  to(address: string): void {
    this.target = Number(address.split(':').at(-1));
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets.values()) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  private accept(client: Socket): void {
    const connection = ++this.accepted;
    const broker = dial(this.target, '127.0.0.1');
    this.sockets.set(connection, client);
    const end = () => {
      client.destroy();
      broker.destroy();
      this.sockets.delete(connection);
    };
    for (const socket of [client, broker]) socket.on('error', end).on('close', end);
    /** Requests whose responses are due, by correlation id. */
    const due = new Map<number, Omit<Frame, 'kind' | 'bytes'>>();
    frames(client, end, async (bytes) => {
      const length = bytes.readInt16BE(12);
      const about = {
        connection,
        api: bytes.readInt16BE(4),
        version: bytes.readInt16BE(6),
        clientId: bytes.toString('utf8', 14, 14 + Math.max(0, length)),
      };
      due.set(bytes.readInt32BE(8), about);
      const verdict = await this.rule({ kind: 'request', ...about, bytes });
      if (verdict === 'cut') end();
      else if (verdict === 'pass') broker.write(bytes);
    });
    frames(broker, end, async (bytes) => {
      const about = due.get(bytes.readInt32BE(4))!;
      const verdict = await this.rule({ kind: 'response', ...about, bytes });
      if (verdict === 'cut') end();
      else if (verdict === 'pass') client.write(bytes);
    });
  }
}

/** Hands out the frames of a socket in order, each when the one before it has been dealt with. */
function frames(socket: Socket, end: () => void, take: (frame: Buffer) => Promise<void>): void {
  let rest: Buffer = Buffer.alloc(0);
  let turn = Promise.resolve();
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const frame = Buffer.from(rest.subarray(0, 4 + rest.readInt32BE(0)));
      rest = rest.subarray(frame.length);
      turn = turn.then(() => take(frame)).catch(end);
    }
  });
}
