import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeEngine, startFake } from './fake-engine.js';
import { ask, eventually, letters, run, startServer, type TestServer } from './support.js';

let server: TestServer;
const others: TestServer[] = [];
beforeAll(async () => {
  server = await startServer({ 'ksql.service.id': 'svc_' });
  await letters(server);
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const s of others.splice(0)) await s.stop();
});

const get = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await ask(server, { path, headers });
  return [answer.status, answer.text === '' ? '' : JSON.parse(answer.text)] as const;
};

describe('information', () => {
  it('/info tells a version that ksqlDB clients take, and who serves', async () => {
    const [status, info] = await get('/info');
    expect([status, info]).toEqual([
      200,
      {
        KsqlServerInfo: {
          version: '0.29.0',
          kafkaClusterId: expect.any(String),
          ksqlServiceId: 'svc_',
          serverStatus: 'RUNNING',
          weirVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
        },
      },
    ]);
    const root = await ask(server, { path: '/' });
    expect([root.status, root.headers.location]).toEqual([307, '/info']);
  });

  it('/healthcheck, probes and what is not there', async () => {
    expect(await get('/healthcheck')).toEqual([
      200,
      {
        isHealthy: true,
        details: {
          metastore: { isHealthy: true },
          kafka: { isHealthy: true },
          commandRunner: { isHealthy: true },
        },
        serverState: 'READY',
      },
    ]);
    expect((await get('/livez'))[0]).toBe(200);
    expect((await get('/readyz'))[0]).toBe(200);
    expect(await get('/chc/live')).toEqual([200, {}]);
    expect(await get('/chc/ready')).toEqual([200, {}]);
    expect(await get('/nothing')).toMatchObject([404, { '@type': 'generic_error', error_code: 40400 }]);
    expect((await ask(server, { path: '/ksql' })).status).toBe(405);
  });

  it('a server that starts is alive and not ready', async () => {
    const engine = new FakeEngine();
    engine.ready = false;
    const starting = await startFake(engine);
    others.push(starting);
    const status = async (path: string) => (await ask(starting, { path })).status;
    expect([await status('/livez'), await status('/readyz'), await status('/chc/ready')]).toEqual([200, 503, 503]);
    const health = await ask(starting, { path: '/healthcheck' });
    expect([health.status, JSON.parse(health.text)]).toMatchObject([
      200,
      { isHealthy: false, serverState: 'INITIALIZING' },
    ]);
    expect(JSON.parse((await ask(starting, { path: '/info' })).text)).toMatchObject({
      KsqlServerInfo: { serverStatus: 'STARTING' },
    });
  });
});

describe('/metrics', () => {
  it("speaks Prometheus, with the queries' counters and the names of ksqlDB's boards", async () => {
    const read = async () => (await ask(server, { path: '/metrics' })).text;
    const text = await eventually(read, (t) => t.includes('weir_query_records_in_total{query="CTAS_COUNTS_0"} 3'));
    expect(text).toContain('weir_query_records_out_total{query="CTAS_COUNTS_0"} 2');
    expect(text).toContain('weir_query_running{query="CTAS_COUNTS_0",state="RUNNING"} 1');
    expect(text).toContain('weir_query_lag_records{query="CTAS_COUNTS_0"} 0');
    expect(text).toContain('ksql_ksql_engine_query_stats_num_active_queries{ksql_cluster="svc_"} 1');
    expect(text).toContain('ksql_ksql_engine_query_stats_messages_consumed_total{ksql_cluster="svc_"} 3');
    expect(text).toContain('process_cpu_seconds_total');
    const { headers } = await ask(server, { path: '/metrics' });
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  });
});

describe('signing in', () => {
  const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });

  it('is asked for where there are users, but by probes', async () => {
    const s = await startServer({ 'weir.auth.users': 'ada:love:lace, bob:b' });
    others.push(s);
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await ask(s, { path, headers })).status;
    const refused = await ask(s, { path: '/info' });
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Basic realm="weir"']);
    expect(JSON.parse(refused.text)).toMatchObject({ '@type': 'generic_error', error_code: 40100, stackTrace: [] });
    expect(await status('/info', basic('ada:love:lace'))).toBe(200);
    expect(await status('/info', { authorization: basic('bob:b').authorization.replace('Basic', 'basic') })).toBe(200);
    for (const wrong of ['ada:love', 'ada:', 'ada', ':', 'eve:b', 'bob:B']) {
      expect([wrong, await status('/info', basic(wrong))]).toEqual([wrong, 401]);
    }
    expect(await status('/info', { authorization: 'Bearer x' })).toBe(401);
    expect(await status('/nothing')).toBe(401);
    for (const path of ['/livez', '/readyz', '/healthcheck', '/chc/live', '/chc/ready', '/livez?x=1']) {
      expect([path, await status(path)]).toEqual([path, 200]);
    }
    expect(await status('/livez/../info')).toBe(401);
    const ksql = await ask(s, { path: '/ksql', body: { ksql: 'SHOW TYPES;' } });
    expect(ksql.status).toBe(401);
  });
});

describe('a start', () => {
  it('deploys a folder of statements before it is told to be running, and refuses what is wrong', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'weir-queries-'));
    try {
      writeFileSync(
        join(dir, '1.sql'),
        "CREATE STREAM a (x INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);",
      );
      writeFileSync(join(dir, '2.sql'), 'CREATE STREAM b AS SELECT x FROM a;');
      writeFileSync(join(dir, 'notes.txt'), 'no SQL');
      const s = await startServer({ 'ksql.queries.file': dir });
      others.push(s);
      expect(await run(s, 'SHOW STREAMS;')).toMatchObject([{ streams: [{ name: 'A' }, { name: 'B' }] }]);
      writeFileSync(join(dir, '3.sql'), 'CREATE STREAM c AS SELECT nope FROM b;');
      await expect(startServer({ 'ksql.queries.file': dir })).rejects.toThrow(/3\.sql.*NOPE/);
      await expect(startServer({ 'ksql.queries.file': join(dir, 'no.sql') })).rejects.toThrow(/no\.sql/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
