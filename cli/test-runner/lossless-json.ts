import { parse } from 'lossless-json';

/** JSON in which `1`, `1.0`, `1.00`, `1E1` and 64-bit integers stay what they are. */
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;
/** A Map, so that no name is special. */
export type JsonObject = Map<string, Json>;

/** A number as it was written. */
export class JsonNumber {
  constructor(readonly text: string) {}

  get isInteger(): boolean {
    return /^-?\d+$/.test(this.text);
  }

  /** Unscaled value and scale, as Java's BigDecimal reads the text. */
  decimal(): { readonly unscaled: bigint; readonly scale: number } {
    const m = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(this.text);
    if (m === null) throw new Error(`no number: ${this.text}`);
    const fraction = m[3] ?? '';
    const unscaled = BigInt(m[2]! + fraction) * (m[1] === '-' ? -1n : 1n);
    return { unscaled, scale: fraction.length - Number(m[4] ?? 0) };
  }

  /** Without an exponent, as BigDecimal.toPlainString prints it. */
  plain(): string {
    if (!/[eE]/.test(this.text)) return this.text;
    const { unscaled, scale } = this.decimal();
    const negative = unscaled < 0n;
    const digits = (negative ? -unscaled : unscaled).toString();
    const sign = negative ? '-' : '';
    if (scale <= 0) return sign + digits + '0'.repeat(unscaled === 0n ? 0 : -scale);
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
}

class JsonError extends Error {}

/** Strict JSON; of two members with one name the last counts. @throws JsonError with the offset. */
export function parseJson(text: string): Json {
  try {
    return toJson(parse(text, undefined, { parseNumber, onDuplicateKey }));
  } catch (e) {
    if (e instanceof SyntaxError) throw new JsonError(e.message);
    if (e instanceof RangeError) throw new JsonError('nested too deep');
    throw e;
  }
}

const parseNumber = (text: string): JsonNumber => new JsonNumber(text);
const onDuplicateKey = ({ newValue }: { readonly newValue: unknown }): unknown => newValue;

function toJson(v: unknown): Json {
  if (Array.isArray(v)) return v.map(toJson);
  if (typeof v !== 'object' || v === null || v instanceof JsonNumber) return v as Json;
  return new Map(Object.entries(v).map(([name, x]) => [name, toJson(x)]));
}

/** As JSON text; numbers in plain notation where `plain`, else as they were written. */
export function printJson(v: Json, plain = false): string {
  if (v === null || typeof v === 'boolean') return String(v);
  if (typeof v === 'string') return JSON.stringify(v);
  if (v instanceof JsonNumber) return plain ? v.plain() : v.text;
  if (Array.isArray(v)) return `[${v.map((x) => printJson(x, plain)).join(',')}]`;
  return `{${[...v].map(([k, x]) => `${JSON.stringify(k)}:${printJson(x, plain)}`).join(',')}}`;
}

// --- Reading the members of an object ---------------------------------------------------------------------------------

export const isObject = (v: Json | undefined): v is JsonObject => v instanceof Map;

export function textOf(v: Json | undefined): string | undefined {
  return typeof v === 'string' ? v : v instanceof JsonNumber ? v.text : typeof v === 'boolean' ? String(v) : undefined;
}

export const numberOf = (v: Json | undefined): number | undefined =>
  v instanceof JsonNumber ? Number(v.text) : undefined;
export const listOf = (v: Json | undefined): readonly Json[] => (Array.isArray(v) ? v : []);
export const objectsOf = (v: Json | undefined): readonly JsonObject[] => listOf(v).filter(isObject);
