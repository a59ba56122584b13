import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Output } from '../../shell/output.js';
import { runQuery } from '../../shell/query.js';
import { Shell } from '../../shell/shell.js';
import { theme } from '../../shell/theme.js';
import { removeDir } from '../support/temp.js';
import { type ShellProgram, shellProgram } from './program.js';

/** A server whose answers are made here: what the shell does with them, whatever a server may do. */
const HEADER = '{"queryId":"q","columnNames":["ID","T"],"columnTypes":["BIGINT","STRING"]}\n';
const ROWS = 100_000;
const TEXT = 'x'.repeat(500);

let server: Server;
let address: string;
let program: ShellProgram;
let dir: string;
const asked: { path: string; body: Record<string, unknown> }[] = [];

beforeAll(async () => {
  program = await shellProgram();
  dir = mkdtempSync(join(tmpdir(), 'weir-shell-'));
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text || '{}') as Record<string, unknown>;
    asked.push({ path: request.url!, body });
    const sql = String(body.sql ?? body.ksql);
    if (sql.includes('many')) {
      response.write(HEADER);
      for (let i = 0; i < ROWS; i++) {
        if (response.write(`[${i},"${TEXT}"]\n`)) continue;
        const either = new AbortController();
        const { signal } = either;
        await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
        either.abort();
      }
      response.end();
    } else if (sql.includes('silent')) {
      response.write(`${HEADER}[1,"a"]\n`);
      response.write('{"notice":{"code":"WAITING_AT_END","message":"Waits for new records.","records":7}}\n');
      response.end('{"tombstone":[1,null]}\n{"snapshotEnd":true}\n[2,"b"]\n');
    } else if (sql.includes('endless')) response.write(`${HEADER}[1,"a"]\n[2,"b"]\n`);
    else if (sql.includes('gone')) response.write(`${HEADER}[1,"a"]\n`, () => response.destroy());
    else if (sql.includes('breaks')) response.end(`${HEADER}[1,"a"]\n{"message":"It broke.","hint":"Mend it."}\n`);
    else response.end('[]');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  program.remove();
  removeDir(dir);
  server.closeAllConnections();
  server.close();
});

const shell = (...args: string[]) => program.run([address, ...args]);

