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
 * A client of ksqlDB for Rust, as it is, against this server. Its first build takes minutes: it runs where
 * WEIR_SLOW_CLIENTS is set and there is cargo, else it is skipped by name (with
 * `clients` in WEIR_REQUIRE a missing cargo is a failure).
 */
const MANIFEST = `[package]
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
`;
const isAsked = process.env.WEIR_SLOW_CLIENTS !== undefined;
const hasCargo = isAsked && spawnSync('cargo', ['--version']).status === 0;
if (isAsked && !hasCargo && isRequired('clients'))
  throw new Error('WEIR_REQUIRE asks for clients, but there is no cargo.');

describe.skipIf(!hasCargo)('existing clients for Rust (need cargo, its registry, and WEIR_SLOW_CLIENTS)', () => {
  const folder = join(tmpdir(), 'weir-rust-ksqldb-0.1.0-alpha.6');
  let server: TestServer;
  beforeAll(async () => {
    mkdirSync(join(folder, 'src'), { recursive: true });
    writeFileSync(join(folder, 'Cargo.toml'), MANIFEST);
    copyFileSync(fileURLToPath(new URL('rust/main.rs', import.meta.url)), join(folder, 'src', 'main.rs'));
    const { status, err } = await run('cargo', ['build', '--quiet'], { cwd: folder, timeout: 1_200_000 });
    if (status !== 0) throw new Error(`cargo build: ${err}`);
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
      refusedQuery: expect.stringContaining('Source `NOPE` does not exist'),
      terminated: 1,
      dropped: 'Success',
    });
  });
});
