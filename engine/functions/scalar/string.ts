import { LANGUAGE } from '../../settings.js';
import { type ScalarOverload, scalar } from '../function.js';
import { concatBytes, encodeBytes, indexOfBytes } from './byte-strings.js';

const CATEGORY = 'STRING';

const ucase = scalar({
  name: 'UCASE',
  description: 'The text in upper case.',
  category: CATEGORY,
  overloads: [
    { signature: 'UCASE(source STRING) -> STRING', nulls: 'propagate', make: () => (s: string) => s.toUpperCase() },
  ],
  examples: [{ sql: "UCASE('abc')", result: "'ABC'" }],
});

const lcase = scalar({
  name: 'LCASE',
  description: 'The text in lower case.',
  category: CATEGORY,
  overloads: [
    { signature: 'LCASE(source STRING) -> STRING', nulls: 'propagate', make: () => (s: string) => s.toLowerCase() },
  ],
  examples: [{ sql: "LCASE('ABC')", result: "'abc'" }],
});

/** A character behind white space, which is ASCII's in Java. */
const WORD_START = /(?<![^ \t\n\v\f\r])[^ \t\n\v\f\r]/gu;

const initcap = scalar({
  name: 'INITCAP',
  description: 'Each word, between white space, with a capital first letter and the rest in lower case.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'INITCAP(source STRING) -> STRING',
      nulls: 'propagate',
      make: () => (s: string) => s.toLowerCase().replace(WORD_START, (c) => c.toUpperCase()),
    },
  ],
  examples: [{ sql: "INITCAP('the   Quick br0wn fOx')", result: "'The   Quick Br0wn Fox'" }],
});

const len = scalar({
  name: 'LEN',
  description: 'The number of characters (UTF-16 units) of a text, or of bytes.',
  category: CATEGORY,
  overloads: [
    { signature: 'LEN(text STRING) -> INT', nulls: 'propagate', make: () => (s: string) => s.length },
    { signature: 'LEN(bytes BYTES) -> INT', nulls: 'propagate', make: () => (b: Uint8Array) => b.length },
  ],
  examples: [{ sql: "LEN('abc')", result: '3' }],
});

const trim = scalar({
  name: 'TRIM',
  description: 'The text without white space and control characters at its ends.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'TRIM(input STRING) -> STRING',
      nulls: 'propagate',
      make: () => (s: string) => {
        // Java's trim: everything up to the space.
        let from = 0;
        let to = s.length;
        while (from < to && s.charCodeAt(from) <= 32) from++;
        while (to > from && s.charCodeAt(to - 1) <= 32) to--;
        return s.slice(from, to);
      },
    },
  ],
  examples: [{ sql: "TRIM('  a b ')", result: "'a b'" }],
});

/** Where position `pos` (1 is the first, -1 the last) of something `length` long begins. */
const startOf = (pos: number, length: number): number =>
  pos < 0 ? Math.max(length + pos, 0) : Math.min(Math.max(pos - 1, 0), length);

function substringOverloads(type: 'STRING' | 'BYTES', name: string): ScalarOverload[] {
  type Sliceable = { readonly length: number; slice(from: number, to?: number): string & Uint8Array };
  return [
    {
      signature: `SUBSTRING(${name} ${type}, pos INT) -> ${type}`,
      nulls: 'propagate',
      make: (_types, config) =>
        LANGUAGE.legacySubstring.of(config.properties)
          ? (s: Sliceable, start: number) => s.slice(Math.max(start, 0))
          : (s: Sliceable, pos: number) => s.slice(startOf(pos, s.length)),
    },
    {
      signature: `SUBSTRING(${name} ${type}, pos INT, length INT) -> ${type}`,
      nulls: 'propagate',
      make: (_types, config) =>
        LANGUAGE.legacySubstring.of(config.properties)
          ? (s: Sliceable, start: number, end: number) => s.slice(Math.max(start, 0), Math.max(end, 0))
          : (s: Sliceable, pos: number, length: number) => {
              const start = startOf(pos, s.length);
              return s.slice(start, start + Math.max(length, 0));
            },
    },
  ];
}

