import type { Column } from '../values/schema.js';
import { printType } from '../values/sql-type.js';
import type { CoderContext } from './format.js';

/**
 * Whether the columns are fields of a record, or one column is the payload itself, in a format that has the choice: single key
 * columns are never wrapped, single value columns unless WRAP_SINGLE_VALUE=false
 * (https://docs.confluent.io: single field (un)wrapping).
 */
export function isWrapped({ columns, isKey, ref }: Pick<CoderContext, 'columns' | 'isKey' | 'ref'>): boolean {
  return columns.length !== 1 || (ref.wrapSingle ?? !isKey);
}

/** ``[`A` INTEGER KEY, `B` STRING KEY]``, as messages list columns. */
export const printColumns = (columns: readonly Column[], isKey: boolean): string =>
  `[${columns.map((c) => `\`${c.name}\` ${printType(c.type)}${isKey ? ' KEY' : ''}`).join(', ')}]`;
