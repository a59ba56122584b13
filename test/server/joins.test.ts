import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, EARLIEST, eventually, run, startServer, type TestServer } from './support.js';

/** Joins on a running server: across partitions, pulled from, and as push queries. */
let server: TestServer;

const rows = async (sql: string): Promise<unknown[]> => {
  const { text } = await ask(server, { path: '/query-stream', body: { sql, properties: EARLIEST } });
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((l) => JSON.parse(l) as unknown);
};

const sorted = (values: readonly unknown[]): string[] => values.map((v) => JSON.stringify(v)).sort();

beforeAll(async () => {
  server = await startServer({ 'ksql.service.id': 'joins_', 'ksql.streams.auto.offset.reset': 'earliest' });
  await run(
    server,
    `CREATE TABLE customers (id INT PRIMARY KEY, name STRING, region STRING)
       WITH (KAFKA_TOPIC='customers', FORMAT='JSON', PARTITIONS=3);
     CREATE TABLE regions (id STRING PRIMARY KEY, label STRING)
       WITH (KAFKA_TOPIC='regions', FORMAT='JSON', PARTITIONS=2);
     CREATE TABLE limits (id INT PRIMARY KEY, most INT) WITH (KAFKA_TOPIC='limits', FORMAT='JSON', PARTITIONS=3);
     CREATE STREAM orders (id INT KEY, customer INT) WITH (KAFKA_TOPIC='orders', FORMAT='JSON', PARTITIONS=4);
     CREATE STREAM payments (id INT KEY, paid INT) WITH (KAFKA_TOPIC='payments', FORMAT='JSON', PARTITIONS=4);`,
  );
  const inserts = [
    ...['n', 's', 'w'].map((r) => `INSERT INTO regions (id, label) VALUES ('${r}', 'region ${r}');`),
    ...Array.from(
      { length: 12 },
      (_, i) =>
        `INSERT INTO customers (ROWTIME, id, name, region) VALUES (${i}, ${i}, 'c${i}', '${'nswx'[i % 4]}');
         INSERT INTO limits (ROWTIME, id, most) VALUES (${i}, ${i * 2}, ${i * 100});
         INSERT INTO orders (ROWTIME, id, customer) VALUES (${1000 + i}, ${i}, ${i * 3});
         INSERT INTO payments (ROWTIME, id, paid) VALUES (${1005 + i}, ${i * 2}, ${i});`,
    ),
  ];
  await run(server, inserts.join('\n'));
});
afterAll(() => server.stop());

const LABELS: Record<string, string> = { n: 'region n', s: 'region s', w: 'region w' };
const labelled = Array.from({ length: 12 }, (_, i) => [i, `c${i}`, LABELS['nswx'[i % 4]!] ?? null]);

describe('joins of tables', { timeout: 60_000 }, () => {
  it('on a foreign key, between topics of different partitions, answer pull queries', async () => {
    await run(
      server,
      `CREATE TABLE labelled AS SELECT c.id AS id, name, label FROM customers c LEFT JOIN regions r ON c.region = r.id;`,
    );
    const all = await eventually(
      () => rows('SELECT * FROM labelled;'),
      (found) => JSON.stringify(sorted(found)) === JSON.stringify(sorted(labelled)),
    );
    expect(all).toHaveLength(12);
    expect(await rows('SELECT label FROM labelled WHERE id = 5;')).toEqual([['region s']]);

    await run(server, "INSERT INTO regions (id, label) VALUES ('s', 'the south');");
    await eventually(
      () => rows('SELECT label FROM labelled WHERE id = 5;'),
      (found) => JSON.stringify(found) === '[["the south"]]',
    );
    await run(server, "INSERT INTO regions (id, label) VALUES ('s', 'region s');");
  });

  it('on their keys answer pull queries', async () => {
    await run(
      server,
      'CREATE TABLE bounded AS SELECT c.id AS id, name, most FROM customers c JOIN limits l ON c.id = l.id;',
    );
    const wanted = [0, 2, 4, 6, 8, 10].map((id) => [id, `c${id}`, id * 50]);
    await eventually(
      () => rows('SELECT * FROM bounded;'),
      (found) => JSON.stringify(sorted(found)) === JSON.stringify(sorted(wanted)),
    );
    expect(await rows('SELECT most FROM bounded WHERE id = 8;')).toEqual([[400]]);
  });
});

describe('push queries that join', { timeout: 60_000 }, () => {
  it('a stream and a table', async () => {
    const sql = `SELECT o.id, name FROM orders o JOIN customers c ON o.customer = c.id EMIT CHANGES LIMIT 4;`;
    expect(sorted(await rows(sql))).toEqual(sorted([0, 1, 2, 3].map((i) => [i, `c${i * 3}`])));
  });

  it('two streams', async () => {
    const sql = `SELECT o.id, paid FROM orders o JOIN payments p WITHIN 1 SECOND ON o.id = p.id EMIT CHANGES LIMIT 6;`;
    expect(sorted(await rows(sql))).toEqual(sorted([0, 2, 4, 6, 8, 10].map((i) => [i, i / 2])));
  });

  it('two tables on a foreign key', async () => {
    const sql = `SELECT c.id, name, label FROM customers c JOIN regions r ON c.region = r.id EMIT CHANGES LIMIT 9;`;
    const found = (await rows(sql)) as [number, string, string][];
    expect(found).toHaveLength(9);
    for (const [id, name, label] of found) expect([name, label]).toEqual([`c${id}`, LABELS['nswx'[id % 4]!]]);
  });
});
