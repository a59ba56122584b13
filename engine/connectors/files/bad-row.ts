import { WeirError } from '../../base/errors.js';

/** A row that cannot be read. The rows behind it can be, unless `isFatal`. */
export class BadRow extends WeirError {
  constructor(
    readonly line: number,
    message: string,
    hint?: string,
    readonly isFatal = false,
    /** What is behind it, as of `Row`; undefined: it is known with the next row, or with the end of the file. */
    readonly place?: { readonly end: number; readonly nextLine: number },
    /** As it stands, as far as it is known. */
    readonly payload: Uint8Array = new Uint8Array(0),
  ) {
    super('BAD_REQUEST', message, hint);
  }
}
