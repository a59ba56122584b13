/** JSON in which `1`, `1.0`, `1.00`, `1E1` and 64-bit integers stay what they are. */
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;
/** In the order of the text; a Map, so that no name is special. */
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

export class JsonError extends Error {}

const MAX_DEPTH = 500;

/** Strict JSON. @throws JsonError with the offset. */
export function parseJson(text: string): Json {
  let at = 0;
  const fail = (what: string): never => {
    throw new JsonError(`${what} at offset ${at}`);
  };
  const space = () => {
    while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++;
  };
  const string = (): string => {
    const start = at++;
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    if (at >= text.length) fail('a text does not end');
    at++;
    return JSON.parse(text.slice(start, at)) as string;
  };
  const value = (depth: number): Json => {
    if (depth > MAX_DEPTH) fail('nested too deep');
    space();
    const c = text[at];
    if (c === '"') return string();
    if (c === '{') {
      at++;
      const out: JsonObject = new Map();
      space();
      if (text[at] === '}') {
        at++;
        return out;
      }
      for (;;) {
        space();
        if (text[at] !== '"') fail('a name is missing');
        const name = string();
        space();
        if (text[at++] !== ':') fail("':' is missing");
        out.set(name, value(depth + 1));
        space();
        const next = text[at++];
        if (next === '}') return out;
        if (next !== ',') fail("',' or '}' is missing");
      }
    }
    if (c === '[') {
      at++;
      const out: Json[] = [];
      space();
      if (text[at] === ']') {
        at++;
        return out;
      }
      for (;;) {
        out.push(value(depth + 1));
        space();
        const next = text[at++];
        if (next === ']') return out;
        if (next !== ',') fail("',' or ']' is missing");
      }
    }
    for (const [word, is] of [
      ['null', null],
      ['true', true],
      ['false', false],
    ] as const) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return is;
      }
    }
    const m = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(text.slice(at, at + 400));
    if (m === null || m[0] === '') return fail('no JSON value');
    at += m[0].length;
    return new JsonNumber(m[0]);
  };
  const out = value(0);
  space();
  if (at !== text.length) fail('something follows the value');
  return out;
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
