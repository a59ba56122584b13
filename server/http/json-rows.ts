import { parse, stringify } from 'lossless-json';
import { messageOf, WeirError } from '../../engine/index.js';
import { notUtf8 } from './line-reader.js';

/** A body that is read whole, as text. @throws LIMIT_EXCEEDED beyond so many bytes */
export async function bodyText(body: unknown, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > limit) {
      throw new WeirError('LIMIT_EXCEEDED', `The body has more than ${limit} bytes.`, 'Send it in several requests.');
    }
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (e) {
    throw notUtf8(e);
  }
}

/** JSON with all digits of its numbers. @throws BAD_REQUEST */
export function exactJson(text: string): unknown {
  try {
    return parse(text);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Invalid JSON: ${messageOf(e)}`, undefined, { cause: e });
  }
}

/** The text of a value as `exactJson` has given it. */
export const jsonText = (value: unknown): string => stringify(value) ?? 'null';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The rows of a body: one JSON object, an array of them, or one a line. @throws BAD_REQUEST for anything else */
export function rowsIn(text: string): readonly JsonObject[] {
  const lines = text.split(/\r?\n/).filter((l) => l.trim() !== '');
  const isLines = lines.length > 1 && lines.every((l) => l.trimStart().startsWith('{') && l.trimEnd().endsWith('}'));
  const found = isLines ? lines.map(exactJson) : exactJson(text);
  const rows = Array.isArray(found) ? found : [found];
  for (const [i, row] of rows.entries()) {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || 'isLosslessNumber' in row) {
      throw new WeirError('BAD_REQUEST', `Row ${i} is no JSON object.`);
    }
  }
  return rows as readonly JsonObject[];
}
