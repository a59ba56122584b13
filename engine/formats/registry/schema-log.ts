import type { Clock } from '../../base/clock.js';
import { messageOf, WeirError } from '../../base/errors.js';
import type { Log, LogWriter } from '../../log/log.js';
import { BatchBuilder, BatchCursor } from '../../records/batch.js';
import { MemoryRegistry } from './memory.js';
import type { RegisteredSchema, SchemaRegistry, SchemaText } from './registry.js';

export interface SchemaLogDeps {
  readonly log: Log;
  readonly serviceId: string;
  readonly clock: Pick<Clock, 'now'>;
}

interface Entry {
  readonly version: 1;
  readonly subject: string;
  readonly schema: RegisteredSchema;
}

const READ_MS = 1000;

/** Schemas of one service on the embedded log. */
const schemaTopic = (serviceId: string): string => `_weir_${serviceId}_schemas`;

/**
 * The schema registry of the embedded mode: there is no other process to share schemas with, so they are kept in a topic of
 * the log, one record a version. One process writes it; with Kafka a real registry is what all nodes ask.
 */
export class SchemaLog implements SchemaRegistry {
  private readonly memory = new MemoryRegistry();
  private readonly topic: string;
  private writer: LogWriter | undefined;
  /** One registration at a time, so that ids stay in the order of the topic. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: SchemaLogDeps) {
    this.topic = schemaTopic(deps.serviceId);
  }

  /** Reads what was registered before. Throws STATE_ERROR where a record of the topic is damaged. */
  async open(): Promise<void> {
    const { log } = this.deps;
    if ((await log.describeTopic(this.topic)) === undefined) return;
    const [offsets] = await log.offsets(this.topic);
    if (offsets === undefined || offsets.end === 0) return;
    const reader = log.reader({ clientId: `${this.deps.serviceId}-schemas` });
    try {
      reader.assign(this.topic, 0, 0);
      const cursor = new BatchCursor();
      for (let next = 0; next < offsets.end; ) {
        for (const fetched of await reader.poll(READ_MS)) {
          for (const batch of fetched.batches) {
            cursor.reset(batch);
            while (cursor.next()) {
              this.apply(cursor.buffer.toString('utf8', cursor.valueStart, cursor.valueEnd), cursor.offset);
            }
          }
          next = fetched.nextOffset;
        }
      }
    } finally {
      await reader.close();
    }
  }

  known(id: number): RegisteredSchema | null {
    return this.memory.known(id);
  }

  latest(subject: string): Promise<RegisteredSchema | undefined> {
    return this.memory.latest(subject);
  }

  has(subject: string | undefined, id: number | undefined): Promise<boolean> {
    return this.memory.has(subject, id);
  }

  fetch(id: number): Promise<RegisteredSchema | undefined> {
    return this.memory.fetch(id);
  }

  register(subject: string, schema: SchemaText): Promise<number> {
    const run = this.turn.then(() => this.add(subject, schema));
    this.turn = run.catch(() => undefined); // its own caller was told
    return run;
  }

  async close(): Promise<void> {
    await this.turn;
    await this.writer?.close();
  }

  private async add(subject: string, schema: SchemaText): Promise<number> {
    const known = this.memory.idIn(subject, schema);
    if (known !== undefined) return known;
    const id = this.memory.idFor(schema);
    const entry: Entry = { version: 1, subject, schema: { ...schema, id } };
    const key = Buffer.from(subject, 'utf8');
    const value = Buffer.from(JSON.stringify(entry), 'utf8');
    const batch = new BatchBuilder();
    batch.add(this.deps.clock.now(), key, 0, key.length, value, 0, value.length);
    const writer = await this.opened();
    try {
      writer.append(this.topic, 0, batch.finish()!);
      await writer.flush();
    } catch (e) {
      // A writer that has failed is dead. The schema may be in the topic all the same: there is nothing wrong with that.
      this.writer = undefined;
      throw e;
    }
    this.memory.add(subject, schema, id);
    return id;
  }

  private async opened(): Promise<LogWriter> {
    if (this.writer !== undefined) return this.writer;
    const { log, serviceId } = this.deps;
    await log.createTopics([
      { name: this.topic, partitions: 1, config: { 'retention.ms': '-1', 'cleanup.policy': 'delete' } },
    ]);
    this.writer = await log.writer({ clientId: `${serviceId}-schemas` });
    return this.writer;
  }

  private apply(text: string, offset: number): void {
    let entry: Entry;
    try {
      entry = JSON.parse(text) as Entry;
    } catch (e) {
      throw new WeirError('STATE_ERROR', `Record ${offset} of ${this.topic} is damaged: ${messageOf(e)}`);
    }
    const { id, ...schema } = entry.schema;
    this.memory.add(entry.subject, schema, id);
  }
}
