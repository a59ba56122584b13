import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeKafka, uniqueName } from '../kafka/support/broker.js';
import { ask, produce, run, type TestServer } from '../server/support.js';
import { tempDir } from '../support/temp.js';
import { addressOf, clusterStatus, Nodes, pull, shares, until } from './support/nodes.js';

const PARTITIONS = 6;
const KEYS = 60;
const keyOf = (i: number): string => `key-${i}`;

interface Summary {
  readonly id: string;
  readonly statusCount: Readonly<Record<string, number>>;
}

const showQueries = async (node: TestServer): Promise<readonly Summary[]> => {
  const [answer] = (await run(node, 'SHOW QUERIES;')) as unknown as { queries: Summary[] }[];
  return answer!.queries;
};

/** Statements over topics of this test's own. */
function statements(topic: string): string {
  return `
    CREATE STREAM src (k STRING KEY, n BIGINT, d DECIMAL(20, 6), x DOUBLE, b BYTES)
      WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON', PARTITIONS=${PARTITIONS});
    CREATE TABLE latest WITH (KAFKA_TOPIC='${topic}-latest') AS
      SELECT k, LATEST_BY_OFFSET(n) AS n, LATEST_BY_OFFSET(d) AS d, COUNT(*) AS c FROM src GROUP BY k;
    CREATE TABLE by_rest WITH (KAFKA_TOPIC='${topic}-rest') AS
      SELECT n % 7 AS r, COUNT(*) AS c FROM src GROUP BY n % 7;`;
}

async function write(node: TestServer, topic: string, from: number, to: number): Promise<void> {
  const records = Array.from({ length: to - from }, (_, i) => {
    const n = from + i;
    const value = `{"N":${9007199254740993n + BigInt(n)},"D":12345678901234.${String(n).padStart(6, '0')}}`;
    return { key: keyOf(n % KEYS), value, timestamp: 1000 + n };
  });
  await produce(node, topic, records, PARTITIONS);
}

/** What the tables hold after records 0 … n-1, by plain code. */
function truth(n: number): { readonly latest: unknown[][]; readonly rest: unknown[][] } {
  const latest = new Map<string, [string, bigint, string, number]>();
  const rest = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const key = keyOf(i % KEYS);
    const value = 9007199254740993n + BigInt(i);
    latest.set(key, [key, value, `12345678901234.${String(i).padStart(6, '0')}`, (latest.get(key)?.[3] ?? 0) + 1]);
    rest.set(Number(value % 7n), (rest.get(Number(value % 7n)) ?? 0) + 1);
  }
  return { latest: [...latest.values()], rest: [...rest] };
}

/** Rows as the text that came, so that no BIGINT and no DECIMAL goes through a double of the test's. */
async function texts(node: TestServer, sql: string, properties: object = {}): Promise<string[]> {
  const answer = await ask(node, { path: '/query-stream', body: { sql, properties } });
  if (answer.status !== 200) throw new Error(answer.text);
  const lines = answer.text
    .split('\n')
    .slice(1)
    .filter((l) => l !== '');
  if (lines.some((l) => l.startsWith('{'))) throw new Error(answer.text);
  return lines.sort();
}

const exact = (rows: readonly unknown[][]): string[] =>
  rows
    .map((r) => `[${r.map((v, i) => (typeof v === 'string' && i !== 2 ? JSON.stringify(v) : String(v))).join(',')}]`)
    .sort();