describe('rows to a program', () => {
  it.skipIf(!existsSync('/proc/self/status'))(
    'a hundred thousand rows take no more memory than a few',
    async () => {
      const child = spawn(process.execPath, [program.entry, address, '--output', 'csv', '-e', 'SELECT * FROM many;'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let lines = 0;
      let peakKiB = 0;
      for await (const chunk of child.stdout) {
        for (const byte of chunk as Buffer) if (byte === 10) lines++;
        // 50 MB come; what has been read is not kept.
        if (lines > ROWS * 0.9) {
          const status = existsSync(`/proc/${child.pid}/status`)
            ? readFileSync(`/proc/${child.pid}/status`, 'utf8')
            : '';
          peakKiB = Math.max(peakKiB, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
        }
      }
      expect(lines).toBe(ROWS + 1);
      expect(peakKiB).toBeGreaterThan(10_000);
      expect(peakKiB).toBeLessThan(150_000);
    },
    120_000,
  );

  it('a reader that has seen enough ends the shell', async () => {
    const child = spawn('sh', [
      '-c',
      `'${process.execPath}' '${program.entry}' ${address} --output ndjson -e 'SELECT * FROM many;' | head -1`,
    ]);
    let out = '';
    child.stdout.on('data', (d) => (out += String(d)));
    await once(child, 'close');
    expect(JSON.parse(out)).toEqual({ ID: 0, T: TEXT });
  });

  it('are rows alone: what else there is to say goes to stderr', async () => {
    const { status, out, err } = await shell(
      '--output',
      'csv',
      '-e',
      "SET 'a'='b'; SELECT * FROM silent EMIT CHANGES;",
    );
    expect([status, out]).toEqual([0, 'ID,T\n1,a\n1,\n2,b\n']);
    expect(err).toBe('-- Waits for new records.\n');
    expect(asked.at(-1)!.body).toMatchObject({
      requestProperties: { 'weir.side.messages': 'true' },
      properties: { a: 'b' },
    });
  });

  it('end with what failed behind them', async () => {
    const { status, out, err } = await shell('--output', 'ndjson', '-e', 'SELECT * FROM breaks;');
    expect([status, out, err]).toEqual([1, '{"ID":1,"T":"a"}\n', 'It broke.\nHint: Mend it.\n']);
  });
});

it('a server that goes away in the middle of a query is told of in words', async () => {
  const { status, out, err } = await shell('--output', 'ndjson', '-e', 'SELECT * FROM gone EMIT CHANGES;');
  expect([status, out]).toEqual([1, '{"ID":1,"T":"a"}\n']);
  expect(err).toMatch(/^The connection to http:\/\/127\.0\.0\.1:\d+ broke off: .*\nHint: /);
});

describe('limits of the command line', () => {
  it('--query-row-limit ends a query after so many rows', async () => {
    const { status, out } = await shell(
      '--query-row-limit',
      '1',
      '--output',
      'csv',
      '-e',
      'SELECT * FROM endless EMIT CHANGES;',
    );
    expect([status, out]).toEqual([0, 'ID,T\n1,a\n']);
  });

  it('--query-timeout ends a query after so long', async () => {
    const args = ['--query-timeout', '300', '--output', 'TABULAR', '-e', 'SELECT * FROM endless EMIT CHANGES;'];
    const { status, out, err } = await shell(...args);
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/ows\.\n$/);
  });

  /** An output, and a clock by which five seconds are over when `last` has been written. */
  function untilWritten(last: string) {
    let written = '';
    let due = () => {};
    const stream = new PassThrough();
    stream.on('data', (d) => {
      written += String(d);
      if (written.includes(last)) due();
    });
    const plain = theme(false);
    return {
      server: { base: `http://${address}`, authorization: undefined },
      out: new Output(stream, new PassThrough(), false, plain, plain, 80),
      clock: {
        now: () => 0,
        after: (ms: number, call: () => void) => {
          if (ms === 5_000) due = call;
          return () => {};
        },
      },
      written: () => written,
    };
  }

  it('--query-timeout ends PRINT as well', async () => {
    const { server: at, out, clock, written } = untilWritten('[2,"b"]');
    const unlimited = { rowLimit: Number.POSITIVE_INFINITY, timeoutMs: 5_000 };
    const shell = new Shell(at, out, { clock, variables: {}, properties: {}, format: 'table', ...unlimited });
    expect(await shell.runText("PRINT 'endless';", new AbortController().signal)).toBe(true);
    expect(written()).toContain('[1,"a"]\n[2,"b"]\n');
  });

  it('rows that came before the time was up are shown', async () => {
    const { written, ...context } = untilWritten('"ID":2');
    const options = {
      format: 'ndjson',
      verticalWhenWide: false,
      pager: undefined,
      status: false,
      times: false,
      rowLimit: Number.POSITIVE_INFINITY,
      timeoutMs: 5_000,
    } as const;
    const session = { properties: {}, variables: {} };
    const { signal } = new AbortController();
    await runQuery({ ...context, session }, 'SELECT * FROM endless EMIT CHANGES;', options, signal);
    expect(written()).toBe('{"ID":1,"T":"a"}\n{"ID":2,"T":"b"}\n');
  });

  it('--config-file sets settings of the session', async () => {
    const file = join(dir, 'shell.properties');
    writeFileSync(file, '# settings\nauto.offset.reset=earliest\nx.y : z \n');
    await shell('--config-file', file, '-e', 'SHOW STREAMS;');
    expect(asked.at(-1)!.body.streamsProperties).toEqual({ 'auto.offset.reset': 'earliest', 'x.y': 'z' });
    writeFileSync(file, 'nonsense\n');
    const { status, err } = await shell('--config-file', file, '-e', 'SHOW STREAMS;');
    expect([status, err]).toEqual([2, expect.stringContaining('nonsense')]);
    expect((await shell('--output', 'xml', '-e', 'SHOW STREAMS;')).status).toBe(2);
    expect((await shell('--query-row-limit', '0', '-e', 'SHOW STREAMS;')).status).toBe(2);
  });
});

describe('commands', () => {
  it('are carried out in scripts; one that is none fails', async () => {
    const spool = join(dir, 'spool.txt');
    const script = join(dir, 'commands.sql');
    writeFileSync(
      script,
      `spool '${spool}'\noutput json\nSELECT * FROM silent EMIT CHANGES;\nspool off\noutput table\n\\h print\nserver\nexit\nSELECT * FROM breaks;`,
    );
    const { status, out } = await shell('-f', script);
    expect(status).toBe(0);
    expect(out).toContain('[\n  {"ID":1,"T":"a"}\n, {"ID":1,"T":null}\n, {"ID":2,"T":"b"}\n]\n');
    expect(out).toContain("PRINT 'topic' [FROM BEGINNING]");
    expect(out).toContain(`The server is http://${address}.`);
    expect(readFileSync(spool, 'utf8')).toContain(
      'weir> SELECT * FROM silent EMIT CHANGES;\n[\n  {"ID":1,"T":"a"}\n-- Waits for new records.\n, {',
    );
    const wrong = await shell('-e', '\\nothing\nSELECT * FROM silent;');
    expect([wrong.status, wrong.out]).toEqual([1, '']);
    expect(wrong.err).toContain("There is no command '\\nothing'.");
    expect((await shell('-e', 'output xml')).err).toContain("There is no output format 'xml'.");
  });

  it('\\o and \\g write rows into files', async () => {
    const [all, one] = [join(dir, 'all.csv'), join(dir, 'one.json')];
    const script = `output csv\n\\o ${all}\nSELECT * FROM silent EMIT CHANGES;\noutput ndjson\nSELECT * FROM silent EMIT CHANGES \\g '${one}'\noutput csv\n\\g\n\\o\nSELECT * FROM silent EMIT CHANGES;`;
    const { status, out } = await shell('-e', script);
    const rows = 'ID,T\n1,a\n1,\n2,b\n';
    expect([status, readFileSync(all, 'utf8'), out]).toEqual([0, rows + rows, rows]);
    expect(readFileSync(one, 'utf8')).toBe('{"ID":1,"T":"a"}\n{"ID":1,"T":null}\n{"ID":2,"T":"b"}\n');
    expect((await shell('-e', '\\o json')).err).toContain('\\o takes a file, and json is a format.');
    expect((await shell('-e', '\\o /nowhere/at/all')).err).toContain('The file could not be opened');
    expect((await shell('-e', '\\e')).err).toContain('\\e needs a terminal.');
  });

  it('\\live needs a terminal', async () => {
    const { status, err } = await shell('-e', '\\live SELECT * FROM endless EMIT CHANGES;');
    expect([status, err]).toEqual([1, expect.stringContaining('needs a terminal')]);
  });

  it('an error in a file tells its line', async () => {
    const file = join(dir, 'lines.sql');
    writeFileSync(file, '-- a\nSHOW STREAMS;\n\nSELECT *\nFROM breaks;\n');
    expect((await shell('-f', file)).err).toContain(`in ${file}, at line 4`);
  });

  it('\\watch asks again until it is ended', async () => {
    const { out, status } = await program.run([address, '-e', '\\watch 0.1 SELECT * FROM silent;'], {
      signal: 'SIGINT',
      signalAt: '3 rows.\nevery 0.1 s: SELECT * FROM silent;  (Ctrl-C ends)\n',
    });
    expect([status, out.includes('Query terminated') || out.includes('3 rows.')]).toEqual([0, true]);
  });
});