const substring = scalar({
  name: 'SUBSTRING',
  description: 'The part from position pos on (1 is the first, -1 the last), of the given length or up to the end.',
  category: CATEGORY,
  overloads: [...substringOverloads('STRING', 'str'), ...substringOverloads('BYTES', 'bytes')],
  examples: [
    { sql: "SUBSTRING('stream', 1, 4)", result: "'stre'" },
    { sql: "SUBSTRING('stream', -3)", result: "'eam'" },
  ],
});

const concat = scalar({
  name: 'CONCAT',
  description: 'All arguments one after the other; NULL counts as nothing.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'CONCAT(first STRING, rest STRING...) -> STRING',
      nulls: 'pass',
      make:
        () =>
        (...parts: (string | null)[]) => {
          let out = '';
          for (const p of parts) if (p !== null) out += p;
          return out;
        },
    },
    {
      signature: 'CONCAT(first BYTES, rest BYTES...) -> BYTES',
      nulls: 'pass',
      make:
        () =>
        (...parts: (Uint8Array | null)[]) =>
          concatBytes(parts.filter((p) => p !== null)),
    },
  ],
  examples: [{ sql: "CONCAT('a', NULL, 'b')", result: "'ab'" }],
});

const concatWs = scalar({
  name: 'CONCAT_WS',
  description: 'All arguments that are not NULL with the separator in between; NULL where the separator is.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'CONCAT_WS(separator STRING, first STRING, rest STRING...) -> STRING',
      nulls: 'pass',
      make:
        () =>
        (separator: string | null, ...parts: (string | null)[]) =>
          separator === null ? null : parts.filter((p) => p !== null).join(separator),
    },
    {
      signature: 'CONCAT_WS(separator BYTES, first BYTES, rest BYTES...) -> BYTES',
      nulls: 'pass',
      make:
        () =>
        (separator: Uint8Array | null, ...parts: (Uint8Array | null)[]) => {
          if (separator === null) return null;
          const present = parts.filter((p) => p !== null);
          return concatBytes(present.flatMap((p, i) => (i === 0 ? [p] : [separator, p])));
        },
    },
  ],
  examples: [{ sql: "CONCAT_WS(', ', 'apple', NULL, 'date')", result: "'apple, date'" }],
});

const replace = scalar({
  name: 'REPLACE',
  description: 'Replaces every occurrence of a text by another.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'REPLACE(str STRING, oldStr STRING, newStr STRING) -> STRING',
      nulls: 'propagate',
      make: () => (s: string, old: string, by: string) => s.replaceAll(old, () => by),
    },
  ],
  examples: [{ sql: "REPLACE('anaconda', 'a', 'o')", result: "'onocondo'" }],
});

/** Position (from 1) of the `occurrence`-th `part`, looked for from `position` on, backwards where that is negative. */
function instr(s: string, part: string, position: number, occurrence: number): number {
  let at: number;
  if (position >= 0) {
    at = Math.max(position, 1) - 2;
    for (let i = 0; i < occurrence; i++) {
      at = s.indexOf(part, at + 1);
      if (at < 0) return 0;
    }
  } else {
    at = s.length + position + 1;
    for (let i = 0; i < occurrence; i++) {
      if (at <= 0) return 0;
      at = s.lastIndexOf(part, at - 1);
      if (at < 0) return 0;
    }
  }
  return at + 1;
}

