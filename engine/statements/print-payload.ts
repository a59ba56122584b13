import { messageOf, WeirError } from '../base/errors.js';
import { DecodeError, type Format, formatByName, type RowDecoder, type RowEncoder } from '../formats/index.js';
import { PREFIX_BYTES, schemaIdOf } from '../formats/registry/framed.js';
import { type RegisteredSchema, SchemaNeeded, type SchemaRegistry } from '../formats/registry/registry.js';
import type { FormatRef } from '../plan/topology.js';
import { ByteWriter, readInt64 } from '../records/bytes.js';
import type { Column } from '../values/schema.js';
import type { Value } from '../values/value.js';

/** Schemas of one topic that readers are kept of. */
const MAX_READERS = 1000;
/** Where a time is later than this, it is none: the year 5138. */
const LAST_TIME = 100_000_000_000_000;
const TIME_BYTES = 8;

/** A payload as text, and what it was taken for: names of formats, or `unknown`. */
export interface PayloadText {
  readonly text: string;
  readonly format: string;
}

const NOTHING: PayloadText = { text: '<null>', format: '¯\\_(ツ)_/¯ - no data processed' };
const UNKNOWN = 'unknown';
const FORMAT_OF = { AVRO: 'AVRO', JSON: 'JSON_SR', PROTOBUF: 'PROTOBUF' } as const;

/** Shows payloads of one side of a topic, whatever wrote them, by what they look like. */
export class PayloadPrinter {
  /** By schema id; null: there is no such schema, or it has no columns; a text: why nobody knows. */
  private readonly readers = new Map<number, SchemaReader | string | null>();

  constructor(
    private readonly registry: SchemaRegistry,
    private readonly isKey: boolean,
  ) {}

  /** `start` below 0: there is none. Resolves; what cannot be read is shown in hex. */
  async show(buffer: Buffer, start: number, end: number): Promise<PayloadText> {
    if (start < 0) return NOTHING;
    const bytes = buffer.subarray(start, end);
    const plain = unframed(bytes);
    if (plain.format !== UNKNOWN && bytes[0] !== 0) return plain;
    // Those that read what begins with an id pass over bytes behind it: the window first.
    return (this.isKey ? await this.windowed(bytes) : undefined) ?? (await this.framed(bytes)) ?? plain;
  }

  /** A key with the start of a window behind it, or with a session's start and end. */
  private async windowed(bytes: Buffer): Promise<PayloadText | undefined> {
    for (const times of [2, 1]) {
      const length = bytes.length - times * TIME_BYTES;
      if (length <= 0) continue;
      const [from, to] = [timeAt(bytes, length), timeAt(bytes, bytes.length - TIME_BYTES)];
      if (from === undefined || to === undefined || from > to) continue;
      const inner = bytes.subarray(0, length);
      const { text, format } = (await this.framed(inner)) ?? unframed(inner);
      if (format === UNKNOWN) continue;
      const kinds = times === 2 ? ['SESSION'] : ['TUMBLING', 'HOPPING'];
      return {
        text: `[${text}@${from}/${times === 2 ? to : '-'}]`,
        format: kinds.map((kind) => `${kind}(${format})`).join(' or '),
      };
    }
    return undefined;
  }

  /** A payload that begins with the id of a schema; undefined: it does not, or is none of that schema. */
  private async framed(bytes: Buffer): Promise<PayloadText | undefined> {
    if (bytes.length <= PREFIX_BYTES || bytes[0] !== 0) return undefined;
    const id = schemaIdOf(bytes, 0, bytes.length);
    let reader = this.readers.get(id);
    if (reader === undefined) {
      reader = await this.reader(id);
      if (this.readers.size >= MAX_READERS) this.readers.clear();
      this.readers.set(id, reader);
    }
    if (reader === null) return undefined;
    if (typeof reader === 'string') return { text: hex(bytes), format: reader };
    return reader.show(bytes, this.registry);
  }

