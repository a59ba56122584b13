import { grouped } from './grouped.js';
import type { Fields, Row } from './inputs.js';
import {
  counted,
  type Expected,
  type Given,
  groups,
  num,
  type Out,
  sessions,
  streamJoin,
  type TimeWindow,
  tableJoin,
  windowFinals,
  windowUpdates,
} from './oracle.js';

/** A query, or some that belong together, with what their sinks must hold. */
export interface ReferenceQuery {
  readonly name: string;
  /** Topics of the sources that it reads. */
  readonly reads: readonly string[];
  readonly sql: string;
  readonly expected: Readonly<Record<string, (given: Given) => Expected>>;
  /**
   * Under at_least_once its results are the same ones, some of them more than once. So it is where nothing is kept: a member
   * that is out of its group without knowing it would look up what is no longer so.
   */
  readonly repeatable: boolean;
  /** All of its input is there when it begins. */
  readonly history: boolean;
}

type Oracle = (given: Given) => Expected;

function query(
  name: string,
  reads: readonly string[],
  sql: string,
  oracle: Oracle,
  repeatable = false,
  history = false,
): ReferenceQuery {
  return { name, reads, sql, expected: { OUT: oracle }, repeatable, history };
}

const rowsOf =
  (topic: string, of: (r: Row) => Out[]): Oracle =>
  (given) => ({ kind: 'rows', rows: given.of(topic).flatMap(of) });

const field = (r: Row, name: string): string | null => r.value![name] as string | null;
const all = (r: Row): Out => ({ key: r.key, value: r.value, ts: r.ts });
const SECOND = 1000;
const MINUTE = 60 * SECOND;

const tumbling: TimeWindow = { size: 10 * SECOND, advance: 10 * SECOND, grace: 5 * SECOND };
const hopping: TimeWindow = { size: 10 * SECOND, advance: 5 * SECOND, grace: 20 * SECOND };
const TUMBLING = 'WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 5 SECONDS)';
const HOPPING = 'WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS, GRACE PERIOD 20 SECONDS)';
const COUNTED = 'COUNT(*) AS C, SUM(N) AS X';

/** Each update of COUNT(*) and SUM(N) by key. */
const countUpdates: Oracle = (given) => {
  const seen = new Map<string, Fields[]>();
  const rows = given.of('s').flatMap((r): Out[] => {
    if (r.key === null) return [];
    const values = [...(seen.get(r.key) ?? []), r.value!];
    seen.set(r.key, values);
    return [{ key: r.key, value: counted(values, 'N') }];
  });
  return { kind: 'updates', rows };
};

const streams = (
  keyOf: readonly [string, string] | null,
  left: boolean,
  right: boolean,
  grace = 10 * MINUTE,
): Oracle => {
  const by = (column: string | undefined) => (r: Row) => (column === undefined ? r.key : field(r, column));
  return (given) =>
    streamJoin(
      { rows: given.of('s'), keyOf: by(keyOf?.[0]), outer: left },
      { rows: given.of('r'), keyOf: by(keyOf?.[1]), outer: right },
      8 * SECOND,
      grace,
    );
};

const streamsSql = (join: string, key: string, left = 'S.K', right = 'R.K', grace = '10 MINUTES'): string =>
  `CREATE STREAM OUT AS SELECT ${key} AS JK, S.N AS N, R.M AS M FROM S ${join} R ` +
  `WITHIN 8 SECONDS GRACE PERIOD ${grace} ON ${left} = ${right};`;

const lookUp =
  (topic: string, keyOf: (r: Row) => string | null, column: string, outer: boolean): Oracle =>
  (given) => ({
    kind: 'rows',
    rows: given.of('s').flatMap((r): Out[] => {
      const key = keyOf(r);
      const found = key === null ? undefined : given.table(topic, r.phase).get(key);
      if (found === undefined && !outer) return [];
      return [{ key, value: { N: r.value!.N!, Y: found?.[column] ?? null }, ts: r.ts }];
    }),
  });

