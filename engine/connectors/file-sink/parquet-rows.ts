import type { ByteWriter, ParquetWriter, SchemaElement } from 'hyparquet-writer';
import type { Decimal } from '../../values/decimal.js';
import type { Column } from '../../values/schema.js';
import type { SqlType } from '../../values/sql-type.js';
import type { MapValue, Value } from '../../values/value.js';
import { ConnectorFailed } from '../connector.js';
import type { RowColumns } from '../row-columns.js';
import { jsonObject } from '../row-text.js';
import { type RowWriter, UnfitRow } from './row-writer.js';
import type { StagedFile } from './staged-file.js';

/** A row group has so many rows at most, or so many bytes as JSON: it is in memory until it is written. */
const GROUP_ROWS = 50_000;
const GROUP_BYTES = 8 * 1024 * 1024;
/** The digits that a DECIMAL of Parquet has in what reads it. */
const MAX_PRECISION = 38;

/** Rows in typed columns, compressed by Snappy. */
export class ParquetRows implements RowWriter {
  bytes = 0;
  private columns: unknown[][];
  private rows = 0;
  private waiting = 0;
  private parquet: ParquetWriter | undefined;
  private out: ByteWriter | undefined;
  private readonly values: readonly ((v: Value) => unknown)[];
  private readonly sizeOf: (row: readonly Value[]) => string;

  constructor(
    private readonly file: StagedFile,
    private readonly of: RowColumns,
  ) {
    this.columns = of.columns.map(() => []);
    this.values = of.columns.map((c) => nullable(c.type));
    this.sizeOf = jsonObject(of.columns);
  }

  add(row: readonly Value[]): Promise<void> | undefined {
    const values = this.values.map((value, i) => value(row[i] ?? null));
    for (const [i, value] of values.entries()) this.columns[i]!.push(value);
    const size = this.sizeOf(row).length;
    this.bytes += size;
    this.waiting += size;
    this.rows++;
    return this.rows < GROUP_ROWS && this.waiting < GROUP_BYTES ? undefined : this.group();
  }

  async end(): Promise<void> {
    await this.group();
    await this.parquet!.finish();
    await this.pass();
  }

  private async group(): Promise<void> {
    const parquet = await this.begin();
    if (this.rows === 0) return;
    const columnData = this.of.columns.map(({ name }, i) => ({ name, data: this.columns[i]! }));
    await parquet.write({ columnData, rowGroupSize: this.rows });
    this.columns = this.columns.map(() => []);
    this.rows = 0;
    this.waiting = 0;
    await this.pass();
  }

  private async begin(): Promise<ParquetWriter> {
    if (this.parquet !== undefined) return this.parquet;
    const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
    this.out = new ByteWriter();
    this.parquet = new ParquetWriter({ writer: this.out, schema: parquetSchema(this.of.columns), createdBy: 'weir' });
    return this.parquet;
  }

  /** Hands what is written to the file; the writer counts on from where it is. */
  private async pass(): Promise<void> {
    const out = this.out!;
    await this.file.append(Buffer.from(out.getBytes()));
    out.index = 0;
  }
}

/** @throws ConnectorFailed for a type that Parquet has not */
export function parquetSchema(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap((c) => elements(c.name, c.type, 'OPTIONAL', c.name)),
  ];
}

function elements(
  name: string,
  type: SqlType,
  repetition_type: 'OPTIONAL' | 'REQUIRED',
  column: string,
): SchemaElement[] {
  const one = (element: Omit<SchemaElement, 'name' | 'repetition_type'>): SchemaElement[] => [
    { name, repetition_type, ...element },
  ];
  switch (type.kind) {
    case 'BOOLEAN':
      return one({ type: 'BOOLEAN' });
    case 'INTEGER':
      return one({ type: 'INT32' });
    case 'BIGINT':
      return one({ type: 'INT64' });
    case 'DOUBLE':
      return one({ type: 'DOUBLE' });
    case 'DECIMAL':
      return one(decimalElement(type.precision, type.scale, column));
    case 'STRING':
      return one({ type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } });
    case 'BYTES':
      return one({ type: 'BYTE_ARRAY' });
    case 'DATE':
      return one({ type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } });
    case 'TIME':
      return one({
        type: 'INT32',
        converted_type: 'TIME_MILLIS',
        logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'MILLIS' },
      });
    case 'TIMESTAMP':
      return one({
        type: 'INT64',
        converted_type: 'TIMESTAMP_MILLIS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
      });
    case 'ARRAY':
      return [
        ...one({ converted_type: 'LIST', num_children: 1 }),
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elements('element', type.element, 'OPTIONAL', column),
      ];
    case 'MAP':
      return [
        ...one({ converted_type: 'MAP', num_children: 1 }),
        { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        ...elements('key', type.key, 'REQUIRED', column),
        ...elements('value', type.value, 'OPTIONAL', column),
      ];
    case 'STRUCT':
      if (type.fields.length === 0) {
        throw new ConnectorFailed(`Column ${column} has a STRUCT without fields, which Parquet has not.`);
      }
      return [
        ...one({ num_children: type.fields.length }),
        ...type.fields.flatMap((f) => elements(f.name, f.type, 'OPTIONAL', column)),
      ];
  }
}

function decimalElement(precision: number, scale: number, column: string): Omit<SchemaElement, 'name'> {
  if (precision > MAX_PRECISION) {
    throw new ConnectorFailed(
      `Column ${column} is a DECIMAL of ${precision} digits, and Parquet's have ${MAX_PRECISION} at most.`,
      'Cast it to a smaller DECIMAL, or write JSON or CSV.',
    );
  }
  const decimal = {
    converted_type: 'DECIMAL',
    precision,
    scale,
    logical_type: { type: 'DECIMAL', precision, scale },
  } as const;
  if (precision <= 9) return { type: 'INT32', ...decimal };
  if (precision <= 18) return { type: 'INT64', ...decimal };
  // So many bytes hold the highest number and its sign.
  const bits = (10n ** BigInt(precision) - 1n).toString(2).length + 1;
  return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: Math.ceil(bits / 8), ...decimal };
}

/** What the library wants for a value that is not null. */
function parquetValue(type: SqlType): (v: Value) => unknown {
  switch (type.kind) {
    case 'BIGINT':
    case 'TIMESTAMP':
      return (v) => BigInt(v as number | bigint);
    case 'DECIMAL':
      return (v) => (v as Decimal).setScale(type.scale).unscaled;
    case 'ARRAY': {
      const element = nullable(type.element);
      return (v) => (v as readonly Value[]).map(element);
    }
    case 'MAP': {
      const [key, value] = [parquetValue(type.key), nullable(type.value)];
      return (v) =>
        [...(v as MapValue)].map(([k, x]) => {
          if (k === null) throw new UnfitRow('A MAP has the key NULL, which Parquet has not.');
          return { key: key(k), value: value(x) };
        });
    }
    case 'STRUCT': {
      const fields = type.fields.map((f) => [f.name, nullable(f.type)] as const);
      return (v) => Object.fromEntries(fields.map(([name, of], i) => [name, of((v as readonly Value[])[i] ?? null)]));
    }
    default:
      return (v) => v;
  }
}

function nullable(type: SqlType): (v: Value) => unknown {
  const some = parquetValue(type);
  return (v) => (v === null ? null : some(v));
}
