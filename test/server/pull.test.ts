import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, eventually, open, produce, run, startServer, type TestServer } from './support.js';

/** The page on pull queries, example by example, on a running server; and what its examples leave out. */
let server: TestServer;

interface Example {
  readonly sql: string;
  readonly rows: readonly string[];
}

const page = readFileSync(join(import.meta.dirname, '../../docs/pull-queries.md'), 'utf8');
const blocks = [...page.matchAll(/^```(sql|json)\n([\s\S]*?)^```$/gm)].map((m) => ({
  kind: m[1]!,
  text: m[2]!.trim(),
}));
const setup = blocks[0]!.text;
const examples = blocks.flatMap((b, i): Example[] =>
  b.kind === 'json' ? [{ sql: blocks[i - 1]!.text, rows: b.text.split('\n') }] : [],
);

async function answer(sql: string): Promise<{ readonly status: number; readonly text: string }> {
  const { status, text } = await ask(server, { path: '/query-stream', body: { sql } });
  return { status, text };
}

const rows = async (sql: string): Promise<string[]> => (await answer(sql)).text.trim().split('\n').slice(1);
const header = async (sql: string): Promise<unknown> => JSON.parse((await answer(sql)).text.split('\n')[0]!);

it('are refused where the server is set so', async () => {
  const other = await startServer({ 'ksql.pull.queries.enable': 'false' });
  try {
    const { status, text } = await ask(other, { path: '/query-stream', body: { sql: 'SELECT * FROM nobody;' } });
    expect([status, text]).toEqual([400, expect.stringContaining('Please set ksql.pull.queries.enable=true')]);
  } finally {
    await other.stop();
  }
});

beforeAll(async () => {
  server = await startServer({ 'ksql.service.id': 'pull_', 'ksql.streams.auto.offset.reset': 'earliest' });
  await run(server, setup);
  await eventually(
    () => rows('SELECT SUM(orders) FROM per_minute;'),
    (found) => found[0] === '[4]',
  );
  await eventually(
    () => rows('SELECT COUNT(*) FROM customers;'),
    (found) => found[0] === '[3]',
  );
}, 60_000);
afterAll(() => server.stop());

describe('docs/pull-queries.md', { timeout: 30_000 }, () => {
  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(12);
  });

  it.each(examples)('$sql', async ({ sql, rows: expected }) => {
    // The three tables are filled by queries of their own.
    const found = await eventually(
      () => rows(sql),
      (given) => JSON.stringify(given) === JSON.stringify(expected),
    ).catch(() => rows(sql));
    expect(found).toEqual(expected);
  });
});

describe('a pull query on a server', { timeout: 30_000 }, () => {
  it.each<[string, string[]]>([
    ["SELECT * FROM customers WHERE city LIKE 'L%' AND name > 'ada';", ['["alan","London"]']],
    ["SELECT name FROM customers WHERE name BETWEEN 'ada' AND 'alan' ORDER BY name DESC;", ['["alan"]', '["ada"]']],
    ['SELECT COUNT(*), SUM(orders), MIN(orders) FROM per_customer WHERE orders > 99;', ['[0,0,null]']],
    ['SELECT customer FROM per_customer WHERE orders > 99 GROUP BY customer;', []],
    ['SELECT COUNT(*) FROM orders WHERE item->price < 10;', ['[2]']],
    ['SELECT DISTINCT city FROM customers ORDER BY city LIMIT 1 OFFSET 1;', ['["New York"]']],
    ['SELECT name FROM customers ORDER BY name OFFSET 2;', ['["grace"]']],
    ['SELECT name FROM customers ORDER BY name LIMIT 0;', []],
    ['SELECT * FROM customers WHERE name = ' + "'ada' LIMIT 1;", ['["ada","London"]']],
  ])('%s', async (sql, expected) => {
    expect(await rows(sql)).toEqual(expected);
  });

  it('names its columns as every query does', async () => {
    expect(await header('SELECT COUNT(*), MAX(spent) AS most FROM per_customer;')).toMatchObject({
      columnNames: ['KSQL_COL_0', 'MOST'],
      columnTypes: ['BIGINT', 'DOUBLE'],
    });
    expect(await header('SELECT * FROM customers c JOIN per_customer p ON c.name = p.customer;')).toMatchObject({
      columnNames: ['C_NAME', 'C_CITY', 'P_CUSTOMER', 'P_ORDERS', 'P_SPENT'],
    });
  });

  it('is explained', async () => {
    const [entity] = await run(server, 'EXPLAIN SELECT name FROM customers ORDER BY city LIMIT 2;');
    const { executionPlan } = (entity as { queryDescription: { executionPlan: string } }).queryDescription;
    expect(executionPlan).toContain('sort by CITY@v1 nulls last, the first 2 alone');
    expect(executionPlan).toContain('every key');
  });

  it.each([
    ['SELECT * FROM customers ORDER BY name EMIT CHANGES;', 'ORDER BY is only supported in pull queries'],
    ['SELECT * FROM customers EMIT CHANGES LIMIT 3 OFFSET 2;', 'OFFSET is only supported in pull queries'],
    ['SELECT DISTINCT city FROM customers EMIT CHANGES;', 'SELECT DISTINCT is only supported in pull queries'],
    [
      'SELECT c.name FROM customers c JOIN orders o ON c.name = o.customer;',
      "Pull queries don't support JOIN clauses.",
    ],
  ])('refuses %s', async (sql, message) => {
    const { status, text } = await answer(sql);
    expect(status).toBe(400);
    expect(text).toContain(message);
  });
});

describe('a join with very many rows', { timeout: 60_000 }, () => {
  const sql = 'SELECT COUNT(*) FROM twins a JOIN twins b ON a.same = b.same;'; // four million rows

  it('lets others be answered while it counts, and ends with its client', async () => {
    await run(
      server,
      `CREATE STREAM made (id STRING KEY, same INT) WITH (KAFKA_TOPIC='made', VALUE_FORMAT='JSON', PARTITIONS=1);
       CREATE TABLE twins AS SELECT id, LATEST_BY_OFFSET(same) AS same FROM made GROUP BY id;`,
    );
    const records = Array.from({ length: 2000 }, (_, i) => ({ key: `k${i}`, value: '{"SAME":1}' }));
    await produce(server, 'made', records);
    await eventually(
      () => rows('SELECT COUNT(*) FROM twins;'),
      (found) => found[0] === '[2000]',
    );
    let isOver = false;
    const request = open(server, { path: '/query-stream', body: { sql } });
    request.on('error', () => {}); // destroyed below
    const over = new Promise<void>((resolve) => request.on('close', resolve)).then(() => (isOver = true));
    request.on('response', (response) => response.resume());
    for (let i = 0; i < 3; i++) expect((await ask(server, { path: '/livez' })).status).toBe(200);
    expect(isOver).toBe(false);
    request.destroy();
    await over;
  });
});
