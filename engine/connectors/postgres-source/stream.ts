import type { Client, ClientConfig } from 'pg';
import type { LogicalReplicationService, Pgoutput } from 'pg-logical-replication';
import type { Clock } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import { Waiter } from '../../base/waiter.js';
import { quoted } from '../postgres/identifiers.js';
import { lsnText } from './position.js';
import { refusedFor, replicating } from './session.js';

/** What has come and has not been taken: beyond this the server is not read. */
const [HELD_MESSAGES, HELD_BYTES] = [20_000, 16 * 1024 * 1024];
/** The server takes a reader that is silent for `wal_sender_timeout` (a minute) for dead. */
const ALIVE_MS = 5000;

interface Arrived {
  readonly message: Pgoutput.Message;
  readonly bytes: number;
  /** The library hands on the next message, and reads on, when this is called. */
  taken(): void;
}

/** The messages of a slot, in order, taken one by one. What is not taken is not read ahead without end. */
export class ChangeStream {
  private readonly held: Arrived[] = [];
  private heldBytes = 0;
  private failure: Error | undefined;
  private readonly waiter: Waiter;
  /** Messages that have come, and that have been taken. */
  private came = 0;
  private took = 0;
  /** The server has nothing up to `lsn` but the messages that had come by then. */
  private quiet: { readonly lsn: bigint; readonly after: number } | undefined;
  private acknowledgedAt = 0;

  private constructor(
    private readonly service: LogicalReplicationService,
    private done: bigint,
    private readonly clock: Clock,
  ) {
    this.waiter = new Waiter(clock);
  }

  /** Reads the slot from `from` on, where a transaction ends. */
  static async open(
    slot: string,
    publication: string,
    from: bigint,
    on: { readonly config: ClientConfig; readonly signal: AbortSignal; readonly clock: Clock },
  ): Promise<ChangeStream> {
    on.signal.throwIfAborted();
    const { LogicalReplicationService, PgoutputPlugin } = await import('pg-logical-replication');
    let stream: ChangeStream | undefined;

    /** Values stay text: their types are known elsewhere, and nothing is lost. */
    class TextPlugin extends PgoutputPlugin {
      override parse(buffer: Buffer): Pgoutput.Message {
        const message = super.parse(buffer);
        if (message.tag === 'relation') for (const c of message.columns) c.parser = (text: string) => text;
        stream?.arriving(message, buffer.length);
        return message;
      }

      override start(client: Client, slotName: string, lsn: string): Promise<unknown> {
        const names = quoted(publication).replaceAll("'", "''");
        return client.query(
          `START_REPLICATION SLOT "${slotName}" LOGICAL ${lsn} (proto_version '1', publication_names '${names}')`,
        );
      }
    }

    const service = new LogicalReplicationService(
      replicating({ ...on.config, options: `${on.config.options ?? ''} -c TimeZone=UTC` }),
      // Nothing is acknowledged by itself: only what is written in Weir is done.
      { acknowledge: { auto: false, timeoutSeconds: 0 }, flowControl: { enabled: true } },
    );
    const opened = new ChangeStream(service, from, on.clock);
    stream = opened;
    service.on('data', (_lsn: string, message: Pgoutput.Message) => opened.arrived(message));
    service.on('heartbeat', (lsn: string, _at: number, answer: boolean) => opened.heard(lsn, answer));
    service.on('error', (e: Error) => opened.fail(e));
    const plugin = new TextPlugin({ protoVersion: 1, publicationNames: [publication] });
    service.subscribe(plugin, slot, lsnText(from)).then(
      () => opened.fail(new Error('The server has ended the stream')),
      (e: Error) => opened.fail(e),
    );
    on.signal.addEventListener('abort', () => opened.waiter.wakeUp(), { once: true });
    return opened;
  }

  /** The next message; undefined: none is there. @throws Error once the stream has broken and what came before is taken */
  take(): { readonly message: Pgoutput.Message; readonly bytes: number } | undefined {
    const next = this.held.shift();
    if (next === undefined) {
      if (this.failure !== undefined) throw this.failure;
      return undefined;
    }
    this.took++;
    this.heldBytes -= next.bytes;
    next.taken();
    return next;
  }

  /** Waits until something has come, for `ms` at most. */
  async wait(ms: number): Promise<void> {
    if (this.held.length === 0 && this.failure === undefined) await this.waiter.wait(ms);
  }

  /** The end of the log, where there is nothing before it that has not been taken; else undefined. */
  get quietAt(): bigint | undefined {
    return this.quiet !== undefined && this.quiet.after <= this.took ? this.quiet.lsn : undefined;
  }

  /** Everything before `lsn` is written in Weir for good: the server may forget it. */
  async acknowledge(lsn: bigint): Promise<void> {
    if (lsn > this.done) this.done = lsn;
    await this.tell();
  }

  /** Says that the reader lives, from time to time. */
  async keepAlive(): Promise<void> {
    if (this.clock.now() - this.acknowledgedAt >= ALIVE_MS) await this.tell();
  }

  async close(): Promise<void> {
    for (const { taken } of this.held) taken();
    // What is lost with a connection that breaks now was to be lost anyway.
    await this.service.destroy().catch(() => undefined);
  }

  private async tell(): Promise<void> {
    this.acknowledgedAt = this.clock.now();
    // The library tells the place behind the one that it is given.
    await this.service.acknowledge(lsnText(this.done - 1n));
  }

  private sizes: number[] = [];

  private arriving(_message: Pgoutput.Message, bytes: number): void {
    this.came++;
    this.sizes.push(bytes);
  }

  /** The library waits for the promise before it hands on the next message, and until then reads no more. */
  private arrived(message: Pgoutput.Message): Promise<void> | void {
    const bytes = this.sizes.shift() ?? 0;
    this.heldBytes += bytes;
    const full = this.held.length >= HELD_MESSAGES || this.heldBytes >= HELD_BYTES;
    let taken = (): void => undefined;
    const room = full ? new Promise<void>((resolve) => (taken = resolve)) : undefined;
    this.held.push({ message, bytes, taken });
    this.waiter.wakeUp();
    return room;
  }

  private heard(lsn: string, answer: boolean): void {
    const [high, low] = lsn.split('/');
    this.quiet = { lsn: (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`), after: this.came };
    if (answer) void this.tell().catch((e: unknown) => this.fail(new Error(messageOf(e))));
  }

  private fail(e: Error): void {
    this.failure ??= refusedFor(e) ?? e;
    this.waiter.wakeUp();
  }
}
