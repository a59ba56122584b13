import type { Logger } from '../base/logger.js';
import type { Log, LogWriter, RefusedRecord } from '../log/log.js';
import { DEAD_LETTER_HEADERS } from '../persistent/dead-letter.js';
import { OutputBatches } from '../records/output-batches.js';
import type { Header } from '../records/record.js';

/** A record, or what should have been one, that a connector cannot take further. */
export interface ConnectorLetter {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: number;
  readonly headers: readonly Header[];
  /** Where it comes from: a place on a topic, or what the source says of its origin. */
  readonly place:
    | { readonly topic: string; readonly partition: number; readonly offset: number }
    | { readonly origin: string | undefined };
  readonly stage: 'KEY' | 'VALUE' | 'RECORD' | 'WRITE';
  readonly reason: string;
}

const MAX_REASON = 4096;
const NO_BYTES = Buffer.alloc(0);
const text = (key: string, value: string): Header => ({ key, value: Buffer.from(value, 'utf8') });

/** The dead letters of a connector's task that wait to be appended to the topic of `errors.deadletterqueue.topic.name`. */
export class ConnectorLetters {
  private readonly batches: OutputBatches;
  private turn = 0;

  private constructor(
    readonly topic: string,
    private readonly partitions: number,
    private readonly of: { readonly serviceId: string; readonly connector: string; readonly logger: Logger },
  ) {
    this.batches = new OutputBatches(topic);
  }

  /** Makes the topic where it is missing. */
  static async open(
    log: Log,
    topic: string,
    partitions: number,
    of: { readonly serviceId: string; readonly connector: string; readonly logger: Logger },
  ): Promise<ConnectorLetters> {
    if ((await log.describeTopic(topic)) === undefined) {
      await log.createTopics([{ name: topic, partitions, config: { 'retention.ms': '-1' } }]);
    }
    return new ConnectorLetters(topic, (await log.describeTopic(topic))?.partitions ?? partitions, of);
  }

  get bytes(): number {
    return this.batches.bytes;
  }

  add(letter: ConnectorLetter): void {
    const { place } = letter;
    const names = DEAD_LETTER_HEADERS;
    const from = 'topic' in place;
    const headers = [
      ...letter.headers,
      ...(from ? [text(names.topic, place.topic), text(names.partition, String(place.partition))] : []),
      ...(from ? [text(names.offset, String(place.offset))] : []),
      ...(!from && place.origin !== undefined ? [text(names.origin, place.origin)] : []),
      text(names.timestamp, String(letter.timestamp)),
      text(names.service, this.of.serviceId),
      text(names.connector, this.of.connector),
      text(names.stage, letter.stage),
      text(names.message, letter.reason.slice(0, MAX_REASON)),
    ];
    const partition = from ? place.partition : this.turn++;
    this.write(partition % this.partitions, letter.timestamp, letter.key, letter.value, headers);
  }

  drain(writer: LogWriter): void {
    this.batches.drain((topic, partition, batch) => writer.append(topic, partition, batch));
  }

  /** The log does not take a letter: it goes without its value, or not at all. False: it is none of these letters. */
  refused({ topic, partition, cursor, error, tooLarge }: RefusedRecord): boolean {
    if (topic !== this.topic) return false;
    const headers = cursor.headers();
    const isCut = headers.some((h) => h.key === DEAD_LETTER_HEADERS.omitted);
    if (!tooLarge || isCut || cursor.valueStart < 0) {
      this.of.logger.error({ topic, error: error.message }, 'a dead letter was refused');
      return true;
    }
    const key = cursor.keyStart < 0 ? null : Buffer.from(cursor.buffer.subarray(cursor.keyStart, cursor.keyEnd));
    const omitted = text(DEAD_LETTER_HEADERS.omitted, String(cursor.valueEnd - cursor.valueStart));
    this.write(partition, cursor.timestamp, key, null, [...headers, omitted]);
    return true;
  }

  private write(
    partition: number,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly Header[],
  ): void {
    const start = (bytes: Uint8Array | null): number => (bytes === null ? -1 : 0);
    this.batches.add(
      partition,
      timestamp,
      key ?? NO_BYTES,
      start(key),
      key?.length ?? 0,
      value ?? NO_BYTES,
      start(value),
      value?.length ?? 0,
      headers,
    );
  }
}
