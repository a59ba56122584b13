import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

export interface ServerProcessOptions {
  /** The bundle of `entry.ts`. */
  readonly entry: string;
  readonly port: number;
  readonly dataDir: string;
  /** Further flags of `weir server`. */
  readonly flags: readonly string[];
}

/** What a query says of itself in `/metrics`. */
export interface QueryMetrics {
  /** Since the process began. */
  readonly recordsIn: number;
  readonly lag: number;
  readonly running: boolean;
}

const STDERR_KEPT = 8_000;
const POLL_MS = 20;

/** One `weir server`: started, killed, suspended and started again on the same data. It dies with the test. */
export class ServerProcess {
  readonly address: string;
  /** Exits that nobody has asked for. */
  readonly surprises: string[] = [];
  /** Ends of its own that are no fault of it. */
  excused: RegExp | undefined;
  private child: ChildProcess | undefined;
  private gone: Promise<string> = Promise.resolve('never started');
  private expected = false;
  private tail = '';

  constructor(private readonly options: ServerProcessOptions) {
    this.address = `http://127.0.0.1:${options.port}`;
    onTestFinished(() => this.kill());
  }

  get dataDir(): string {
    return this.options.dataDir;
  }

  start(): void {
    if (this.child !== undefined) throw new Error('it runs already');
    const { entry, dataDir, flags } = this.options;
    const args = ['--listeners', this.address, '--data-dir', dataDir, ...flags];
    const child = spawn(process.execPath, [entry, ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
    this.child = child;
    this.expected = false;
    this.tail = '';
    child.stderr.on('data', (text: Buffer) => {
      this.tail = (this.tail + String(text)).slice(-STDERR_KEPT);
    });
    this.gone = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.child = undefined;
        const how = signal ?? `status ${code}`;
        const what = `${how}: ${this.tail.slice(-1000)}`;
        if (!this.expected && this.excused?.test(what) !== true) this.surprises.push(what);
        resolve(how);
      });
    });
  }

  /** Starts it again where it has ended by itself, as a supervisor does. */
  revive(): boolean {
    if (this.child !== undefined || this.expected) return false;
    this.start();
    return true;
  }

  /** SIGKILL; resolves when the process is no more. */
  async kill(): Promise<void> {
    if (this.child === undefined) return;
    this.expected = true;
    this.child.kill('SIGKILL');
    await this.gone;
  }

  /** SIGTERM; the exit status is 0 or it throws. */
  async stop(): Promise<void> {
    this.expected = true;
    this.child?.kill('SIGTERM');
    const how = await this.gone;
    if (how !== 'status 0') throw new Error(`the server was asked to stop and ended with ${how}:\n${this.tail}`);
  }

  suspend(): void {
    this.child?.kill('SIGSTOP');
  }

  goOn(): void {
    this.child?.kill('SIGCONT');
  }

  /** Resolves when it takes statements. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.until('the server is ready', signal, async () => (await fetch(`${this.address}/readyz`)).ok);
  }

  async metrics(): Promise<ReadonlyMap<string, QueryMetrics>> {
    const text = await (await fetch(`${this.address}/metrics`)).text();
    const of = (name: string) =>
      new Map(
        [...text.matchAll(new RegExp(`^${name}\\{query="([^"]+)"[^}]*\\} (\\S+)$`, 'gm'))].map((m) => [
          m[1]!,
          Number(m[2]),
        ]),
      );
    const recordsIn = of('weir_query_records_in_total');
    const lag = of('weir_query_lag_records');
    const running = of('weir_query_running');
    return new Map(
      [...running].map(([id, r]) => [
        id,
        { recordsIn: recordsIn.get(id) ?? 0, lag: lag.get(id) ?? 0, running: r === 1 },
      ]),
    );
  }

  /** Resolves when `count` queries have processed something since the call. */
  async working(count: number, signal: AbortSignal): Promise<void> {
    let before: ReadonlyMap<string, QueryMetrics> | undefined;
    await this.until(`${count} queries work`, signal, async () => {
      const now = await this.metrics();
      before ??= now;
      return [...now].filter(([id, m]) => m.recordsIn > (before!.get(id)?.recordsIn ?? 0)).length >= count;
    });
  }

  /**
   * Polls a condition until it is true; a text says why it is not. What is thrown meanwhile (no connection yet) counts as
   * not yet. The end of the process ends the wait.
   */
  async until(what: string, signal: AbortSignal, condition: () => Promise<boolean | string>): Promise<void> {
    let last: unknown;
    for (;;) {
      if (this.child === undefined) throw new Error(`waiting until ${what}: the process has ended\n${this.tail}`);
      if (signal.aborted) throw new Error(`never came: ${what} (${String(last)})\n${this.tail}`);
      try {
        last = await condition();
        if (last === true) return;
      } catch (e) {
        last = e;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
