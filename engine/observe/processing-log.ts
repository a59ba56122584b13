import type { Clock } from '../base/clock.js';
import { messageOf, WeirError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Properties } from '../base/properties.js';
import { type SettingValues, valuesOf } from '../base/setting.js';
import type { Log, LogWriter } from '../log/log.js';
import { BatchBuilder } from '../records/batch.js';
import { PROCESSING_LOG } from '../settings.js';
import type { ErrorHistory, ErrorRecord, ProcessingEntry, ProcessingError } from './processing-error.js';

export interface ProcessingLogOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeId: string;
  readonly settings: ProcessingLogSettings;
}

type Said = SettingValues<typeof PROCESSING_LOG>;

export interface ProcessingLogSettings extends Omit<Said, 'topic' | 'createStream' | 'stream'> {
  readonly topic: string;
  /** Null: no stream is made. */
  readonly stream: string | null;
}

/** Entries that are kept for SHOW ERRORS. */
const KEPT = 1000;
/** Bytes that wait for the topic; beyond, entries are counted and left out of it. */
const MAX_WAITING = 1024 * 1024;
/** Characters of a message or a row in an entry. */
const MAX_TEXT = 16 * 1024;
const MAX_BATCH_BYTES = 256 * 1024;
const RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

const NO_MESSAGE: ProcessingEntry['message'] = {
  type: 0,
  deserializationError: null,
  recordProcessingError: null,
  productionError: null,
  serializationError: null,
  kafkaStreamsThreadError: null,
};

/** Reads ksqlDB's `ksql.logging.processing.*`. */
export function processingLogSettings(properties: Properties, serviceId: string): ProcessingLogSettings {
  const { topic, createStream, stream, ...values } = valuesOf(PROCESSING_LOG, properties);
  return { ...values, topic: topic ?? `${serviceId}ksql_processing_log`, stream: createStream ? stream : null };
}

/** The statement that makes the processing log a stream, with ksqlDB's columns. */
export const processingStreamSql = (name: string, topic: string): string =>
  `CREATE STREAM IF NOT EXISTS \`${name.replaceAll('`', '``')}\` (LOGGER VARCHAR, LEVEL VARCHAR, TIME BIGINT, MESSAGE STRUCT<\
TYPE INTEGER, \
DESERIALIZATIONERROR STRUCT<TARGET VARCHAR, ERRORMESSAGE VARCHAR, RECORDB64 VARCHAR, CAUSE ARRAY<VARCHAR>, TOPIC VARCHAR, \
\`PARTITION\` INTEGER, \`OFFSET\` BIGINT>, \
RECORDPROCESSINGERROR STRUCT<ERRORMESSAGE VARCHAR, RECORD VARCHAR, CAUSE ARRAY<VARCHAR>, \`PARTITION\` INTEGER, \`OFFSET\` BIGINT>, \
PRODUCTIONERROR STRUCT<ERRORMESSAGE VARCHAR>, \
SERIALIZATIONERROR STRUCT<TARGET VARCHAR, ERRORMESSAGE VARCHAR, RECORD VARCHAR, CAUSE ARRAY<VARCHAR>, TOPIC VARCHAR>, \
KAFKASTREAMSTHREADERROR STRUCT<ERRORMESSAGE VARCHAR, THREADNAME VARCHAR, CAUSE ARRAY<VARCHAR>>>) \
WITH (KAFKA_TOPIC='${topic.replaceAll("'", "''")}', VALUE_FORMAT='JSON');`;

/**
 * The processing log of a node: the latest entries in memory, and all of them on a topic, as fast as that takes them. It is
 * best effort by intent: queries never wait for it, and what it could not write it counts.
 */
export class ProcessingLog implements ErrorHistory {
  unwritten = 0;
  private readonly kept: ProcessingEntry[] = [];
  private oldest = 0;
  private waiting: { readonly time: number; readonly value: Buffer }[] = [];
  private waitingBytes = 0;
  private writing: Promise<void> | null = null;
  private writer: LogWriter | null = null;
  /** The topic is there. */
  private open = false;
  private readonly aborter = new AbortController();

  constructor(private readonly options: ProcessingLogOptions) {}

  /** Finds or makes the topic. Rejects where it cannot be made. */
  async start(): Promise<void> {
    const { log, settings, logger } = this.options;
    const { topic, createTopic, partitions, replicas } = settings;
    let there: boolean;
    try {
      there = (await log.describeTopic(topic)) !== undefined;
    } catch (e) {
      // Who has not asked for the topic need not be let in to it.
      if (createTopic || !(e instanceof WeirError) || e.code !== 'KAFKA_DENIED') throw e;
      logger.info({ topic, error: e.message }, 'the processing log has no topic: its entries are kept in memory');
      return;
    }
    if (!there) {
      if (!createTopic) {
        logger.info({ topic }, 'the processing log has no topic: its entries are kept in memory (SHOW ERRORS)');
        return;
      }
      await log.createTopics([{ name: topic, partitions, ...(replicas === undefined ? {} : { replicas }) }]);
    }
    this.open = true;
  }

  report(error: ProcessingError, record?: ErrorRecord): void {
    const entry = this.entryOf(error, record);
    this.keep(entry);
    // An entry about the log's own topic would lead to another one, without end.
    if (this.open && error.topic !== this.options.settings.topic) this.write(entry);
  }

