import { BIGINT, type SqlType, struct, TIMESTAMP } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { type AggregateImpl, aggregate, aggregateFunction } from '../function.js';

type End = 'earliest' | 'latest';
type Time = number | bigint;

interface Timed {
  readonly time: Time;
  readonly value: Value;
}

const TIMES = { BIGINT, TIMESTAMP } as const;

/** The value of the row with the earliest or the latest time; of equal times the row that came first, or last. */
function atEnd(type: SqlType, timeType: SqlType, end: End): AggregateImpl<never> {
  const wins = end === 'latest' ? (a: Time, b: Time) => a >= b : (a: Time, b: Time) => a < b;
  return aggregate<Timed | null>({
    stateType: struct([
      { name: 'TIME', type: timeType },
      { name: 'VAL', type },
    ]),
    init: () => null,
    add: (s, args) => {
      const [value, time] = args as [Value, Time | null];
      if (value === null || time === null || (s !== null && !wins(time, s.time))) return s;
      return { time, value };
    },
    merge: (a, b) => {
      if (a === null || b === null) return a ?? b;
      return wins(b.time, a.time) ? b : a;
    },
    result: (s) => s?.value ?? null,
    toState: (s) => (s === null ? null : [s.time, s.value]),
    fromState: (v) => (v === null ? null : { time: (v as Value[])[0] as Time, value: (v as Value[])[1]! }),
  });
}

const byTime = (end: End) => {
  const name = `${end.toUpperCase()}_BY_TIME`;
  return aggregateFunction({
    name,
    description: `The value of the row whose time is the ${end}: ROWTIME, or a column. Of equal times it is that of the row that came ${end === 'latest' ? 'last' : 'first'}. Rows where either is NULL are ignored.`,
    category: 'AGGREGATE',
    overloads: (['BIGINT', 'TIMESTAMP'] as const).map((t) => ({
      signature: `${name}(value T, time ${t}) -> T`,
      undo: 'none',
      make: ({ result }) => atEnd(result, TIMES[t], end),
    })),
    examples: [
      {
        sql: `${name}(x, ROWTIME)`,
        rows: [
          ["'b'", '20'],
          ["'c'", '30'],
          ["'a'", '10'],
          ["'d'", '30'],
          ["'e'", '10'],
          ['CAST(NULL AS STRING)', '40'],
          ["'f'", 'CAST(NULL AS BIGINT)'],
        ],
        result: end === 'latest' ? "'d'" : "'a'",
      },
    ],
  });
};

export const TIME_AGGREGATES = [byTime('latest'), byTime('earliest')];
