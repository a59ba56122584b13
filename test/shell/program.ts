import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { bundle } from '../support/bundle.js';
import { removeDir } from '../support/temp.js';
import { Screen } from './screen.js';

/** The shell as a process of its own, for tests that care for its exit, its streams and its terminal. */
export interface ShellProgram {
  /** The module that `node` runs. */
  readonly entry: string;
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** In a pseudo-terminal (util-linux's `script`). */
  terminal(args: readonly string[], home: string, env?: Readonly<Record<string, string>>): Terminal;
  remove(): void;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: NodeJS.Signals;
  /** The signal is sent when the output has this in it. */
  readonly signalAt?: string;
}

export interface Finished {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export async function shellProgram(): Promise<ShellProgram> {
  const entry = await bundle('test/shell/entry.ts');
  return {
    entry,
    run: (args, options = {}) => {
      const env = { ...process.env, ...options.env };
      const child = spawn(process.execPath, [entry, ...args], { stdio: 'pipe', env });
      let [out, err] = ['', ''];
      let signalled = false;
      child.stdout.on('data', (d) => {
        out += String(d);
        if (!signalled && options.signal !== undefined && out.includes(options.signalAt!)) {
          signalled = true;
          child.kill(options.signal);
        }
      });
      child.stderr.on('data', (d) => (err += String(d)));
      child.stdin.on('error', () => {}); // it may end without reading
      child.stdin.end(options.input ?? '');
      return new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })));
    },
    terminal: (args, home, more = {}) => {
      const command = [process.execPath, entry, ...args].map((a) => `'${a}'`).join(' ');
      const { NO_COLOR: _, ...env } = process.env;
      const sized = `stty cols ${COLUMNS} rows ${ROWS}; exec ${command}`;
      return new Terminal(
        spawn('script', ['-qefc', sized, '/dev/null'], {
          stdio: 'pipe',
          env: { ...env, HOME: home, TERM: 'xterm', PAGER: 'cat', ...more },
        }),
      );
    },
    remove: () => removeDir(dirname(entry)),
  };
}

const COLUMNS = 100;
const ROWS = 40;

/** What a person sees and types. */
export class Terminal {
  private readonly drawn = new Screen(COLUMNS, ROWS);
  private screen = '';
  private read = 0;
  private wake: () => void = () => {};
  readonly status: Promise<number | null>;

  constructor(private readonly child: ChildProcess) {
    child.stdout!.on('data', (d) => {
      this.screen += String(d);
      this.drawn.write(String(d));
      this.wake();
    });
    child.stdout!.setEncoding('utf8');
    this.status = new Promise((resolve) =>
      child.on('close', (status) => {
        resolve(status);
        this.wake();
      }),
    );
  }

  type(keys: string): void {
    this.child.stdin!.write(keys);
  }

  /** Waits until this comes on the screen, behind what was seen before; gives what came up to it, without colours and cursor moves. */
  async sees(text: string): Promise<string> {
    for (;;) {
      const plain = this.screen.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
      const at = plain.indexOf(text, this.read);
      if (at >= 0) {
        const seen = plain.slice(this.read, at + text.length);
        this.read = at + text.length;
        return seen;
      }
      if (this.child.exitCode !== null)
        throw new Error(`the shell has ended without '${text}':\n${plain.slice(this.read)}`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Waits until the screen as a person sees it passes; gives its text. */
  async shows(passes: (text: string) => boolean): Promise<string> {
    for (;;) {
      const text = this.drawn.text();
      if (passes(text)) return text;
      if (this.child.exitCode !== null) throw new Error(`the shell has ended with this on the screen:\n${text}`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** The colour codes in which a text stands on the screen. */
  styleOf(text: string): string | undefined {
    return this.drawn.styleOf(text);
  }

  /** All that was written, with its escapes. */
  get written(): string {
    return this.screen;
  }

  end(): void {
    this.child.kill('SIGKILL');
  }
}
