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
    const c = json[i]!;
    if (c === '"') {
      i++;
      while (i < json.length && json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
    } else if (c === '[' || c === '{') {
      if (++depth === 1) start = i + 1;
    } else if (c === ']' || c === '}') {
      if (--depth === 0 && json.slice(start, i).trim() !== '') out.push(json.slice(start, i).trim());
    } else if (c === ',' && depth === 1) {
      out.push(json.slice(start, i).trim());
      start = i + 1;
    }
  }
  return out;
}

/** What a cell shows: text without its quotes, everything else as it was sent. */
export const cellText = (json: string): string => printable(json.startsWith('"') ? (JSON.parse(json) as string) : json);