describeKafka('several nodes of one service', (kafka) => {
  test('grow from one to three and back: all answer alike, by key and by scan', async () => {
    const topic = uniqueName('grow');
    const nodes = new Nodes(kafka.bootstrap, uniqueName('svc'), { 'session.timeout.ms': '20000' });
    const a = await nodes.start();
    await run(a, statements(topic));
    let written = 0;
    const more = async (): Promise<void> => {
      await write(a, topic, written, written + 500);
      written += 500;
    };
    const ids = (await showQueries(a)).map((q) => q.id);
    const answersAlike = async (): Promise<void> => {
      const { latest, rest } = truth(written);
      for (const node of nodes.all) {
        await until(`node ${node.port} has it all`, async () => {
          const scan = await texts(node, 'SELECT * FROM latest;');
          const counts = await texts(node, 'SELECT * FROM by_rest;');
          return (
            JSON.stringify(scan) === JSON.stringify(exact(latest)) &&
            JSON.stringify(counts) === JSON.stringify(rest.map((r) => JSON.stringify(r)).sort())
          );
        });
        for (const row of latest.slice(0, 12)) {
          expect(await texts(node, `SELECT * FROM latest WHERE k = '${row[0]}';`)).toEqual(exact([row]));
        }
        const some = latest.slice(0, 5);
        const list = some.map((r) => `'${r[0]}'`).join(', ');
        expect(await texts(node, `SELECT * FROM latest WHERE k IN (${list}, 'nobody');`)).toEqual(exact(some));
        expect(await texts(node, `SELECT * FROM by_rest WHERE r = ${rest[0]![0]};`)).toEqual([JSON.stringify(rest[0])]);
        expect(await texts(node, "SELECT * FROM latest WHERE k = 'nobody';")).toEqual([]);
        expect(await texts(node, 'SELECT COUNT(*) AS c FROM latest;')).toEqual([`[${KEYS}]`]);
        expect(await texts(node, 'SELECT k FROM latest LIMIT 7;')).toHaveLength(7);
      }
    };
    await more();
    await answersAlike();

    const shared = async (count: number): Promise<void> => {
      for (const node of nodes.all) {
        await until(`${count} nodes share the work, as ${node.port} sees it`, async () => {
          const each = await Promise.all(ids.map((id) => shares(node, id)));
          return each.every((s) => s.size === count && [...s.values()].every((n) => n > 0));
        });
      }
    };
    const b = await nodes.start();
    await more();
    await shared(2);
    await answersAlike();
    const c = await nodes.start();
    await shared(3);
    await more();
    await answersAlike();
    expect(await showQueries(b)).toMatchObject(ids.map((id) => ({ id, statusCount: { RUNNING: 3 } })));
    for (const host of Object.values(await clusterStatus(c))) expect(host.hostAlive).toBe(true);

    await nodes.stop(b);
    await more();
    await shared(2);
    await answersAlike();
    await nodes.stop(c);
    await more();
    await answersAlike();
    expect(Object.keys(await clusterStatus(a))).toEqual([addressOf(a)]);
  }, 180_000);

  test('statements on one node hold on all; of two that conflict one is refused; PAUSE and DROP reach every node', async () => {
    const topic = uniqueName('stmt');
    const nodes = new Nodes(kafka.bootstrap, uniqueName('svc'));
    const dir = tempDir();
    writeFileSync(join(dir, '1.sql'), statements(topic));
    // Both deploy the same statements at once: whoever comes second finds them there.
    const [a, b] = await Promise.all([
      nodes.start({ 'ksql.queries.file': dir }),
      nodes.start({ 'ksql.queries.file': dir }),
    ]);
    const ids = (await showQueries(a)).map((q) => q.id);
    expect(ids).toHaveLength(2);
    await until('both run both', async () => (await showQueries(b)).every((q) => q.statusCount.RUNNING === 2));
    const conflict = await Promise.allSettled([
      run(a, `CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM src GROUP BY k;`),
      run(b, `CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM src GROUP BY k;`),
    ]);
    expect(conflict.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = conflict.find((r) => r.status === 'rejected') as PromiseRejectedResult;
    expect(String(refused.reason)).toMatch(/already exists/);

    await run(b, `PAUSE ${ids[0]};`);
    await until('paused on both', async () =>
      (await showQueries(a)).some((q) => q.id === ids[0] && q.statusCount.PAUSED === 2),
    );
    await run(a, `RESUME ${ids[0]};`);
    await until('running on both', async () =>
      (await showQueries(b)).some((q) => q.id === ids[0] && q.statusCount.RUNNING === 2),
    );
    await run(b, 'DROP TABLE by_rest DELETE TOPIC;');
    await until('gone on the other', async () => (await showQueries(a)).every((q) => !q.id.includes('BY_REST')));
    const [topics] = (await run(a, 'SHOW ALL TOPICS;')) as unknown as { topics: { name: string }[] }[];
    expect(topics!.topics.map((t) => t.name)).not.toContain(`${topic}-rest`);
  }, 120_000);

  test('a read that goes on at another node asks nobody further, and nodes sign in at each other', async () => {
    const topic = uniqueName('auth');
    const users = { 'weir.auth.users': 'ann:secret,bob:word' };
    const nodes = new Nodes(kafka.bootstrap, uniqueName('svc'), users);
    const headers = { authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}` };
    const [a, b] = [await nodes.start(), await nodes.start()];
    const ksql = async (node: TestServer, sql: string): Promise<void> => {
      const answer = await ask(node, { path: '/ksql', headers, body: { ksql: sql } });
      if (answer.status !== 200) throw new Error(answer.text);
    };
    await ksql(a, statements(topic));
    const records = Array.from({ length: 40 }, (_, i) => ({ key: keyOf(i), value: '{"N":1,"D":1.5}' }));
    expect((await ask(a, { path: `/topics/${topic}/records`, headers, body: { records } })).status).toBe(200);
    const keys = async (node: TestServer, properties: object = {}): Promise<number> => {
      const sql = 'SELECT k FROM latest;';
      const answer = await ask(node, { path: '/query-stream', headers, body: { sql, properties } });
      if (answer.status !== 200) throw new Error(answer.text);
      return answer.text.trim().split('\n').length - 1;
    };
    await until('both give all rows', async () => (await keys(a)) === 40 && (await keys(b)) === 40);
    const local = { 'request.ksql.query.pull.skip.forwarding': true };
    await expect(keys(a, local)).rejects.toThrow(/cannot be read: partition/);
    expect((await ask(a, { path: '/peer/read', body: {} })).status).toBe(401);
    expect((await ask(a, { path: '/peer/read', headers, body: { read: 1 } })).status).toBe(400);
  }, 120_000);

  test('rows of another node cannot be had: the error says whose they are', async () => {
    const topic = uniqueName('away');
    // The second node tells an address at which nobody answers.
    const nodes = new Nodes(kafka.bootstrap, uniqueName('svc'));
    const a = await nodes.start();
    await run(a, statements(topic));
    await write(a, topic, 0, 200);
    await until('one node has all', async () => (await pull(a, 'SELECT * FROM latest;')).length === KEYS);
    await nodes.start({ 'ksql.advertised.listener': 'http://127.0.0.1:1' });
    await until('the other owns a part', async () => {
      const status = await clusterStatus(a);
      return Object.values(status['127.0.0.1:1']?.activeStandbyPerQuery ?? {}).some(
        (q) => q.activePartitions.length > 0,
      );
    });
    await expect(pull(a, 'SELECT * FROM latest;')).rejects.toThrow(
      /is owned by 127\.0\.0\.1:1: Node 127\.0\.0\.1:1 does not answer/,
    );
  }, 120_000);
});
