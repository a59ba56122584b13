import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support.js';
import { run } from '../support-process.js';
import { fetchClients } from './fetched.js';

/**
 * Clients of ksqlDB from PyPI, as they are, against this server. Each has an environment of its own: their versions of h2
 * do not agree.
 */
async function environment(name: string, version: string, builtWith: readonly string[]): Promise<string | undefined> {
  const python = join('bin', 'python');
  const pip = [python, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--timeout', '15'] as const;
  const folder = await fetchClients({
    language: 'python',
    name: `python-${name}-${version}`,
    steps: [
      ['python3', '-m', 'venv', '.'],
      ...(builtWith.length === 0 ? [] : [[...pip, ...builtWith] as const]),
      [...pip, ...(builtWith.length === 0 ? [] : ['--no-build-isolation']), `${name}==${version}`],
    ],
    timeoutMs: 90_000,
  });
  return folder && join(folder, python);
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
    const file = fileURLToPath(new URL(script, import.meta.url));
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
