/** A set of code points: ranges in order, with gaps in between. */
export type CodePoints = readonly (readonly [number, number])[];

const MAX = 0x10ffff;

export function union(...sets: readonly CodePoints[]): CodePoints {
  const ranges = sets.flat().sort((a, b) => a[0] - b[0]);
  const out: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = out.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

export function complement(set: CodePoints): CodePoints {
  const out: [number, number][] = [];
  let from = 0;
  for (const [a, b] of set) {
    if (a > from) out.push([from, a - 1]);
    from = b + 1;
  }
  if (from <= MAX) out.push([from, MAX]);
  return out;
}

export const intersection = (a: CodePoints, b: CodePoints): CodePoints =>
  complement(union(complement(a), complement(b)));

const contains = (set: CodePoints, c: number): boolean => set.some(([a, b]) => a <= c && c <= b);

/** Single characters and ranges as a character class writes them: `a-z_`. */
export function of(text: string): CodePoints {
  const chars = [...text].map((c) => c.codePointAt(0)!);
  const out: [number, number][] = [];
  for (let i = 0; i < chars.length; i++) {
    if (chars[i + 1] === 0x2d && i + 2 < chars.length) {
      out.push([chars[i]!, chars[i + 2]!]);
      i += 2;
    } else out.push([chars[i]!, chars[i]!]);
  }
  return union(out);
}

const found = new Map<string, CodePoints>();
const CHUNK = 4096;

/** All code points with a property as ECMAScript names it (`Lu`, `Script=Greek`); undefined where there is none. */
export function withProperty(name: string): CodePoints | undefined {
  const known = found.get(name);
  if (known !== undefined) return known;
  let re: RegExp;
  try {
    re = new RegExp(`\\p{${name}}+`, 'gu');
  } catch {
    // The engine's own list of properties is asked: what it does not know is no property.
    return undefined;
  }
  const out: [number, number][] = [];
  for (let from = 0; from <= MAX; from += CHUNK) {
    const surrogates = from >= 0xd800 && from <= 0xdfff;
    if (surrogates) {
      // They would pair up in one text.
      if (re.test('\ud800')) out.push([from, from + CHUNK - 1]);
      re.lastIndex = 0;
      continue;
    }
    const width = from > 0xffff ? 2 : 1;
    const text = String.fromCodePoint(...Array.from({ length: CHUNK }, (_, i) => from + i));
    for (const m of text.matchAll(re)) {
      out.push([from + m.index / width, from + (m.index + m[0].length) / width - 1]);
    }
  }
  const set = union(out);
  found.set(name, set);
  return set;
}

let cases: readonly (readonly [number, number])[] | undefined;

/** With the other case of all letters: of ASCII's alone, as in Java, or of all. */
export function foldCase(set: CodePoints, unicode: boolean): CodePoints {
  const more: [number, number][] = [];
  for (let c = 0x41; c <= 0x5a; c++) {
    if (contains(set, c)) more.push([c + 32, c + 32]);
    if (contains(set, c + 32)) more.push([c, c]);
  }
  if (unicode) {
    cases ??= (withProperty('Changes_When_Casemapped') ?? []).flatMap(([a, b]) =>
      Array.from({ length: b - a + 1 }, (_, i) => a + i).flatMap((c) => {
        const text = String.fromCodePoint(c);
        return [text.toLowerCase(), text.toUpperCase(), text.toUpperCase().toLowerCase()]
          .filter((other) => [...other].length === 1 && other !== text)
          .map((other) => [c, other.codePointAt(0)!] as const);
      }),
    );
    for (const [c, other] of cases) {
      if (contains(set, c)) more.push([other, other]);
      if (contains(set, other)) more.push([c, c]);
    }
  }
  return more.length === 0 ? set : union(set, more);
}

const hex = (c: number): string => `\\x{${c.toString(16)}}`;

/** How RE2 writes one code point, or a set of them. */
export const literal = (c: number): string =>
  /[A-Za-z0-9_ ]/.test(String.fromCodePoint(c)) ? String.fromCodePoint(c) : hex(c);

export function classText(set: CodePoints): string {
  if (set.length === 1 && set[0]![0] === set[0]![1]) return literal(set[0]![0]);
  // RE2 writes no empty class: what is not any character is none.
  if (set.length === 0) return `[^${hex(0)}-${hex(MAX)}]`;
  return `[${set.map(([a, b]) => (a === b ? hex(a) : `${hex(a)}-${hex(b)}`)).join('')}]`;
}
