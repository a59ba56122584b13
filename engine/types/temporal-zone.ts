import { EvaluationError } from './evaluation-error.js';
import { offsetMs } from './temporal.js';

/**
 * Time zones: offsets such as `+02:00`, names of the tz database, and the old three-letter names of java.util.TimeZone.
 * The rules come from the ICU data that Node brings along.
 */
export interface Zone {
  /** As it was asked for; an offset in its long form, `+02:00`. */
  readonly id: string;
  /** Milliseconds east of UTC at an instant. */
  offsetAt(epochMs: number): number;
  /** `PDT`, `CEST`, `GMT+05:30`: the short name at an instant. */
  shortName(epochMs: number): string;
  /** `Pacific Daylight Time`. */
  longName(epochMs: number): string;
}

export const UTC: Zone = {
  id: 'UTC',
  offsetAt: () => 0,
  shortName: () => 'UTC',
  longName: () => 'Coordinated Universal Time',
};

/** java.time.ZoneId.SHORT_IDS and the daylight names that people write. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  ACT: 'Australia/Darwin',
  AET: 'Australia/Sydney',
  AGT: 'America/Argentina/Buenos_Aires',
  ART: 'Africa/Cairo',
  AST: 'America/Anchorage',
  BET: 'America/Sao_Paulo',
  BST: 'Asia/Dhaka',
  CAT: 'Africa/Harare',
  CNT: 'America/St_Johns',
  CST: 'America/Chicago',
  CTT: 'Asia/Shanghai',
  EAT: 'Africa/Addis_Ababa',
  ECT: 'Europe/Paris',
  IET: 'America/Indiana/Indianapolis',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  MIT: 'Pacific/Apia',
  NET: 'Asia/Yerevan',
  NST: 'Pacific/Auckland',
  PLT: 'Asia/Karachi',
  PNT: 'America/Phoenix',
  PRT: 'America/Puerto_Rico',
  PST: 'America/Los_Angeles',
  SST: 'Pacific/Guadalcanal',
  VST: 'Asia/Ho_Chi_Minh',
  EST: '-05:00',
  MST: '-07:00',
  HST: '-10:00',
};

const OFFSET = /^(?:UTC|GMT|UT)?([+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?)$/i;
const CACHE_SIZE = 256;
const zones = new Map<string, Zone>();

/** Throws an EvaluationError on an unknown name. */
export function zoneOf(id: string): Zone {
  const known = zones.get(id);
  if (known !== undefined) return known;
  const zone = makeZone(id);
  if (zones.size >= CACHE_SIZE) zones.delete(zones.keys().next().value!);
  zones.set(id, zone);
  return zone;
}

function makeZone(id: string): Zone {
  const name = OLD_NAMES[id] ?? id;
  if (/^(?:UTC|GMT|UT|Z)$/i.test(name)) {
    return id === 'GMT'
      ? { ...UTC, id, shortName: () => 'GMT', longName: () => 'Greenwich Mean Time' }
      : { ...UTC, id };
  }
  const offset = OFFSET.exec(name);
  if (offset !== null) {
    const digits = /^[+-]\d(?!\d)/.test(offset[1]!) ? `${offset[1]![0]}0${offset[1]!.slice(1)}` : offset[1]!;
    const ms = offsetMs(digits);
    // A bare offset has no name but itself.
    const text = /^[+-]/.test(id) ? offsetText(ms) : undefined;
    const name = text ?? offsetText(ms, true);
    return { id: text ?? id, offsetAt: () => ms, shortName: () => name, longName: () => name };
  }
  return named(id, name);
}

/** `+02:00` or `Z`; with `gmt` `GMT+02:00`. */
export function offsetText(ms: number, gmt = false): string {
  if (ms === 0) return gmt ? 'GMT' : 'Z';
  const s = Math.abs(ms) / 1000;
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const seconds = s % 60 === 0 ? '' : `:${two(s % 60)}`;
  return `${gmt ? 'GMT' : ''}${ms < 0 ? '-' : '+'}${two(s / 3600)}:${two((s / 60) % 60)}${seconds}`;
}

/** Zones change at whole quarters of an hour: an offset holds for all of one. */
const QUARTER = 900_000;
const OFFSETS_KEPT = 4096;

function named(id: string, name: string): Zone {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch (e) {
    if (e instanceof RangeError) throw new EvaluationError(`Unknown time-zone ID: ${id}`);
    throw e;
  }
  const offsets = new Map<number, number>();
  return {
    id,
    offsetAt(epochMs) {
      const quarter = Math.floor(epochMs / QUARTER);
      let offset = offsets.get(quarter);
      if (offset === undefined) {
        const text = zonePart(format, epochMs).slice(3);
        offset = text === '' ? 0 : offsetMs(text);
        if (offsets.size >= OFFSETS_KEPT) offsets.clear();
        offsets.set(quarter, offset);
      }
      return offset;
    },
    shortName: (epochMs) => shortName(name, epochMs),
    longName: (epochMs) =>
      zonePart(new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'long' }), epochMs),
  };
}

function zonePart(format: Intl.DateTimeFormat, epochMs: number): string {
  return format.formatToParts(epochMs).find((p) => p.type === 'timeZoneName')?.value ?? 'GMT';
}

/** Names that Java knows and ICU gives in no English locale. */
const JAVA_NAMES: Readonly<Record<string, string>> = {
  'Asia/Tokyo': 'JST',
  'Asia/Seoul': 'KST',
  'Asia/Shanghai': 'CST',
  'Asia/Hong_Kong': 'HKT',
  'Asia/Singapore': 'SGT',
};

/** ICU gives an abbreviation only in a locale of the region where it is in use. */
function shortName(name: string, epochMs: number): string {
  const known = JAVA_NAMES[name];
  if (known !== undefined) return known;
  let text = 'GMT';
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA', 'en-NZ', 'en-CA']) {
    text = zonePart(new Intl.DateTimeFormat(locale, { timeZone: name, timeZoneName: 'short' }), epochMs);
    if (!/^(?:GMT|UTC)[+-]/.test(text)) return text;
  }
  return text;
}

/**
 * The instant of a local time (milliseconds as if it were UTC). Where a clock is put back and it comes twice, the first;
 * where a clock is put forward and it does not exist, as much later (Java's ZonedDateTime).
 */
export function instantOf(localMs: number, zone: Zone): number {
  const before = zone.offsetAt(localMs - 86_400_000);
  const after = zone.offsetAt(localMs + 86_400_000);
  const first = localMs - before;
  if (before === after || zone.offsetAt(first) === before) return first;
  const second = localMs - after;
  return zone.offsetAt(second) === after ? second : first;
}
