import { DAY_MS, daysInMonth, daysOf } from './temporal.js';

/**
 * A short way for patterns of a whole date in numbers of a fixed width, which most are: local time, or NaN where the text
 * does not fit. Undefined for other patterns.
 */
export function fixedParser(pattern: string): ((text: string) => number) | undefined {
  const fields = fixedFields(pattern);
  return fields === undefined ? undefined : (text) => parseFixed(fields, text);
}

type Fixed =
  | { readonly field: 'y' | 'M' | 'd' | 'H' | 'm' | 's' | 'S'; readonly width: number }
  | { readonly text: string };

const FIXED: Readonly<Record<string, 'y' | 'M' | 'd' | 'H' | 'm' | 's' | 'S'>> = {
  yyyy: 'y',
  uuuu: 'y',
  MM: 'M',
  dd: 'd',
  HH: 'H',
  mm: 'm',
  ss: 's',
  SSS: 'S',
};

function fixedFields(pattern: string): readonly Fixed[] | undefined {
  const fields: Fixed[] = [];
  let dated = 0;
  for (const [part] of pattern.matchAll(/'(?:[^']|'')*'|([a-zA-Z])\1*|[^a-zA-Z']+/g)) {
    if (part.startsWith("'")) fields.push({ text: part === "''" ? "'" : part.slice(1, -1).replaceAll("''", "'") });
    else if (!/[a-zA-Z]/.test(part)) {
      // Brackets and the like have a meaning of their own in a pattern.
      if (/[[\]{}#]/.test(part)) return undefined;
      fields.push({ text: part });
    } else {
      const field = FIXED[part];
      // A field that comes twice must say the same twice. The long way checks that.
      if (field === undefined || fields.some((f) => 'field' in f && f.field === field)) return undefined;
      if (field === 'y' || field === 'M' || field === 'd') dated++;
      fields.push({ field, width: part.length });
    }
  }
  return dated === 3 ? fields : undefined;
}

function parseFixed(fields: readonly Fixed[], text: string): number {
  let p = 0;
  let year = 0;
  let month = 0;
  let day = 0;
  let ms = 0;
  for (const f of fields) {
    if ('text' in f) {
      if (!text.startsWith(f.text, p)) return Number.NaN;
      p += f.text.length;
      continue;
    }
    let v = 0;
    for (const end = p + f.width; p < end; p++) {
      const digit = text.charCodeAt(p) - 48;
      if (!(digit >= 0 && digit <= 9)) return Number.NaN;
      v = v * 10 + digit;
    }
    if (f.field === 'y') year = v;
    else if (f.field === 'M') month = v;
    else if (f.field === 'd') day = v;
    else if (f.field === 'H') {
      if (v > 23) return Number.NaN;
      ms += v * 3_600_000;
    } else if (f.field === 'm') {
      if (v > 59) return Number.NaN;
      ms += v * 60_000;
    } else if (f.field === 's') {
      if (v > 59) return Number.NaN;
      ms += v * 1000;
    } else ms += v;
  }
  if (p !== text.length || year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month))
    return Number.NaN;
  return daysOf(year, month, day) * DAY_MS + ms;
}
