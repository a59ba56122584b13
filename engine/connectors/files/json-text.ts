import { BadRow } from './bad-row.js';
import type { Lines } from './text.js';

/**
 * JSON as it stands: what `JSON.parse` makes of a number beyond 2^53 is another number. A row is cut into the texts of its
 * members and never becomes values, which is why this is no work for `lossless-json`.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The index behind the value that begins at `at`; the text is known to be JSON. */
function valueEnd(text: string, at: number): number {
  let depth = 0;
  for (let p = at; p < text.length; p++) {
    const c = text.charCodeAt(p);
    if (c === QUOTE) {
      p = stringEnd(text, p) - 1;
      if (depth === 0) return p + 1;
    } else if (c === 0x7b || c === 0x5b) depth++;
    else if (c === 0x7d || c === 0x5d) {
      if (depth === 0) return p;
      if (--depth === 0) return p + 1;
    } else if (depth === 0 && (c === 0x2c || c <= 0x20)) return p;
  }
  return text.length;
}

/** The index behind the string that begins at `at`. */
function stringEnd(text: string, at: number): number {
  for (let p = at + 1; p < text.length; p++) {
    const c = text.charCodeAt(p);
    if (c === BACKSLASH) p++;
    else if (c === QUOTE) return p + 1;
  }
  return text.length;
}

/** Members of an object, each value as it stands; of two with one name the last counts, as in `JSON.parse`. */
export function membersOf(object: string): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (let p = object.indexOf('{') + 1; ; ) {
    const name = object.indexOf('"', p);
    if (name < 0) return out;
    const nameEnd = stringEnd(object, name);
    let value = object.indexOf(':', nameEnd) + 1;
    while (object.charCodeAt(value) <= 0x20) value++;
    p = valueEnd(object, value);
    out.set(JSON.parse(object.slice(name, nameEnd)) as string, object.slice(value, p));
    while (object.charCodeAt(p) <= 0x20) p++;
    if (object.charCodeAt(p) !== 0x2c) return out;
    p++;
  }
}

/** A string without its quotes; all else as it stands. */
export const textOfRaw = (raw: string): string => (raw[0] === '"' ? (JSON.parse(raw) as string) : raw);

/** An element that is longer is none: an array that never ends would fill the memory. */
const MAX_ELEMENT = 32 * 1024 * 1024;

/** The elements of an array that is a whole file, one after another. */
export async function* elementsOf(
  source: AsyncGenerator<Lines>,
  name: string,
): AsyncGenerator<{ text: string; line: number }> {
  let state = 'before' as 'before' | 'between' | 'element' | 'after';
  let depth = 0;
  let inString = false;
  let escaped = false;
  let line = 1;
  let began = 1;
  let pieces = '';
  const wrong = (what: string) => new BadRow(line, `${name}:${line}: ${what} in an array of rows.`, undefined, true);
  for await (const lines of source) {
    ({ line } = lines);
    const text = lines.bytes.toString('utf8');
    let start = 0;
    for (let p = 0; p < text.length; p++) {
      const c = text[p]!;
      if (c === '\n') line++;
      if (state === 'element') {
        if (inString) {
          if (escaped) escaped = false;
          else if (c === '\\') escaped = true;
          else if (c === '"') inString = false;
        } else if (c === '"') inString = true;
        else if (c === '{' || c === '[') depth++;
        else if (c === '}' || c === ']') depth--;
        if (depth > 0) continue;
        yield { text: pieces + text.slice(start, p + 1), line: began };
        pieces = '';
        state = 'between';
      } else if (c.trim() === '') continue;
      else if (state === 'before') state = 'between';
      else if (state === 'after') throw wrong('something behind the end');
      else if (c === '{') {
        state = 'element';
        depth = 1;
        start = p;
        began = line;
      } else if (c === ']') state = 'after';
      else if (c !== ',') throw wrong(`'${c}' where an object begins`);
    }
    if (state === 'element') {
      pieces += text.slice(start);
      if (pieces.length > MAX_ELEMENT) throw wrong(`an object of more than ${MAX_ELEMENT / 1048576} MiB`);
    }
  }
  if (state !== 'after') throw wrong('the end of the file, and no end,');
}
