import stringWidth from 'string-width';

/** How many cells of a terminal a text takes: wide characters take two, combining ones none. */

export interface Grapheme {
  readonly text: string;
  /** Cells. */
  readonly width: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const PLAIN = /^[\x20-\x7e]*$/;

/** What a terminal takes for escape sequences is text here: `printable` has seen to it. */
export const displayWidth = (text: string): number => stringWidth(text, { countAnsiEscapeCodes: true });

/** What people take for characters, each with its cells. */
export function graphemes(text: string): Grapheme[] {
  if (PLAIN.test(text)) return [...text].map((c) => ({ text: c, width: 1 }));
  return Array.from(segmenter.segment(text), ({ segment }) => ({ text: segment, width: displayWidth(segment) }));
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
