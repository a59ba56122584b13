import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support.js';
import { run } from '../support-process.js';
import { fetchClients, requiresClients } from './fetched.js';

/** A client of ksqlDB for Go, as it is, against this server. Its first build takes minutes: only where it is required. */
const FETCH = {
  language: 'go',
  name: 'ksqldb-go-0.1.0',
  files: {
    'go.mod': 'module client\n\ngo 1.20\n',
    'main.go': readFileSync(new URL('client.go', import.meta.url), 'utf8'),
  },
  steps: [
    ['go', 'get', 'github.com/thmeitz/ksqldb-go@v0.1.0'],
    ['go', 'mod', 'tidy'],
    ['go', 'build', '-o', 'client', '.'],
  ],
  timeoutMs: 600_000,
} as const;

describe.skipIf(!requiresClients('go'))('existing clients for Go (WEIR_REQUIRE=clients-go)', () => {
  let folder = '';
  let server: TestServer;
  beforeAll(async () => {
    folder = (await fetchClients(FETCH))!;
    server = await startServer();
  }, 1_800_000);
  afterAll(() => server?.stop());

  it('ksqldb-go 0.1.0', async () => {
    const { status, out, err } = await run(join(folder, 'client'), [server.address], { timeout: 25_000 });
    expect([status, err]).toEqual([0, expect.any(String)]);
    // The client writes errors that it is told to its output as well.
    expect(JSON.parse(out.trim().split('\n').at(-1)!)).toEqual({
      created: 'SUCCESS',
      columns: [
        { Name: 'ID', Type: 'INTEGER' },
        { Name: 'NAME', Type: 'STRING' },
      ],
      streams: 1,
      pulled: [
        [1, 'a'],
        [2, 'b'],
      ],
      pushed: [
        [1, 'a'],
        [2, 'b'],
      ],
      refused: expect.stringContaining("'NOPE'"),
      version: '0.29.0',
      healthy: true,
      nodes: 1,
      status: 'SUCCESS',
      property: true,
      terminated: true,
    });
  });
});
