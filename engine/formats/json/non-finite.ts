import { WeirError } from '../../base/errors.js';
import type { FormatRef } from '../../plan/format-ref.js';
import type { FormatOption } from '../format.js';
import type { NonFinite } from './scan.js';

const WORDS: Readonly<Record<string, NonFinite>> = {
  REJECT: 'REJECT',
  FALSE: 'REJECT',
  ACCEPT: 'ACCEPT',
  TRUE: 'ACCEPT',
  NULL: 'NULL',
};

/**
 * What bare `NaN`, `Infinity` and `-Infinity` in a topic's JSON are. Python's and other libraries write them. Not inherited:
 * Weir writes such numbers as text, which every reader of JSON takes.
 */
export const NON_FINITE_NUMBERS: FormatOption = {
  property: 'JSON_NON_FINITE_NUMBERS',
  inherited: false,
  read(value, property) {
    const word = WORDS[value.trim().toUpperCase()];
    if (word !== undefined) return word;
    throw new WeirError(
      'BAD_STATEMENT',
      `Invalid value '${value}' for property ${property}.`,
      "'ACCEPT' (or true) reads NaN, Infinity and -Infinity, 'NULL' makes NULL of them, 'REJECT' (or false) refuses the record.",
    );
  },
};

export const nonFiniteOf = (ref: FormatRef): NonFinite => WORDS[ref.properties.nonFinite ?? 'REJECT'] ?? 'REJECT';
