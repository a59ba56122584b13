import type { LosslessNumber } from 'lossless-json';
import type { SqlType } from '../../values/sql-type.js';
import { parseDate, parseTime } from '../../values/temporal.js';
import type { JsonRow, JsonValue, SourceContext } from '../connector.js';
import { NUMBER, numberJson } from '../files/numbers.js';
import { type TimeOptions, timestampMs } from '../files/times.js';
import { type FileSourceOptions, timesOf } from './options.js';

type Json = typeof import('lossless-json');

/** The class does not say of itself that it is one. */
const lossless = (n: LosslessNumber): JsonValue => n as unknown as JsonValue;

/** Numbers that a double may not have as they are written, and those that it prints in another way. */
const UNEVEN = /\d{16}|\.\d*0(?!\d)|\d[eE]|\.\d{15}|-0(?![.\d])/;

/** Makes the values of rows, by the columns that they go into. */
export class Cells {
  private readonly types: ReadonlyMap<string, SqlType> | undefined;
  private readonly times: TimeOptions;
  private readonly texts: ReadonlySet<string>;
  private readonly nullText: string;

  private constructor(
    private readonly json: Json,
    { into, options }: SourceContext<FileSourceOptions>,
  ) {
    const columns = into === undefined ? undefined : [...into.schema.key, ...into.schema.value];
    this.types = columns === undefined ? undefined : new Map(columns.map((c) => [c.name.toLowerCase(), c.type]));
    this.times = timesOf(options);
    this.texts = new Set(options.textColumns?.map((name) => name.toLowerCase()));
    this.nullText = options.nullText;
  }

  static async of(context: SourceContext<FileSourceOptions>): Promise<Cells> {
    return new Cells(await import('lossless-json'), context);
  }

  /** @throws WeirError, EvaluationError where a text is no value of its column */
  ofCsv(fields: ReadonlyMap<string, string | null>): JsonRow {
    return Object.fromEntries([...fields].map(([name, text]) => [name, this.cell(name, text!)]));
  }

  /** A JSON object as its text, and as `JSON.parse` has read it. @throws as `ofCsv` */
  ofJson(text: string, parsed: object): JsonRow {
    const row = (UNEVEN.test(text) ? this.json.parse(text, undefined, (n) => this.number(n)) : parsed) as JsonRow;
    return this.fit(row);
  }

  /** A row whose times are texts. @throws as `ofCsv` */
  fit(row: JsonRow): JsonRow {
    const { types } = this;
    if (types === undefined) return row;
    return Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const type = types.get(name.toLowerCase());
        return [name, type !== undefined && typeof value === 'string' ? this.time(value, type) : value];
      }),
    );
  }

  /** A number with all its digits. */
  number(text: string): JsonValue {
    const plain = numberJson(text);
    const n = Number(plain);
    if (String(n) === plain && (Number.isSafeInteger(n) || !Number.isInteger(n))) return n;
    return /^-?\d+$/.test(plain) && plain !== '-0' ? BigInt(plain) : lossless(new this.json.LosslessNumber(plain));
  }

  private cell(name: string, text: string): JsonValue {
    const type = this.types?.get(name.toLowerCase());
    if (type === undefined) return this.guessed(name, text);
    if (text === this.nullText || (text === '' && type.kind !== 'STRING')) return null;
    switch (type.kind) {
      case 'STRING':
      case 'BYTES':
        return text;
      case 'BOOLEAN': {
        const word = text.trim().toLowerCase();
        return word === 'true' ? true : word === 'false' ? false : text;
      }
      case 'INTEGER':
      case 'BIGINT':
      case 'DOUBLE':
      case 'DECIMAL':
        return NUMBER.test(text.trim()) ? this.number(text.trim()) : text;
      case 'DATE':
      case 'TIME':
      case 'TIMESTAMP':
        return this.time(text, type);
      default:
        return this.json.parse(text, undefined, (n) => this.number(n)) as JsonValue;
    }
  }

  /** Without a column to go by, as weir load does it. */
  private guessed(name: string, text: string): JsonValue {
    if (this.types === undefined && this.texts.has(name.toLowerCase())) return text;
    if (text === '' || text === this.nullText) return null;
    if (NUMBER.test(text)) return this.number(text);
    return text === 'true' ? true : text === 'false' ? false : text;
  }

  /** A text that stands for a time; other columns keep it. */
  private time(text: string, type: SqlType): JsonValue {
    switch (type.kind) {
      case 'TIMESTAMP':
        return timestampMs(text, this.times);
      case 'DATE':
        return parseDate(text.trim());
      case 'TIME':
        return parseTime(text.trim());
      default:
        return text;
    }
  }
}
