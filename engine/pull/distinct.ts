import type { SqlType } from '../values/sql-type.js';
import { type Budget, rowBytes } from './budget.js';
import { rowKey } from './row-key.js';
import type { RowBatches } from './rows.js';

/** The first of all rows that are equal in every column (NULL equals NULL). Holds a key a row that it has given. */
export async function* distinctRows(input: RowBatches, types: readonly SqlType[], budget: Budget): RowBatches {
  const keyOf = rowKey(types);
  const seen = new Set<unknown>();
  for await (const rows of input) {
    const fresh = rows.filter((row) => {
      const key = keyOf(row);
      if (seen.has(key)) return false;
      budget.take(rowBytes(row), 'SELECT DISTINCT');
      seen.add(key);
      return true;
    });
    if (fresh.length > 0) yield fresh;
  }
}
