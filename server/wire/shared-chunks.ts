import type { QueryStream, RowBatch } from '../../engine/index.js';

/** Bytes of one chunk, about: what goes to a client at a time. */
export const CHUNK_BYTES = 64 * 1024;

/** Rows of a batch, or lines of PRINT. */
export const lengthOf = (batch: RowBatch): number => (batch.lines ?? batch.rows).length;

/** A piece of a batch: what is sent for the rows from `from` up to `next`. */
export interface Piece<C> {
  readonly chunk: C;
  readonly next: number;
}

/**
 * The chunks of a batch in one form. Readers of identical queries get the same batch: its chunks are made once, when the
 * first of them comes to each, and live as long as the batch.
 */
export function sharedChunks<C>(
  encode: (query: QueryStream, batch: RowBatch, from: number) => Piece<C>,
): (query: QueryStream, batch: RowBatch) => Generator<C> {
  const made = new WeakMap<RowBatch, Piece<C>[]>();
  return function* (query, batch) {
    let pieces = made.get(batch);
    if (pieces === undefined) made.set(batch, (pieces = []));
    const length = lengthOf(batch);
    let from = 0;
    let i = 0;
    // A batch without rows may still end a snapshot: that is one piece too.
    do {
      const piece = (pieces[i++] ??= encode(query, batch, from));
      from = piece.next;
      yield piece.chunk;
    } while (from < length);
  };
}
