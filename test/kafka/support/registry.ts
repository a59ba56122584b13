/**
 * A real schema registry for tests: Apicurio Registry, which speaks Confluent's REST API under a path. From Maven Central
 * into the cache of `testing/jars.ts`; free port, loopback only, data in memory.
 *
 * Where Java, Maven or the artifact is missing, its tests are skipped, by name and with a warning; with `registry` in
 * `WEIR_REQUIRE` they fail instead.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onPath } from '../../../testing/jars.js';
import { freePorts, isRequired, run } from './broker.js';

/** The newest line that runs on Java 17. */
const VERSION = '3.0.9';
const JAR = `apicurio-registry-app-${VERSION}-runner.jar`;
const GET = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:get';
const API = '/apis/ccompat/v7';
const START_TIMEOUT_MS = 90_000;

export interface Registry {
  /** With its path: what `ksql.schema.registry.url` is set to. */
  readonly url: string;
  readonly port: number;
  /** Ends it; its data goes with it. May be called twice. */
  stop(): Promise<void>;
}

/** The JVM ends when the pipe of its keeper closes, which it does however this process ends. */
const KEEPER = `
exec 3<&0
log=$1; shift
"$@" </dev/null >"$log" 2>&1 &
java=$!
( read -r _ <&3; kill -9 $java ) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait $java
kill $guard 2>/dev/null
`;

/** The folder with the registry's jar, filled once. Rejects where that is not possible. */
export async function fetchRegistry(): Promise<string> {
  const cache = process.env.WEIR_CACHE || join(homedir(), '.cache', 'weir');
  const target = join(cache, `apicurio-${VERSION}`);
  if (existsSync(join(target, JAR))) return target;
  for (const tool of ['mvn', 'tar']) if (!onPath(tool)) throw new Error(`${tool} not found on the PATH`);
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'download-'));
  try {
    const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`;
    // Not transitive: what is in the archive is all it needs, and its parent's description is in no public repository.
    const archive = join(work, 'archive.tar.gz');
    const options = [`-Dartifact=${artifact}`, '-Dtransitive=false', `-Ddest=${archive}`];
    await run('mvn', ['-B', '-q', '-ntp', GET, ...options], { cwd: work });
    await run('tar', ['xzf', archive], { cwd: work });
    await rm(archive);
    await rename(work, target).catch((error: unknown) => {
      if (!existsSync(join(target, JAR))) throw error; // otherwise another process was faster
    });
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Why there can be no registry here, or undefined. Throws where `WEIR_REQUIRE` asks for one. */
export async function registryMissing(): Promise<string | undefined> {
  try {
    if (!onPath('java')) throw new Error('java not found on the PATH');
    await fetchRegistry();
    return undefined;
  } catch (e) {
    const why = (e as Error).message.split('\n')[0]!;
    if (isRequired('registry')) throw new Error(`WEIR_REQUIRE asks for registry, but: ${why}`, { cause: e });
    return why;
  }
}

/** Starts a registry whose subjects must stay backward compatible, as Confluent's do. */
export async function startRegistry(): Promise<Registry> {
  const folder = await fetchRegistry();
  const scratch = await mkdtemp(join(tmpdir(), 'weir-registry-'));
  const log = join(scratch, 'registry.log');
  const [port] = (await freePorts(1)) as [number];
  const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-jar', join(folder, JAR)];
  const child = spawn('sh', ['-c', KEEPER, 'sh', log, 'java', ...flags], {
    cwd: scratch,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, QUARKUS_HTTP_HOST: '127.0.0.1', QUARKUS_HTTP_PORT: String(port) },
  });
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const url = `http://127.0.0.1:${port}${API}`;
  const stop = async () => {
    child.stdin?.destroy();
    await gone;
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  };
  if (await answers(url, child)) return { url, port, stop };
  const text = await readFile(log, 'utf8').catch(() => '(no log)');
  await stop();
  throw new Error(`The registry did not come up at ${url}:\n${text.slice(-4000)}`);
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    try {
      const init = { method: 'PUT', headers: { 'content-type': 'application/json' } };
      const answer = await fetch(`${url}/config`, {
        ...init,
        body: '{"compatibility":"BACKWARD"}',
        signal: AbortSignal.timeout(5000),
      });
      if (answer.ok) return true;
    } catch {
      // Not listening yet: ask again until the deadline.
    }
    await pause(200);
  }
  return false;
}

/** A port in front of another that can be cut off: connections are then dropped as they come, and counted. */
export class Gate {
  dropped = 0;
  private shut = false;
  private readonly open = new Set<Socket>();
  private readonly server: Server;

  private constructor(private readonly target: number) {
    this.server = createServer((from) => {
      if (this.shut) {
        this.dropped++;
        from.destroy();
        return;
      }
      const to = dial(this.target, '127.0.0.1');
      for (const [socket, other] of [
        [from, to],
        [to, from],
      ] as const) {
        this.open.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          this.open.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  static async before(target: number): Promise<Gate> {
    const gate = new Gate(target);
    await new Promise<void>((resolve) => gate.server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  close(): void {
    this.shut = true;
    for (const socket of this.open) socket.destroy();
  }

  reopen(): void {
    this.shut = false;
  }

  async end(): Promise<void> {
    this.close();
    await new Promise((done) => this.server.close(done));
  }
}
