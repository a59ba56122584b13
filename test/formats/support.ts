import { formatByName } from '../../engine/formats/index.js';
import type { FormatRef } from '../../engine/plan/topology.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import type { Column } from '../../engine/values/schema.js';
import type { SqlType } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';

export interface Setting {
  readonly properties?: Readonly<Record<string, string>>;
  readonly wrapSingle?: boolean;
  readonly isKey?: boolean;
  readonly needed?: readonly number[];
}

export const columns = (...types: readonly SqlType[]): Column[] =>
  types.map((type, i) => ({ name: String.fromCharCode(65 + i), type }));

function context(format: string, cols: readonly Column[], setting: Setting) {
  const ref: FormatRef = {
    name: format,
    properties: setting.properties ?? {},
    ...(setting.wrapSingle === undefined ? {} : { wrapSingle: setting.wrapSingle }),
  };
  return { columns: cols, needed: setting.needed ?? cols.map((_, i) => i), ref, isKey: setting.isKey ?? false };
}

/** A decoder of payloads: the row, or null where the payload stands for none. It keeps what it learns. */
export function decoder(format: string, cols: readonly Column[], setting: Setting = {}) {
  const coder = formatByName(format).decoder(context(format, cols, setting));
  return (payload: Uint8Array | string): Value[] | null => {
    const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : Buffer.from(payload);
    // In the middle of other bytes that would go on as JSON or CSV: what is read must stop at the end.
    const framed = Buffer.concat([Buffer.from('[1,"'), bytes, Buffer.from('5","x":"y"}]} ')]);
    const row: Value[] = new Array(cols.length).fill('stale');
    return coder.decode(framed, 4, 4 + bytes.length, row) ? row : null;
  };
}

/** An encoder of rows: the payload, or null. */
export function encoder(format: string, cols: readonly Column[], setting: Setting = {}) {
  const coder = formatByName(format).encoder(context(format, cols, setting));
  return (row: readonly Value[]): Buffer | null => {
    const out = new ByteWriter(1);
    out.byte(7);
    const written = coder.encode(row, out);
    if (!written && out.length !== 1) throw new Error('a null payload was written to');
    return written ? Buffer.from(out.bytes().subarray(1)) : null;
  };
}

export const encodeText = (format: string, cols: readonly Column[], row: readonly Value[], setting: Setting = {}) =>
  encoder(format, cols, setting)(row)?.toString('utf8') ?? null;
