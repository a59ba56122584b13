/**
 * A real PostgreSQL for tests: Debian's packages (`postgresql-15`), a free port of the loopback, data in a folder of its own
 * that is deleted at the end, and a log that logical replication can read.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { appendFile, chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePorts } from './kafka-broker.js';

const run = promisify(execFile);
const ROOT = '/usr/lib/postgresql';
const START_TIMEOUT_MS = 60_000;

export interface PostgresOptions {
  /** Lines of postgresql.conf, beside those that are there. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface Postgres {
  readonly port: number;
  /** Of the superuser: `postgres://postgres:secret@127.0.0.1:PORT/postgres`. Stays the same over {@link start}. */
  readonly url: string;
  /** A connection of the test's own, to be ended by it. */
  connect(url?: string): Promise<pg.Client>;
  /** SIGKILL, as a machine that loses its power; the data stays. */
  kill(): Promise<void>;
  /** As `pg_ctl stop -m immediate`. */
  stopAtOnce(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Ends it and deletes its data. May be called twice. */
  stop(): Promise<void>;
}

/** Ends the server when the pipe to us closes, in whatever way we end. */
const KEEPER = `
exec 3<&0
"$@" </dev/null >/dev/null 2>&1 &
server=$!
( read -r _ <&3; kill -QUIT $server ) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait $server
kill $guard 2>/dev/null
`;

const programs = (): string | undefined =>
  (existsSync(ROOT) ? readdirSync(ROOT) : [])
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(ROOT, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));

/** Why there can be no Postgres here; undefined: there can. */
export const postgresMissing = (): string | undefined =>
  programs() === undefined ? `no PostgreSQL below ${ROOT} (apt-get install postgresql)` : undefined;

export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const bin = programs();
  if (bin === undefined) throw new Error(postgresMissing());
  const folder = await mkdtemp(join(tmpdir(), 'weir-postgres-'));
  const data = join(folder, 'data');
  // It refuses to run as root.
  const asUser = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  if (asUser.length > 0) await run('chown', ['postgres:', folder]);
  await chmod(folder, 0o700);
  const [init, ...initArguments] = [...asUser, join(bin, 'initdb')];
  await run(init!, [...initArguments, '-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8'], {
    cwd: '/',
  });
  const [port] = await freePorts(1);
  const config: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    wal_level: 'logical',
    shared_buffers: '64MB',
    fsync: 'off',
    max_prepared_transactions: '4',
    ...options.config,
  };
  await appendFile(
    join(data, 'postgresql.conf'),
    Object.entries(config)
      .map(([name, value]) => `${name} = '${value}'\n`)
      .join(''),
  );
  const server = new Server([...asUser, join(bin, 'postgres'), '-D', data], folder, port!);
  await server.start();
  return server;
}

class Server implements Postgres {
  readonly url: string;
  private keeper: ChildProcess | undefined;
  private gone: Promise<void> = Promise.resolve();
  private readonly sweep = (): void => rmSync(this.folder, { recursive: true, force: true });

  constructor(
    private readonly command: readonly string[],
    private readonly folder: string,
    readonly port: number,
  ) {
    this.url = `postgres://postgres:secret@127.0.0.1:${port}/postgres`;
    process.once('exit', this.sweep);
  }

  async connect(url: string = this.url): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async start(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    let last: unknown;
    while (performance.now() < deadline) {
      if (this.keeper === undefined) this.spawn();
      try {
        return await (await this.connect()).end();
      } catch (e) {
        last = e; // It starts, recovers, or waits for the last processes of one that was killed.
      }
      await pause(50);
    }
    throw new Error(`Postgres did not come up on port ${this.port}.`, { cause: last });
  }

  private spawn(): void {
    const keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', ...this.command], {
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
    });
    this.keeper = keeper;
    this.gone = new Promise((resolve) => {
      keeper.once('exit', () => {
        if (this.keeper === keeper) this.keeper = undefined;
        resolve();
      });
    });
  }

  kill = (): Promise<void> => this.signal('SIGKILL');
  stopAtOnce = (): Promise<void> => this.signal('SIGQUIT');

  private async signal(signal: 'SIGKILL' | 'SIGQUIT'): Promise<void> {
    if (this.keeper === undefined) return;
    const pid = Number((await readFile(join(this.folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    process.kill(pid, signal);
    await this.gone;
  }

  async stop(): Promise<void> {
    if (this.keeper !== undefined) {
      await this.stopAtOnce().catch(() => this.keeper?.stdin?.end());
      await this.gone;
    }
    process.off('exit', this.sweep);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
