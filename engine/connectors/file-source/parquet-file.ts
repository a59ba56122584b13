import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData, SchemaTree } from 'hyparquet';
import { WeirError } from '../../base/errors.js';
import { Decimal } from '../../values/decimal.js';
import { dateText, timestampText } from '../../values/temporal.js';
import type { JsonRow, JsonValue } from '../connector.js';
import type { Cells } from './cells.js';

/** What is decoded at once, uncompressed: a row group may be larger and is then read in slices. */
const SLICE_BYTES = 32 * 1024 * 1024;
const SLICE_ROWS = 50_000;

/** Rows of a Parquet file; times are ISO 8601 texts, without a zone where the file says that they have none. */
export class ParquetFile {
  private constructor(
    private readonly buffer: AsyncBuffer,
    private readonly metadata: FileMetaData,
    private readonly row: (raw: Readonly<Record<string, unknown>>) => JsonRow,
  ) {}

  /** @throws WeirError BAD_REQUEST where it is no Parquet file */
  static async open(handle: FileHandle, name: string, cells: Cells): Promise<ParquetFile> {
    const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
    const { size } = await handle.stat();
    const buffer: AsyncBuffer = { byteLength: size, slice: (from, to = size) => slice(handle, from, to) };
    const metadata = await parquetMetadataAsync(buffer, { parsers: PARSERS }).catch((e: unknown) => {
      throw new WeirError('BAD_REQUEST', `${name} is no Parquet file: ${(e as Error).message}`, undefined, {
        cause: e,
      });
    });
    const columns = parquetSchema(metadata).children.map((c) => [c.element.name, converter(c, cells)] as const);
    // The library makes doubles of decimals: without their mark it gives what stands in the file.
    const schema = metadata.schema.map(({ converted_type, logical_type, ...rest }) =>
      converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL'
        ? rest
        : {
            ...rest,
            ...(converted_type === undefined ? {} : { converted_type }),
            ...(logical_type === undefined ? {} : { logical_type }),
          },
    );
    const row = (raw: Readonly<Record<string, unknown>>): JsonRow =>
      Object.fromEntries(columns.map(([column, convert]) => [column, convert(raw[column])]));
    return new ParquetFile(buffer, { ...metadata, schema }, row);
  }

  /** Rows from one number on, in slices of a row group. */
  async *rows(from: number): AsyncGenerator<JsonRow> {
    const [{ parquetReadObjects }, { compressors }] = await Promise.all([
      import('hyparquet'),
      import('hyparquet-compressors'),
    ]);
    let first = 0;
    for (const group of this.metadata.row_groups) {
      const [rows, end] = [Number(group.num_rows), first + Number(group.num_rows)];
      const slices = Math.max(Math.ceil(Number(group.total_byte_size) / SLICE_BYTES), Math.ceil(rows / SLICE_ROWS), 1);
      const size = Math.max(1, Math.ceil(rows / slices));
      for (let rowStart = first; rowStart < end; rowStart += size) {
        const rowEnd = Math.min(rowStart + size, end);
        if (rowEnd <= from) continue;
        const found = await parquetReadObjects({
          file: this.buffer,
          metadata: this.metadata,
          rowStart,
          rowEnd,
          compressors,
          parsers: PARSERS,
          utf8: false,
          useOffsetIndex: true,
        });
        for (let i = Math.max(0, from - rowStart); i < found.length; i++) yield this.row(found[i]!);
      }
      first = end;
    }
  }
}

/** Times as milliseconds; what the schema says of their zone comes later. */
const PARSERS = {
  timestampFromMilliseconds: (ms: bigint | undefined) => (ms === undefined ? undefined : Number(ms)),
  timestampFromMicroseconds: (us: bigint | undefined) => (us === undefined ? undefined : floorDivide(us, 1000n)),
  timestampFromNanoseconds: (ns: bigint | undefined) => (ns === undefined ? undefined : floorDivide(ns, 1_000_000n)),
  dateFromDays: (days: number | undefined) => days,
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes,
};

const floorDivide = (a: bigint, b: bigint): number => Number(a / b - (a % b < 0n ? 1n : 0n));

async function slice(handle: FileHandle, from: number, to: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(to - from);
  for (let n = 0; n < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, n, bytes.length - n, from + n);
    if (bytesRead === 0) throw new Error('The file has become shorter.');
    n += bytesRead;
  }
  return bytes.buffer;
}

