import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, letters, run, startServer, type TestServer } from '../server/support.js';
import { removeDir } from '../support/temp.js';
import { type ShellProgram, shellProgram } from './program.js';

let server: TestServer;
let program: ShellProgram;
let dir: string;
beforeAll(async () => {
  [server, program] = await Promise.all([startServer(), shellProgram()]);
  await letters(server);
  dir = mkdtempSync(join(tmpdir(), 'weir-shell-'));
});
afterAll(async () => {
  program.remove();
  removeDir(dir);
  await server.stop();
});

const EARLIEST = "SET 'auto.offset.reset'='earliest';";
const shell = (...args: string[]) => program.run([...args, server.address]);

describe('statements from the command line', () => {
  it('-e runs statements and leaves', async () => {
    const { status, out, err } = await shell('-e', `${EARLIEST} SELECT b, a FROM letters EMIT CHANGES LIMIT 2;`);
    expect([status, err]).toEqual([0, '']);
    expect(out).toBe(
      [
        "Successfully changed local property 'auto.offset.reset' to 'earliest'. Use the UNSET command to revert your change.",
        '+--------+--------+',
        '| B      |      A |',
        '+--------+--------+',
        '| x      |      1 |',
        '| y      |      2 |',
        '+--------+--------+',
        '2 rows.',
        '',
      ].join('\n'),
    );
  });

  it('-e may be given several times, and keeps its session', async () => {
    const { status, out } = await shell(
      '-e',
      EARLIEST,
      '-e',
      "DEFINE n = '1';",
      '-e',
      'SELECT a FROM letters EMIT CHANGES LIMIT ${n};',
    );
    expect([status, out.includes('1 row.')]).toEqual([0, true]);
    // Each is whole by itself, and may begin with what looks like an option.
    const bare = await shell('-e', 'SHOW TYPES', '-e', '-- all of them\nSHOW TABLES', '-e', 'exit', '-e', 'SELECT;');
    expect([bare.status, bare.err, bare.out.includes('COUNTS')]).toEqual([0, '', true]);
  });

  it('-f runs a file with comments, several lines and \\G', async () => {
    const file = join(dir, 'script.sql');
    writeFileSync(
      file,
      `-- what there is\nSHOW\n  STREAMS;\n/* and */\nSELECT *\nFROM counts -- all\nWHERE b = 'x'\\G\n-- the end`,
    );
    const { status, out } = await shell('-f', file);
    expect(status).toBe(0);
    expect(out).toContain('| LETTERS     | letters     | KAFKA      | JSON         | false    |');
    expect(out).toContain('*************************** 1. row ***************************\nB: x\nN: 2\n');
  });

  it('-d defines variables', async () => {
    const { status, out } = await shell(
      '-d',
      'who=y',
      '--define',
      't=counts',
      '-e',
      "SELECT n FROM ${t} WHERE b = '${who}';",
    );
    expect([status, out.includes('|      1 |')]).toEqual([0, true]);
    expect((await shell('-e', 'SELECT n FROM ${nobody};')).status).toBe(1);
  });

  it('SET is refused at once where the server does not know the setting or the value', async () => {
    for (const [sql, said] of [
      ["SET 'foo.bar'='x'; SHOW TYPES;", 'Unknown property: foo.bar'],
      ["SET 'auto.offset.reset'='earlest'; SHOW TYPES;", 'Invalid value earlest'],
    ] as const)
      expect(await shell('-e', sql)).toMatchObject({ status: 1, out: '', err: expect.stringContaining(said) });
    const { status, out } = await shell(
      '-e',
      "DEFINE from = 'earliest'; SET 'max.poll.records'='7'; SET 'auto.offset.reset'='${from}'; SELECT a FROM letters EMIT CHANGES LIMIT 1;",
    );
    expect([status, out]).toEqual([0, expect.stringContaining("to 'earliest'")]);
  });

  it('reads standard input where that is no terminal', async () => {
    const { status, out } = await program.run([server.address], {
      input: "SELECT n FROM counts WHERE b='x';\nSHOW TYPES",
    });
    expect(status).toBe(0);
    expect(out).toContain('|      2 |');
    expect(out).toContain('Type Name');
    expect(out).not.toContain('weir>');
    const bad = await program.run([server.address], { input: 'SHOW TYPES;\n\nSELECT nope FROM letters;' });
    expect([bad.status, bad.err]).toEqual([1, expect.stringContaining('in standard input, at line 3')]);
  });

  it('answers what comes from standard input before it ends', async () => {
    const child = spawn(process.execPath, [program.entry, '--output', 'ndjson', server.address]);
    let out = '';
    let err = '';
    child.stderr.on('data', (d) => (err += String(d)));
    const answer = async (text: string) => {
      while (!out.includes(text)) out += String((await once(child.stdout, 'data'))[0]);
    };
    child.stdin.write("SELECT n FROM counts\nWHERE b = 'x'; SELECT n AS m");
    child.stdin.write(" FROM counts WHERE b = 'y';\nSELECT");
    await answer('{"N":2}\n{"M":1}\n');
    child.stdin.write(' nope FROM counts;\nSHOW TYPES;\n');
    const [status] = (await once(child, 'close')) as [number];
    expect([status, out, err]).toEqual([
      1,
      '{"N":2}\n{"M":1}\n',
      expect.stringMatching(/in standard input, at line 3\n$/),
    ]);
  });

  it('RUN SCRIPT runs a file of its own', async () => {
    const inner = join(dir, "in'ner.sql");
    writeFileSync(inner, 'SHOW TYPES;');
    expect((await shell('-e', `RUN SCRIPT '${inner.replaceAll("'", "''")}';`)).out).toContain('Type Name');
    // A relative name is found from where the shell was started, or else beside the script.
    writeFileSync(join(dir, 'inner.sql'), 'SELECT nope FROM letters;');
    writeFileSync(join(dir, 'outer.sql'), "SHOW TYPES;\nRUN SCRIPT 'inner.sql';\nSHOW TABLES;");
    const nested = await shell('-f', join(dir, 'outer.sql'));
    expect([nested.status, nested.out.includes('COUNTS')]).toEqual([1, false]);
    expect(nested.err).toContain(`in ${join(dir, 'inner.sql')}, at line 1\nin ${join(dir, 'outer.sql')}, at line 2`);
    expect((await shell('-e', "RUN SCRIPT 'nothing.sql';")).err).toContain('There is no file nothing.sql.');
    const round = join(dir, 'round.sql');
    writeFileSync(round, `RUN SCRIPT '${round}';`);
    const { status, err } = await shell('-f', round);
    expect([status, err]).toEqual([1, expect.stringContaining('nested')]);
  });
});

