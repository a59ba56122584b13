import { LosslessNumber, parse } from 'lossless-json';
import { parseDate, parseTime, parseTimestamp } from '../../values/temporal.js';
import type { JsonValue } from '../connector.js';
import type { Session } from './session.js';

/** What a value of Postgres, in its text form, is as JSON. */
export type ToJson = (text: string) => JsonValue;

/**
 * How dates and times are written. `text`: ISO-8601, which the columns of a stream or table take (`into`). `number`: milliseconds of
 * TIMESTAMP and TIME, days of DATE, as columns of a stream over a topic of JSON take them.
 */
export type TimeFormat = 'text' | 'number';

const same: ToJson = (text) => text;

/** NaN and the infinities are no numbers of JSON: they are text, which a DOUBLE column takes. */
const float: ToJson = (text) => (/^(?:NaN|-?Infinity)$/.test(text) ? text : Number(text));
const numeric: ToJson = (text) => (/^(?:NaN|-?Infinity)$/.test(text) ? text : lossless(text));
const lossless = (text: string): JsonValue => new LosslessNumber(text) as unknown as JsonValue;
const json: ToJson = (text) =>
  parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue }) as unknown as JsonValue;

const FULL = /^\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:\+00)?$/;
/** `2020-01-31 10:00:00.5+00` as ISO-8601. What has no such form (infinity, BC) stays as it is. */
const timestamp: ToJson = (text) => (FULL.test(text) ? text.replace(' ', 'T').replace('+00', 'Z') : text);

/** By the name of its type in `pg_catalog`; all others are text. */
const READERS: Readonly<Record<string, ToJson>> = {
  bool: (text) => text === 't',
  int2: Number,
  int4: Number,
  int8: BigInt,
  oid: Number,
  float4: float,
  float8: float,
  numeric,
  bytea: (text) => Buffer.from(text.slice(2), 'hex').toString('base64'),
  json,
  jsonb: json,
  timestamp,
  timestamptz: timestamp,
};

const AS_NUMBERS: Readonly<Record<string, ToJson>> = {
  timestamp: (text) => (FULL.test(text) ? parseTimestamp(String(timestamp(text))) : text),
  timestamptz: (text) => (FULL.test(text) ? parseTimestamp(String(timestamp(text))) : text),
  date: (text) => (/^\d{4,}-\d\d-\d\d$/.test(text) ? parseDate(text) : text),
  // 24:00:00 is a time of Postgres alone.
  time: (text) => (text.startsWith('24') ? text : parseTime(text)),
};

/** That of `pg.types`, whose declaration says something else. */
export interface ArrayParser {
  create(text: string, entry: ToJson): { parse(): unknown };
}

interface TypeRow {
  readonly oid: string;
  readonly name: string;
  readonly system: string;
  /** `d`: a domain, whose values are those of `base`. */
  readonly type: string;
  readonly base: string;
  /** Of an array: the type of its elements; else 0. */
  readonly element: string;
  readonly delimiter: string;
}

/** The types of one database, read from it as they are met. */
export class Types {
  private readonly readers = new Map<number, ToJson>();
  private readonly named: Readonly<Record<string, ToJson>>;

  constructor(
    times: TimeFormat,
    private readonly arrays: ArrayParser,
  ) {
    this.named = times === 'number' ? { ...READERS, ...AS_NUMBERS } : READERS;
  }

  /** Learns the types that are new, and those that they are made of. */
  async learn(oids: Iterable<number>, session: Session): Promise<void> {
    const wanted = [...new Set(oids)].filter((oid) => !this.readers.has(oid));
    if (wanted.length === 0) return;
    const rows = await session.rows<TypeRow>(
      `SELECT t.oid::text, t.typname AS name, (n.nspname = 'pg_catalog')::text AS system, t.typtype AS type,
              t.typbasetype::text AS base,
              CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END::text AS element, t.typdelim AS delimiter
         FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = ANY($1::oid[])`,
      [wanted],
    );
    const parts = rows.map((t) => Number(t.type === 'd' ? t.base : t.element)).filter((oid) => oid !== 0);
    await this.learn(parts, session);
    for (const t of rows) this.readers.set(Number(t.oid), this.readerOf(t));
    // A type that has been dropped since: its values are told as text.
    for (const oid of wanted) if (!this.readers.has(oid)) this.readers.set(oid, same);
  }

  /** Of a type that has been learned. */
  reader(oid: number): ToJson {
    const reader = this.readers.get(oid);
    if (reader === undefined) throw new Error(`type ${oid} has not been learned`);
    return reader;
  }

  private readerOf(t: TypeRow): ToJson {
    if (t.type === 'd') return this.reader(Number(t.base));
    if (t.element !== '0' && t.delimiter === ',') {
      const entry = this.reader(Number(t.element));
      return (text) => this.arrays.create(text, entry).parse() as JsonValue;
    }
    return (t.system === 'true' ? this.named[t.name] : undefined) ?? same;
  }
}