  entries(): readonly ProcessingEntry[] {
    return [...this.kept.slice(this.oldest), ...this.kept.slice(0, this.oldest)];
  }

  /** Writes what waits, unless the log is away, and lets go of it. */
  async close(): Promise<void> {
    this.aborter.abort(new Error('closed'));
    await this.writing;
    await this.writer?.close();
    this.writer = null;
  }

  /** Resolves when nothing waits for the topic any more. */
  async settled(): Promise<void> {
    while (this.writing !== null) await this.writing;
  }

  private keep(entry: ProcessingEntry): void {
    if (this.kept.length < KEPT) this.kept.push(entry);
    else {
      this.kept[this.oldest] = entry;
      this.oldest = (this.oldest + 1) % KEPT;
    }
  }

  private entryOf(error: ProcessingError, record: ErrorRecord | undefined): ProcessingEntry {
    const { clock, settings } = this.options;
    const errorMessage = cut(error.message);
    const { queryId, node, topic, partition, offset } = error;
    const target = error.target ?? null;
    const text = () => (settings.rows ? cut(record?.text() ?? null) : null);
    const bytes = settings.rows && error.kind === 'deserialization' ? (record?.bytes() ?? null) : null;
    const entry = (suffix: string, message: Partial<ProcessingEntry['message']>): ProcessingEntry => ({
      logger: `processing.${queryId}.${node}${suffix}`,
      level: error.kind === 'late' ? 'WARN' : 'ERROR',
      time: clock.now(),
      message: { ...NO_MESSAGE, ...message },
    });
    switch (error.kind) {
      case 'deserialization':
        return entry('.deserializer', {
          type: 0,
          deserializationError: {
            target,
            errorMessage: `Error deserializing message from topic: ${topic ?? ''}`,
            recordB64: bytes === null ? null : Buffer.from(bytes.subarray(0, MAX_TEXT)).toString('base64'),
            cause: [errorMessage],
            topic,
            partition,
            offset,
          },
        });
      case 'evaluation':
      case 'late':
        return entry('', {
          type: 1,
          recordProcessingError: { errorMessage, record: text(), cause: [], partition, offset },
        });
      case 'production':
        return entry('', { type: 2, productionError: { errorMessage } });
      case 'failure':
        return entry('', { type: 4, kafkaStreamsThreadError: { errorMessage, threadName: queryId, cause: [] } });
      case 'serialization':
        return entry('.serializer', {
          type: 3,
          serializationError: {
            target,
            errorMessage: `Error serializing message to topic: ${topic ?? ''}`,
            record: text(),
            cause: [errorMessage],
            topic,
          },
        });
    }
  }

  private write(entry: ProcessingEntry): void {
    const value = Buffer.from(JSON.stringify(entry), 'utf8');
    if (this.waitingBytes + value.length > MAX_WAITING || this.aborter.signal.aborted) {
      this.unwritten++;
      return;
    }
    this.waiting.push({ time: entry.time, value });
    this.waitingBytes += value.length;
    this.writing ??= this.drain().finally(() => {
      this.writing = null;
    });
  }

  /** Writes until nothing waits. Rejects never: what the log does not take is tried again, and meanwhile counted. */
  private async drain(): Promise<void> {
    const { clock, logger, settings } = this.options;
    const { signal } = this.aborter;
    let failures = 0;
    // What is reported in one turn of the event loop goes in one batch.
    await null;
    while (this.waiting.length > 0) {
      const batch = this.nextBatch();
      try {
        await this.append(batch);
        failures = 0;
        this.waiting.splice(0, batch.count);
        this.waitingBytes -= batch.bytes;
      } catch (e) {
        const { writer } = this;
        this.writer = null;
        await writer
          ?.close()
          .catch((error: unknown) => logger.debug({ error: messageOf(error) }, 'a dead writer did not close cleanly'));
        if (failures++ === 0) {
          logger.warn({ topic: settings.topic, error: messageOf(e) }, 'the processing log could not be written');
        }
        if (!signal.aborted) {
          // Only `close` ends the pause early.
          await clock.sleep(Math.min(RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS), signal).catch(() => {});
        }
        if (!signal.aborted) continue;
        this.unwritten += this.waiting.length;
        this.waiting = [];
        this.waitingBytes = 0;
      }
    }
  }

  private nextBatch(): { readonly batch: Buffer; readonly count: number; readonly bytes: number } {
    const builder = new BatchBuilder();
    let count = 0;
    let bytes = 0;
    for (const { time, value } of this.waiting) {
      if (count > 0 && bytes + value.length > MAX_BATCH_BYTES) break;
      builder.add(time, null, -1, -1, value, 0, value.length);
      count++;
      bytes += value.length;
    }
    return { batch: builder.finish()!, count, bytes };
  }

  private async append({ batch }: { readonly batch: Buffer }): Promise<void> {
    const { log, nodeId, settings } = this.options;
    this.writer ??= await log.writer({ clientId: `${nodeId}-processing-log` });
    this.writer.append(settings.topic, 0, batch);
    await this.writer.flush();
  }
}

function cut(text: string): string;
function cut(text: string | null): string | null;
function cut(text: string | null): string | null {
  return text !== null && text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
