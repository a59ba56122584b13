import type { FastifyReply, FastifyRequest } from 'fastify';
import { type EngineApi, messageOf, type RawRecord, WeirError } from '../../../engine/index.js';
import {
  anything,
  described,
  integer,
  list,
  map,
  named,
  object,
  optional,
  orNull,
  text,
} from '../../wire/json-schema.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import { bodyText, exactJson, jsonText } from '../json-rows.js';
import { JSON_TYPE } from '../media.js';

/** The part of Confluent's REST Proxy that producers use, in its versions 1 and 2: `POST /topics/{topic}`. */

type Embedded = 'json' | 'avro' | 'binary';

const TYPE = /^application\/vnd\.kafka(?:\.(json|avro|binary))?\.v[12]\+json$/;
const PRODUCED = named(
  'RestProxyProduced',
  object({
    offsets: list(
      object({ partition: orNull(integer), offset: orNull(integer), error_code: orNull(integer), error: orNull(text) }),
    ),
    key_schema_id: orNull(integer),
    value_schema_id: orNull(integer),
  }),
);
const TOPIC = named(
  'RestProxyTopic',
  object({ name: text, configs: map(text), partitions: list(object({ partition: integer })) }),
);

/** A refusal as REST Proxy has it: a status, and a code that begins with it. */
class ProxyError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

interface ProxyRoute {
  readonly Params: { readonly topic: string; readonly partition?: string };
}

interface Sent {
  readonly key_schema?: unknown;
  readonly key_schema_id?: unknown;
  readonly value_schema?: unknown;
  readonly value_schema_id?: unknown;
  readonly records?: unknown;
}

const REFUSED = named('RestProxyError', object({ error_code: integer, message: text }));

const producing = (path: string): Endpoint =>
  endpoint<ProxyRoute>({
    method: 'POST',
    path,
    summary: "Records as Confluent's REST Proxy takes them: JSON, Avro or binary by the Content-Type, v1 and v2.",
    lines: {
      type: 'application/vnd.kafka.json.v2+json',
      schema: named(
        'RestProxyRecords',
        described(
          optional({
            ...{ key_schema: text, key_schema_id: integer, value_schema: text, value_schema_id: integer },
            records: list(optional({ key: anything, value: anything, partition: orNull(integer) })),
          }),
          'With schemas as text, or their ids, for Avro.',
        ),
      ),
    },
    answers: { 200: PRODUCED },
    refusals: REFUSED,
    handler:
      ({ engine, config }) =>
      (request, reply) =>
        answered(reply, async () => {
          const kind = embeddedOf(request);
          const sent = exactJson(await bodyText(request.body, config.limits.maxBody)) as Sent;
          const { topic, partition } = request.params;
          return produce(engine, topic, partition, kind, sent);
        }),
  });

export const REST_PROXY: readonly Endpoint[] = [
  producing('/topics/:topic'),
  producing('/topics/:topic/partitions/:partition'),
  endpoint({
    method: 'GET',
    path: '/topics',
    summary: 'The names of the topics.',
    answers: { 200: named('RestProxyTopics', list(text)) },
    handler:
      ({ engine }) =>
      async () =>
        (await engine.topics()).map((t) => t.name),
  }),
  endpoint<ProxyRoute>({
    method: 'GET',
    path: '/topics/:topic',
    summary: 'A topic and its partitions.',
    answers: { 200: TOPIC },
    refusals: REFUSED,
    handler:
      ({ engine }) =>
      ({ params }, reply) =>
        answered(reply, async () => {
          const found = (await engine.topics()).find((t) => t.name === params.topic);
          if (found === undefined) throw new ProxyError(40401, 'Topic not found.');
          const partitions = Array.from({ length: found.partitions }, (_, partition) => ({ partition }));
          return { name: found.name, configs: {}, partitions };
        }),
  }),
];

/** Refusals are REST Proxy's; all else is answered as everywhere. */
async function answered(reply: FastifyReply, work: () => Promise<object>): Promise<FastifyReply> {
  try {
    return await reply.type(JSON_TYPE).send(await work());
  } catch (e) {
    if (!(e instanceof ProxyError)) throw e;
    return reply
      .code(Math.floor(e.code / (e.code > 999 ? 100 : 1)))
      .type(JSON_TYPE)
      .send({ error_code: e.code, message: e.message });
  }
}

/** What the records are by the type that the client has given. */
function embeddedOf(request: FastifyRequest): Embedded {
  const { rawHeaders } = request.raw;
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type');
  const type = (at < 0 ? '' : rawHeaders[at + 1]!).split(';')[0]!.trim().toLowerCase();
  const [known, kind] = TYPE.exec(type) ?? [];
  if (known === undefined && type !== '' && type !== JSON_TYPE)
    throw new ProxyError(415, 'HTTP 415 Unsupported Media Type');
  // Version 1 without a word is binary, as it was first.
  return (kind as Embedded | undefined) ?? (type === JSON_TYPE || type === '' ? 'json' : 'binary');
}

