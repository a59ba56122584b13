import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRequired } from '../kafka/support/broker.js';
import { startServer, type TestServer } from './support.js';
import { run } from './support-process.js';

/**
 * Clients of ksqlDB from PyPI, as they are, against this server. Each has an environment of its own beside the system's
 * temporary files (their versions of h2 do not agree); where it cannot be made, its test is skipped by name,
 * or fails where WEIR_REQUIRE names `clients`.
 */
const INSTALL_TIMEOUT_MS = 90_000;

/** The Python of an environment that has the package; undefined where there is no Python, or no registry. */
async function environment(name: string, version: string, more: readonly string[]): Promise<string | undefined> {
  const folder = join(tmpdir(), `weir-python-${name}-${version}`);
  const python = join(folder, 'bin', 'python');
  const done = join(folder, 'installed');
  if (existsSync(done)) return python;
  mkdirSync(folder, { recursive: true });
  const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--timeout', '15', '--retries', '0'];
  const steps: [string, string[]][] = [['python3', ['-m', 'venv', folder]]];
  if (more.length > 0) steps.push([python, [...pip, ...more]]);
  const isolation = more.length > 0 ? ['--no-build-isolation'] : [];
  steps.push([python, [...pip, ...isolation, `${name}==${version}`]]);
  for (const [command, args] of steps) {
    const { status, err } = await run(command, args, { timeout: INSTALL_TIMEOUT_MS });
    if (status === 0) continue;
    if (isRequired('clients'))
      throw new Error(`WEIR_REQUIRE asks for clients, but ${name} cannot be installed: ${err}`);
    return undefined;
  }
  writeFileSync(done, '');
  return python;
}

const [ksqldb, ksql] = await Promise.all([
  environment('ksqldb', '1.0.1', []),
  environment('ksql', '0.10.2', ['setuptools', 'wheel']),
]);

describe('existing clients from PyPI', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ 'weir.heartbeat.ms': '50' });
  });
  afterAll(() => server.stop());

  const answers = async (python: string, script: string): Promise<unknown> => {
    const file = fileURLToPath(new URL(`python/${script}`, import.meta.url));
    const { status, out, err } = await run(python, [file, server.address], { timeout: 25_000 });
    expect([status, err]).toEqual([0, expect.any(String)]);
    return JSON.parse(out.trim().split('\n').at(-1)!);
  };
  const ok = [
    { status: 'ok', seq: 0 },
    { status: 'ok', seq: 1 },
  ];

  it.skipIf(ksqldb === undefined)('ksqldb 1.0.1 (needs Python and PyPI)', async () => {
    expect(await answers(ksqldb!, 'ksqldb_client.py')).toEqual({
      created: 'SUCCESS',
      inserted: ok,
      pulled: [
        [1, 'a'],
        [2, 'b'],
      ],
      properties: expect.any(Number),
      pushed: [
        [1, 'a'],
        [2, 'b'],
      ],
      closed: true,
      'closed unknown': false,
    });
  });

  it.skipIf(ksql === undefined)('ksql 0.10.2 (needs Python and PyPI)', async () => {
    const rows = [
      { ID: 1, NAME: 'a' },
      { ID: 2, NAME: 'b' },
    ];
    expect(await answers(ksql!, 'ksql_client.py')).toEqual({
      version: '0.29.0',
      created: 'SUCCESS',
      inserted: ok,
      pulled: rows,
      pushed: rows,
      offered: ['[1,"a"]', '[2,"b"]', ''],
      idle: 3,
      'closed unknown': false,
      refused: ['KSQLError', expect.stringContaining('Syntax Error')],
    });
  });
});
