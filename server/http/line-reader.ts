import { WeirError } from '../../engine/index.js';

/** Replaced characters would be stored as if they had been sent. */
export const notUtf8 = (cause: unknown): WeirError =>
  new WeirError('BAD_REQUEST', 'The body is no UTF-8.', undefined, { cause });

/**
 * The lines of a body as its bytes come: for each piece, the lines that it completes, without those that are empty.
 * Throws BAD_REQUEST where a line is longer than `maxBytes`, or is no UTF-8.
 */
export async function* linesOf(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (piece?: Uint8Array): string => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch (e) {
      throw notUtf8(e);
    }
  };
  let rest = '';
  for await (const piece of body) {
    const lines = (rest + decode(piece)).split('\n');
    rest = lines.pop()!;
    if (rest.length > maxBytes) throw new WeirError('BAD_REQUEST', `A line is longer than ${maxBytes} bytes.`);
    const full = lines.map((l) => l.trim()).filter((l) => l !== '');
    if (full.length > 0) yield full;
  }
  rest = (rest + decode()).trim();
  if (rest !== '') yield [rest];
}