/** Both sides are streams over one topic. */
const selfJoin =
  (left: (r: Row) => string | null, right: (r: Row) => string | null): Oracle =>
  (given) => {
    const others = given.of('s').map((r) => ({ ...r, value: { ...r.value, M: r.value!.N! } }));
    return streamJoin(
      { rows: given.of('s'), keyOf: left, outer: false },
      { rows: others, keyOf: right, outer: false },
      8 * SECOND,
      10 * MINUTE,
    );
  };

/** The key that a group's name points to. */
const KEY_OF_G = "'k' || SUBSTRING(S2.G, 2)";
const keyOfG = (g: string | null): string | null => (g === null ? null : `k${g.slice(1)}`);

const selfJoinSql = (left: string, right = 'S2.G'): string =>
  "CREATE STREAM S2 (K STRING KEY, G STRING, N INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON');" +
  `CREATE STREAM OUT AS SELECT ${left} AS JK, S.N AS N, S2.N AS M FROM S JOIN S2 ` +
  `WITHIN 8 SECONDS GRACE PERIOD 10 MINUTES ON ${left} = ${right};`;

const tables =
  (left: boolean, right: boolean): Oracle =>
  (given) =>
    tableJoin(given.table('t'), given.table('u'), { left, right });

const tablesSql = (join: string, key: string): string =>
  `CREATE TABLE OUT AS SELECT ${key} AS JK, T.V AS V, U.W AS W FROM T ${join} U ON T.K = U.K;`;

const foreign =
  (outer: boolean): Oracle =>
  (given) => {
    const right = given.table('u');
    const rows = [...given.table('t')].flatMap(([key, t]): Out[] => {
      const u = t.G === null ? undefined : right.get(t.G as string);
      return u === undefined && !outer ? [] : [{ key, value: { V: t.V!, W: u?.W ?? null } }];
    });
    return { kind: 'table', rows };
  };

const tableOf = (given: Given, topic: string, of: (key: string, value: Fields) => Out[]): Expected => ({
  kind: 'table',
  rows: [...given.table(topic)].flatMap(([key, value]) => of(key, value)),
});

/** Windows of GROUP BY G. Nothing is late: what order the groups' rows come in does not matter. */
const windowsByGroup: Oracle = (given) => {
  const rows = given.of('s').map((r) => ({ ...r, key: field(r, 'G') }));
  const updates = windowUpdates([rows], { ...tumbling, grace: 120 * MINUTE }, 'N');
  return { kind: 'table', rows: updates.rows };
};

const byGroup: Oracle = (given) =>
  groups(
    given.of('s'),
    (r) => field(r, 'G'),
    (vs) => counted(vs, 'N'),
  );
const filtered = (r: Row): Out[] => (num(r.value!, 'N') > 4 ? [all(r)] : []);

