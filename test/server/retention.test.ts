import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, run, startServer, type TestServer } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const DAY = 86_400_000;
const write = (topic: string, timestamp: number) =>
  server.running.engine.produce(topic, [{ key: null, value: Buffer.from('{"N":1}'), timestamp }]);
const create = async (name: string, more = '') =>
  (await run(
    server,
    `CREATE STREAM ${name} (n INT) WITH (KAFKA_TOPIC='${name}', VALUE_FORMAT='JSON'${more});`,
  )) as unknown as readonly { warnings: readonly Json[] }[];

describe('a topic whose records are older than it keeps', () => {
  it('is warned of in the answers of the statements that read it', async () => {
    await create('short', `, PARTITIONS=2, RETENTION_MS=${7 * DAY}`);
    await write('short', Date.UTC(2019, 4, 6));
    const [read] = (await run(server, 'CREATE STREAM copied AS SELECT n FROM short;')) as unknown as {
      warnings: readonly { message: string }[];
    }[];
    expect(read!.warnings).toHaveLength(1);
    expect(read!.warnings[0]!.message).toMatch(
      /^Topic short holds records of 2019-05-06 and keeps records for 7 days \(retention\.ms=604800000\)/,
    );
  });

  it('is nothing to speak of where the topic keeps all, or the records are new', async () => {
    await write('kept', Date.UTC(2019, 4, 6));
    expect((await create('kept'))[0]!.warnings).toEqual([]);
    await create('fresh', `, PARTITIONS=1, RETENTION_MS=${DAY}`);
    await write('fresh', Date.now());
    const [read] = (await run(server, 'CREATE STREAM fresh_copy AS SELECT n FROM fresh;')) as unknown as {
      warnings: readonly Json[];
    }[];
    expect(read!.warnings).toEqual([]);
  });
});