describe('commands', () => {
  it('short forms show what there is', async () => {
    const { status, out, err } = await shell(
      '-e',
      '\\d\n\\d counts\n\\d+ counts\n\\ds\n\\dt\n\\dq\n\\dp\n\\df ucase\n\\dT\n\\dv\n\\dset\n\\h lcase\nversion\n\\timing on\nSHOW TYPES;',
    );
    expect([status, err]).toEqual([0, '']);
    for (const text of [
      'Stream Name',
      'Kafka topic          : COUNTS',
      'CTAS_COUNTS_0',
      'UCASE(',
      'LCASE',
      'auto.offset.reset',
    ])
      expect(out).toContain(text);
    expect(out).toMatch(/Weir \d+\.\d+\.\d+ at http:/);
    expect(out).toMatch(/Time: [\d.]+ ms/);
  });

  it('what SHOW gives comes in the chosen format', async () => {
    const { out } = await shell('--output', 'csv', '-e', 'SHOW TABLES;');
    expect(out).toBe('Table Name,Kafka Topic,Key Format,Value Format,Windowed\nCOUNTS,COUNTS,KAFKA,JSON,false\n');
    const json = await shell('--output', 'ndjson', '-e', 'SHOW TABLES;');
    expect(JSON.parse(json.out)).toMatchObject({ '@type': 'tables', tables: [{ name: 'COUNTS' }] });
    // The fields alone; and what says that something was done is no row.
    const fields = await shell('--output', 'tsv', '-e', 'DESCRIBE counts EXTENDED; ASSERT TOPIC letters;');
    expect([fields.status, fields.out]).toEqual([0, 'Field\tType\nB\tVARCHAR(STRING) (primary key)\nN\tBIGINT\n']);
    expect(fields.err).toBe('Topic letters exists.\n');
    await run(server, 'CREATE STREAM twice AS\n  SELECT b, a * 2 AS two\n  FROM letters;');
    const described = await shell('-e', 'DESCRIBE twice;');
    expect(described.out).toContain(
      'CSAS_TWICE_1 (RUNNING):\n    CREATE STREAM twice AS\n      SELECT b, a * 2 AS two\n      FROM letters;\n',
    );
    await run(server, 'DROP STREAM twice;');
    const explained = await shell('-e', 'EXPLAIN SELECT * FROM letters EMIT CHANGES; EXPLAIN CTAS_COUNTS_0;');
    expect(explained.out).not.toMatch(/ : *$/m);
    expect(explained.out).toMatch(/^Statistics {11}: records in \d+, records out \d+/m);
  });

  it('server changes the server, if there is one', async () => {
    const { status, out, err } = await program.run(['http://127.0.0.1:1'], {
      input: `server '${server.address}'\nSELECT n FROM counts WHERE b = 'x';\nserver 127.0.0.1:1\n`,
    });
    expect(status).toBe(1);
    expect(out).toContain('|      2 |');
    expect(err).toContain('No Weir server answers at http://127.0.0.1:1');
  });
});

