import type { FastifyInstance } from 'fastify';
import { type RawRecord, WeirError } from '../../../engine/index.js';
import type { RouteContext } from '../app.js';

/** Records of one request: more goes in several. */
const MAX_RECORDS = 10_000;
const MAX_PARTITIONS = 10_000;

/**
 * `POST /topics/:topic/records` `{records: [{key, value, timestamp?, partition?, headers?}]}`: appends records to a topic, keys
 * and values as text (`key`, `value`) or base64 (`keyBase64`, `valueBase64`). What `weir load` and `weir datagen` use where a
 * server holds the embedded log. Answers `{"count": n, "partitions": of the topic}` once all of them are durable.
 *
 * `GET /topics/:topic/loads/:file`: how far `weir load` has come with a file.
 */
export function topicRoutes(app: FastifyInstance, { engine }: RouteContext): void {
  app.post<{ Params: { topic: string } }>(
    '/topics/:topic/records',
    { bodyLimit: 32 * 1024 * 1024 },
    async (request) => {
      const body = request.body as { records?: unknown; partitions?: unknown } | undefined;
      if (!Array.isArray(body?.records))
        throw new WeirError('BAD_REQUEST', "Member 'records' must be a list of records.");
      if (body.records.length > MAX_RECORDS) {
        throw new WeirError('LIMIT_EXCEEDED', `At most ${MAX_RECORDS} records go in one request.`);
      }
      const records = body.records.map(readRecord);
      const partitions = readPartitions(body.partitions);
      return engine.produce(request.params.topic, records, partitions);
    },
  );
  app.get<{ Params: { topic: string; file: string } }>('/topics/:topic/loads/:file', async (request) => {
    const { topic, file } = request.params;
    const marks = await engine.loadMarks(topic, file);
    if (marks === undefined) throw new WeirError('NOT_FOUND', `There is no topic ${topic}.`);
    return marks;
  });
}

function readPartitions(v: unknown): number | undefined {
  if (v === undefined || v === null) return undefined;
  if (!Number.isInteger(v) || (v as number) < 1 || (v as number) > MAX_PARTITIONS) {
    throw new WeirError('BAD_REQUEST', `Member 'partitions' must be a whole number from 1 to ${MAX_PARTITIONS}.`);
  }
  return v as number;
}

/** Node's decoder skips what is none: the record would be another than was meant. */
function base64(text: string, name: string, index: number): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1) {
    throw new WeirError('BAD_REQUEST', `Member '${name}' of record ${index} is no base64.`);
  }
  return Buffer.from(text, 'base64');
}

function readRecord(r: unknown, index: number): RawRecord {
  if (typeof r !== 'object' || r === null) throw new WeirError('BAD_REQUEST', `Record ${index} is no object.`);
  const o = r as Record<string, unknown>;
  const bytes = (name: string): Buffer | null => {
    const text = o[name];
    const encoded = o[`${name}Base64`];
    if (typeof text === 'string') return Buffer.from(text, 'utf8');
    if (typeof encoded === 'string') return base64(encoded, `${name}Base64`, index);
    if (text !== undefined && text !== null) {
      throw new WeirError('BAD_REQUEST', `Member '${name}' of record ${index} must be text or null.`);
    }
    return null;
  };
  const integer = (name: string): number | undefined => {
    const v = o[name];
    if (v === undefined || v === null) return undefined;
    if (!Number.isSafeInteger(v))
      throw new WeirError('BAD_REQUEST', `Member '${name}' of record ${index} must be a whole number.`);
    return v as number;
  };
  const timestamp = integer('timestamp');
  if (timestamp !== undefined && timestamp < 0) {
    throw new WeirError('BAD_REQUEST', `Member 'timestamp' of record ${index} is before 1970, which no topic takes.`);
  }
  const headers = readHeaders(o.headers, index);
  return { key: bytes('key'), value: bytes('value'), timestamp, partition: integer('partition'), headers };
}

/** `[{key, value}]`, values as text. */
function readHeaders(v: unknown, index: number): NonNullable<RawRecord['headers']> {
  if (v === undefined || v === null) return [];
  const isHeader = (h: unknown): h is { key: string; value: string } =>
    typeof (h as { key?: unknown } | null)?.key === 'string' && typeof (h as { value?: unknown }).value === 'string';
  if (!Array.isArray(v) || !v.every(isHeader)) {
    throw new WeirError('BAD_REQUEST', `Member 'headers' of record ${index} must be a list of {"key","value"} texts.`);
  }
  return v.map(({ key, value }) => ({ key, value: Buffer.from(value, 'utf8') }));
}
