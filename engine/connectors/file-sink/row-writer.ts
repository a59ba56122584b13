import type { Value } from '../../values/value.js';

/** A row that can never be in a file of this format. */
export class UnfitRow extends Error {}

/** Writes rows into one file. */
export interface RowWriter {
  /** Bytes so far, as the format counts them before it compresses. */
  readonly bytes: number;
  /** @throws UnfitRow where the format cannot say the row; the file stays as it was */
  add(row: readonly Value[]): Promise<void> | undefined;
  /** Writes what belongs behind the last row. */
  end(): Promise<void>;
}
