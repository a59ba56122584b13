import { expect, it } from 'vitest';
import { run, startServer } from '../server/support.js';
import { tempDir } from '../support/temp.js';

it('SET says where it has no effect: ksqlDB scripts have such lines, and they are no error', async () => {
  const server = await startServer({ 'weir.data.dir': tempDir() });
  try {
    const set = async (name: string, value: string) =>
      (await run(server, `SET '${name}' = '${value}';`)) as { '@type': string; message: string }[];
    expect(await set('auto.offset.reset', 'earliest')).toEqual([]);
    expect(await set('ksql.streams.commit.interval.ms', '100')).toEqual([]);
    expect(await set('ksql.functions.collect_list.limit', '7')).toEqual([]);
    expect(await set('consumer.fetch.max.wait.ms', '100')).toMatchObject([
      {
        '@type': 'warning_entity',
        message:
          "'consumer.fetch.max.wait.ms' has no effect on a statement: a node's Kafka clients are made with its server's configuration. Set it there.",
      },
    ]);
    expect(await set('max.poll.records', '7')).toMatchObject([
      { '@type': 'warning_entity', message: "'max.poll.records' has no effect: nothing in Weir reads it." },
    ]);
    await expect(run(server, "SET 'max.pol.records' = '7';")).rejects.toThrow();
  } finally {
    await server.stop();
  }
});
