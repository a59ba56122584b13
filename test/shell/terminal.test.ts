import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, letters, produce, run, startServer, type TestServer } from '../server/support.js';
import { removeDir } from '../support/temp.js';
import { type ShellProgram, shellProgram, type Terminal } from './program.js';

const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') === true;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const UP = '\u001b[A';

describe.skipIf(!hasScript)("the shell in a terminal (needs util-linux's script)", () => {
  let server: TestServer;
  let program: ShellProgram;
  let home: string;
  const terminals: Terminal[] = [];
  beforeAll(async () => {
    [server, program] = await Promise.all([startServer(), shellProgram()]);
    await letters(server);
  });
  afterAll(async () => {
    program.remove();
    await server.stop();
  });
  afterEach(() => {
    for (const t of terminals.splice(0)) t.end();
    if (home !== undefined) removeDir(home);
  });

  const start = async (): Promise<Terminal> => {
    home ??= '';
    if (!existsSync(home)) home = mkdtempSync(join(tmpdir(), 'weir-home-'));
    const t = program.terminal([server.address], home);
    terminals.push(t);
    await t.sees('Type help for help.');
    await t.sees('weir> ');
    return t;
  };
  const pushQueries = async () => {
    const [entity] = (await run(server, 'SHOW QUERIES;')) as [{ queries: { queryType: string }[] }];
    return entity.queries.filter((q) => q.queryType === 'PUSH').length;
  };

  it('runs statements over several lines, and leaves with exit', async () => {
    const t = await start();
    t.type('SELECT n\r');
    await t.sees('-> ');
    t.type("FROM counts WHERE b = 'x';\r");
    await t.sees('| 2 ');
    await t.sees('1 row.');
    await t.sees('weir> ');
    t.type('exit\r');
    expect(await t.status).toBe(0);
  });

  it('Ctrl-C ends the running query and not the shell', async () => {
    const t = await start();
    t.type("SET 'auto.offset.reset'='earliest';\r");
    await t.sees('Successfully changed');
    t.type('SELECT b, a FROM letters EMIT CHANGES;\r');
    await t.sees('| 3 ');
    await produce(server, 'letters', [{ key: 'q', value: '{"A":77}' }]);
    await t.sees('| 77 ');
    t.type(CTRL_C);
    await t.sees('Query terminated');
    await t.sees('weir> ');
    await eventually(pushQueries, (n) => n === 0);
    t.type("SELECT n FROM counts WHERE b = 'x';\r");
    await t.sees('| 2 ');
    t.type(CTRL_D);
    expect(await t.status).toBe(0);
  });

  it('Ctrl-C drops what was typed', async () => {
    const t = await start();
    t.type('SELECT nonsense\r');
    await t.sees('-> ');
    t.type(`FROM nowhere ${CTRL_C}`);
    await t.sees('weir> ');
    t.type('SHOW TYPES;\r');
    await t.sees('Type Name');
    t.type('quit\r');
    expect(await t.status).toBe(0);
  });

  it('an error ends nothing', async () => {
    const t = await start();
    t.type('SELEC 1;\r');
    await t.sees("Did you mean 'SELECT'?");
    await t.sees('weir> ');
    t.type('help\r');
    await t.sees('run script');
    t.type("SELECT * FROM counts WHERE b = 'x'\\G\r");
    await t.sees('N: 2');
    t.type(CTRL_D);
    expect(await t.status).toBe(0);
  });

  it('remembers what was typed, in a file that only its owner reads', async () => {
    const first = await start();
    first.type('SHOW TYPES;\r');
    await first.sees('Type Name');
    await first.sees('weir> ');
    first.type('exit\r');
    await first.status;
    const file = join(home, '.weir_history');
    expect(readFileSync(file, 'utf8')).toContain('SHOW TYPES;');
    expect(statSync(file).mode & 0o077).toBe(0);
    const second = await start();
    second.type(`${UP}${UP}`);
    await second.sees('SHOW TYPES;');
    second.type('\r');
    await second.sees('Type Name');
    second.type(CTRL_D);
    expect(await second.status).toBe(0);
  });
});
