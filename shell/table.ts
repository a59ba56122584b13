import { padEnd, padStart, displayWidth as width, wrapText } from './width.js';

/** Tables for a terminal: columns as wide as what they hold, narrowed to fit the screen; what is longer is wrapped. */

const MIN_WIDTH = 6;
/** A column that holds more and is narrower than this is no pleasure to read. */
const READABLE = 12;

/** Widths at which nothing is wrapped. */
const naturalWidths = (names: readonly string[], rows: readonly (readonly string[])[]): number[] =>
  names.map((n, i) => rows.reduce((w, r) => Math.max(w, longestLine(r[i] ?? '')), Math.max(MIN_WIDTH, width(n))));

/** Cells that a table of these widths takes, borders included. */
export const tableWidth = (widths: readonly number[]): number => widths.reduce((a, b) => a + b + 3, 1);

/**
 * Widths that fit `total` characters, borders included, as far as names let them: a name is never wrapped.
 * @param least what a column is at least; left out: the name over it
 */
export function fitWidths(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  total: number,
  least: readonly number[] = names.map(width),
): number[] {
  const widths = naturalWidths(names, rows);
  const floor = least.map((n) => Math.max(MIN_WIDTH, n));
  const room = total - 3 * names.length - 1;
  // The widest column that can gives way first.
  for (let over = widths.reduce((a, b) => a + b, 0) - room; over > 0; ) {
    const can = (i: number) => widths[i]! > floor[i]!;
    const at = widths.reduce((best, w, i) => (can(i) && (best < 0 || w > widths[best]!) ? i : best), -1);
    if (at < 0) break;
    const second = widths.reduce((most, w, i) => (i !== at && can(i) ? Math.max(most, w) : most), floor[at]!);
    const cut = Math.min(over, widths[at]! - floor[at]!, Math.max(1, widths[at]! - second));
    widths[at] = widths[at]! - cut;
    over -= cut;
  }
  return widths;
}

const IDENTIFIER = /^[^\s,()<>{}[\]'"]+$/;

/** What columns of names are at least: the longest name in them, which nobody could copy in two halves. */
export const nameWidths = (names: readonly string[], rows: readonly (readonly string[])[]): number[] =>
  names.map((n, i) => rows.reduce((w, r) => (IDENTIFIER.test(r[i] ?? '') ? Math.max(w, width(r[i]!)) : w), width(n)));

/** Whether a table of these rows can be read on a screen of so many cells. */
export function fits(names: readonly string[], rows: readonly (readonly string[])[], total: number): boolean {
  const natural = naturalWidths(names, rows);
  const widths = fitWidths(names, rows, total);
  return tableWidth(widths) <= total && widths.every((w, i) => w >= Math.min(natural[i]!, READABLE));
}

const longestLine = (s: string) => s.split('\n').reduce((w, line) => Math.max(w, width(line)), 0);

/** Control characters as escapes, so that data cannot command the terminal; line ends and tabs stay. */
export const printable = (text: string): string =>
  text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** Tabs as spaces up to the next of their stops, eight cells apart: how wide they are is nobody's to choose but the terminal's. */
export const untabbed = (text: string): string =>
  !text.includes('\t')
    ? text
    : text
        .split('\n')
        .map((line) => line.split('\t').reduce((out, part) => padEnd(out, (Math.floor(width(out) / 8) + 1) * 8) + part))
        .join('\n');

const wrap = (cell: string, size: number): string[] => cell.split('\n').flatMap((line) => wrapText(line, size));

export const ruler = (widths: readonly number[]): string => `+${widths.map((w) => '-'.repeat(w + 2)).join('+')}+`;

/** How the cells of a table stand. */
export interface CellStyle {
  /** By column: numbers stand to the right. */
  readonly right?: readonly boolean[];
  /** By column, of one row: paints what is no value but its absence. */
  readonly paint?: (column: number, text: string) => string;
}

export function tableRow(cells: readonly string[], widths: readonly number[], style: CellStyle = {}): string {
  const wrapped = widths.map((w, i) => wrap(cells[i] ?? '', w));
  const height = Math.max(1, ...wrapped.map((w) => w.length));
  const lines: string[] = [];
  for (let l = 0; l < height; l++) {
    const line = widths.map((w, i) => {
      const text = (style.right?.[i] === true ? padStart : padEnd)(wrapped[i]![l] ?? '', w);
      return style.paint?.(i, text) ?? text;
    });
    lines.push(`| ${line.join(' | ')} |`);
  }
  return lines.join('\n');
}

/** A row as lines `name: value`, after a line with its number, which is no longer than `total` cells. */
export function renderVertical(
  names: readonly string[],
  row: readonly string[],
  number: number,
  total = Number.POSITIVE_INFINITY,
): string {
  const size = Math.max(...names.map(width));
  const title = ` ${number}. row `;
  const stars = '*'.repeat(Math.max(3, Math.min(27, Math.floor((total - title.length) / 2))));
  const lines = names.map((n, i) => `${' '.repeat(size - width(n))}${n}: ${row[i] ?? ''}`);
  return [`${stars}${title}${stars}`, ...lines].join('\n');
}
