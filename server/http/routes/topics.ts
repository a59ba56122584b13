import { type RawRecord, WeirError } from '../../../engine/index.js';
import {
  described,
  exactInteger,
  integer,
  list,
  named,
  object,
  optional,
  orNull,
  type Schema,
  text,
} from '../../wire/json-schema.js';
import { type Endpoint, endpoint } from '../endpoint.js';

/** Records of one request: more goes in several. */
const MAX_RECORDS = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_PARTITIONS = 10_000;

const base64: Schema = orNull({ ...text, format: 'base64' });

const RECORD: Schema = {
  title: 'record',
  ...optional({
    key: orNull(text),
    value: orNull(text),
    keyBase64: base64,
    valueBase64: base64,
    timestamp: orNull({
      ...exactInteger,
      minimum: 0,
      'x-refused': { minimum: 'is before 1970, which no topic takes' },
    }),
    partition: orNull(exactInteger),
    headers: orNull(list({ title: 'header', ...object({ key: text, value: text }) })),
  }),
};

const RECORDS = named('RecordsRequest', {
  ...optional({
    records: { ...list(RECORD), maxItems: MAX_RECORDS },
    partitions: described(
      orNull({ ...integer, minimum: 1, maximum: MAX_PARTITIONS }),
      'Of the topic, where it has to be made.',
    ),
  }),
  required: ['records'],
});
const WRITTEN = named('Written', object({ count: integer, partitions: integer }));
const LOAD_MARKS = named(
  'LoadMarks',
  object({ partitions: integer, run: orNull(integer), key: orNull(text), rows: list(integer) }, ['key']),
);

interface SentRecord {
  readonly key?: string | null;
  readonly value?: string | null;
  readonly keyBase64?: string | null;
  readonly valueBase64?: string | null;
  readonly timestamp?: number | null;
  readonly partition?: number | null;
  readonly headers?: readonly { readonly key: string; readonly value: string }[] | null;
}

interface Records {
  readonly Params: { readonly topic: string };
  readonly Body: { readonly records: readonly SentRecord[]; readonly partitions?: number | null };
}

interface Loads {
  readonly Params: { readonly topic: string; readonly file: string };
}

/** What `weir load` and `weir datagen` use where a server holds the embedded log. */
export const TOPICS: readonly Endpoint[] = [
  // Answers once all of the records are durable.
  endpoint<Records>({
    method: 'POST',
    path: '/topics/:topic/records',
    summary: 'Appends records to a topic, keys and values as text or base64.',
    body: RECORDS,
    bodyLimit: () => MAX_BYTES,
    answers: { 200: WRITTEN },
    handler:
      ({ engine }) =>
      async ({ params, body }) =>
        engine.produce(params.topic, body.records.map(rawRecord), body.partitions ?? undefined),
  }),
  endpoint<Loads>({
    method: 'GET',
    path: '/topics/:topic/loads/:file',
    summary: 'How far a file has been loaded into a topic: by partition the last of its rows.',
    answers: { 200: LOAD_MARKS },
    handler:
      ({ engine }) =>
      async ({ params: { topic, file } }) => {
        const marks = await engine.loadMarks(topic, file);
        if (marks === undefined) throw new WeirError('NOT_FOUND', `There is no topic ${topic}.`);
        return marks;
      },
  }),
];

const bytes = (plain: string | null | undefined, encoded: string | null | undefined): Buffer | null => {
  if (typeof plain === 'string') return Buffer.from(plain, 'utf8');
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : null;
};

const rawRecord = (r: SentRecord): RawRecord => ({
  key: bytes(r.key, r.keyBase64),
  value: bytes(r.value, r.valueBase64),
  timestamp: r.timestamp ?? undefined,
  partition: r.partition ?? undefined,
  headers: (r.headers ?? []).map(({ key, value }) => ({ key, value: Buffer.from(value, 'utf8') })),
});
