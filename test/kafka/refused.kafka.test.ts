import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EMPTY_CONTEXT } from '../../engine/index.js';
import { loadConfig } from '../../server/config.js';
import { launch } from '../../server/main.js';
import type { RunningServer } from '../../server/server.js';
import { eventually } from '../contract/log-support.js';
import { ksql } from '../main-job/client.js';
import { makeDir, removeDir } from '../support/temp.js';
import { stockClient } from './stock/kafkajs.js';
import { describeKafka, uniqueName } from './support/broker.js';

type Client = ReturnType<typeof stockClient>;
interface Letter {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const HOUR_MS = 3_600_000;

/** Records that a topic does not take, each alone: the others of its batch are written, and the query goes on. */
describeKafka('a record that Kafka refuses', (kafka) => {
  let folder: string;
  let server: RunningServer;
  let client: Client;
  let admin: ReturnType<Client['admin']>;
  beforeAll(async () => {
    folder = makeDir();
    const settings = {
      'bootstrap.servers': kafka.bootstrap,
      listeners: 'http://127.0.0.1:0',
      'weir.data.dir': folder,
      'weir.log.level': 'fatal',
      'ksql.service.id': uniqueName('refused'),
    };
    server = await launch(loadConfig(settings, {}));
    client = stockClient(kafka.bootstrap);
    admin = client.admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.disconnect();
    await server?.stop();
    if (folder !== undefined) removeDir(folder);
  });
  const run = (sql: string, properties: object = {}) =>
    ksql(server.address, sql, { 'auto.offset.reset': 'earliest', 'commit.interval.ms': '100', ...properties });
  const create = (topic: string, config: Readonly<Record<string, string>> = {}) =>
    admin.createTopics({
      topics: [
        {
          topic,
          numPartitions: 1,
          configEntries: Object.entries({ 'retention.ms': '-1', ...config }).map(([name, value]) => ({ name, value })),
        },
      ],
    });
  const write = async (
    topic: string,
    messages: readonly { key: string | null; value: string; timestamp?: string }[],
  ) => {
    const producer = client.producer();
    await producer.connect();
    await producer.send({ topic, messages: [...messages] });
    await producer.disconnect();
  };
  const read = async (topic: string, count: number): Promise<Letter[]> => {
    const consumer = client.consumer({ groupId: uniqueName('reader') });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const out: Letter[] = [];
    await consumer.run({
      eachMessage: async ({ message }) => {
        const headers = Object.entries(message.headers ?? {}).map(([k, v]) => [k, String(v)] as const);
        out.push({
          key: message.key?.toString() ?? null,
          value: message.value?.toString() ?? null,
          headers: Object.fromEntries(headers),
        });
      },
    });
    await eventually(`${topic} has ${count} records`, async () => out.length >= count);
    await consumer.disconnect();
    return out;
  };
  const stats = (id: string) => server.engine.queryStats().find((q) => q.queryId.startsWith(id))!;

  describe.each(['exactly_once_v2', 'at_least_once'])('under %s', (guarantee) => {
    const suffix = guarantee === 'at_least_once' ? 'A' : 'E';

    test('is left out, counted, logged with the setting, and a dead letter; the others are written', async () => {
      const [source, sink, letters] = ['in', 'out', 'dead'].map(uniqueName) as [string, string, string];
      await create(source);
      await create(sink, { 'max.message.bytes': '20000' });
      const values = ['a', 'b', 'x'.repeat(30_000), 'c', 'y'.repeat(25_000), 'd'];
      await write(
        source,
        values.map((v, i) => ({ key: `k${i}`, value: JSON.stringify({ V: v }) })),
      );
      await run(`CREATE STREAM big_${suffix} (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='${source}', VALUE_FORMAT='JSON',
        WRAP_SINGLE_VALUE=true);`);
      await run(
        `CREATE STREAM big_out_${suffix} WITH (KAFKA_TOPIC='${sink}', WRAP_SINGLE_VALUE=true) AS SELECT * FROM big_${suffix};`,
        { 'processing.guarantee': guarantee, 'weir.errors.deadletter.topic.name': letters },
      );
      const written = await read(sink, 4);
      expect(written.map((r) => JSON.parse(r.value!).V)).toEqual(['a', 'b', 'c', 'd']);
      const dead = await read(letters, 2);
      expect(dead.map((r) => [r.key, r.value!.length, r.headers['__weir.errors.stage']])).toEqual([
        ['k2', 30_008, 'WRITE'],
        ['k4', 25_008, 'WRITE'],
      ]);
      expect(dead[0]!.headers['__weir.errors.topic']).toBe(sink);
      expect(dead[0]!.headers['__weir.errors.exception.message']).toMatch(
        /a record of 3\d{4} bytes .*MESSAGE_TOO_LARGE/,
      );
      await eventually('the counters follow', async () => stats(`CSAS_BIG_OUT_${suffix}`).deadLettered === 2);
      const { state, recordsOut, unwritten } = stats(`CSAS_BIG_OUT_${suffix}`);
      expect([state, recordsOut, unwritten]).toEqual(['RUNNING', 4, 2]);
      const [answer] = (await run('SHOW ERRORS;')) as [
        { errors: { message: { productionError: { errorMessage: string } } }[] },
      ];
      expect(answer.errors.at(-1)!.message.productionError.errorMessage).toContain(
        'Raise max.message.bytes of the topic.',
      );
    });

    test('too large for the dead letters as well, it is one without its value', async () => {
      const [source, sink, letters] = ['in', 'out', 'dead'].map(uniqueName) as [string, string, string];
      await create(source);
      for (const topic of [sink, letters]) await create(topic, { 'max.message.bytes': '10000' });
      await write(source, [
        { key: 'a', value: JSON.stringify({ V: 'z'.repeat(12_000) }) },
        { key: 'b', value: JSON.stringify({ V: 'small' }) },
      ]);
      await run(`CREATE STREAM huge_${suffix} (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='${source}', VALUE_FORMAT='JSON',
        WRAP_SINGLE_VALUE=true);`);
      await run(
        `CREATE STREAM huge_out_${suffix} WITH (KAFKA_TOPIC='${sink}', WRAP_SINGLE_VALUE=true) AS SELECT * FROM huge_${suffix};`,
        { 'processing.guarantee': guarantee, 'weir.errors.deadletter.topic.name': letters },
      );
      expect((await read(sink, 1)).map((r) => r.key)).toEqual(['b']);
      const [letter] = await read(letters, 1);
      expect([letter!.key, letter!.value, letter!.headers['__weir.errors.value.bytes']]).toEqual(['a', null, '12008']);
    });
  });

  test('a row too large for the topics of a query is taken by them: state and changelog are one', async () => {
    const [source, sink] = ['in', 'out'].map(uniqueName) as [string, string];
    for (const topic of [source, sink]) await create(topic, { 'max.message.bytes': '20000000' });
    const long = 'x'.repeat(3_000_000);
    await write(source, [
      { key: 'a', value: JSON.stringify({ G: 1, V: 'first' }) },
      { key: 'b', value: JSON.stringify({ G: 2, V: long }) },
      { key: 'c', value: JSON.stringify({ G: 1, V: 'last' }) },
    ]);
    await run(
      `CREATE STREAM large (k STRING KEY, g INT, v STRING) WITH (KAFKA_TOPIC='${source}', VALUE_FORMAT='JSON');`,
    );
    await run(
      `CREATE TABLE large_latest WITH (KAFKA_TOPIC='${sink}') AS SELECT g, LATEST_BY_OFFSET(v) AS v, COUNT(*) AS n FROM large GROUP BY g;`,
    );
    const rows = async () => {
      const response = await fetch(`${server.address}/query-stream`, {
        method: 'POST',
        body: JSON.stringify({ sql: 'SELECT g, v, n FROM large_latest;' }),
      });
      const lines = (await response.text()).trim().split('\n').slice(1);
      return lines.map((l) => JSON.parse(l) as [number, string, number]).sort((a, b) => a[0] - b[0]);
    };
    await eventually('both groups are there', async () => (await rows()).length === 2);
    expect((await rows()).map(([g, v, n]) => [g, v.length, n])).toEqual([
      [1, 4, 2],
      [2, 3_000_000, 1],
    ]);
    const { state, unwritten } = stats('CTAS_LARGE_LATEST');
    expect([state, unwritten]).toEqual(['RUNNING', 0]);
    const { topics } = await admin.fetchTopicMetadata();
    const own = topics.map((t) => t.name).filter((name) => name.includes('CTAS_LARGE_LATEST'));
    expect(own).toHaveLength(2);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: own.map((name) => ({ type: 2, name, configNames: ['max.message.bytes', 'cleanup.policy'] })),
    });
    const configs = resources.map((r) => Object.fromEntries(r.configEntries.map((e) => [e.configName, e.configValue])));
    for (const config of configs) expect(Number(config['max.message.bytes'])).toBeGreaterThan(6_000_000);
    // What else was set for them stays.
    expect(configs.map((c) => c['cleanup.policy']).sort()).toEqual(['compact', 'delete']);
  });

