import type { RowBatches } from './rows.js';

/** Leaves out the first `offset` rows and ends after `limit` more; null: with the input. Reads no further than that. */
export async function* limitRows(input: RowBatches, offset: number, limit: number | null): RowBatches {
  let skip = offset;
  let left = limit ?? Number.POSITIVE_INFINITY;
  if (left <= 0) return;
  for await (const rows of input) {
    const kept = rows.slice(skip, skip + left);
    skip = Math.max(skip - rows.length, 0);
    left -= kept.length;
    if (kept.length > 0) yield kept;
    if (left <= 0) return;
  }
}