/** A NULL among the arguments finds nothing: 0, as in ksqlDB. */
const instrFunction = scalar({
  name: 'INSTR',
  description:
    'The position, from 1, of a text in another, 0 where there is none or an argument is NULL; from the given position on (a negative one counts from the end and looks backwards), the n-th occurrence.',
  category: CATEGORY,
  overloads: ['', ', position INT', ', position INT, occurrence INT'].map((more) => ({
    signature: `INSTR(str STRING, substring STRING${more}) -> INT`,
    nulls: 'pass',
    make:
      () =>
      (s: string | null, part: string | null, position: number | null = 1, occurrence: number | null = 1) =>
        s === null || part === null || position === null || occurrence === null || occurrence < 1
          ? 0
          : instr(s, part, position, occurrence),
  })),
  examples: [
    { sql: "INSTR('CORPORATE FLOOR', 'OR')", result: '2' },
    { sql: "INSTR('CORPORATE FLOOR', 'OR', 3, 2)", result: '14' },
    { sql: "INSTR('CORPORATE FLOOR', 'OR', -3)", result: '5' },
    { sql: "INSTR('CORPORATE FLOOR', 'OR', -3, 2)", result: '2' },
    { sql: "INSTR('CORPORATE FLOOR', 'MISSING')", result: '0' },
    { sql: "INSTR(CAST(NULL AS STRING), 'OR')", result: '0' },
    { sql: "INSTR('CORPORATE FLOOR', 'OR', 5, 0)", result: '0' },
  ],
});

/** Longest text that padding makes. */
const MAX_PADDED = 1 << 20;

function checkedLength(length: number): void {
  if (length > MAX_PADDED) throw new RangeError(`a length of ${length} is more than the limit of ${MAX_PADDED}`);
}

function padBytes(padding: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = padding[i % padding.length]!;
  return out;
}

function padOverloads(name: 'LPAD' | 'RPAD'): ScalarOverload[] {
  const left = name === 'LPAD';
  return [
    {
      signature: `${name}(input STRING, length INT, padding STRING) -> STRING`,
      nulls: 'propagate',
      make: () => (s: string, length: number, padding: string) => {
        if (length < 0 || padding === '') return null;
        checkedLength(length);
        if (s.length >= length) return s.slice(0, length);
        return left ? s.padStart(length, padding) : s.padEnd(length, padding);
      },
    },
    {
      signature: `${name}(input BYTES, length INT, padding BYTES) -> BYTES`,
      nulls: 'propagate',
      make: () => (b: Uint8Array, length: number, padding: Uint8Array) => {
        if (length < 0 || padding.length === 0) return null;
        checkedLength(length);
        if (b.length >= length) return b.slice(0, length);
        const fill = padBytes(padding, length - b.length);
        return concatBytes(left ? [fill, b] : [b, fill]);
      },
    },
  ];
}

const lpad = scalar({
  name: 'LPAD',
  description:
    'Fills up to the length from the left; cuts off what is longer. NULL for an empty padding or a negative length.',
  category: CATEGORY,
  overloads: padOverloads('LPAD'),
  examples: [
    { sql: "LPAD('Foo', 7, 'Bar')", result: "'BarBFoo'" },
    { sql: "LPAD('Foo', 2, 'Bar')", result: "'Fo'" },
  ],
});

const rpad = scalar({
  name: 'RPAD',
  description:
    'Fills up to the length from the right; cuts off what is longer. NULL for an empty padding or a negative length.',
  category: CATEGORY,
  overloads: padOverloads('RPAD'),
  examples: [{ sql: "RPAD('Foo', 7, 'Bar')", result: "'FooBarB'" }],
});

function splitBytes(b: Uint8Array, delimiter: Uint8Array): Uint8Array[] {
  if (delimiter.length === 0) return b.length === 0 ? [b] : Array.from(b, (x) => Uint8Array.of(x));
  const out: Uint8Array[] = [];
  let from = 0;
  for (let at = indexOfBytes(b, delimiter, 0); at >= 0; at = indexOfBytes(b, delimiter, from)) {
    out.push(b.slice(from, at));
    from = at + delimiter.length;
  }
  out.push(b.slice(from));
  return out;
}

