import type { Print } from '../../parser/ast.js';
import { didYouMean } from '../../parser/index.js';
import type { QueryEnd, QueryStream, RowBatch } from '../api/engine-api.js';
import { WeirError } from '../base/errors.js';
import type { LogReader } from '../log/log.js';
import { BatchCursor } from '../records/batch.js';
import { readMarker } from '../records/progress.js';
import type { EngineParts } from './context.js';
import { PayloadPrinter } from './print-payload.js';

const POLL_MS = 500;
/** Lines of one batch: the rest waits for the reader of the query. */
const MAX_LINES = 1000;

/** PRINT topic [FROM BEGINNING] [INTERVAL n] [LIMIT n]: the records of a topic as text, whatever wrote them. */
export async function openPrint(statement: Print, queryId: string, parts: EngineParts): Promise<QueryStream> {
  const topic = statement.topic;
  const info = await parts.log.describeTopic(topic);
  if (info === undefined) {
    const names = (await parts.log.listTopics()).map((t) => t.name);
    const near = didYouMean(topic, names);
    throw new WeirError(
      'BAD_STATEMENT',
      `Could not find topic '${topic}', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive.`,
      near === undefined ? undefined : `Did you mean '${near}'?`,
    );
  }
  const reader = parts.log.reader({ clientId: queryId });
  for (const p of await parts.log.offsets(topic)) {
    reader.assign(topic, p.partition, statement.fromBeginning ? p.earliest : p.end);
  }
  const { interval, limit } = statement;
  const [keys, values] = [new PayloadPrinter(parts.registry, true), new PayloadPrinter(parts.registry, false)];
  return new PrintStream(reader, queryId, { keys, values }, interval ?? 1, limit ?? Number.POSITIVE_INFINITY);
}

class PrintStream implements QueryStream {
  readonly kind = 'print';
  readonly columns = [];
  end: QueryEnd = 'terminated';
  private closed = false;
  private closing: Promise<void> | undefined;
  private seen = 0;
  private printed = 0;
  private told = false;
  private readonly waiting: string[] = [];

  constructor(
    private readonly reader: LogReader,
    readonly queryId: string,
    private readonly printers: { readonly keys: PayloadPrinter; readonly values: PayloadPrinter },
    private readonly interval: number,
    private readonly limit: number,
  ) {}

  async next(): Promise<RowBatch | undefined> {
    while (this.waiting.length === 0) {
      if (this.closed) return undefined;
      if (this.printed >= this.limit) {
        this.end = 'limit';
        return undefined;
      }
      await this.read();
    }
    return { rows: [], lines: this.waiting.splice(0, MAX_LINES) };
  }

  close(): Promise<void> {
    this.closed = true;
    this.reader.wakeup();
    this.closing ??= this.reader.close();
    return this.closing;
  }

  private async read(): Promise<void> {
    const cursor = new BatchCursor();
    for (const fetched of await this.reader.poll(POLL_MS)) {
      for (const batch of fetched.batches) {
        cursor.reset(batch);
        while (this.printed < this.limit && cursor.next()) {
          // What tasks tell each other is no row.
          if (readMarker(cursor) !== undefined) continue;
          if (this.seen++ % this.interval !== 0) continue;
          const key = await this.printers.keys.show(cursor.buffer, cursor.keyStart, cursor.keyEnd);
          const value = await this.printers.values.show(cursor.buffer, cursor.valueStart, cursor.valueEnd);
          if (!this.told) {
            this.waiting.push(`Key format: ${key.format}`, `Value format: ${value.format}`);
            this.told = true;
          }
          const time = new Date(cursor.timestamp)
            .toISOString()
            .replaceAll('-', '/')
            .replace('T', ' ')
            .replace('Z', ' Z');
          this.waiting.push(
            `rowtime: ${time}, key: ${key.text}, value: ${value.text}, partition: ${fetched.partition}`,
          );
          this.printed++;
        }
      }
    }
  }
}
