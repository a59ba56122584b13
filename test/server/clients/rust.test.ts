import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support.js';
import { run } from '../support-process.js';
import { fetchClients, requiresClients } from './fetched.js';

/** A client of ksqlDB for Rust, as it is, against this server. Its first build takes minutes: only where it is required. */
const FETCH = {
  language: 'rust',
  name: 'ksqldb-rust-0.1.0-alpha.6',
  files: {
    'Cargo.toml': `[package]
name = "client"
version = "0.0.0"
edition = "2021"

[dependencies]
futures-util = "0.3"
ksqldb = "=0.1.0-alpha.6"
reqwest = "0.11"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["macros", "rt"] }
`,
    'src/main.rs': readFileSync(new URL('client.rs', import.meta.url), 'utf8'),
  },
  steps: [['cargo', 'build', '--quiet']],
  timeoutMs: 1_200_000,
} as const;

describe.skipIf(!requiresClients('rust'))('existing clients for Rust (WEIR_REQUIRE=clients-rust)', () => {
  let folder = '';
  let server: TestServer;
  beforeAll(async () => {
    folder = (await fetchClients(FETCH))!;
    server = await startServer();
  }, 1_300_000);
  afterAll(() => server?.stop());

  it('ksqldb 0.1.0-alpha.6', async () => {
    const { status, out, err } = await run(join(folder, 'target', 'debug', 'client'), [server.address], {
      timeout: 25_000,
    });
    expect([status, err]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(out.trim().split('\n').at(-1)!)).toEqual({
      created: 'Success',
      query: 'table/`KEPT`/create',
      streams: ['SHELLS'],
      properties: { Ok: expect.any(Number) },
      described: ['ID', 'NAME'],
      pushed: [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ],
      pulled: [{ id: 2, name: 'b' }],
      refused: expect.stringContaining("with error code [40001] and message: 'line 1:1: Syntax Error"),
      refusedQuery: expect.stringContaining('NOPE does not exist'),
      terminated: 1,
      dropped: 'Success',
    });
  });
});
