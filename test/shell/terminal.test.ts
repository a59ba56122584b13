import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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

  const start = async (args: readonly string[] = [], env: Record<string, string> = {}): Promise<Terminal> => {
    home ??= '';
    if (!existsSync(home)) home = mkdtempSync(join(tmpdir(), 'weir-home-'));
    const t = program.terminal([server.address, ...args], home, env);
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
    await t.sees(' 2 |');
    await t.sees('1 row.');
    await t.sees('weir> ');
    t.type('exit\r');
    expect(await t.status).toBe(0);
  });

  it('asks for a password that was not given, and shows none of it', async () => {
    const s = await startServer({ 'weir.auth.users': 'ada:love' });
    try {
      home = mkdtempSync(join(tmpdir(), 'weir-home-'));
      const t = program.terminal([s.address, '-u', 'ada'], home);
      terminals.push(t);
      await t.sees('Password for ada: ');
      t.type('lost\u007f\u007fve\rSHOW TYPES;\r');
      await t.sees('Type help for help.');
      await t.sees('Type Name');
      expect(t.written).not.toMatch(/lo(st|ve)/);
      t.type(CTRL_D);
      expect(await t.status).toBe(0);
    } finally {
      await s.stop();
    }
  });

  it('asks for the password again where it is wrong', async () => {
    const s = await startServer({ 'weir.auth.users': 'ada:love' });
    try {
      home = mkdtempSync(join(tmpdir(), 'weir-home-'));
      const t = program.terminal([s.address, '-u', 'ada'], home);
      terminals.push(t);
      await t.sees('Password for ada: ');
      t.type('hate\r');
      await t.sees('The server does not take this password of ada.');
      await t.sees('Password for ada: ');
      t.type('love\r');
      await t.sees('Type help for help.');
      t.type('\\conninfo\r');
      await t.sees('user     ada');
      t.type(CTRL_D);
      expect(await t.status).toBe(0);
      const refused = program.terminal([s.address, '-u', 'ada'], home);
      terminals.push(refused);
      for (let i = 0; i < 4; i++) {
        await refused.sees('Password for ada: ');
        refused.type('hate\r');
      }
      expect(await refused.status).toBe(1);
    } finally {
      await s.stop();
    }
  });

  it('understands commands in the middle of a statement, which then goes on', async () => {
    const t = await start();
    t.type('SELECT n\r');
    await t.sees('-> ');
    t.type('help\r');
    await t.sees('Ctrl-C drops it.');
    await t.sees('-> ');
    t.type("FROM counts WHERE b = 'x';\r");
    await t.sees(' 2 |');
    await t.sees('weir> ');
    t.type('SELECT n\r');
    await t.sees('-> ');
    t.type('\\q\r');
    expect(await t.status).toBe(0);
  });

  it('edits the last statement in $EDITOR and runs what it leaves; runs commands of the system', async () => {
    const editor = join(mkdtempSync(join(tmpdir(), 'weir-editor-')), 'edit.sh');
    writeFileSync(editor, `#!/bin/sh\nsed -i "s/'x'/'y'/" "$1"\n`, { mode: 0o700 });
    const t = await start([], { EDITOR: editor });
    t.type("SELECT b, n FROM counts WHERE b = 'x';\r");
    await t.sees('| x ');
    await t.sees('weir> ');
    t.type('\\e\r');
    await t.sees("WHERE b = 'y';");
    await t.sees('| y ');
    await t.sees('weir> ');
    t.type('\\! echo from $((40+2))\r');
    await t.sees('from 42');
    await t.sees('weir> ');
    t.type('\\! exit 3\r');
    await t.sees('The command ended with 3.');
    removeDir(dirname(editor));
  });

  it('NULL is dimmed', async () => {
    const t = await start();
    t.type("SELECT b, CAST(NULL AS STRING) AS nothing FROM counts WHERE b = 'x';\r");
    await t.sees('| null ');
    expect(t.styleOf('null')).toBe('2');
  });

  it('Ctrl-C ends the running query and not the shell', async () => {
    const t = await start();
    t.type("SET 'auto.offset.reset'='earliest';\r");
    await t.sees('Successfully changed');
    t.type('SELECT b, a FROM letters EMIT CHANGES;\r');
    await t.sees(' 3 |');
    await produce(server, 'letters', [{ key: 'q', value: '{"A":77}' }]);
    await t.sees(' 77 |');
    t.type(CTRL_C);
    await t.sees('Query terminated');
    await t.sees('weir> ');
    await eventually(pushQueries, (n) => n === 0);
    t.type("SELECT n FROM counts WHERE b = 'x';\r");
    await t.sees(' 2 |');
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

  it('Ctrl-Z ends nothing where there is no job control', async () => {
    const t = await start();
    t.type('\u001a');
    await t.sees('\n');
    t.type('SHOW TYPES;\r');
    await t.sees('Type Name');
    t.type(CTRL_D);
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

  it('Tab completes from the grammar and from what is on the server', async () => {
    const t = await start();
    t.type('sel\t');
    await t.shows((s) => s.endsWith('weir> select'));
    // With the space that has to follow a keyword.
    t.type('* from coun\t');
    await t.shows((s) => s.endsWith('weir> select * from counts'));
    t.type(' where N = 2;\r');
    await t.sees('| x');
    await t.sees('weir> ');
    // Several: what they share, a list, and one after the other.
    t.type('SHOW T\t');
    await t.shows((s) => /weir> SHOW T\nTABLES +TOPICS +TYPES$/.test(s));
    t.type('\t');
    await t.shows((s) => s.includes('weir> SHOW TABLES\n'));
    t.type('\t\t');
    await t.shows((s) => s.includes('weir> SHOW TYPES\n'));
    t.type(';\r');
    await t.sees('Type Name');
    t.type(CTRL_D);
    expect(await t.status).toBe(0);
  });

  it('is coloured while it is typed, unless it is not to be', async () => {
    const t = await start();
    t.type("SELECT 'text', 98.75 FROM counts -- why");
    await t.shows((s) => s.includes('-- why'));
    expect(['SELECT', "'text'", '98.75', 'counts', '-- why'].map((w) => t.styleOf(w))).toEqual([
      '34;1',
      '32',
      '33',
      '',
      '90',
    ]);
    t.type(`${CTRL_C}SELEC 1;\r`);
    await t.sees("Did you mean 'SELECT'?");
    await t.sees('^^^^^');
    expect(t.styleOf('^^^^^')).toBe('31;1');
    for (const [args, env] of [
      [['--no-color'], {}],
      [[], { NO_COLOR: '1' }],
    ] as const) {
      const plain = await start(args, env);
      plain.type("SELECT 'text';\r");
      await plain.sees('weir> ');
      // Reverse video and colours end in m; cursor moves do not.
      expect(plain.written).not.toMatch(/\u001b\[[\d;]*m/);
    }
  });

  it('Ctrl-R finds what was typed', async () => {
    const t = await start();
    for (const s of ['SHOW TYPES;', "SELECT n FROM counts WHERE b = 'y';", 'SHOW TOPICS;']) {
      t.type(`${s}\r`);
      await t.shows((text) => text.endsWith('weir>'));
    }
    t.type('\u0012types');
    await t.shows((s) => s.includes("(reverse-i-search)'types': SHOW TYPES;"));
    t.type('\u0007'); // Ctrl-G: back to nothing
    await t.shows((s) => s.endsWith('weir>'));
    t.type('\u0012sho');
    await t.shows((s) => s.endsWith("'sho': SHOW TOPICS;"));
    t.type('\u0012');
    await t.shows((s) => s.endsWith("'sho': SHOW TYPES;"));
    t.type('zzz');
    await t.shows((s) => s.includes('(failed reverse-i-search)'));
    t.type('\u007f\u007f\u007f\r');
    await t.sees('Kafka Topic');
    t.type('\u0012counts\r');
    await t.sees(' 1 |');
    t.type(CTRL_D);
    expect(await t.status).toBe(0);
  });

  it('a statement of several lines is one entry of the history, and is edited as a whole', async () => {
    const t = await start();
    t.type("SELECT n\rFROM counts\rWHERE b = 'x';\r");
    await t.sees('1 row.');
    await t.shows((s) => s.endsWith('weir>'));
    t.type(`SHOW TYPES;\r`);
    await t.sees('Type Name');
    await t.shows((s) => s.endsWith('weir>'));
    t.type(`${UP}${UP}`);
    await t.shows((s) => s.endsWith("weir> SELECT n\n   -> FROM counts\n   -> WHERE b = 'x';"));
    // Up to the first line, to its end, and on.
    t.type(`${UP}${UP}\u0005, b\r`);
    await t.sees('| B ');
    t.type(CTRL_D);
    expect(await t.status).toBe(0);
    expect(readFileSync(join(home, '.weir_history'), 'utf8')).toContain('SELECT n\\nFROM counts\\nWHERE');
  });

  it('pasted text waits for Enter; what may hold a secret is not remembered', async () => {
    const t = await start();
    t.type('\u001b[200~SHOW TYPES;\nSHOW\n\tTOPICS;\u001b[201~');
    await t.shows((s) => s.endsWith('weir> SHOW TYPES;\n   -> SHOW\n   ->   TOPICS;'));
    t.type('\r');
    await t.sees('Kafka Topic');
    t.type("SET 'consumer.sasl.password'='x';\r");
    await t.sees('Successfully changed');
    t.type(CTRL_D);
    await t.status;
    const history = readFileSync(join(home, '.weir_history'), 'utf8');
    expect([history.includes('TOPICS'), history.includes('password')]).toEqual([true, false]);
  });

  it('runs ~/.weirrc first, unless it is not to', async () => {
    home = mkdtempSync(join(tmpdir(), 'weir-home-'));
    writeFileSync(join(home, '.weirrc'), "\\timing on\nDEFINE who = 'x';\n");
    const t = await start();
    await t.shows((s) => s.includes('Timing is on.'));
    // biome-ignore format: one line
    t.type("SELECT n FROM counts WHERE b = '$" + "{who}';\r");
    await t.sees(' 2 |');
    await t.sees('Time: ');
    const other = await start(['--no-rc']);
    other.type('SHOW VARIABLES;\r');
    await other.sees('Variable Name');
    expect(await other.shows((s) => s.endsWith('weir>'))).not.toContain('WHO');
  });

  it('\\live keeps the rows of a table in their places, and Ctrl-C ends it', async () => {
    await produce(server, 'live', [
      { key: 'a', value: '{"V":1}' },
      { key: 'b', value: '{"V":2}' },
    ]);
    await run(
      server,
      "CREATE TABLE live (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='live', VALUE_FORMAT='JSON');",
    );
    const t = await start();
    t.type('\\live SELECT * FROM live EMIT CHANGES;\r');
    await t.shows((s) => /\| a +\| +1 \|\n\| b +\| +2 \|/.test(s) && s.includes('2 keys'));
    await produce(server, 'live', [
      { key: 'c', value: '{"V":3}' },
      { key: 'a', value: '{"V":10}' },
    ]);
    const three = await t.shows(
      (s) => /\| a +\| +10 \|\n\| b +\| +2 \|\n\| c +\| +3 \|/.test(s) && s.includes('3 keys'),
    );
    expect(three).toMatch(/changes\/s.* · skipped 0 · q ends/);
    expect(three.match(/\| K /g)).toHaveLength(1);
    expect(three).not.toContain('weir>');
    await produce(server, 'live', [{ key: 'b', value: null }]);
    await t.shows((s) => /\| a +\| +10 \|\n\| c +\| +3 \|\n\+-/.test(s) && s.includes('2 keys'));
    t.type(CTRL_C);
    await t.sees('Query terminated');
    // What was on the screen before comes back, with the last rows under it.
    const after = await t.shows((s) => s.endsWith('weir>'));
    expect(after).toMatch(
      /weir> \\live SELECT[^|]*\n\+-+.*\n\| K [\s\S]*\| a +\| +10 \|\n\| c +\| +3 \|\n[\s\S]*2 keys/,
    );
    await eventually(pushQueries, (n) => n === 0);
    t.type('\\live SELECT v FROM live EMIT CHANGES;\r');
    await t.sees('missing: K');
    t.type(CTRL_D);
    expect(await t.status).toBe(0);
  });

  it('\\live takes a table, outlives a restart of the server, and ends by q', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'weir-live-'));
    const first = await startServer({ 'weir.data.dir': dir });
    await run(
      first,
      "CREATE TABLE live_t (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='lt', VALUE_FORMAT='JSON', PARTITIONS=1);",
    );
    await produce(first, 'lt', [{ key: 'a', value: '{"V":1}' }]);
    home = mkdtempSync(join(tmpdir(), 'weir-home-'));
    const t = program.terminal([first.address], home);
    terminals.push(t);
    await t.sees('weir> ');
    t.type('\\live live_t\r');
    await t.shows((text) => /\| a +\| +1 \|/.test(text) && text.includes('q ends'));
    await first.stop();
    await t.shows((text) => text.includes('asked again') && /\| a +\| +1 \|/.test(text));
    const second = await startServer({ 'weir.data.dir': dir, listeners: first.address });
    try {
      await produce(second, 'lt', [{ key: 'b', value: '{"V":22}' }]);
      await t.shows((text) => /\| a +\| +1 \|\n\| b +\| +22 \|/.test(text) && !text.includes('asked again'));
      t.type('q');
      await t.sees('weir> ');
      t.type('exit\r');
      expect(await t.status).toBe(0);
    } finally {
      await second.stop();
      removeDir(dir);
    }
  });

  it('\\live shows an aggregate as well, from the beginning', async () => {
    const t = await start();
    t.type('SELECT b, COUNT(*) AS n FROM letters GROUP BY b EMIT CHANGES LIMIT 1;\r');
    await t.sees('| B ');
    t.type(CTRL_C);
    await t.sees('Query terminated');
    t.type('\\live SELECT b, COUNT(*) AS n FROM letters GROUP BY b EMIT CHANGES;\r');
    await t.shows((s) => /\| x +\| +2 \|\n\| y +\| +1 \|/.test(s));
    t.type(CTRL_C);
    await t.sees('Query terminated');
    t.type('history\r');
    await t.sees('    2  \\live SELECT b');
    t.type('clear\r');
    expect(await t.shows((s) => s === 'weir>')).toBe('weir>');
  });

  it('a push query has a line of status, and tells why it is silent', async () => {
    const t = await start();
    t.type('SELECT * FROM letters EMIT CHANGES;\r');
    const screen = await t.shows((s) => s.includes('rows/s') && s.includes('-- '));
    expect(screen).toMatch(/0 rows · 0\.0 rows\/s .*skipped 0 · Ctrl-C ends/);
    expect(screen).toContain('auto.offset.reset');
    t.type(CTRL_C);
    await t.sees('Query terminated');
    expect(await t.shows((s) => s.endsWith('weir>'))).not.toContain('rows/s');
  });

  it('what is longer than the screen goes through the pager', async () => {
    const pager = join(mkdtempSync(join(tmpdir(), 'weir-home-')), 'pager');
    writeFileSync(pager, '#!/bin/sh\necho PAGED; head -3; echo END\n', { mode: 0o755 });
    const t = await start([], { PAGER: pager });
    t.type('SHOW FUNCTIONS;\r');
    await t.sees('PAGED');
    await t.sees('END');
    await t.shows((s) => s.endsWith('weir>'));
    t.type('SHOW TYPES;\r');
    await t.sees('Type Name');
    t.type('\\pager off\rSHOW FUNCTIONS;\r');
    await t.sees('Pager is off.');
    await t.sees('UCASE');
    await t.shows((s) => s.endsWith('weir>'));
    t.type(CTRL_D);
    expect(await t.status).toBe(0);
    removeDir(dirname(pager));
    // One that is not there hides nothing.
    const other = await start([], { PAGER: 'no-such-pager -x' });
    other.type('SHOW FUNCTIONS;\r');
    await other.sees('UCASE');
    await other.shows((s) => s.endsWith('weir>'));
  });
});
