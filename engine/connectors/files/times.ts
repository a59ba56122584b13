import { messageOf, WeirError } from '../../base/errors.js';
import { parseTimestamp } from '../../values/temporal.js';
import { instantOf, type Zone, zoneOf } from '../../values/temporal-zone.js';

/** What a number in a column of times counts, in units a millisecond or milliseconds a unit. */
const UNITS = { s: 1000, ms: 1, us: 0.001, ns: 0.000001 } as const;
export type TimeUnit = keyof typeof UNITS;
export const isTimeUnit = (text: string): text is TimeUnit => Object.hasOwn(UNITS, text);

export interface TimeOptions {
  /** Of texts that name none; undefined: these are refused. */
  readonly zone: Zone | undefined;
  /** Of numbers; undefined: milliseconds, and what looks like seconds is refused. */
  readonly unit: TimeUnit | undefined;
  /** What the options for both are called where a person sets them. */
  readonly names: { readonly zone: string; readonly unit: string };
}

/** @param option its name where a person sets it */
export function namedZone(name: string, option: string): Zone {
  try {
    return zoneOf(name);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `${option}: ${messageOf(e)}`, 'For example UTC, America/New_York or +02:00.', {
      cause: e,
    });
  }
}

const TEXT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?))? ?(Z|[+-]\d{2}(?::?\d{2})?)?$/i;
/** A time in a text as `timestampMs` takes it, and whether it says its zone. */
export const looksLikeTime = (text: string): 'zoned' | 'local' | null => {
  const m = TEXT.exec(text.trim());
  return m?.[2] === undefined ? null : m[3] === undefined ? 'local' : 'zoned';
};

/**
 * Milliseconds since the epoch of a column's text: ISO 8601 (a blank may stand for the T), or a number of `unit`.
 * @throws WeirError BAD_REQUEST
 */
export function timestampMs(text: string, { zone, unit, names }: TimeOptions): number {
  const trimmed = text.trim();
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) {
    const n = Number(trimmed);
    // From 1973 to 2286 in seconds; in milliseconds all of it is in the first months of 1970.
    if (unit === undefined && n >= 1e8 && n < 1e10) {
      throw new WeirError(
        'BAD_REQUEST',
        `${text} looks like seconds since 1970, but numbers are read as milliseconds.`,
        `Say what the numbers count: ${names.unit} s, or ms where they are right as they are.`,
      );
    }
    const ms = Math.floor(n * UNITS[unit ?? 'ms']);
    if (!Number.isSafeInteger(ms))
      throw new WeirError('BAD_REQUEST', `${text} is beyond the times that a record can have.`);
    return ms;
  }
  const m = TEXT.exec(trimmed);
  if (m === null) throw new WeirError('BAD_REQUEST', `'${text}' is no time.`, 'ISO 8601, or a number.');
  const [, day, time = '00:00', offset] = m;
  let local: number;
  try {
    local = parseTimestamp(`${day}T${time.replace(',', '.')}${offset?.toUpperCase() ?? ''}`);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `'${text}' is no time: there is no such day or hour.`, undefined, { cause: e });
  }
  if (offset !== undefined) return local;
  if (zone === undefined) {
    throw new WeirError(
      'BAD_REQUEST',
      `'${text}' does not say its time zone.`,
      `Name it with ${names.zone}, for example UTC.`,
    );
  }
  return instantOf(local, zone);
}