async function produce(
  engine: EngineApi,
  topic: string,
  partition: string | undefined,
  kind: Embedded,
  sent: Sent,
): Promise<object> {
  const records = Array.isArray(sent.records) ? (sent.records as readonly Record<string, unknown>[]) : undefined;
  if (records === undefined) throw new ProxyError(422, 'records must be an array.');
  const has = (side: 'key' | 'value') => records.some((r) => r[side] !== undefined && r[side] !== null);
  const [key, value] = await Promise.all(
    (['key', 'value'] as const).map((side) => encoderOf(engine, topic, kind, side, sent, has(side))),
  );
  const raw = records.map((record, i): RawRecord => {
    const at = partition ?? record.partition;
    if (at !== undefined && at !== null && !/^\d+$/.test(String(at)))
      throw new ProxyError(422, `Record ${i} has no such partition.`);
    return {
      key: key!.encode(record.key, i),
      value: value!.encode(record.value, i),
      ...(at === undefined || at === null ? {} : { partition: Number(String(at)) }),
      ...(record.timestamp === undefined || record.timestamp === null
        ? {}
        : { timestamp: Number(String(record.timestamp)) }),
    };
  });
  const offsets = await placed(engine, topic, raw);
  return {
    offsets: offsets.map((o) => ({ ...o, error_code: null, error: null })),
    key_schema_id: key!.schemaId,
    value_schema_id: value!.schemaId,
  };
}

async function placed(engine: EngineApi, topic: string, records: readonly RawRecord[]) {
  try {
    return await engine.producePlaced(topic, records);
  } catch (e) {
    if (e instanceof WeirError && e.code === 'BAD_REQUEST')
      throw new ProxyError(/partition/i.test(e.message) ? 40402 : 422, e.message);
    throw e;
  }
}

interface SideEncoder {
  readonly schemaId: number | null;
  encode(value: unknown, record: number): Uint8Array | null;
}

async function encoderOf(
  engine: EngineApi,
  topic: string,
  kind: Embedded,
  side: 'key' | 'value',
  sent: Sent,
  isUsed: boolean,
): Promise<SideEncoder> {
  const some =
    (encode: (v: unknown, record: number) => Uint8Array): SideEncoder['encode'] =>
    (v, record) =>
      v === undefined || v === null ? null : encode(v, record);
  if (kind === 'json') return { schemaId: null, encode: some((v) => Buffer.from(jsonText(v), 'utf8')) };
  if (kind === 'binary') {
    return {
      schemaId: null,
      encode: some((v, i) => {
        if (typeof v !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(v))
          throw new ProxyError(42206, `The ${side} of record ${i} is no base64.`);
        return Buffer.from(v, 'base64');
      }),
    };
  }
  const schema = await schemaOf(engine, `${topic}-${side}`, side, sent);
  if (schema === undefined) {
    if (!isUsed) return { schemaId: null, encode: () => null };
    throw new ProxyError(
      side === 'key' ? 42201 : 42202,
      `Request includes ${side}s but does not include ${side} schema`,
    );
  }
  const encode = await avroEncoder(schema.text, side);
  return {
    schemaId: schema.id,
    encode: some((v, i) => {
      const head = Buffer.alloc(5);
      head.writeInt32BE(schema.id, 1);
      try {
        return Buffer.concat([head, encode(jsonText(v))]);
      } catch (e) {
        throw new ProxyError(42203, `Conversion of JSON to Avro failed: the ${side} of record ${i}: ${messageOf(e)}`);
      }
    }),
  };
}

async function schemaOf(
  engine: EngineApi,
  subject: string,
  side: 'key' | 'value',
  sent: Sent,
): Promise<{ readonly id: number; readonly text: string } | undefined> {
  const written = sent[`${side}_schema`];
  const given = sent[`${side}_schema_id`];
  if (written !== undefined && written !== null) {
    // As the original sends it, the schema is text; an object is meant as well.
    const schema = typeof written === 'string' ? written : jsonText(written);
    await avroEncoder(schema, side);
    return { id: await engine.registerSchema(subject, schema), text: schema };
  }
  if (given === undefined || given === null) return undefined;
  const id = Number(String(given));
  const found = Number.isInteger(id) ? await engine.schemaText(id) : undefined;
  if (found === undefined) throw new ProxyError(42207, `There is no schema ${String(given)}.`);
  return { id, text: found };
}

/** From Avro's JSON encoding to its binary one. */
async function avroEncoder(schema: string, side: string): Promise<(json: string) => Buffer> {
  const { default: avro } = await import('avsc');
  try {
    const type = avro.Type.forSchema(JSON.parse(schema) as never, { wrapUnions: true });
    return (json) => type.toBuffer(type.fromString(json));
  } catch (e) {
    throw new ProxyError(42205, `Invalid schema of ${side}s: ${messageOf(e)}`);
  }
}
