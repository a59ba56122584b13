import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { run, startServer, type TestServer } from '../server/support.js';
import { tempDir } from '../support/temp.js';

let registry: Server;
let server: TestServer;
afterEach(async () => {
  await server.stop();
  await new Promise((resolve) => registry.close(resolve));
});

const SCHEMA = JSON.stringify({ type: 'record', name: 'r', fields: [{ name: 'V', type: ['null', 'int'] }] });

/** A registry with one schema, which writes down what it is asked. */
async function registryOf(asked: string[]): Promise<string> {
  registry = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/vnd.schemaregistry.v1+json');
    if (request.url?.startsWith('/subjects/s-value/versions/latest')) {
      response.end(JSON.stringify({ subject: 's-value', version: 1, id: 7, schema: SCHEMA }));
    } else {
      response.statusCode = 404;
      response.end(JSON.stringify({ error_code: 40401, message: 'Subject not found.' }));
    }
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
}

it('a statement is checked and run by one analysis: its schema is asked for once', async () => {
  const asked: string[] = [];
  const url = await registryOf(asked);
  server = await startServer({ 'weir.data.dir': tempDir(), 'ksql.schema.registry.url': url });
  asked.length = 0;
  await run(server, "CREATE STREAM s WITH (KAFKA_TOPIC='s', VALUE_FORMAT='AVRO', PARTITIONS=1);");
  expect(asked.filter((a) => a.includes('/latest'))).toEqual(['GET /subjects/s-value/versions/latest']);
  expect(await run(server, 'DESCRIBE s;')).toMatchObject([
    { sourceDescription: { fields: [{ name: 'V', schema: { type: 'INTEGER' } }] } },
  ]);
});

it('statements of a script see what SET and DEFINE before them say, and nothing of those behind', async () => {
  const url = await registryOf([]);
  server = await startServer({ 'weir.data.dir': tempDir(), 'ksql.schema.registry.url': url });
  const answers = await run(
    server,
    `DEFINE a = '1'; SHOW VARIABLES; DEFINE b = '2'; SHOW VARIABLES; UNDEFINE a; SHOW VARIABLES;
     SET 'auto.offset.reset' = 'earliest'; SHOW PROPERTIES; UNSET 'auto.offset.reset'; SHOW PROPERTIES;`,
  );
  const [first, second, third, set, unset] = answers as Record<string, { name: string; value: string }[]>[];
  expect(first!.variables).toEqual([{ name: 'a', value: '1' }]);
  expect(second!.variables).toEqual([
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
  ]);
  expect(third!.variables).toEqual([{ name: 'b', value: '2' }]);
  const reset = (entity: typeof set) => entity!.properties!.find((p) => p.name.endsWith('auto.offset.reset'))!.value;
  expect([reset(set), reset(unset)]).toEqual(['earliest', 'latest']);
});
