import { printable } from './table.js';

/**
 * Reads rows without losing digits: a number is shown as it was sent, not as a JavaScript number would print it.
 * Splits the text of a JSON array into its elements' texts.
 */
export function splitArray(json: string): string[] {
  const out: string[] = [];
  let depth = 0;
  let start = -1;
  for (let i = 0; i < json.length; i++) {
    switch (json.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(json, i);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth === 1) start = i + 1;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        if (--depth === 0) {
          const last = json.slice(start, i).trim();
          if (last !== '') out.push(last);
        }
        break;
      case 0x2c: // ,
        if (depth === 1) {
          out.push(json.slice(start, i).trim());
          start = i + 1;
        }
    }
  }
  return out;
}

/** `start` is at a quote; the offset of the one that closes it. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return json.length;
}

/** What a cell shows: text without its quotes, everything else as it was sent. */
export const cellText = (json: string): string => printable(json.startsWith('"') ? (JSON.parse(json) as string) : json);

/** Columns that hold milliseconds since 1970 by their meaning. */
const MILLISECONDS = new Set(['WINDOWSTART', 'WINDOWEND', 'ROWTIME']);

/** Gives rows the bounds of their windows, and ROWTIME, as times in UTC. */
export function timesOf(header: {
  readonly columnNames: readonly string[];
  readonly columnTypes: readonly string[];
}): (row: readonly string[]) => readonly string[] {
  const { columnNames, columnTypes } = header;
  const at = columnNames.flatMap((name, i) => (MILLISECONDS.has(name) && columnTypes[i] === 'BIGINT' ? [i] : []));
  if (at.length === 0) return (row) => row;
  return (row) => row.map((cell, i) => (at.includes(i) && /^-?\d{1,15}$/.test(cell) ? timeJson(Number(cell)) : cell));
}

const timeJson = (ms: number): string => JSON.stringify(new Date(ms).toISOString().slice(0, -1));
