import { formatByName } from '../../engine/formats/index.js';
import type { SqlType, Value } from '../../engine/index.js';
import { Decimal } from '../../engine/types/decimal.js';
import { doubleText } from '../../engine/types/java-text.js';
import type { Column } from '../../engine/types/schema.js';
import type { FormatRef } from '../../engine/types/topology.js';
import { type Actual, actualOfJson } from './compare.js';
import { type Json, JsonNumber, parseJson, printJson, textOf } from './lossless-json.js';

/** Between the values of a case and the bytes of a topic (README of the suite, sections 1.4 and 1.6). */

/** A case's input value as the payload that a producer would have written. */
export function encodeSpec(v: Json, ref: FormatRef, columns: readonly Column[]): Buffer | null {
  if (v === null) return null;
  switch (ref.name) {
    case 'JSON':
      return Buffer.from(printJson(v, true), 'utf8');
    case 'DELIMITED':
      return Buffer.from(textOf(v) ?? printJson(v), 'utf8');
    case 'KAFKA':
      return encodeKafka(v, columns[0]?.type);
    case 'NONE':
      return null;
    default:
      throw new Error(`inputs in format ${ref.name} cannot be written yet`);
  }
}

function encodeKafka(v: Json, type: SqlType | undefined): Buffer {
  const number = v instanceof JsonNumber ? v.text : (textOf(v) ?? '');
  switch (type?.kind) {
    case 'INTEGER': {
      const b = Buffer.alloc(4);
      b.writeInt32BE(Number(number));
      return b;
    }
    case 'BIGINT': {
      const b = Buffer.alloc(8);
      b.writeBigInt64BE(BigInt(number));
      return b;
    }
    case 'DOUBLE': {
      const b = Buffer.alloc(8);
      b.writeDoubleBE(Number(number));
      return b;
    }
    default:
      return Buffer.from(textOf(v) ?? printJson(v), 'utf8');
  }
}

/** What a payload looks like to the comparison. `doubles`: JSON's fractions are doubles (`use.exact.numeric.comparison`). */
export function decodeActual(
  bytes: Uint8Array | null,
  ref: FormatRef,
  columns: readonly Column[],
  isKey: boolean,
  doubles: boolean,
): Actual {
  if (bytes === null) return null;
  const b = Buffer.from(bytes);
  switch (ref.name) {
    case 'JSON':
      return actualOfJson(parseJson(b.toString('utf8')), doubles);
    case 'DELIMITED':
      return b.toString('utf8');
    case 'NONE':
      return null;
    case 'KAFKA':
      return decodeKafka(b, columns[0]?.type);
    default: {
      const row: Value[] = columns.map(() => null);
      const needed = columns.map((_, i) => i);
      if (!formatByName(ref.name).decoder({ columns, needed, ref, isKey }).decode(b, 0, b.length, row)) return null;
      if (columns.length === 1 && isKey) return actualOfValue(columns[0]!.type, row[0]!);
      return { kind: 'object', entries: new Map(columns.map((c, i) => [c.name, actualOfValue(c.type, row[i]!)])) };
    }
  }
}

function decodeKafka(b: Buffer, type: SqlType | undefined): Actual {
  switch (type?.kind) {
    case 'INTEGER':
      return { kind: 'int', value: BigInt(b.readInt32BE(0)) };
    case 'BIGINT':
      return { kind: 'long', value: b.readBigInt64BE(0) };
    case 'DOUBLE': {
      const text = doubleText(b.readDoubleBE(0));
      return { kind: 'decimal', ...new JsonNumber(text).decimal() };
    }
    default:
      return b.toString('utf8');
  }
}

function actualOfValue(type: SqlType, v: Value): Actual {
  if (v === null) return null;
  switch (type.kind) {
    case 'BOOLEAN':
      return v as boolean;
    case 'STRING':
      return v as string;
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
      return { kind: 'int', value: BigInt(v as number) };
    case 'BIGINT':
    case 'TIMESTAMP':
      return { kind: 'long', value: BigInt(v as number | bigint) };
    case 'DOUBLE':
      return { kind: 'double', value: v as number };
    case 'DECIMAL':
      return v instanceof Decimal ? { kind: 'decimal', unscaled: v.unscaled, scale: v.scale } : null;
    case 'BYTES':
      return { kind: 'bytes', value: v as Uint8Array };
    case 'ARRAY':
      return { kind: 'list', items: (v as Value[]).map((x) => actualOfValue(type.element, x)) };
    case 'MAP':
      return {
        kind: 'object',
        entries: new Map([...(v as Map<Value, Value>)].map(([k, x]) => [String(k), actualOfValue(type.value, x)])),
      };
    case 'STRUCT':
      return {
        kind: 'object',
        entries: new Map(type.fields.map((f, i) => [f.name, actualOfValue(f.type, (v as Value[])[i]!)])),
      };
  }
}
