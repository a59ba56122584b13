import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runExample } from '../../examples/run.js';
import { makeDir, removeDir } from '../support/temp.js';

export interface ExampleOptions {
  /** `host:port` of a broker; left out: the embedded log. */
  readonly kafka?: string;
  /** Variables that say where needs are: `WEIR_POSTGRES`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of the example: `{ rate: '0' }`; `feed: 'off'` for none. */
  readonly options?: Readonly<Record<string, string>>;
  /** Settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface StartedExample {
  readonly address: string;
  /** Where it keeps its data. */
  readonly dir: string;
  stop(): Promise<void>;
}

const environment = ({ kafka, env }: ExampleOptions) => ({
  ...(kafka === undefined ? {} : { WEIR_KAFKA: kafka }),
  ...env,
});

/** Runs an example in this process, on a free port. */
export async function startExample(name: string, given: ExampleOptions = {}): Promise<StartedExample> {
  const dir = makeDir();
  const running = await runExample(name, {
    options: { port: '0', 'data-dir': dir, ...given.options },
    env: environment(given),
    settings: { 'weir.log.level': 'silent', ...given.settings },
    say: () => {},
  });
  return {
    address: running.address,
    dir,
    stop: async () => {
      await running.stop();
      removeDir(dir);
    },
  };
}

const MAIN = join(fileURLToPath(new URL('../..', import.meta.url)), 'dist', 'examples', 'main.js');

/** An example in a process of its own, which a test can kill and start again on the same data. */
export class ExampleProcess {
  private child: ChildProcess | undefined;
  address = '';
  readonly dir = makeDir();

  constructor(
    private readonly name: string,
    private readonly given: ExampleOptions = {},
  ) {}

  async start(): Promise<void> {
    const options = { port: '0', 'data-dir': this.dir, ...this.given.options };
    const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]);
    const child = spawn(process.execPath, [MAIN, this.name, ...args], {
      env: { ...process.env, ...environment(this.given) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    let said = '';
    child.stderr!.on('data', (d: Buffer) => {
      said += d.toString();
    });
    for await (const line of createInterface({ input: child.stdout! })) {
      said += `${line}\n`;
      const at = /Open (http:\S+)/.exec(line)?.[1];
      if (at === undefined) continue;
      this.address = at;
      child.stdout!.resume();
      return;
    }
    throw new Error(`The example ${this.name} did not start: ${said}`);
  }

  /** As a crash does. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async dispose(): Promise<void> {
    await this.kill();
    removeDir(this.dir);
  }
}
