import type { Field, Style } from './temporal-pattern-compile.js';

/* English names as Java's formatter has them. */

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** From Monday, as ISO counts. */
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

interface Names {
  /** The value of the first. */
  readonly from: number;
  readonly short: readonly string[];
  readonly full: readonly string[];
  readonly narrow: readonly string[];
}

const names = (full: readonly string[]): Names => ({
  from: 1,
  full,
  short: full.map((n) => n.slice(0, 3)),
  narrow: full.map((n) => n[0]!),
});

const NAMES: { readonly [F in Field]?: Names } = {
  month: names(MONTHS),
  dayOfWeek: names(WEEKDAYS),
  quarter: {
    from: 1,
    short: ['Q1', 'Q2', 'Q3', 'Q4'],
    full: ['1st quarter', '2nd quarter', '3rd quarter', '4th quarter'],
    narrow: ['1', '2', '3', '4'],
  },
  era: { from: 0, short: ['BC', 'AD'], full: ['Before Christ', 'Anno Domini'], narrow: ['B', 'A'] },
  half: { from: 0, short: ['AM', 'PM'], full: ['AM', 'PM'], narrow: ['a', 'p'] },
};

export function nameOf(field: Field, value: number, style: Style): string {
  const known = NAMES[field]!;
  return known[style][value - known.from]!;
}

/** The value of the longest name that a text has at a place, and where the name ends. */
export function nameAt(field: Field, style: Style, text: string, at: number): readonly [number, number] | undefined {
  const known = NAMES[field]!;
  let best: readonly [number, number] | undefined;
  for (const [i, name] of known[style].entries()) {
    const end = at + name.length;
    if ((best === undefined || end > best[1]) && text.slice(at, end).toLowerCase() === name.toLowerCase())
      best = [i + known.from, end];
  }
  return best;
}

/** Whether a style's names tell the values apart: initials of months and weekdays do not, and are read as numbers. */
export const isReadable = (field: Field, style: Style): boolean =>
  new Set(NAMES[field]![style]).size === NAMES[field]![style].length;
