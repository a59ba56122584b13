import type { ByteWriter } from '../../records/bytes.js';
import type { Value } from '../../values/value.js';
import { type CoderContext, DecodeError, type RowDecoder } from '../format.js';
import { pinnedSchema } from './pinned.js';
import { type RegisteredSchema, SchemaNeeded, type SchemaText, type SchemaType } from './registry.js';

/*
 * Confluent's wire format: a zero byte, the schema's id in four bytes, the payload
 * (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format).
 */

const MAGIC = 0;
export const PREFIX_BYTES = 5;
/** Schemas of one topic that a decoder keeps readers of. */
const MAX_READERS = 1000;

export function writePrefix(out: ByteWriter, id: number): void {
  out.byte(MAGIC);
  out.int32(id);
}

/** The schema id in a framed payload. Throws DecodeError where there is none. */
export function schemaIdOf(bytes: Buffer, start: number, end: number): number {
  if (end - start < PREFIX_BYTES || bytes[start] !== MAGIC) {
    throw new DecodeError('Unknown magic byte: the payload does not begin with the id of a schema');
  }
  return bytes.readInt32BE(start + 1);
}

/** Reads payloads that were written with one schema. */
export type PayloadReader = RowDecoder;

/** Reads framed payloads, each with the schema that it names. */
export class FramedDecoder implements RowDecoder {
  private readonly readers = new Map<number, PayloadReader>();
  private lastId = -1;
  private last: PayloadReader | undefined;

  constructor(
    private readonly context: CoderContext,
    private readonly type: SchemaType,
    /** Throws DecodeError for a schema whose data cannot be read as these columns. */
    private readonly readerOf: (schema: SchemaText) => PayloadReader,
  ) {}

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    if (start >= end) {
      for (let i = 0; i < this.context.columns.length; i++) row[i] = null;
      return false;
    }
    const id = schemaIdOf(bytes, start, end);
    if (id !== this.lastId || this.last === undefined) {
      this.last = this.reader(id);
      this.lastId = id;
    }
    return this.last.decode(bytes, start + PREFIX_BYTES, end, row);
  }

  private reader(id: number): PayloadReader {
    let reader = this.readers.get(id);
    if (reader === undefined) {
      reader = this.readerOf(writtenWith(this.context, this.type, id));
      if (this.readers.size >= MAX_READERS) this.readers.clear();
      this.readers.set(id, reader);
    }
    return reader;
  }
}

/** The schema of a payload. Throws SchemaNeeded where nobody has asked for it yet, DecodeError where it is none. */
export function writtenWith({ ref, schemas }: CoderContext, type: SchemaType, id: number): RegisteredSchema {
  const pinned = pinnedSchema(ref, type);
  if (pinned?.id === id) return pinned;
  const schema = schemas?.known(id);
  if (schema === undefined && schemas !== undefined) throw new SchemaNeeded(id);
  if (schema === undefined || schema === null) {
    throw new DecodeError(`The schema registry has no schema with id ${id}`);
  }
  if (schema.type !== type) throw new DecodeError(`Schema ${id} is of type ${schema.type}, not ${type}`);
  return schema;
}
