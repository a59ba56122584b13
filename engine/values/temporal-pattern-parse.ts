import { EvaluationError } from './evaluation-error.js';
import { isReadable, nameAt } from './temporal-names.js';
import type { Field, NumberPart, OffsetForm, PatternPart } from './temporal-pattern-compile.js';
import { fixed, type Zone, zoneOf, zoneTexts } from './temporal-zone.js';

/** What a text said, by the pattern's letters. */
export interface Parsed {
  values: Map<Field, number>;
  /** Milliseconds east of UTC. */
  offset: number | undefined;
  zone: Zone | undefined;
}

/** Reads the parts from `at` on; the position behind, or -1 where the text does not fit. As java.time, letters in any case. */
export function parseParts(parts: readonly PatternPart[], text: string, from: number, out: Parsed): number {
  let at = from;
  for (const part of parts) {
    at = parsePart(part, text, at, out);
    if (at < 0) return -1;
  }
  return at;
}

function parsePart(part: PatternPart, text: string, at: number, out: Parsed): number {
  switch (part.kind) {
    case 'literal':
      return startsWith(text, at, part.text) ? at + part.text.length : -1;
    case 'optional': {
      const attempt: Parsed = { ...out, values: new Map(out.values) };
      const end = parseParts(part.parts, text, at, attempt);
      if (end < 0) return at;
      Object.assign(out, attempt);
      return end;
    }
    case 'pad': {
      const end = at + part.width;
      if (end > text.length) return -1;
      let from = at;
      while (from < end && text[from] === ' ') from++;
      return parsePart(part.part, text.slice(0, end), from, out) === end ? end : -1;
    }
    case 'number':
    case 'reduced':
      return parseNumber(part, text, at, out);
    case 'fraction': {
      const digits = text.slice(at, at + part.max);
      if (digits.length < part.max || !/^\d+$/.test(digits)) return -1;
      return set(out, part.field, Number(digits.padEnd(9, '0')), at + part.max);
    }
    case 'text': {
      if (!isReadable(part.field, part.style))
        return parseNumber(
          { kind: 'number', field: part.field, min: 1, max: 19, sign: 'normal', subsequent: 0 },
          text,
          at,
          out,
        );
      const found = nameAt(part.field, part.style, text, at);
      return found === undefined ? -1 : set(out, part.field, found[0], found[1]);
    }
    case 'dayPeriod':
      throw new EvaluationError('The pattern letter B is for formatting only');
    case 'offset':
      return parseOffset(part.form, part.zero, text, at, out);
    case 'gmtOffset':
      return parseGmtOffset(part.full, text, at, out);
    case 'zoneId':
      return parseZone('ids', text, at, out);
    case 'zoneName':
      return parseZone(part.full ? 'long' : 'short', text, at, out);
  }
}

const startsWith = (text: string, at: number, wanted: string): boolean =>
  text.slice(at, at + wanted.length).toLowerCase() === wanted.toLowerCase();

/** A field that comes twice must say the same twice. */
function set(out: Parsed, field: Field, value: number, end: number): number {
  const old = out.values.get(field);
  if (old !== undefined && old !== value) return -1;
  out.values.set(field, value);
  return end;
}

const DIGITS = /\d*/y;

function parseNumber(part: NumberPart, text: string, from: number, out: Parsed): number {
  const sign = text[from];
  const signed = sign === '-' || sign === '+';
  if (signed && (part.sign === 'none' || (sign === '+' && part.sign !== 'exceedsPad'))) return -1;
  const at = signed ? from + 1 : from;
  DIGITS.lastIndex = at;
  let digits = DIGITS.exec(text)![0].slice(0, part.max + part.subsequent);
  if (digits.length < part.min) return -1;
  // What follows without a gap gets its digits first.
  if (part.subsequent > 0) digits = digits.slice(0, Math.max(part.min, digits.length - part.subsequent));
  if (sign === '-' && Number(digits) === 0) return -1;
  if (part.sign === 'exceedsPad' && sign !== '-' && (sign === '+') !== digits.length > part.min) return -1;
  const value = part.kind === 'reduced' ? 2000 + Number(digits) : Number(digits);
  return set(out, part.field, sign === '-' ? -value : value, at + digits.length);
}

