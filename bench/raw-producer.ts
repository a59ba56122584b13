import { connect, type Socket } from 'node:net';
import { PLAIN_PRODUCER, sealBatch } from '../engine/records/batch.js';

const PRODUCE = 0;
const PRODUCE_VERSION = 3;

/**
 * Sends prebuilt record batches to the only broker of a test cluster (so the leader of every partition), one request
 * at a time. Protocol: https://kafka.apache.org/protocol.html#The_Messages_Produce, version 3.
 */
export class RawProducer {
  private pending: { resolve(): void; reject(error: Error): void } | undefined;
  private received: Buffer = Buffer.alloc(0);
  private correlation = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('The broker closed the connection')));
  }

  static connect(bootstrap: string): Promise<RawProducer> {
    const [host, port] = bootstrap.split(':') as [string, string];
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port: Number(port), noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(new RawProducer(socket));
      });
    });
  }

  /** Resolves when the broker has stored all of the batches; they are sealed in place. */
  send(topic: string, batches: readonly { readonly partition: number; readonly batch: Buffer }[]): Promise<void> {
    const client = 'bench';
    const records = batches.reduce((sum, { batch }) => sum + 8 + batch.length, 0);
    const size = 8 + 2 + client.length + 2 + 2 + 4 + 4 + 2 + Buffer.byteLength(topic) + 4 + records;
    const b = Buffer.allocUnsafe(4 + size);
    let p = b.writeInt32BE(size, 0);
    p = b.writeInt16BE(PRODUCE, p);
    p = b.writeInt16BE(PRODUCE_VERSION, p);
    p = b.writeInt32BE(++this.correlation, p);
    p = b.writeInt16BE(client.length, p);
    p += b.write(client, p);
    p = b.writeInt16BE(-1, p); // no transactional id
    p = b.writeInt16BE(-1, p); // acks: all
    p = b.writeInt32BE(30_000, p);
    p = b.writeInt32BE(1, p);
    p = b.writeInt16BE(Buffer.byteLength(topic), p);
    p += b.write(topic, p);
    p = b.writeInt32BE(batches.length, p);
    for (const { partition, batch } of batches) {
      sealBatch(batch, 0, PLAIN_PRODUCER);
      p = b.writeInt32BE(partition, p);
      p = b.writeInt32BE(batch.length, p);
      p += batch.copy(b, p);
    }
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
      this.socket.write(b);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private fail(error: Error): void {
    this.pending?.reject(error);
    this.pending = undefined;
  }

  private receive(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const b = this.received;
    if (b.length < 4 || b.length < 4 + b.readInt32BE(0)) return;
    this.received = b.subarray(4 + b.readInt32BE(0));
    // correlation id, one topic, its name, then for each partition: index, error, base offset, append time
    let p = 12;
    p += 2 + b.readInt16BE(p);
    const partitions = b.readInt32BE(p);
    p += 4;
    for (let i = 0; i < partitions; i++, p += 22) {
      const code = b.readInt16BE(p + 4);
      if (code !== 0) {
        this.fail(new Error(`Produce failed with Kafka's error code ${code}`));
        return;
      }
    }
    this.pending?.resolve();
    this.pending = undefined;
  }
}
