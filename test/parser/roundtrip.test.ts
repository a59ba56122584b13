import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseExpression,
  parseScript,
  parseStatement,
  parseType,
  printExpression,
  printStatement,
  printType,
} from '../../parser/index.js';
import { expression, statement, type } from './arbitraries.js';
import { ALL, bare } from './support.js';

describe('parse(print(tree)) is the tree', () => {
  test('types', () => {
    fc.assert(
      fc.property(type, (tree) => {
        expect(bare(parseType(printType(tree)))).toEqual(tree);
      }),
      { numRuns: 300 },
    );
  });

  test('expressions', () => {
    fc.assert(
      fc.property(expression, (tree) => {
        expect(bare(parseExpression(printExpression(tree)))).toEqual(bare(tree));
      }),
      { numRuns: 1500 },
    );
  });

  test('statements', () => {
    fc.assert(
      fc.property(statement, (tree) => {
        const printed = printStatement(tree);
        const parsed = parseStatement(printed, ALL);
        expect(bare(parsed)).toEqual(bare(tree));
        expect(printStatement(parsed)).toBe(printed);
      }),
      { numRuns: 500 },
    );
  });
});

const CORPUS = [
  "CREATE STREAM ride_streams (VendorId varchar, trip_distance double, payment_type varchar) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON');",
  'SELECT * FROM RIDE_STREAMS EMIT CHANGES;',
  'SELECT VENDORID, count(*) FROM RIDE_STREAMS GROUP BY VENDORID EMIT CHANGES;',
  "SELECT payment_type, count(*) FROM RIDE_STREAMS WHERE payment_type IN ('1','2') GROUP BY payment_type EMIT CHANGES;",
  'CREATE TABLE payment_type_sessions AS SELECT payment_type, count(*) FROM RIDE_STREAMS WINDOW SESSION (60 SECONDS) GROUP BY payment_type EMIT CHANGES;',
  "SELECT * FROM payment_type_sessions WHERE payment_type = '1';",
  "CREATE STREAM processed WITH (KAFKA_TOPIC='processed-taxi-trips') AS SELECT *, fare * 1.2 AS surge_price FROM taxi_trips EMIT CHANGES;",
  "CREATE STREAM o AS SELECT s.a->b[1] AS x, CASE WHEN s.c IS NULL THEN 'n' ELSE s.c END y FROM s1 s LEFT JOIN t1 t ON s.id = t.id WHERE NOT s.d LIKE '%!%%' ESCAPE '!' PARTITION BY s.id EMIT CHANGES;",
  'SELECT transform(m, (k, v) => ucase(k), (k, v) => v + 1), reduce(a, 0, (s, x) => s + x) FROM s EMIT CHANGES LIMIT 3;',
];

describe('corpus', () => {
  test.each(CORPUS)('%s', (sql) => {
    const tree = parseScript(sql);
    const printed = tree.map(printStatement).join('\n');
    expect(bare(parseScript(printed))).toEqual(bare(tree));
  });
});
