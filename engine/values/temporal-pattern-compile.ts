import { EvaluationError } from './evaluation-error.js';

/** What a pattern's letters stand for. */
export type Field =
  | 'era'
  | 'yearOfEra'
  | 'year'
  | 'weekBasedYear'
  | 'weekOfYear'
  | 'weekOfMonth'
  | 'localDayOfWeek'
  | 'quarter'
  | 'month'
  | 'dayOfYear'
  | 'day'
  | 'dayOfWeekInMonth'
  | 'dayOfWeek'
  | 'modifiedJulianDay'
  | 'half'
  | 'hour'
  | 'hourFrom1'
  | 'hourOfHalf'
  | 'hourOfHalfFrom1'
  | 'minute'
  | 'second'
  | 'nano'
  | 'nanoOfDay'
  | 'milliOfDay';

export type Style = 'short' | 'full' | 'narrow';

export interface NumberPart {
  readonly kind: 'number' | 'reduced' | 'fraction';
  readonly field: Field;
  readonly min: number;
  readonly max: number;
  /** `normal`: a minus only; `exceedsPad`: also a plus beyond the width; `none`: neither. */
  readonly sign: 'normal' | 'exceedsPad' | 'none';
  /** Digits that belong to what follows without a gap: `yyyyMMdd`. */
  subsequent: number;
}

/** As java.time's DateTimeFormatterBuilder makes them of a pattern. */
export type PatternPart =
  | NumberPart
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'optional'; readonly parts: readonly PatternPart[] }
  | { readonly kind: 'text'; readonly field: Field; readonly style: Style }
  | { readonly kind: 'dayPeriod'; readonly style: Style }
  | { readonly kind: 'pad'; readonly width: number; readonly part: PatternPart }
  | { readonly kind: 'offset'; readonly form: OffsetForm; readonly zero: string }
  | { readonly kind: 'gmtOffset'; readonly full: boolean }
  | { readonly kind: 'zoneId' }
  | { readonly kind: 'zoneName'; readonly full: boolean; readonly generic: boolean };

/** Whether minutes and seconds are written: always, where they are not zero, or never; and the colons. */
export interface OffsetForm {
  readonly minutes: 'always' | 'optional';
  readonly seconds: 'optional' | 'never';
  readonly colon: boolean;
}

const NUMBERS: Readonly<Record<string, Field>> = {
  d: 'day',
  h: 'hourOfHalfFrom1',
  H: 'hour',
  k: 'hourFrom1',
  K: 'hourOfHalf',
  m: 'minute',
  s: 'second',
};
const LONG_NUMBERS: Readonly<Record<string, Field>> = { A: 'milliOfDay', n: 'nano', N: 'nanoOfDay' };
const TEXTS: Readonly<Record<string, Field>> = {
  M: 'month',
  L: 'month',
  Q: 'quarter',
  q: 'quarter',
  E: 'dayOfWeek',
  e: 'localDayOfWeek',
  c: 'localDayOfWeek',
};
const STYLES: readonly (Style | undefined)[] = [undefined, undefined, undefined, 'short', 'full', 'narrow'];

const number = (
  field: Field,
  min: number,
  max = min,
  sign: NumberPart['sign'] = 'none',
  kind: NumberPart['kind'] = 'number',
): NumberPart => ({ kind, field, min, max, sign, subsequent: 0 });

/** One letter: as many digits as there are. */
const anyWidth = (field: Field): NumberPart => number(field, 1, 19, 'normal');
const upToTwo = (field: Field, count: number): NumberPart => (count === 1 ? anyWidth(field) : number(field, 2));

/** Throws an EvaluationError on a pattern that Java refuses too. */
export function compileParts(pattern: string): PatternPart[] {
  let at = 0;
  const fail = (what: string): never => {
    throw new EvaluationError(`${what}: ${pattern.length > 60 ? `${pattern.slice(0, 60)}…` : pattern}`);
  };
  /** A letter and how often it stands here. */
  const run = (): readonly [string, number] => {
    const letter = pattern[at]!;
    const from = at;
    while (pattern[at] === letter) at++;
    return [letter, at - from];
  };
  const read = (depth: number): PatternPart[] => {
    const parts: PatternPart[] = [];
    /** The number right before, which gives digits to numbers of a fixed width that follow. */
    let base: NumberPart | undefined;
    const append = (part: PatternPart): void => {
      parts.push(part);
      if (part.kind !== 'number' && part.kind !== 'reduced' && part.kind !== 'fraction') base = undefined;
      else if (base !== undefined && part.min === part.max && part.sign === 'none') base.subsequent += part.max;
      else base = part;
    };
    const literal = (text: string): void => append({ kind: 'literal', text });
    while (at < pattern.length) {
      const c = pattern[at]!;
      if (/[A-Za-z]/.test(c)) {
        let [letter, count] = run();
        let width = 0;
        if (letter === 'p') {
          width = count;
          if (!/[A-Za-z]/.test(pattern[at] ?? '')) fail("Pad letter 'p' must be followed by a letter");
          [letter, count] = run();
        }
        const part =
          partOf(letter, count) ??
          fail(LETTERS.test(letter) ? `Too many pattern letters: ${letter}` : `Unknown pattern letter: ${letter}`);
        if (width === 0) append(part);
        else append({ kind: 'pad', width, part });
      } else if (c === "'") literal(quoted());
      else if (c === '[') {
        at++;
        append({ kind: 'optional', parts: read(depth + 1) });
      } else if (c === ']') {
        if (depth === 0) fail('Pattern invalid as it contains ] without previous [');
        at++;
        return parts;
      } else if (c === '{' || c === '}' || c === '#') fail(`Pattern includes reserved character '${c}'`);
      else {
        literal(c);
        at++;
      }
    }
    return parts;
  };
  const quoted = (): string => {
    let text = '';
    for (at++; at < pattern.length; at++) {
      if (pattern[at] !== "'") text += pattern[at];
      else if (pattern[at + 1] === "'") {
        text += "'";
        at++;
      } else {
        at++;
        return text === '' ? "'" : text;
      }
    }
    return fail('Pattern ends with an incomplete string literal');
  };
  return read(0);
}

