import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../runtime/nodes.js';
import { ask, run, startServer, type TestServer } from './support.js';

let serial = 0;

/** What producers use of Confluent's REST Proxy. `settings`: of the server, once the log and a registry are there. */
export function restProxySuite(name: string, settings: () => Record<string, string>): void {
  describe(name, () => {
    let server: TestServer;
    let topic: string;
    beforeAll(async () => {
      server = await startServer({
        'auto.offset.reset': 'earliest',
        'ksql.service.id': `proxy${process.pid}`,
        ...settings(),
      });
    });
    afterAll(() => server?.stop());
    const fresh = async (partitions = 1): Promise<string> => {
      topic = `proxy-${process.pid}-${++serial}`;
      await server.running.engine.produce(topic, [], partitions);
      return topic;
    };
    const post = async (path: string, type: string, body: unknown) => {
      const answer = await ask(server, { path, method: 'POST', body, headers: { 'content-type': type } });
      return { status: answer.status, body: JSON.parse(answer.text) };
    };
    const printed = async (limit: number): Promise<string[]> => {
      const answer = await ask(server, {
        path: '/query',
        body: { ksql: `PRINT '${topic}' FROM BEGINNING LIMIT ${limit};` },
      });
      return answer.text.split('\n').filter((l) => l.startsWith('rowtime'));
    };
    const KEY = '{"type":"record","name":"arrival.key","fields":[{"name":"timestamp","type":"long"}]}';
    const VALUE =
      '{"type":"record","name":"weather.value","fields":[{"name":"temperature","type":"float"},{"name":"status","type":{"type":"enum","name":"s","symbols":["sunny","partly_cloudy"]}},{"name":"wind","type":["null","string"],"default":null}]}';

    it.each(['application/vnd.kafka.json.v1+json', 'application/vnd.kafka.json.v2+json; charset=utf-8'])(
      'takes JSON: %s',
      async (type) => {
        await fresh(2);
        const sent =
          '{"records":[{"value":{"n":9223372036854775807}},{"key":"a","value":[1,2.50]},{"value":null,"partition":1}]}';
        const { status, body } = await post(`/topics/${topic}`, type, sent);
        expect(status).toBe(200);
        expect(
          body.offsets.every((o: { error: null; error_code: null }) => o.error === null && o.error_code === null),
        ).toBe(true);
        expect(body).toMatchObject({ key_schema_id: null, value_schema_id: null });
        const again = await post(`/topics/${topic}/partitions/1`, type, '{"records":[{"value":1},{"value":2}]}');
        const [first, second] = again.body.offsets;
        expect([first.partition, second.partition, second.offset - first.offset]).toEqual([1, 1, 1]);
        const lines = (await printed(5)).join('\n');
        expect(lines).toContain('{"n":9223372036854775807}');
        expect(lines).toContain('[1,2.50]');
        expect(lines).toContain('key: "a"');
      },
    );

    it.each(['application/vnd.kafka.avro.v1+json', 'application/vnd.kafka.avro.v2+json'])(
      'takes Avro with schemas as text: %s',
      async (type) => {
        await fresh();
        const { status, body } = await post(`/topics/${topic}`, type, {
          key_schema: KEY,
          value_schema: VALUE,
          records: [
            { key: { timestamp: 1 }, value: { temperature: 70.5, status: 'sunny', wind: null } },
            { key: { timestamp: 2 }, value: { temperature: 60, status: 'partly_cloudy', wind: { string: 'west' } } },
          ],
        });
        expect(body).toMatchObject({
          offsets: [
            { partition: 0, offset: 0 },
            { partition: 0, offset: 1 },
          ],
        });
        expect(status).toBe(200);
        expect(body.value_schema_id).toBeGreaterThan(0);
        const byId = await post(`/topics/${topic}`, type, {
          key_schema_id: body.key_schema_id,
          value_schema_id: body.value_schema_id,
          records: [{ key: { timestamp: 3 }, value: { temperature: 50, status: 'sunny', wind: null } }],
        });
        expect(byId.body).toMatchObject({ offsets: [{ offset: 2 }], value_schema_id: body.value_schema_id });
        await run(
          server,
          `CREATE STREAM v${serial} WITH (KAFKA_TOPIC='${topic}', KEY_FORMAT='NONE', VALUE_FORMAT='AVRO');`,
        );
        const rows = await until('three rows', async () => {
          const answer = await ask(server, {
            path: '/query-stream?shape=objects',
            headers: { accept: 'application/json' },
            body: { sql: `SELECT * FROM v${serial};` },
          });
          const found = JSON.parse(answer.text);
          return found.length === 3 && found;
        });
        expect(rows[1]).toEqual({ TEMPERATURE: 60, STATUS: 'partly_cloudy', WIND: 'west' });
      },
    );

    it('takes binary', async () => {
      await fresh();
      const records = [{ key: 'AQI=', value: Buffer.from('{"a":1}').toString('base64') }];
      expect((await post(`/topics/${topic}`, 'application/vnd.kafka.binary.v1+json', { records })).status).toBe(200);
      expect((await post(`/topics/${topic}`, 'application/vnd.kafka.v1+json', { records })).status).toBe(200);
      expect((await printed(2)).every((l) => l.includes('{"a":1}'))).toBe(true);
    });

    it.each([
      ['application/vnd.kafka.avro.v2+json', { records: [{ value: {} }] }, 422, 42202],
      ['application/vnd.kafka.avro.v2+json', { value_schema: VALUE, records: [{ key: {}, value: {} }] }, 422, 42201],
      ['application/vnd.kafka.avro.v2+json', { value_schema: '{"type":"rec"}', records: [{ value: {} }] }, 422, 42205],
      [
        'application/vnd.kafka.avro.v2+json',
        { value_schema: VALUE, records: [{ value: { temperature: 'warm' } }] },
        422,
        42203,
      ],
      ['application/vnd.kafka.avro.v2+json', { value_schema_id: 999999, records: [{ value: {} }] }, 422, 42207],
      ['application/vnd.kafka.binary.v2+json', { records: [{ value: '***' }] }, 422, 42206],
      ['application/vnd.kafka.json.v2+json', { record: [] }, 422, 422],
      ['text/plain', { records: [] }, 415, 415],
    ])('refuses as the original does: %s %j', async (type, body, status, code) => {
      await fresh();
      const answer = await post(`/topics/${topic}`, type, body);
      expect([answer.status, answer.body.error_code]).toEqual([status, code]);
    });

    it('names the topics', async () => {
      await fresh(3);
      const get = async (path: string) => {
        const answer = await ask(server, { path });
        return [answer.status, JSON.parse(answer.text)];
      };
      expect((await get('/topics'))[1]).toContain(topic);
      expect((await get('/topics'))[1].some((t: string) => t.startsWith('_weir'))).toBe(false);
      expect(await get(`/topics/${topic}`)).toEqual([
        200,
        { name: topic, configs: {}, partitions: [{ partition: 0 }, { partition: 1 }, { partition: 2 }] },
      ]);
      expect(await get('/topics/none')).toEqual([404, { error_code: 40401, message: 'Topic not found.' }]);
    });
  });
}