export const QUERIES: readonly ReferenceQuery[] = [
  query('filter', ['s'], 'CREATE STREAM OUT AS SELECT * FROM S WHERE N > 4;', rowsOf('s', filtered), true),
  query(
    'projection',
    ['s'],
    'CREATE STREAM OUT AS SELECT K, N * 2 AS D, UCASE(G) AS H FROM S;',
    rowsOf('s', (r) => [
      { key: r.key, value: { D: num(r.value!, 'N') * 2, H: field(r, 'G')?.toUpperCase() ?? null }, ts: r.ts },
    ]),
    true,
  ),
  query(
    'partition by',
    ['s'],
    'CREATE STREAM OUT AS SELECT G, K, N FROM S PARTITION BY G;',
    rowsOf('s', (r) => [{ key: field(r, 'G'), value: { K: r.key, N: r.value!.N! }, ts: r.ts }]),
    true,
  ),
  query(
    'table function',
    ['s'],
    'CREATE STREAM OUT AS SELECT K, EXPLODE(ARRAY[N, N + 1]) AS E FROM S WHERE N > 2;',
    rowsOf('s', (r) => {
      const n = num(r.value!, 'N');
      return n > 2 ? [n, n + 1].map((e) => ({ key: r.key, value: { E: e }, ts: r.ts })) : [];
    }),
    true,
  ),
  query('filter of a table', ['t'], 'CREATE TABLE OUT AS SELECT K, V + 1 AS Y FROM T WHERE V > 3;', (given) =>
    tableOf(given, 't', (key, v) => (num(v, 'V') > 3 ? [{ key, value: { Y: num(v, 'V') + 1 } }] : [])),
  ),
  query('stream-stream join', ['s', 'r'], streamsSql('JOIN', 'S.K'), streams(null, false, false)),
  query('stream-stream left join', ['s', 'r'], streamsSql('LEFT JOIN', 'S.K'), streams(null, true, false)),
  query('stream-stream right join', ['s', 'r'], streamsSql('RIGHT JOIN', 'R.K'), streams(null, false, true)),
  query('stream-stream outer join', ['s', 'r'], streamsSql('FULL OUTER JOIN', 'ROWKEY'), streams(null, true, true)),
  query(
    'stream-stream join, repartitioned',
    ['s', 'r'],
    streamsSql('LEFT JOIN', 'S.G', 'S.G', 'R.H'),
    streams(['G', 'H'], true, false),
  ),
  query(
    'stream-table join',
    ['s', 't'],
    'CREATE STREAM OUT AS SELECT S.K AS JK, S.N AS N, T.V AS Y FROM S JOIN T ON S.K = T.K;',
    lookUp('t', (r) => r.key, 'V', false),
  ),
  query(
    'stream-table left join',
    ['s', 't'],
    'CREATE STREAM OUT AS SELECT S.K AS JK, S.N AS N, T.V AS Y FROM S LEFT JOIN T ON S.K = T.K;',
    lookUp('t', (r) => r.key, 'V', true),
  ),
  query(
    'stream-table join, repartitioned',
    ['s', 'u'],
    'CREATE STREAM OUT AS SELECT S.G AS JK, S.N AS N, U.W AS Y FROM S LEFT JOIN U ON S.G = U.K;',
    lookUp('u', (r) => field(r, 'G'), 'W', true),
  ),
  query('table-table join', ['t', 'u'], tablesSql('JOIN', 'T.K'), tables(false, false)),
  query('table-table left join', ['t', 'u'], tablesSql('LEFT JOIN', 'T.K'), tables(true, false)),
  query('table-table right join', ['t', 'u'], tablesSql('RIGHT JOIN', 'U.K'), tables(false, true)),
  query('table-table outer join', ['t', 'u'], tablesSql('FULL OUTER JOIN', 'ROWKEY'), tables(true, true)),
  query(
    'foreign-key join',
    ['t', 'u'],
    'CREATE TABLE OUT AS SELECT T.K AS TK, T.V AS V, U.W AS W FROM T JOIN U ON T.G = U.K;',
    foreign(false),
  ),
  query(
    'foreign-key left join',
    ['t', 'u'],
    'CREATE TABLE OUT AS SELECT T.K AS TK, T.V AS V, U.W AS W FROM T LEFT JOIN U ON T.G = U.K;',
    foreign(true),
  ),
  query('aggregation by key', ['s'], `CREATE TABLE OUT AS SELECT K, ${COUNTED} FROM S GROUP BY K;`, countUpdates),
  query('aggregation, repartitioned', ['s'], `CREATE TABLE OUT AS SELECT G, ${COUNTED} FROM S GROUP BY G;`, byGroup),
  query(
    'aggregation of extremes',
    ['s'],
    'CREATE TABLE OUT AS SELECT G, MIN(N) AS A, MAX(N) AS B, COUNT_DISTINCT(N) AS D FROM S WHERE N < 9 GROUP BY G;',
    (given) =>
      groups(
        given.of('s').filter((r) => num(r.value!, 'N') < 9),
        (r) => field(r, 'G'),
        (vs) => {
          const ns = vs.map((v) => num(v, 'N'));
          return { A: Math.min(...ns), B: Math.max(...ns), D: new Set(ns).size };
        },
      ),
  ),
  query('having', ['s'], `CREATE TABLE OUT AS SELECT G, ${COUNTED} FROM S GROUP BY G HAVING COUNT(*) < 8;`, (given) => {
    const { rows } = byGroup(given);
    return { kind: 'table', rows: rows.filter((r) => num(r.value!, 'C') < 8) };
  }),
  query('tumbling window', ['s'], `CREATE TABLE OUT AS SELECT K, ${COUNTED} FROM S ${TUMBLING} GROUP BY K;`, (given) =>
    windowUpdates(given.split('s'), tumbling, 'N'),
  ),
  query('hopping window', ['s'], `CREATE TABLE OUT AS SELECT K, ${COUNTED} FROM S ${HOPPING} GROUP BY K;`, (given) =>
    windowUpdates(given.split('s'), hopping, 'N'),
  ),
  query(
    'session window',
    ['s'],
    `CREATE TABLE OUT AS SELECT K, ${COUNTED} FROM S WINDOW SESSION (4 SECONDS, GRACE PERIOD 6 SECONDS) GROUP BY K;`,
    (given) => sessions(given.split('s'), { gap: 4 * SECOND, grace: 6 * SECOND }, 'N'),
  ),
  query(
    'tumbling window, emit final',
    ['s'],
    `CREATE TABLE OUT AS SELECT K, ${COUNTED} FROM S ${TUMBLING} GROUP BY K EMIT FINAL;`,
    (given) => windowFinals(given.split('s'), tumbling, 'N'),
  ),
  query(
    'hopping window, emit final',
    ['s'],
    `CREATE TABLE OUT AS SELECT K, ${COUNTED} FROM S ${HOPPING} GROUP BY K EMIT FINAL;`,
    (given) => windowFinals(given.split('s'), hopping, 'N'),
  ),
  query(
    'tumbling window, repartitioned',
    ['s'],
    `CREATE TABLE OUT AS SELECT G, ${COUNTED} FROM S WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 2 HOURS) GROUP BY G;`,
    windowsByGroup,
  ),
  query(
    'streams over one topic, both repartitioned',
    ['s'],
    selfJoinSql('S.G'),
    selfJoin(
      (r) => field(r, 'G'),
      (r) => field(r, 'G'),
    ),
  ),
  query(
    'streams over one topic, one of them repartitioned',
    ['s'],
    selfJoinSql('S.K', KEY_OF_G),
    selfJoin(
      (r) => r.key,
      (r) => keyOfG(field(r, 'G')),
    ),
  ),
  query(
    'tables over one topic, foreign key',
    ['t'],
    "CREATE TABLE T2 (K STRING PRIMARY KEY, V INT) WITH (KAFKA_TOPIC='t', FORMAT='JSON');" +
      'CREATE TABLE OUT AS SELECT T.K AS JK, T.V AS V, T2.V AS W FROM T JOIN T2 ' +
      "ON 'k' || SUBSTRING(T.G, 2) = T2.K;",
    (given) => {
      const rows = given.table('t');
      return {
        kind: 'table',
        rows: [...rows].flatMap(([key, t]): Out[] => {
          const found = rows.get(keyOfG(t.G as string | null) ?? '');
          return found === undefined ? [] : [{ key, value: { V: t.V!, W: found.V! } }];
        }),
      };
    },
  ),
  query(
    // Windows are kept: a page could not tell those that the state has let go of, whose rows are in other partitions of the topic.
    'history, tumbling window, repartitioned',
    ['s'],
    `CREATE TABLE OUT AS SELECT G, ${COUNTED} FROM S WINDOW TUMBLING (SIZE 10 SECONDS, RETENTION 2 HOURS, GRACE PERIOD 0 SECONDS) GROUP BY G;`,
    windowsByGroup,
    false,
    true,
  ),
  query(
    'history, stream-stream join, repartitioned',
    ['s', 'r'],
    streamsSql('LEFT JOIN', 'S.G', 'S.G', 'R.H', '0 SECONDS'),
    streams(['G', 'H'], true, false, 0),
    false,
    true,
  ),
  query(
    'history, join and window, repartitioned twice',
    ['s', 'r'],
    'CREATE TABLE OUT AS SELECT CAST(S.N AS STRING) AS N, COUNT(*) AS C, SUM(R.M) AS X FROM S JOIN R ' +
      'WITHIN 8 SECONDS GRACE PERIOD 0 SECONDS ON S.G = R.H ' +
      'WINDOW TUMBLING (SIZE 10 SECONDS, RETENTION 2 HOURS, GRACE PERIOD 0 SECONDS) GROUP BY CAST(S.N AS STRING);',
    (given) => {
      const pairs = streams(
        ['G', 'H'],
        false,
        false,
        0,
      )(given).rows.map((p) => ({ ...p, at: p.ts! - (p.ts! % 10_000) }));
      const windows = grouped(pairs, (p) => `${p.at}/${num(p.value!, 'N')}`);
      return {
        kind: 'table',
        rows: [...windows.values()].map((ps) => ({
          key: String(num(ps[0]!.value!, 'N')),
          window: [ps[0]!.at],
          value: counted(
            ps.map((p) => p.value!),
            'M',
          ),
        })),
      };
    },
    false,
    true,
  ),
  query(
    'aggregation of a table',
    ['t'],
    'CREATE TABLE OUT AS SELECT G, COUNT(*) AS C, SUM(V) AS X FROM T GROUP BY G;',
    (given) => {
      const now = [...given.table('t').values()];
      // A group that is empty again has a row with nothing in it.
      const ever = new Set(given.of('t').flatMap((r) => (r.value === null ? [] : [field(r, 'G')])));
      const rows = [...ever].flatMap((key): Out[] =>
        key === null
          ? []
          : [
              {
                key,
                value: counted(
                  now.filter((v) => v.G === key),
                  'V',
                ),
              },
            ],
      );
      return { kind: 'table', rows };
    },
  ),
  {
    name: 'fan-out',
    reads: ['s'],
    sql:
      'CREATE STREAM OUT AS SELECT * FROM S WHERE N > 4;' +
      `CREATE TABLE OUT2 AS SELECT K, ${COUNTED} FROM S GROUP BY K;` +
      `CREATE TABLE OUT3 AS SELECT G, ${COUNTED} FROM S GROUP BY G;`,
    expected: { OUT: rowsOf('s', filtered), OUT2: countUpdates, OUT3: byGroup },
    repeatable: false,
    history: false,
  },
  {
    name: 'chain',
    reads: ['s'],
    sql:
      'CREATE STREAM OUT AS SELECT * FROM S WHERE N > 4;' +
      `CREATE TABLE OUT2 AS SELECT G, ${COUNTED} FROM OUT GROUP BY G;` +
      'CREATE TABLE OUT3 AS SELECT G, C * 10 AS Y FROM OUT2 WHERE C > 2;',
    expected: {
      OUT: rowsOf('s', filtered),
      OUT2: (given) =>
        groups(
          given.of('s').filter((r) => filtered(r).length > 0),
          (r) => field(r, 'G'),
          (vs) => counted(vs, 'N'),
        ),
      OUT3: (given) => {
        const kept = given.of('s').filter((r) => filtered(r).length > 0);
        const { rows } = groups(
          kept,
          (r) => field(r, 'G'),
          (vs) => counted(vs, 'N'),
        );
        return {
          kind: 'table',
          rows: rows.flatMap(({ key, value }) =>
            num(value!, 'C') > 2 ? [{ key, value: { Y: num(value!, 'C') * 10 } }] : [],
          ),
        };
      },
    },
    repeatable: false,
    history: false,
  },
];