const LETTERS = /[GuyYDdMLQqwWEecFaBhHkKmsSAnNVvzOXxZpg]/;

/** What so many of a letter mean; undefined where they mean nothing. */
function partOf(letter: string, count: number): PatternPart | undefined {
  switch (letter) {
    case 'u':
      return year('year', count);
    case 'y':
      return year('yearOfEra', count);
    case 'Y':
      return year('weekBasedYear', count);
    case 'G':
      return count > 5 ? undefined : { kind: 'text', field: 'era', style: count <= 3 ? 'short' : STYLES[count]! };
    case 'M':
    case 'L':
    case 'Q':
    case 'q':
    case 'E':
    case 'e':
    case 'c':
      return named(letter, count);
    case 'd':
    case 'h':
    case 'H':
    case 'k':
    case 'K':
    case 'm':
    case 's':
      return count > 2 ? undefined : upToTwo(NUMBERS[letter]!, count);
    case 'D':
      return count === 1 ? anyWidth('dayOfYear') : count <= 3 ? number('dayOfYear', count, 3) : undefined;
    case 'g':
      return count > 19 ? undefined : number('modifiedJulianDay', count, 19, 'normal');
    case 'A':
    case 'n':
    case 'N':
      return count > 19 ? undefined : number(LONG_NUMBERS[letter]!, count, 19);
    case 'F':
      return count > 1 ? undefined : anyWidth('dayOfWeekInMonth');
    case 'S':
      return count > 9 ? undefined : number('nano', count, count, 'none', 'fraction');
    case 'w':
      return count > 2 ? undefined : number('weekOfYear', count, 2);
    case 'W':
      return count > 1 ? undefined : number('weekOfMonth', 1);
    case 'a':
      return count > 1 ? undefined : { kind: 'text', field: 'half', style: 'short' };
    case 'B':
      return count === 1 || count === 4 || count === 5
        ? { kind: 'dayPeriod', style: count === 1 ? 'short' : STYLES[count]! }
        : undefined;
    default:
      return zonePart(letter, count);
  }
}

function year(field: Field, count: number): PatternPart | undefined {
  if (count > 19) return undefined;
  if (count === 2) return number(field, 2, 2, 'none', 'reduced');
  return number(field, count, 19, count < 4 ? 'normal' : 'exceedsPad');
}

/** A number with one or two letters, a name with more. */
function named(letter: string, count: number): PatternPart | undefined {
  const field = TEXTS[letter]!;
  const style = STYLES[count];
  if (style !== undefined) return { kind: 'text', field: field === 'localDayOfWeek' ? 'dayOfWeek' : field, style };
  if (count > 5 || (letter === 'c' && count === 2)) return undefined;
  if (letter === 'E') return { kind: 'text', field, style: 'short' };
  return field === 'localDayOfWeek' ? number(field, count) : upToTwo(field, count);
}

const offset = (
  minutes: OffsetForm['minutes'],
  seconds: OffsetForm['seconds'],
  colon: boolean,
  zero: string,
): PatternPart => ({
  kind: 'offset',
  form: { minutes, seconds, colon },
  zero,
});

function zonePart(letter: string, count: number): PatternPart | undefined {
  switch (letter) {
    case 'V':
      return count === 2 ? { kind: 'zoneId' } : undefined;
    case 'z':
      return count > 4 ? undefined : { kind: 'zoneName', full: count === 4, generic: false };
    case 'v':
      return count === 1 || count === 4 ? { kind: 'zoneName', full: count === 4, generic: true } : undefined;
    case 'O':
      return count === 1 || count === 4 ? { kind: 'gmtOffset', full: count === 4 } : undefined;
    case 'Z':
      if (count < 4) return offset('always', 'never', false, '+0000');
      if (count === 4) return { kind: 'gmtOffset', full: true };
      return count === 5 ? offset('always', 'optional', true, 'Z') : undefined;
    case 'X':
    case 'x': {
      if (count > 5) return undefined;
      const zero = letter === 'X' ? 'Z' : count === 1 ? '+00' : count % 2 === 0 ? '+0000' : '+00:00';
      const colon = count === 3 || count === 5;
      return offset(count === 1 ? 'optional' : 'always', count > 3 ? 'optional' : 'never', colon, zero);
    }
    default:
      return undefined;
  }
}
