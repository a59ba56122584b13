import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpRegistry } from '../../engine/formats/registry/http.js';
import { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import { noRegistry } from '../../engine/formats/registry/none.js';
import { pinnedSchema, pinSchema } from '../../engine/formats/registry/pinned.js';
import type { SchemaText } from '../../engine/formats/registry/registry.js';
import { unpinned } from '../../engine/plan/format-ref.js';

const avro = (text: string): SchemaText => ({ type: 'AVRO', text, references: [] });

describe('MemoryRegistry', () => {
  it('counts ids from 1; equal schemas share one, whatever their white space and subject', () => {
    const r = new MemoryRegistry();
    expect(r.add('a-value', avro('"int"'))).toBe(1);
    expect(r.add('b-value', avro('"long"'))).toBe(2);
    expect(r.add('c-value', avro(' "int" '))).toBe(1);
    expect(r.add('a-value', { type: 'JSON', text: '"int"', references: [] })).toBe(3);
    expect(r.latestOf('a-value')?.id).toBe(3);
    expect(r.latestOf('nobody')).toBeUndefined();
    expect(r.known(9)).toBeNull();
  });

  it('takes an id that it is given, once', () => {
    const r = new MemoryRegistry();
    expect(r.add('a', avro('"int"'), 1)).toBe(1);
    expect(r.add('b', avro('"long"'))).toBe(2);
    expect(() => r.add('c', avro('"string"'), 1)).toThrow(/id 1/);
  });
});

describe('a pinned schema', () => {
  it('goes with a format as plain data, and away again', () => {
    const ref = { name: 'PROTOBUF', properties: { unwrapPrimitives: 'true' } };
    const references = [{ name: 'e.proto', subject: 'e', version: 1, text: 'message E {}' }];
    const pinned = pinSchema(ref, { id: 5, type: 'PROTOBUF', text: 'message A {}', references });
    const stored = JSON.parse(JSON.stringify(pinned)) as typeof pinned;
    expect(pinnedSchema(stored, 'PROTOBUF')).toEqual({ id: 5, type: 'PROTOBUF', text: 'message A {}', references });
    expect(unpinned(stored)).toEqual(ref);
    expect(pinnedSchema(ref, 'PROTOBUF')).toBeUndefined();
  });
});

describe('without a registry', () => {
  it('everything is refused with what to set', async () => {
    await expect(noRegistry.latest('t-value')).rejects.toMatchObject({
      code: 'NO_SCHEMA_REGISTRY',
      hint: expect.stringContaining('ksql.schema.registry.url'),
    });
  });
});

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('HttpRegistry', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const s of servers.splice(0)) {
      s.closeAllConnections();
      s.close();
    }
  });

  /** A server that answers as `respond` says, and what it was asked. */
  async function serve(respond: (seen: Seen, response: ServerResponse) => void) {
    const seen: Seen[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (t: Buffer) => (body += t.toString()));
      request.on('end', () => {
        const one = { method: request.method!, url: request.url!, headers: request.headers, body };
        seen.push(one);
        respond(one, response);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  const json = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(JSON.stringify(body));
  };
  const registry = (urls: readonly string[], more: object = {}) =>
    new HttpRegistry({ urls, timeoutMs: 2000, fetch: globalThis.fetch, ...more });

  it('registers once, under a base URL with a path, and knows the id from then on', async () => {
    const { url, seen } = await serve((_, response) => json(response, 200, { id: 12 }));
    const r = registry([`${url}/apis/ccompat/v7/`], { user: { name: 'u', password: 'p:w' } });
    const schema: SchemaText = {
      type: 'PROTOBUF',
      text: 'message A {}',
      references: [{ name: 'e.proto', subject: 'e', version: 3, text: 'message E {}' }],
    };
    expect(await r.register('a/b-value', schema)).toBe(12);
    expect(await r.register('a/b-value', schema)).toBe(12);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/apis/ccompat/v7/subjects/a%2Fb-value/versions?normalize=true',
      headers: { authorization: `Basic ${Buffer.from('u:p:w').toString('base64')}` },
    });
    expect(JSON.parse(seen[0]!.body)).toEqual({
      schema: 'message A {}',
      schemaType: 'PROTOBUF',
      references: [{ name: 'e.proto', subject: 'e', version: 3 }],
    });
    expect(r.known(12)).toEqual({ ...schema, id: 12 });
    expect(r.known(13)).toBeUndefined();
  });

  it('says that a JSON Schema is one to a registry that does not see it', async () => {
    const { url, seen } = await serve(({ body }, response) =>
      body.includes('$schema')
        ? json(response, 200, { id: 4 })
        : json(response, 422, { error_code: 42201, message: 'Failed to discover artifact type from content.' }),
    );
    const r = registry([url]);
    expect(await r.register('k', { type: 'JSON', text: '{"type":"integer"}', references: [] })).toBe(4);
    expect(seen.map((s) => JSON.parse(s.body) as object)).toEqual([
      { schemaType: 'JSON', schema: '{"type":"integer"}' },
      { schemaType: 'JSON', schema: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"integer"}' },
    ]);
    await expect(r.register('k', { type: 'AVRO', text: '"no"', references: [] })).rejects.toThrow(
      /HTTP 422 to .*Failed to discover/,
    );
  });

  it('fetches a schema by id with what it refers to, once', async () => {
    const { url, seen } = await serve(({ url: path }, response) => {
      const ref = (name: string) => ({ name, subject: name, version: 1 });
      if (path === '/schemas/ids/7') {
        return json(response, 200, { schema: 'A', schemaType: 'PROTOBUF', references: [ref('b'), ref('c')] });
      }
      if (path === '/subjects/b/versions/1') return json(response, 200, { schema: 'B', references: [ref('c')] });
      if (path === '/subjects/c/versions/1') return json(response, 200, { schema: 'C' });
      return json(response, 404, { error_code: 40403, message: 'Schema not found' });
    });
    const r = registry([url]);
    expect((await r.fetch(7))?.references.map((x) => x.text)).toEqual(['C', 'B']);
    await r.fetch(7);
    expect(seen).toHaveLength(3);
    expect(await r.fetch(8)).toBeUndefined();
    expect(r.known(8)).toBeNull();
  });

  it('asks for the latest version of a subject each time', async () => {
    let id = 0;
    const { url } = await serve(({ url: path }, response) =>
      path === '/subjects/t-value/versions/latest'
        ? json(response, 200, { subject: 't-value', version: ++id, id, schema: '"int"' })
        : json(response, 404, { error_code: 40401, message: "Subject 'x' not found." }),
    );
    const r = registry([url]);
    expect(await r.latest('t-value')).toEqual({ id: 1, type: 'AVRO', text: '"int"', references: [] });
    expect((await r.latest('t-value'))?.id).toBe(2);
    expect(await r.latest('x')).toBeUndefined();
  });

  it('asks each time whether there is a schema: by subject, by id, by both', async () => {
    let versions = 404;
    const { url } = await serve(({ url: path }, response) => {
      if (path === '/schemas/ids/7/versions' && versions === 200) {
        return json(response, 200, [{ subject: 'a', version: 1 }]);
      }
      if (path === '/subjects/a/versions/latest') return json(response, 200, { id: 9, schema: '"int"' });
      return json(response, 404, { error_code: 40403, message: 'Not found' });
    });
    const r = registry([url]);
    expect([await r.has('a', undefined), await r.has('b', undefined), await r.has('a', 7)]).toEqual([
      true,
      false,
      false,
    ]);
    versions = 200;
    expect([await r.has('a', 7), await r.has('b', 7), await r.has(undefined, 7)]).toEqual([true, false, true]);
  });

  it('goes on with the next URL where one cannot be reached', async () => {
    const { url } = await serve((_, response) => json(response, 200, { id: 1 }));
    const r = registry(['http://127.0.0.1:1', url]);
    expect(await r.register('s', avro('"int"'))).toBe(1);
    await expect(registry(['http://127.0.0.1:1']).register('s', avro('"int"'))).rejects.toMatchObject({
      code: 'REGISTRY_ERROR',
      message: expect.stringMatching(/127\.0\.0\.1:1 cannot be reached: /),
    });
  });

  it.each([
    [409, { error_code: 409, message: 'Schema being registered is incompatible' }, /incompatible/],
    [401, {}, /refuses the user/],
    [404, undefined, /HTTP 404/],
    [500, { error_code: 50001, message: 'Error in the backend data store' }, /backend data store/],
  ])('says what the registry says: %i', async (status, body, message) => {
    const { url } = await serve((_, response) => {
      if (body === undefined) response.writeHead(status).end('<html>not here</html>');
      else json(response, status, body);
    });
    await expect(registry([url]).latest('t-value')).rejects.toMatchObject({
      code: 'REGISTRY_ERROR',
      message: expect.stringMatching(message),
    });
  });

  it('gives up on a registry that does not answer', async () => {
    const { url } = await serve(() => {});
    await expect(registry([url], { timeoutMs: 50 }).latest('t-value')).rejects.toMatchObject({
      code: 'REGISTRY_ERROR',
    });
  });
});
