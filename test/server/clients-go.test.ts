import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRequired } from '../kafka/support/broker.js';
import { startServer, type TestServer } from './support.js';
import { run } from './support-process.js';

/**
 * A client of ksqlDB for Go, as it is, against this server. Its first build takes minutes: it runs where WEIR_SLOW_CLIENTS
 * is set and there is Go, else it is skipped by name (with
 * `clients` in WEIR_REQUIRE a missing Go is a failure).
 */
const MODULE = 'github.com/thmeitz/ksqldb-go@v0.1.0';
const isAsked = process.env.WEIR_SLOW_CLIENTS !== undefined;
const hasGo = isAsked && spawnSync('go', ['version']).status === 0;
if (isAsked && !hasGo && isRequired('clients')) throw new Error('WEIR_REQUIRE asks for clients, but there is no Go.');

describe.skipIf(!hasGo)('existing clients for Go (need Go, its module proxy, and WEIR_SLOW_CLIENTS)', () => {
  const folder = join(tmpdir(), 'weir-go-ksqldb-go-0.1.0');
  let server: TestServer;
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'go.mod'), 'module client\n\ngo 1.20\n');
    copyFileSync(fileURLToPath(new URL('go/client.go', import.meta.url)), join(folder, 'main.go'));
    for (const args of [
      ['get', MODULE],
      ['mod', 'tidy'],
      ['build', '-o', 'client', '.'],
    ]) {
      const { status, err } = await run('go', args, { cwd: folder, timeout: 600_000 });
      if (status !== 0) throw new Error(`go ${args.join(' ')}: ${err}`);
    }
    server = await startServer();
  }, 900_000);
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