const split = scalar({
  name: 'SPLIT',
  description: 'The parts between the delimiters; every character or byte by itself where the delimiter is empty.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'SPLIT(string STRING, delimiter STRING) -> ARRAY<STRING>',
      nulls: 'propagate',
      make: () => (s: string, delimiter: string) => (s === '' ? [''] : s.split(delimiter)),
    },
    { signature: 'SPLIT(bytes BYTES, delimiter BYTES) -> ARRAY<BYTES>', nulls: 'propagate', make: () => splitBytes },
  ],
  examples: [
    { sql: "SPLIT('a.b.c', '.')", result: "ARRAY['a', 'b', 'c']" },
    { sql: "SPLIT('..a', '.')", result: "ARRAY['', '', 'a']" },
    { sql: "SPLIT('abc', '')", result: "ARRAY['a', 'b', 'c']" },
  ],
});

const splitToMap = scalar({
  name: 'SPLIT_TO_MAP',
  description: 'Splits a text into entries and each of those into a key and a value; NULL where a delimiter is empty.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'SPLIT_TO_MAP(input STRING, entryDelimiter STRING, kvDelimiter STRING) -> MAP<STRING, STRING>',
      nulls: 'propagate',
      make: () => (s: string, entryDelimiter: string, kvDelimiter: string) => {
        if (entryDelimiter === '' || kvDelimiter === '') return null;
        const out = new Map<string, string>();
        for (const entry of s.split(entryDelimiter)) {
          const [key, value] = entry.split(kvDelimiter);
          if (key !== undefined && value !== undefined) out.set(key, value);
        }
        return out;
      },
    },
  ],
  examples: [
    {
      sql: "SPLIT_TO_MAP('apple:=green/cherry:=red', '/', ':=')",
      result: "MAP('apple' := 'green', 'cherry' := 'red')",
    },
  ],
});

const ESCAPES = /^(?:\\u[0-9a-fA-F]{4})+$/;

const chr = scalar({
  name: 'CHR',
  description: 'The character of a code point, given as a number or as text such as \\u004b; NULL where there is none.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'CHR(decimalCode INT) -> STRING',
      nulls: 'propagate',
      make: () => (code: number) => (code < 0 || code > 0x10ffff ? null : String.fromCodePoint(code)),
    },
    {
      signature: 'CHR(utf16Code STRING) -> STRING',
      nulls: 'propagate',
      make: () => (code: string) => {
        if (!ESCAPES.test(code) || code.length > 12) return null;
        return String.fromCharCode(
          ...code
            .slice(2)
            .split('\\u')
            .map((h) => Number.parseInt(h, 16)),
        );
      },
    },
  ],
  examples: [
    { sql: 'CHR(75)', result: "'K'" },
    { sql: "CHR('\\u597d')", result: "'好'" },
  ],
});

const uuid = scalar({
  name: 'UUID',
  description: 'A random UUID (version 4), or the one of 16 bytes; NULL for any other number of bytes.',
  category: CATEGORY,
  overloads: [
    { signature: 'UUID() -> STRING', nulls: 'propagate', make: (_types, config) => () => config.uuid() },
    {
      signature: 'UUID(bytes BYTES) -> STRING',
      nulls: 'propagate',
      make: () => (b: Uint8Array) =>
        b.length === 16 ? encodeBytes(b, 'hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : null,
    },
  ],
  examples: [
    { sql: 'UUID()', result: null },
    {
      sql: "UUID(TO_BYTES('cafebabe00000000000000000000beef', 'hex'))",
      result: "'cafebabe-0000-0000-0000-00000000beef'",
    },
    { sql: "UUID(TO_BYTES('cafe', 'hex'))", result: 'CAST(NULL AS STRING)' },
  ],
});

export const STRING_FUNCTIONS = [
  ucase,
  lcase,
  initcap,
  len,
  trim,
  substring,
  concat,
  concatWs,
  replace,
  instrFunction,
  lpad,
  rpad,
  split,
  splitToMap,
  chr,
  uuid,
];