function setOffset(out: Parsed, sign: string, [h, m, s]: readonly string[], end: number): number {
  const [hours, minutes, seconds] = [Number(h), Number(m ?? 0), Number(s ?? 0)];
  const total = hours * 3600 + minutes * 60 + seconds;
  if (minutes > 59 || seconds > 59 || total > 18 * 3600)
    throw new EvaluationError(`Zone offset not in valid range: -18:00 to +18:00`);
  const ms = sign === '-' ? -total * 1000 : total * 1000;
  if (out.offset !== undefined && out.offset !== ms) return -1;
  out.offset = ms;
  return end;
}

/** Two digits at each place: with `colon` behind one. */
function pair(text: string, at: number, colon: boolean): string | undefined {
  const from = colon ? at + 1 : at;
  if (colon && text[at] !== ':') return undefined;
  const digits = text.slice(from, from + 2);
  return /^\d\d$/.test(digits) ? digits : undefined;
}

function parseOffset(form: OffsetForm, zero: string, text: string, at: number, out: Parsed): number {
  if (at < text.length && startsWith(text, at, zero)) return setOffset(out, '+', ['0'], at + zero.length);
  const sign = text[at];
  if (sign !== '+' && sign !== '-') return -1;
  const hours = pair(text, at + 1, false);
  if (hours === undefined) return -1;
  let end = at + 3;
  const step = form.colon ? 3 : 2;
  const minutes = pair(text, end, form.colon);
  if (minutes === undefined) return form.minutes === 'always' ? -1 : setOffset(out, sign, [hours], end);
  end += step;
  const seconds = form.seconds === 'never' ? undefined : pair(text, end, form.colon);
  return setOffset(out, sign, [hours, minutes, seconds ?? '0'], seconds === undefined ? end : end + step);
}

const GMT_FULL = /([+-])(\d\d):(\d\d)(?::(\d\d))?/y;
const GMT_SHORT = /([+-])(\d\d?)(?::(\d\d)(?::(\d\d))?)?/y;

function parseGmtOffset(full: boolean, text: string, at: number, out: Parsed): number {
  if (!startsWith(text, at, 'GMT')) return -1;
  const form = full ? GMT_FULL : GMT_SHORT;
  form.lastIndex = at + 3;
  const m = form.exec(text);
  if (m !== null) return setOffset(out, m[1]!, [m[2]!, m[3] ?? '0', m[4] ?? '0'], form.lastIndex);
  return text[at + 3] === '+' || text[at + 3] === '-' ? -1 : setOffset(out, '+', ['0'], at + 3);
}

const ZONE_OFFSET = /[+-]\d\d(?::?\d\d(?::?\d\d)?)?|Z/iy;
const PREFIXES = ['UTC', 'GMT', 'UT'] as const;

/** An offset, one behind UTC, GMT or UT, or the longest id (or name) that the text has here. */
function parseZone(which: 'ids' | 'short' | 'long', text: string, at: number, out: Parsed): number {
  const offsetAt = (from: number): string | undefined => {
    ZONE_OFFSET.lastIndex = from;
    return ZONE_OFFSET.exec(text)?.[0];
  };
  const found = (zone: Zone, end: number): number => {
    out.zone = zone;
    return end;
  };
  if (text[at] === '+' || text[at] === '-') {
    const offset = offsetAt(at);
    return offset === undefined ? -1 : found(zoneOf(offset), at + offset.length);
  }
  const prefix = PREFIXES.find((p) => startsWith(text, at, p));
  const behind = prefix === undefined ? undefined : offsetAt(at + prefix.length);
  if (behind !== undefined && /^[+-]/.test(behind))
    return found(zoneOf(`${prefix}${behind}`), at + prefix!.length + behind.length);
  const rest = text.slice(at, at + 64).toLowerCase();
  const known = zoneTexts(which).find(([name]) => rest.startsWith(name));
  if (known !== undefined && known[0].length > (prefix?.length ?? 0))
    return found(zoneOf(known[1]), at + known[0].length);
  if (prefix !== undefined) return found(zoneOf(prefix), at + prefix.length);
  return rest.startsWith('z') ? found(fixed(0), at + 1) : -1;
}
