import { widerDecimal } from '../../values/cast-rules.js';
import { compareValues, valuesEqual } from '../../values/compare.js';
import type { SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { type ScalarOverload, scalar } from '../function.js';

const CATEGORY = 'CONDITIONAL';

const coalesce = scalar({
  name: 'COALESCE',
  displayName: 'COALESCE',
  description: 'The first argument that is not NULL.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'COALESCE(first T, rest T...) -> T',
      nulls: 'pass',
      make:
        () =>
        (...args: Value[]) => {
          for (const v of args) if (v !== null) return v;
          return null;
        },
    },
  ],
  examples: [{ sql: "COALESCE(NULL, 'a', 'b')", result: "'a'" }],
});

const ifnull = scalar({
  name: 'IFNULL',
  displayName: 'IFNULL',
  description: 'The expression, or the other value where it is NULL.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'IFNULL(expression T, altValue T) -> T',
      nulls: 'pass',
      make: () => (v: Value, other: Value) => (v === null ? other : v),
    },
  ],
  examples: [{ sql: 'IFNULL(CAST(NULL AS INT), 5)', result: '5' }],
});

const nullif = scalar({
  name: 'NULLIF',
  displayName: 'NULLIF',
  description: 'NULL where both are equal, else the first.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'NULLIF(first T, second T) -> T',
      nulls: 'pass',
      make: (types) => {
        const equal = valuesEqual(types.result) as (a: Value, b: Value) => boolean;
        return (a: Value, b: Value) => (a !== null && b !== null && equal(a, b) ? null : a);
      },
    },
  ],
  examples: [
    { sql: "NULLIF('x', 'x')", result: 'CAST(NULL AS STRING)' },
    { sql: 'NULLIF(1, 2)', result: '1' },
  ],
});

const asValue = scalar({
  name: 'AS_VALUE',
  description: 'Copies a key column into the value of a row.',
  category: 'OTHER',
  overloads: [{ signature: 'AS_VALUE(keyColumn T) -> T', nulls: 'pass', make: () => (v: Value) => v }],
  examples: [{ sql: 'AS_VALUE(1)', result: '1' }],
});

const COMPARABLE = ['INT', 'BIGINT', 'DECIMAL', 'DOUBLE', 'STRING', 'BYTES', 'DATE', 'TIME', 'TIMESTAMP'] as const;

/** `sign` 1 picks the largest, -1 the smallest argument that is not NULL. */
function pick(name: string, sign: 1 | -1): ScalarOverload[] {
  return COMPARABLE.map((t) => ({
    signature: `${name}(first ${t}, rest ${t}...) -> ${t}`,
    nulls: 'pass',
    ...(t === 'DECIMAL' ? { returns: (args: readonly SqlType[]) => args.reduce(widerDecimal) } : {}),
    make: ({ result }) => {
      const compare = compareValues(result) as (a: Value, b: Value) => number;
      return (...args: Value[]) => {
        let best: Value = null;
        for (const v of args) if (v !== null && (best === null || compare(v, best) * sign > 0)) best = v;
        return best;
      };
    },
  }));
}

const greatest = scalar({
  name: 'GREATEST',
  description:
    'The largest argument that is not NULL, a DECIMAL at its own scale. Numbers of different types need a CAST to one of them.',
  category: CATEGORY,
  overloads: pick('GREATEST', 1),
  examples: [
    { sql: 'GREATEST(1, NULL, 3)', result: '3' },
    { sql: "GREATEST('a', 'b')", result: "'b'" },
  ],
});

const least = scalar({
  name: 'LEAST',
  description:
    'The smallest argument that is not NULL, a DECIMAL at its own scale. Numbers of different types need a CAST to one of them.',
  category: CATEGORY,
  overloads: pick('LEAST', -1),
  examples: [
    { sql: 'LEAST(2, NULL, 3)', result: '2' },
    { sql: 'LEAST(1234567.89, 0.123456)', result: '0.123456' },
  ],
});

export const NULL_FUNCTIONS = [coalesce, ifnull, nullif, asValue, greatest, least];
