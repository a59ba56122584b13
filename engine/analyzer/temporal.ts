/** Dates and times in literals: ISO text, parts from the right may be left out. Undefined: no such text. */

const DATE = /^([+-]?\d{4,9})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;
const ZONE = /(?:Z|([+-])(\d{2}):?(\d{2})?)$/;

/** `2020-01-31`, `2020-01`, `2020`: days since the epoch. */
export function parseDate(text: string): number | undefined {
  const m = DATE.exec(text.trim());
  if (m === null) return undefined;
  const year = Number(m[1]);
  const month = Number(m[2] ?? 1);
  const day = Number(m[3] ?? 1);
  if (month < 1 || month > 12 || day < 1) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.getTime() / 86_400_000;
}

/** `10:15`, `10:15:30.123`: milliseconds of the day. */
export function parseTime(text: string): number | undefined {
  const m = TIME.exec(text.trim());
  if (m === null) return undefined;
  const [h, min, s] = [Number(m[1]), Number(m[2]), Number(m[3] ?? 0)];
  if (h > 23 || min > 59 || s > 59) return undefined;
  const millis = Number((m[4] ?? '').padEnd(3, '0').slice(0, 3));
  return ((h * 60 + min) * 60 + s) * 1000 + millis;
}

/** A date, then after `T` or a blank a time, then a zone (`Z`, `+0100`, `+01:00`; UTC without): milliseconds since the epoch. */
export function parseTimestamp(text: string): number | undefined {
  const trimmed = text.trim();
  const split = trimmed.search(/[T ]/);
  if (split < 0) {
    const days = parseDate(trimmed);
    return days === undefined ? undefined : days * 86_400_000;
  }
  const days = parseDate(trimmed.slice(0, split));
  let rest = trimmed.slice(split + 1);
  let offset = 0;
  const zone = ZONE.exec(rest);
  if (zone !== null) {
    rest = rest.slice(0, zone.index);
    if (zone[1] !== undefined) {
      offset = (Number(zone[2]) * 60 + Number(zone[3] ?? 0)) * 60_000 * (zone[1] === '-' ? -1 : 1);
    }
  }
  const padded = /^\d{1,2}$/.test(rest) ? `${rest}:00` : rest;
  // 24:00 is the end of the day.
  const time = rest === '' ? 0 : /^24:00(:00(\.0+)?)?$/.test(padded) ? 86_400_000 : parseTime(padded);
  return days === undefined || time === undefined ? undefined : days * 86_400_000 + time - offset;
}
