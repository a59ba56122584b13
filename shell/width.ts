/** How many cells of a terminal a text takes: wide characters take two, combining ones none. */

export interface Grapheme {
  readonly text: string;
  /** Cells: 0, 1 or 2. */
  readonly width: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** First and last code points of what Unicode's East Asian Width calls wide or fullwidth; emoji are found by property. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
];

const PLAIN = /^[\x20-\x7e]*$/;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;

function graphemeWidth(text: string): number {
  const code = text.codePointAt(0)!;
  if (code < 0x300) return code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0xad ? 0 : 1;
  if (/^\p{Emoji_Presentation}/u.test(text) || (text.includes('\ufe0f') && /^\p{Emoji}/u.test(text))) return 2;
  for (const [first, last] of WIDE) {
    if (code < first) break;
    if (code <= last) return 2;
  }
  return INVISIBLE.test(text) ? 0 : 1;
}

/** What people take for characters, each with its cells. */
export function graphemes(text: string): Grapheme[] {
  if (PLAIN.test(text)) return [...text].map((c) => ({ text: c, width: 1 }));
  return Array.from(segmenter.segment(text), ({ segment }) => ({ text: segment, width: graphemeWidth(segment) }));
}

export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));

export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - displayWidth(text))) + text;

/** The text cut to so many cells, with `…` where something was cut. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const g of graphemes(text)) {
    if (used + g.width > width - 1) break;
    out += g.text;
    used += g.width;
  }
  return `${out}…`;
}

/** Pieces of at most `size` cells each; at least one. */
export function wrapText(text: string, size: number): string[] {
  if (displayWidth(text) <= size) return [text];
  const out: string[] = [];
  if (PLAIN.test(text)) {
    for (let at = 0; at < text.length; at += size) out.push(text.slice(at, at + size));
    return out;
  }
  let line = '';
  let used = 0;
  for (const g of graphemes(text)) {
    if (used + g.width > size && line !== '') {
      out.push(line);
      line = '';
      used = 0;
    }
    line += g.text;
    used += g.width;
  }
  out.push(line);
  return out;
}
