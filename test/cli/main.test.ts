import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilStopped } from '../../cli/run-server.js';
import type { RunningServer } from '../../server/server.js';
import { bundle } from '../support/bundle.js';
import { removeDir, tempDir } from '../support/temp.js';

/** The `weir` command as a process. */
let entry: string;
beforeAll(async () => {
  entry = await bundle('cli/main.ts');
}, 60_000);
afterAll(() => removeDir(dirname(entry)));

async function weir(...args: string[]) {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (d) => (out += String(d)));
  child.stderr.on('data', (d) => (err += String(d)));
  const [status] = (await once(child, 'close')) as [number];
  return { status, out, err };
}

describe('the weir command', () => {
  it('tells its version, and help by either way of asking', async () => {
    expect(await weir('--version')).toMatchObject({ status: 0, out: expect.stringMatching(/^weir \d+\.\d+\.\d+\n$/) });
    const [flag, word] = await Promise.all([weir('types', '--help'), weir('help', 'types')]);
    expect([flag.status, flag.out.startsWith('usage: weir types')]).toEqual([0, true]);
    expect(word).toEqual(flag);
  });

  it('tells what to do where the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const dir = tempDir();
    try {
      const { port } = other.address() as AddressInfo;
      const { status, err } = await weir('server', '--listeners', `http://127.0.0.1:${port}`, '--data-dir', dir);
      expect([status, err]).toEqual([1, expect.stringMatching(/EADDRINUSE.*\nHint: Another program answers there/)]);
    } finally {
      other.close();
    }
  });

  it('tells where there is no file to load', async () => {
    const { status, err } = await weir('load', 'nothing.csv', '--topic', 't');
    expect([status, err]).toEqual([1, 'weir: There is no file nothing.csv.\n']);
  });

  it('tells wrong use in a line or two, with status 2', async () => {
    for (const [said, ...args] of [
      ["Unknown option '--nonsense'.\nweir types --help tells more.\n", 'types', '--nonsense'],
      ["Unknown option '--nonsense'.\nweir server --help tells more.\n", 'server', '--nonsense'],
      ['weir load needs one FILE.\nweir load --help tells more.\n', 'load'],
      ["weir: there is no command 'nonsense'.", 'nonsense'],
    ] as const) {
      const { status, err } = await weir(...args);
      expect([args, status, err]).toEqual([args, 2, expect.stringContaining(said)]);
    }
  });
});

it('a signal that comes twice at once, as npm passes it on, stops a server once and cleanly', async () => {
  const said: string[] = [];
  let stops = 0;
  let stopped = () => {};
  const server = {
    stop: () => {
      stops++;
      return new Promise<void>((resolve) => (stopped = resolve));
    },
  } as unknown as RunningServer;
  const others = process.listeners('SIGINT');
  const status = untilStopped(
    server,
    async () => {},
    (text) => said.push(text),
  );
  const own = process.listeners('SIGINT').filter((l) => !others.includes(l));
  for (const listener of [...own, ...own]) listener('SIGINT');
  await Promise.resolve();
  stopped();
  expect([await status, stops, said]).toEqual([0, 1, ['Stopping…', 'Stopped.']]);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    for (const listener of process.listeners(signal)) if (own.includes(listener)) process.off(signal, listener);
});