  private async reader(id: number): Promise<SchemaReader | string | null> {
    try {
      const schema = await this.registry.fetch(id);
      return schema === undefined ? null : readerOf(schema, this.isKey);
    } catch (e) {
      if (e instanceof WeirError && e.code === 'NO_SCHEMA_REGISTRY') return null;
      return `${UNKNOWN}: schema ${id} could not be read: ${messageOf(e)}`;
    }
  }
}

/** Reads the data of one schema, and writes them as JSON. */
class SchemaReader {
  private readonly row: Value[];

  constructor(
    private readonly format: Format,
    private readonly decoder: RowDecoder,
    private readonly encoder: RowEncoder,
    columns: number,
  ) {
    this.row = new Array<Value>(columns).fill(null);
  }

  async show(bytes: Buffer, registry: SchemaRegistry): Promise<PayloadText | undefined> {
    for (;;) {
      try {
        this.decoder.decode(bytes, 0, bytes.length, this.row);
        const out = new ByteWriter();
        const written = this.encoder.encode(this.row, out);
        return { text: written ? out.toBuffer().toString('utf8') : 'null', format: this.format.name };
      } catch (e) {
        if (e instanceof DecodeError) return undefined; // no data of this schema: shown as other bytes are
        if (!(e instanceof SchemaNeeded) || (await registry.fetch(e.id)) === undefined) throw e;
      }
    }
  }
}

function readerOf(schema: RegisteredSchema, isKey: boolean): SchemaReader | null {
  const format = formatByName(FORMAT_OF[schema.type]);
  const [wrapped, bare] = [true, false].map(
    (wrapSingle): FormatRef => ({ name: format.name, properties: {}, wrapSingle }),
  );
  for (const ref of [wrapped!, bare!]) {
    const columns = columnsOf(format, schema, ref, isKey);
    if (columns === undefined) continue;
    const needed = columns.map((_, i) => i);
    const schemas = { known: (id: number) => (id === schema.id ? schema : null) };
    const json = formatByName('JSON');
    return new SchemaReader(
      format,
      format.decoder({ columns, needed, ref, isKey, schemas }),
      json.encoder({ columns, needed, ref: { ...ref, name: json.name }, isKey }),
      columns.length,
    );
  }
  return null;
}

/** Undefined: as `ref` has it the schema gives no columns. */
function columnsOf(
  format: Format,
  schema: RegisteredSchema,
  ref: FormatRef,
  isKey: boolean,
): readonly Column[] | undefined {
  try {
    return format.schemas!.columnsOf(schema, { isKey, wrapped: ref.wrapSingle === true, exact: true, ref });
  } catch (e) {
    if (e instanceof WeirError && e.code === 'BAD_STATEMENT') return undefined;
    throw e;
  }
}

/** JSON, readable text, a 4- or 8-byte number, or else bytes in hex. */
function unframed(bytes: Buffer): PayloadText {
  const text = bytes.toString('utf8');
  const readable = !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text);
  if (readable) {
    if (/^\s*[{["]/.test(text)) {
      try {
        JSON.parse(text);
        return { text, format: 'JSON or KAFKA_STRING' };
      } catch {
        return { text, format: 'KAFKA_STRING' }; // text that only begins like JSON
      }
    }
    return { text, format: 'KAFKA_STRING' };
  }
  if (bytes.length === 4) return { text: String(bytes.readInt32BE(0)), format: 'KAFKA_INT' };
  if (bytes.length === 8) return { text: String(readInt64(bytes, 0)), format: 'KAFKA_BIGINT or KAFKA_DOUBLE' };
  return { text: hex(bytes), format: UNKNOWN };
}

const hex = (bytes: Buffer): string => `0x${bytes.toString('hex')}`;

/** Milliseconds since the epoch, where eight bytes may be that. */
function timeAt(bytes: Buffer, at: number): number | undefined {
  const time = Number(readInt64(bytes, at));
  return time >= 0 && time <= LAST_TIME ? time : undefined;
}
