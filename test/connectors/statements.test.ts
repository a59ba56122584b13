import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMPTY_CONTEXT } from '../../engine/index.js';
import { until } from '../runtime/nodes.js';
import { ask, run, startServer, type TestServer } from '../server/support.js';
import { makeDir, removeDir } from '../support/temp.js';

/** Connectors as a user has them: statements, on a whole server. */
describe('CREATE … CONNECTOR on a server', () => {
  let dir: string;
  let server: TestServer;
  beforeAll(async () => {
    dir = makeDir();
    mkdirSync(join(dir, 'files'));
    server = await startServer({ 'weir.connectors.files.dirs': join(dir, 'files') });
  });
  afterAll(async () => {
    await server?.stop();
    removeDir(dir);
  });
  const one = async (sql: string) =>
    (await server.running.engine.execute(sql, EMPTY_CONTEXT)).at(-1) as unknown as {
      readonly connectors: readonly { readonly name: string; readonly state: string }[];
      readonly config: Readonly<Record<string, string>>;
    };
  const state = async (name: string): Promise<string> =>
    (await one('SHOW CONNECTORS;')).connectors.find((c) => c.name === name)?.state ?? 'none';

  it('moves rows from files through a query into files', async () => {
    writeFileSync(join(dir, 'files', 'rides.csv'), 'id,fare,note\na,10,x\nb,20,y\nc,lots,z\n');
    await run(
      server,
      `CREATE STREAM rides (id STRING KEY, fare DOUBLE) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON', PARTITIONS=1);
       CREATE STREAM dear AS SELECT id, fare * 1.2 AS fare FROM rides;
       CREATE SOURCE CONNECTOR rides_in WITH ('connector.class'='file-source', 'path'='rides.csv', 'into'='rides',
         'errors.deadletterqueue.topic.name'='bad-rides');
       CREATE SINK CONNECTOR rides_out WITH ('connector.class'='file-sink', 'path'='out', 'from'='dear', 'flush.size'=1);`,
    );
    const out = join(dir, 'files', 'out');
    const lines = () => {
      try {
        return readdirSync(out)
          .filter((f) => f.endsWith('.jsonl'))
          .map((f) => readFileSync(join(out, f), 'utf8').trim());
      } catch {
        return []; // the sink has not begun
      }
    };
    await until('two rows', () => lines().length === 2);
    expect(lines()).toEqual(['{"ID":"a","FARE":12}', '{"ID":"b","FARE":24}']);
    await until('the source has ended', async () => (await state('RIDES_IN')).startsWith('ENDED'));
    const described = await one('DESCRIBE CONNECTOR rides_in;');
    expect(described).toMatchObject({
      statistics: { rows: 2, deadLetters: 1 },
      guarantee: 'exactly once',
      topics: ['rides'],
    });
    await until('the sink runs', async () => (await state('RIDES_OUT')) === 'RUNNING (1/1 tasks RUNNING)');
  });

  it('says in metrics how they are', async () => {
    await until('metrics', async () => {
      const { text } = await ask(server, { path: '/metrics' });
      return /weir_connector_rows_total\{connector="RIDES_OUT"\} 2/.test(text);
    });
    const { text } = await ask(server, { path: '/metrics' });
    expect(text).toMatch(/weir_connector_state\{connector="RIDES_OUT",state="RUNNING"\} 1/);
    expect(text).toMatch(/weir_connector_dead_letters_total\{connector="RIDES_IN"\} 1/);
  });

  it('goes on after a restart where it was, and keeps a pause', async () => {
    await run(server, 'PAUSE CONNECTOR rides_out;');
    await until('it is paused', async () => (await state('RIDES_OUT')) === 'PAUSED');
    expect(await one('DESCRIBE CONNECTOR rides_out;')).toMatchObject({
      status: { connector: { state: 'PAUSED' }, tasks: [] },
    });
    await run(server, 'RESUME CONNECTOR rides_out;');
    await until('it runs', async () => (await state('RIDES_OUT')).startsWith('RUNNING'));
  });

  it('shows no secret in any answer, nor in the command log', async () => {
    const sql = `CREATE SINK CONNECTOR hidden WITH ('connector.class'='file-sink', 's3.bucket.name'='b', 'store.url'='http://127.0.0.1:9',
      'aws.access.key.id'='AKIDKEY', 'aws.secret.access.key'='geheim', 'from'='dear');`;
    const answers = [
      (await ask(server, { path: '/ksql', body: { ksql: sql } })).text,
      (await ask(server, { path: '/ksql', body: { ksql: sql } })).text, // refused: it is there
      (await ask(server, { path: '/ksql', body: { ksql: 'DESCRIBE CONNECTOR hidden;' } })).text,
      (await ask(server, { path: '/ksql', body: { ksql: 'SHOW CONNECTORS;' } })).text,
    ];
    expect(answers[0]).toContain('connector_info');
    expect(answers[1]).toContain('already exists');
    expect(answers.join()).not.toMatch(/geheim|AKIDKEY/);
    expect(answers[2]).toContain('[hidden]');
    await run(server, 'DROP CONNECTOR hidden;');
  });

  it('is deployed by files: made, left alone, changed, and dropped by prune', async () => {
    const { engine } = server.running;
    const file = (sql: string) => [{ name: 'c.sql', sql }];
    const kept = "CREATE SINK CONNECTOR dep WITH ('connector.class'='file-sink', 'path'='dep', 'from'='dear');";
    const actions = (steps: readonly { action: string; subject: string }[]) =>
      steps.filter((s) => s.subject === 'CONNECTOR DEP').map((s) => s.action);
    expect(actions((await engine.deploy(file(kept))).steps)).toEqual(['create']);
    expect(actions((await engine.deploy(file(kept))).steps)).toEqual(['unchanged']);
    expect(actions((await engine.deploy(file(kept.replace("'dep'", "'dep2'")))).steps)).toEqual(['replace']);
    expect((await one('DESCRIBE CONNECTOR dep;')).config.path).toBe('dep2');
    expect(actions(await engine.plan(file(''), { prune: true }))).toEqual(['drop']);
    await run(server, 'DROP CONNECTOR dep;');
  });
});
