import { EvaluationError } from './evaluation-error.js';
import { offsetMs } from './temporal.js';
import { LONG_NAMES, SHORT_NAMES, ZONE_NAMES } from './temporal-zone-names.js';

/** Time zones: offsets such as `+02:00` and names of the tz database. The rules come from the ICU data of Node. */
export interface Zone {
  /** As it was asked for; an offset in its long form, `+02:00`. */
  readonly id: string;
  /** Milliseconds east of UTC at an instant. */
  offsetAt(epochMs: number): number;
  /** `PDT`, `CEST`, `GMT+05:30`: the short name at an instant; without one `PT`. */
  shortName(epochMs?: number): string;
  /** `Pacific Daylight Time`; without an instant `Pacific Time`. */
  longName(epochMs?: number): string;
}

export const UTC: Zone = {
  id: 'UTC',
  offsetAt: () => 0,
  shortName: () => 'UTC',
  longName: () => 'Coordinated Universal Time',
};

const OFFSET = /^(UTC|GMT|UT)?([+-])(?:(\d)|(\d{2})(?:(\d{2})(\d{2})?|:(\d{2})(?::(\d{2}))?)?)$/;
const MAX_OFFSET = 18 * 3600;
const CACHE_SIZE = 256;
const zones = new Map<string, Zone>();

/** As java.time.ZoneId.of: throws an EvaluationError on an unknown name; `PST` and its like are none. */
export function zoneOf(id: string): Zone {
  const known = zones.get(id);
  if (known !== undefined) return known;
  const zone = makeZone(id);
  if (zones.size >= CACHE_SIZE) zones.delete(zones.keys().next().value!);
  zones.set(id, zone);
  return zone;
}

function makeZone(id: string): Zone {
  const m = OFFSET.exec(id);
  if (m !== null) {
    const hours = Number(m[3] ?? m[4]);
    const minutes = Number(m[5] ?? m[7] ?? 0);
    const seconds = Number(m[6] ?? m[8] ?? 0);
    const total = hours * 3600 + minutes * 60 + seconds;
    if (minutes > 59 || seconds > 59 || total > MAX_OFFSET) unknown(id);
    return fixed(m[2] === '-' ? -total * 1000 : total * 1000, m[1]);
  }
  if (id === 'Z') return fixed(0);
  if (id === 'UT') return { ...UTC, id, shortName: () => 'UT', longName: () => 'UT' };
  return namesOf(id) === undefined ? unknown(id) : named(id);
}

function unknown(id: string): never {
  throw new EvaluationError(`Unknown time-zone ID: ${id.length > 60 ? `${id.slice(0, 60)}…` : id}`);
}

/** An offset has no name but itself. */
export function fixed(ms: number, prefix = ''): Zone {
  const id = prefix !== '' && ms === 0 ? prefix : `${prefix}${offsetText(ms)}`;
  return { id, offsetAt: () => ms, shortName: () => id, longName: () => id };
}

interface Names {
  readonly short: string;
  readonly shortSummer: string;
  readonly long: string;
  readonly longSummer: string;
  readonly shortGeneric: string;
  readonly longGeneric: string;
}

let names: ReadonlyMap<string, Names> | undefined;

function namesOf(id: string): Names | undefined {
  names ??= new Map(
    ZONE_NAMES.trim()
      .split('\n')
      .flatMap((line) => {
        const [short, shortSummer, long, longSummer, shortGeneric, longGeneric, ids] = line.split('|') as string[];
        const group = { short, shortSummer, long, longSummer, shortGeneric, longGeneric } as Names;
        return ids!.split(' ').map((zone) => [zone, group] as const);
      }),
  );
  return names.get(id);
}

/** Ids and names that a text may hold, in lower case, the longest first, each with its zone. */
type Texts = readonly (readonly [text: string, zone: string])[];
const texts = new Map<string, Texts>();

/** What stands for a zone: its id or, with `names`, one of its names. */
export function zoneTexts(which: 'ids' | 'short' | 'long'): Texts {
  let known = texts.get(which);
  if (known === undefined) {
    namesOf('');
    const out = new Map([...names!.keys()].map((id) => [id.toLowerCase(), id]));
    const listed = which === 'ids' ? '' : which === 'short' ? SHORT_NAMES : LONG_NAMES;
    for (const line of listed.trim().split('\n')) {
      const [zone, ...spoken] = line.split('|') as [string, ...string[]];
      for (const name of spoken) out.set(name.toLowerCase(), zone);
    }
    known = [...out].sort((a, b) => b[0].length - a[0].length);
    texts.set(which, known);
  }
  return known;
}

/** `+02:00` or `Z`; with `gmt` `GMT+02:00`. */
export function offsetText(ms: number, gmt = false): string {
  if (ms === 0) return gmt ? 'GMT' : 'Z';
  const s = Math.abs(ms) / 1000;
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const seconds = s % 60 === 0 ? '' : `:${two(s % 60)}`;
  return `${gmt ? 'GMT' : ''}${ms < 0 ? '-' : '+'}${two(s / 3600)}:${two((s / 60) % 60)}${seconds}`;
}

/** Zones change at whole quarters of an hour: an offset holds for all of one quarter. */
const QUARTER = 900_000;
const OFFSETS_KEPT = 4096;

function named(id: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: id, timeZoneName: 'longOffset' });
  const known = namesOf(id)!;
  const offsets = new Map<number, number>();
  const offsetAt = (epochMs: number): number => {
    const quarter = Math.floor(epochMs / QUARTER);
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      const text = (format.formatToParts(epochMs).find((p) => p.type === 'timeZoneName')?.value ?? 'GMT').slice(3);
      offset = text === '' ? 0 : offsetMs(text);
      if (offsets.size >= OFFSETS_KEPT) offsets.clear();
      offsets.set(quarter, offset);
    }
    return offset;
  };
  /** Whether the clock is ahead of what it shows in the other half of the year. */
  const summer = (epochMs: number): boolean => {
    const year = new Date(epochMs).getUTCFullYear();
    return offsetAt(epochMs) > Math.min(offsetAt(Date.UTC(year, 0, 1)), offsetAt(Date.UTC(year, 6, 1)));
  };
  return {
    id,
    offsetAt,
    shortName: (epochMs) =>
      epochMs === undefined ? known.shortGeneric : summer(epochMs) ? known.shortSummer : known.short,
    longName: (epochMs) =>
      epochMs === undefined ? known.longGeneric : summer(epochMs) ? known.longSummer : known.long,
  };
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
