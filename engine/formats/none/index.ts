import { WeirError } from '../../base/errors.js';
import { printColumns } from '../columns.js';
import type { Format } from '../format.js';

/** No payload at all: for keys that nobody reads. */
export const noneFormat: Format = {
  name: 'NONE',
  supportsKeys: true,
  wrapping: 'never',
  states: 'any',
  options: {},

  validate(columns, isKey) {
    if (columns.length === 0) return;
    const got = printColumns(columns, isKey);
    throw new WeirError('BAD_STATEMENT', `The 'NONE' format can only be used when no columns are defined. Got: ${got}`);
  },

  decoder: () => ({ decode: () => false }),
  encoder: () => ({ encode: () => false }),
};
