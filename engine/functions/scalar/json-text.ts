import { jsonNumberText } from '../../values/java-text.js';

/**
 * JSON as the functions on JSON text need it: numbers keep their digits (1.23450, 64-bit integers),
 * the order of fields is kept, and what follows a complete value can be left alone, as Jackson does. `lossless-json`, which
 * the client uses, does the first of these alone.
 */
export type Json =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** As Java prints it: `1.50` as written, `1e3` as `1E+3`. Integral: written without a point and an exponent. */
  | { readonly kind: 'number'; readonly text: string; readonly integral: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Json> };

/** Nesting beyond which a text is refused: it is walked by recursion. */
const MAX_DEPTH = 500;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
/** A string without its quotes and with its escapes. */
const STRING = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Undefined where the text does not begin with a JSON value. */
  value(depth = 0): Json | undefined {
    if (depth > MAX_DEPTH) return undefined;
    this.space();
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth);
      case '[':
        return this.array(depth);
      case '"': {
        const value = this.string();
        return value === undefined ? undefined : { kind: 'string', value };
      }
      case 't':
        return this.word('true', { kind: 'boolean', value: true });
      case 'f':
        return this.word('false', { kind: 'boolean', value: false });
      case 'n':
        return this.word('null', { kind: 'null' });
      default: {
        NUMBER.lastIndex = this.at;
        const m = NUMBER.exec(this.text);
        if (m === null) return undefined;
        this.at = NUMBER.lastIndex;
        return { kind: 'number', text: jsonNumberText(m[0]) ?? m[0], integral: !/[.eE]/.test(m[0]) };
      }
    }
  }

  /** Whether nothing but white space is left. */
  get finished(): boolean {
    this.space();
    return this.at === this.text.length;
  }

  private space(): void {
    SPACE.lastIndex = this.at;
    SPACE.exec(this.text);
    this.at = SPACE.lastIndex;
  }

  private accept(c: string): boolean {
    this.space();
    if (this.text[this.at] !== c) return false;
    this.at++;
    return true;
  }

  private word(word: string, value: Json): Json | undefined {
    if (!this.text.startsWith(word, this.at)) return undefined;
    this.at += word.length;
    return value;
  }

  private string(): string | undefined {
    STRING.lastIndex = this.at + 1;
    const m = STRING.exec(this.text);
    if (m === null) return undefined;
    this.at = STRING.lastIndex;
    return m[0].includes('\\') ? (JSON.parse(`"${m[0]}`) as string) : m[0].slice(0, -1);
  }

  private object(depth: number): Json | undefined {
    this.at++;
    const fields = new Map<string, Json>();
    if (this.accept('}')) return { kind: 'object', fields };
    do {
      this.space();
      if (this.text[this.at] !== '"') return undefined;
      const name = this.string();
      if (name === undefined || !this.accept(':')) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      fields.set(name, value);
    } while (this.accept(','));
    return this.accept('}') ? { kind: 'object', fields } : undefined;
  }

  private array(depth: number): Json | undefined {
    this.at++;
    const items: Json[] = [];
    if (this.accept(']')) return { kind: 'array', items };
    do {
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      items.push(value);
    } while (this.accept(','));
    return this.accept(']') ? { kind: 'array', items } : undefined;
  }
}

/** The value that a text begins with, or undefined. */
export const parseJsonPrefix = (text: string): Json | undefined => new Parser(text).value();

/** The value that a text is, or undefined. */
export function parseJson(text: string): Json | undefined {
  const parser = new Parser(text);
  const value = parser.value();
  return value !== undefined && parser.finished ? value : undefined;
}

/** Without white space. */
export function printJson(json: Json): string {
  switch (json.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(json.value);
    case 'number':
      return json.text;
    case 'string':
      return JSON.stringify(json.value);
    case 'array':
      return `[${json.items.map(printJson).join(',')}]`;
    case 'object':
      return `{${[...json.fields].map(([k, v]) => `${JSON.stringify(k)}:${printJson(v)}`).join(',')}}`;
  }
}

/** A string's content, anything else as JSON text. */
export const textOfJson = (json: Json): string => (json.kind === 'string' ? json.value : printJson(json));

/**
 * The steps of a path such as `$.log['cloud'][0]`, as text. Whether a step is a name or an index depends on the value that
 * it meets. Undefined where the path is malformed.
 */
export function parseJsonPath(path: string): readonly string[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: string[] = [];
  const STEP = /\.([^.[\]]+)|\[(-?\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]/y;
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const m = STEP.exec(path);
    if (m === null) return undefined;
    steps.push(m[1] ?? m[2] ?? m[3] ?? m[4]!);
  }
  return steps;
}

/** An array is entered by a number, `$.a.0` as well as `$.a[0]`, an object by any name. */
export function followPath(json: Json, steps: readonly string[]): Json | undefined {
  let at: Json | undefined = json;
  for (const step of steps) {
    if (at === undefined) return undefined;
    if (at.kind === 'array') at = /^\d+$/.test(step) ? at.items[Number(step)] : undefined;
    else at = at.kind === 'object' ? at.fields.get(step) : undefined;
  }
  return at;
}
