import { EvaluationError } from '../values/evaluation-error.js';
import type { Value } from '../values/value.js';
import { tableFunction } from './function.js';

const CATEGORY = 'TABLE';

const explode = tableFunction({
  name: 'EXPLODE',
  description: 'One row for each element of an array; none for an empty array or NULL.',
  category: CATEGORY,
  overloads: [{ signature: 'EXPLODE(array ARRAY<T>) -> T', make: () => (a: Value[] | null) => a }],
  examples: [{ sql: 'EXPLODE(ARRAY[1, 2])', result: 'ARRAY[1, 2]' }],
});

/** 2^16 rows are more than anyone wants of one. */
const MAX_COLUMNS = 16;

const cubeExplode = tableFunction({
  name: 'CUBE_EXPLODE',
  description: 'One row for each way to put NULL in the place of some elements of an array.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'CUBE_EXPLODE(columns ARRAY<T>) -> ARRAY<T>',
      make: () => (columns: Value[] | null) => {
        if (columns === null) return null;
        const present = columns.flatMap((v, i) => (v === null ? [] : [i]));
        if (present.length > MAX_COLUMNS) throw new EvaluationError(`CUBE_EXPLODE of more than ${MAX_COLUMNS} values`);
        return Array.from({ length: 2 ** present.length }, (_, n) => {
          const row: Value[] = columns.map(() => null);
          present.forEach((column, bit) => {
            if ((n >> (present.length - 1 - bit)) & 1) row[column] = columns[column]!;
          });
          return row;
        });
      },
    },
  ],
  examples: [
    {
      sql: 'CUBE_EXPLODE(ARRAY[1, 2])',
      result:
        'ARRAY[ARRAY[CAST(NULL AS INT), CAST(NULL AS INT)], ARRAY[CAST(NULL AS INT), 2], ARRAY[1, CAST(NULL AS INT)], ARRAY[1, 2]]',
    },
  ],
});

export const TABLE_FUNCTIONS = [explode, cubeExplode];