  test('for a time ahead of the clock, where others have made the topic; where Weir has, it is taken', async () => {
    const [source, own, foreign, letters] = ['in', 'own', 'foreign', 'dead'].map(uniqueName) as [
      string,
      string,
      string,
      string,
    ];
    await create(source);
    await create(foreign);
    const now = Date.now();
    const times = [now - 1000, now + 30 * 24 * HOUR_MS, now];
    await write(
      source,
      times.map((at, i) => ({ key: `k${i}`, value: JSON.stringify({ AT: at, V: i }) })),
    );
    await run(`CREATE STREAM timed (k STRING KEY, at BIGINT, v INT) WITH (KAFKA_TOPIC='${source}', VALUE_FORMAT='JSON',
      TIMESTAMP='at');`);
    const properties = { 'weir.errors.deadletter.topic.name': letters };
    await run(`CREATE STREAM timed_own WITH (KAFKA_TOPIC='${own}') AS SELECT * FROM timed;`, properties);
    await run(`CREATE STREAM timed_foreign WITH (KAFKA_TOPIC='${foreign}') AS SELECT * FROM timed;`, properties);
    await run(`CREATE TABLE timed_counts AS SELECT v % 1 AS g, COUNT(*) AS n FROM timed GROUP BY v % 1;`, properties);
    expect((await read(own, 3)).map((r) => r.key)).toEqual(['k0', 'k1', 'k2']);
    expect((await read(foreign, 2)).map((r) => r.key)).toEqual(['k0', 'k2']);
    const [letter] = await read(letters, 1);
    expect([letter!.key, letter!.headers['__weir.errors.timestamp']]).toEqual(['k1', String(times[1])]);
    await eventually('all three are counted', async () => stats('CTAS_TIMED_COUNTS').recordsOut >= 1);
    for (const id of ['CSAS_TIMED_OWN', 'CSAS_TIMED_FOREIGN', 'CTAS_TIMED_COUNTS'])
      expect(stats(id).state).toBe('RUNNING');
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: own }] });
    const config = new Map(resources[0]!.configEntries.map((e) => [e.configName, e.configValue]));
    expect(config.get('message.timestamp.after.max.ms')).toBe('9223372036854775807');
    expect(config.get('message.timestamp.before.max.ms')).toBe('9223372036854775807');
  });

  test('as a dead letter, for the time of its own: it goes there by the clock', async () => {
    const [source, letters, sink] = ['in', 'dead', 'out'].map(uniqueName) as [string, string, string];
    await create(source, { 'message.timestamp.after.max.ms': '9223372036854775807' });
    await create(letters);
    const ahead = String(Date.now() + 30 * 24 * HOUR_MS);
    await write(source, [{ key: 'a', value: 'no json', timestamp: ahead }]);
    await run(`CREATE STREAM ahead (k STRING KEY, v INT) WITH (KAFKA_TOPIC='${source}', VALUE_FORMAT='JSON');`);
    await run(`CREATE STREAM ahead_out WITH (KAFKA_TOPIC='${sink}') AS SELECT * FROM ahead;`, {
      'weir.errors.deadletter.topic.name': letters,
    });
    const [letter] = await read(letters, 1);
    expect([letter!.value, letter!.headers['__weir.errors.timestamp']]).toEqual(['no json', ahead]);
    expect(stats('CSAS_AHEAD_OUT')).toMatchObject({ state: 'RUNNING', skipped: 1, unwritten: 0 });
  });

  test('is not what keeps a push query silent: one behind an open transaction can tell', async () => {
    const source = uniqueName('in');
    await create(source);
    await run(`CREATE STREAM held (k STRING KEY, v INT) WITH (KAFKA_TOPIC='${source}', VALUE_FORMAT='JSON');`);
    const producer = client.producer({ transactionalId: uniqueName('tx'), idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: source, messages: [{ key: 'a', value: '{"V":1}' }] });
    await write(source, [{ key: 'b', value: '{"V":2}' }]);
    const query = await server.engine.openQuery('SELECT * FROM held EMIT CHANGES;', {
      ...EMPTY_CONTEXT,
      properties: { 'auto.offset.reset': 'earliest' },
    });
    expect(await query.openRecords!()).toBe(2);
    await transaction.commit();
    expect((await query.next())!.rows.map((r) => r[0])).toContain('a');
    await query.close();
    await producer.disconnect();
  });

  test('for want of a key on a compacted topic', async () => {
    const [source, sink] = ['in', 'out'].map(uniqueName) as [string, string];
    await create(source);
    await create(sink, { 'cleanup.policy': 'compact' });
    await write(source, [
      { key: null, value: '{"V":1}' },
      { key: 'k', value: '{"V":2}' },
    ]);
    await run(
      `CREATE STREAM keyless (k STRING KEY, v INT) WITH (KAFKA_TOPIC='${source}', VALUE_FORMAT='JSON', WRAP_SINGLE_VALUE=true);`,
    );
    await run(`CREATE STREAM keyless_out WITH (KAFKA_TOPIC='${sink}') AS SELECT * FROM keyless;`);
    expect((await read(sink, 1)).map((r) => r.key)).toEqual(['k']);
    await eventually('it is counted', async () => stats('CSAS_KEYLESS_OUT').unwritten === 1);
    expect(stats('CSAS_KEYLESS_OUT').state).toBe('RUNNING');
  });
});
