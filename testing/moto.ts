/**
 * An S3-compatible store for tests: the server of moto (PyPI: `moto[server]`). Free port, loopback only, data in memory.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { onPath } from './jars.js';

const COMMAND = 'moto_server';
const START_TIMEOUT_MS = 60_000;

export interface Moto {
  readonly url: string;
  /** Ends it; its data goes with it. May be called twice. */
  stop(): Promise<void>;
}

/** Why there can be no store here; undefined: there can. */
export const motoMissing = (): string | undefined =>
  onPath(COMMAND) ? undefined : `${COMMAND} not found on the PATH (pip install 'moto[server]')`;

export async function startMoto(port?: number): Promise<Moto> {
  const at = port ?? (await freePort());
  const child = spawn(COMMAND, ['-H', '127.0.0.1', '-p', String(at)], { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const url = `http://127.0.0.1:${at}`;
  const stop = async () => {
    kill();
    await gone;
    process.off('exit', kill);
  };
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    try {
      await (await fetch(`${url}/moto-api/data.json`, { signal: AbortSignal.timeout(5000) })).text();
      return { url, stop };
    } catch {
      // Not listening yet: ask again until the deadline.
    }
    await pause(100);
  }
  await stop();
  throw new Error(`moto did not come up at ${url}.`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