describe('the exit status', () => {
  it('is 1 where a statement failed; those behind it are not run', async () => {
    const { status, out, err } = await shell('-e', 'SHOW TYPES; SELECT nope FROM letters EMIT CHANGES; SHOW STREAMS;');
    expect(status).toBe(1);
    expect(out).not.toContain('LETTERS');
    expect(err).toContain(
      "SELECT column 'NOPE' cannot be resolved.\nSELECT nope FROM letters EMIT CHANGES;\n       ^^^^",
    );
  });

  it('is 1 where no server answers, or the file is not there', async () => {
    const none = await program.run(['-e', 'SHOW TYPES;', 'http://127.0.0.1:1']);
    expect([none.status, none.err]).toEqual([
      1,
      expect.stringContaining('No Weir server answers at http://127.0.0.1:1'),
    ]);
    const file = await shell('-f', join(dir, 'nothing.sql'));
    expect([file.status, file.err]).toEqual([1, expect.stringContaining('nothing.sql')]);
  });

  it('runs -e and -f in their order, any number of them', async () => {
    const [a, b] = [join(dir, 'a.sql'), join(dir, 'b.sql')];
    writeFileSync(a, "DEFINE w = 'x';");
    writeFileSync(b, "SELECT b FROM counts WHERE b = '${w}';");
    const { out, status } = await program.run(
      ['--output', 'csv', '-f', a, '-e', "SELECT n FROM counts WHERE b = '${w}';", '-f', b, '-e', 'SHOW TYPES;'],
      { env: { WEIR_SERVER: server.address } },
    );
    expect([status, out]).toEqual([0, expect.stringMatching(/^N\n2\nB\nx\n/)]);
  });

  it('is 2 for wrong use, which is told', async () => {
    for (const [said, ...args] of [
      ["Unknown option '--nonsense'.\nweir shell --help tells more.\n", '--nonsense'],
      ["The shell takes one server, not 'a', 'b'.", 'a', 'b'],
      ["--define takes NAME=VALUE, not 'x'.", '-d', 'x'],
    ] as const) {
      const { status, err } = await program.run(args);
      expect([args, status, err]).toEqual([args, 2, expect.stringContaining(said)]);
    }
    const help = await program.run(['--help']);
    expect([help.status, help.out]).toEqual([0, expect.stringContaining('usage: weir shell')]);
  });

  it('is 1 without the right password', async () => {
    const s = await startServer({ 'weir.auth.users': 'ada:love' });
    try {
      const [good, bad, none] = await Promise.all([
        program.run(['-u', 'ada', '-e', 'SHOW TYPES;', s.address], { env: { WEIR_PASSWORD: 'love' } }),
        program.run(['-u', 'ada', '-p', 'hate', '-e', 'SHOW TYPES;', s.address]),
        program.run(['-e', 'SHOW TYPES;', s.address]),
      ]);
      expect([good.status, bad.status, none.status]).toEqual([0, 1, 1]);
      expect(bad.err).toContain('Hint: Give them with --user and --password');
    } finally {
      await s.stop();
    }
  });
});

describe('a running query', () => {
  it('SIGINT ends it', async () => {
    const { out, status } = await program.run(
      [server.address, '-e', `${EARLIEST} SELECT a FROM letters EMIT CHANGES;`],
      {
        signal: 'SIGINT',
        signalAt: ' 3 |',
      },
    );
    expect(status).toBe(0);
    expect(out).toContain('|      3 |\n+--------+\n');
    await eventually(
      () => run(server, 'SHOW QUERIES;'),
      ([e]) => (e!.queries as unknown[]).length === 1,
    );
  });

  it('tells where the server ends it', async () => {
    const s = await startServer();
    await letters(s);
    const shell = program.run(['-e', 'SELECT a FROM letters EMIT CHANGES;', s.address]);
    await eventually(
      () => run(s, 'SHOW QUERIES;'),
      ([e]) => (e!.queries as unknown[]).length === 2,
    );
    await s.stop();
    expect(await shell).toMatchObject({ status: 1, err: expect.stringContaining('shutting down') });
  });
});

it('data cannot command the terminal', async () => {
  await run(server, "INSERT INTO letters (b, a) VALUES ('\u001b[2J\u0007é', 5);");
  const { out } = await shell(
    '-e',
    'SELECT b FROM letters WHERE a = 5;',
    '-e',
    "PRINT 'letters' FROM BEGINNING LIMIT 4;",
  );
  expect(out).not.toContain('\u001b');
  const names = await shell(
    '-e',
    'SELECT a AS `\u001b[2J` FROM letters WHERE a = 5; SELECT a, `\u001b[2J` FROM letters;',
  );
  expect(names.out + names.err).not.toContain('\u001b');
  expect(out).toContain('\\x1b[2J\\x07é');
});