function converter(tree: SchemaTree, cells: Cells): (v: unknown) => JsonValue {
  const some = ofSome(tree, cells);
  return (v) => (v === null || v === undefined ? null : some(v));
}

function ofSome({ element, children }: SchemaTree, cells: Cells): (v: unknown) => JsonValue {
  const { converted_type: converted, logical_type: logical, repetition_type, type, scale = 0 } = element;
  if (repetition_type === 'REPEATED' && converted !== 'LIST' && converted !== 'MAP') {
    const one = children.length > 0 ? group(children, cells) : leaf(element.type, converted, logical, scale, cells);
    return (v) => (Array.isArray(v) ? v.map((x) => (x === null || x === undefined ? null : one(x))) : one(v));
  }
  if (type !== undefined) return leaf(type, converted, logical, scale, cells);
  if (converted === 'LIST' || logical?.type === 'LIST') {
    const inner = children[0]!;
    const item = inner.children.length === 1 ? converter(inner.children[0]!, cells) : listItem(inner, cells);
    return (v) => (v as unknown[]).map(item);
  }
  if (converted === 'MAP' || converted === 'MAP_KEY_VALUE' || logical?.type === 'MAP') {
    const value = converter(children[0]!.children[1]!, cells);
    const entries = (v: unknown): [unknown, unknown][] =>
      Array.isArray(v) ? v.map((e: { key: unknown; value: unknown }) => [e.key, e.value]) : Object.entries(v as object);
    const key = (k: unknown): string => (k instanceof Uint8Array ? Buffer.from(k).toString('utf8') : String(k));
    return (v) => Object.fromEntries(entries(v).map(([k, x]) => [key(k), value(x)]));
  }
  return group(children, cells);
}

/** Of a list in the older form, whose repeated field is the element itself. */
function listItem(inner: SchemaTree, cells: Cells): (v: unknown) => JsonValue {
  const { element, children } = inner;
  const some =
    children.length > 0
      ? group(children, cells)
      : leaf(element.type, element.converted_type, element.logical_type, element.scale ?? 0, cells);
  return (v) => (v === null || v === undefined ? null : some(v));
}

function group(children: readonly SchemaTree[], cells: Cells): (v: unknown) => JsonValue {
  const fields = children.map((c) => [c.element.name, converter(c, cells)] as const);
  return (v) =>
    Object.fromEntries(fields.map(([name, convert]) => [name, convert((v as Record<string, unknown>)[name])]));
}

function leaf(
  type: SchemaTree['element']['type'],
  converted: SchemaTree['element']['converted_type'],
  logical: SchemaTree['element']['logical_type'],
  scale: number,
  cells: Cells,
): (v: unknown) => JsonValue {
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    return (v) => cells.number(new Decimal(unscaled(v), scale).toString());
  }
  if (converted === 'DATE' || logical?.type === 'DATE') return (v) => dateText(v as number);
  if (converted === 'TIME_MILLIS' || converted === 'TIME_MICROS' || logical?.type === 'TIME') {
    const unit = logical?.type === 'TIME' ? logical.unit : converted === 'TIME_MILLIS' ? 'MILLIS' : 'MICROS';
    const divisor = unit === 'MILLIS' ? 1n : unit === 'MICROS' ? 1000n : 1_000_000n;
    return (v) => timestampText(Number(BigInt(v as number | bigint) / divisor)).slice(-12);
  }
  if (logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC) return (v) => timestampText(v as number);
  if (type === 'INT96' || converted?.startsWith('TIMESTAMP') === true || logical?.type === 'TIMESTAMP') {
    return (v) => `${timestampText(v as number)}Z`;
  }
  return (v) => plain(v, cells);
}

function unscaled(v: unknown): bigint {
  if (!(v instanceof Uint8Array)) return BigInt(v as number | bigint);
  const bits = v.length * 8;
  return bits === 0 ? 0n : BigInt.asIntN(bits, BigInt(`0x${Buffer.from(v).toString('hex')}`));
}

/** Bytes that are text are text; many writers do not say so. */
function plain(v: unknown, cells: Cells): JsonValue {
  if (v instanceof Uint8Array) {
    const bytes = Buffer.from(v.buffer, v.byteOffset, v.length);
    return bytes.toString(isUtf8(bytes) ? 'utf8' : 'base64');
  }
  if (typeof v === 'bigint') return cells.number(v.toString());
  if (typeof v === 'number') return Number.isFinite(v) ? v : String(v);
  if (typeof v === 'object') return JSON.parse(JSON.stringify(v)) as JsonValue;
  return v as JsonValue;
}
