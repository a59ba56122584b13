import { spawn, spawnSync } from 'node:child_process';
import type { Output } from './output.js';

export interface PagerOptions {
  /** A command line for the system's shell, as in $PAGER. */
  readonly command: string;
  /** The keyboard is the pager's until the function that this gives is called. */
  release(): () => void;
}

/**
 * What is written goes to a pager once it is longer than the screen. Until then it is held, and comes at the end
 * without one.
 */
export class Pager {
  private held = '';
  private lines = 0;
  private missing = false;
  private running: { readonly done: Promise<void>; readonly end: () => void } | undefined;
  /** The reader has left: nothing more is worth reading. */
  readonly left = new AbortController();

  constructor(
    private readonly out: Output,
    private readonly options: PagerOptions | undefined,
  ) {}

  write(text: string): void {
    if (this.options === undefined || this.running !== undefined || this.missing) {
      this.out.write(text);
      return;
    }
    this.held += text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.lines++;
    if (this.lines < this.out.rows) return;
    if (isThere(this.options.command)) this.start(this.options);
    else this.missing = true;
    this.release();
  }

  async finish(): Promise<void> {
    this.release();
    if (this.running === undefined) return;
    this.running.end();
    await this.running.done;
  }

  private release(): void {
    const { held } = this;
    this.held = '';
    this.out.write(held);
  }

  private start({ command, release }: PagerOptions): void {
    const takeBack = release();
    // -F: leaves at once where it all fits; -R: colours; -X: what was shown stays; -S: long lines are not broken.
    const env = { ...process.env, LESS: process.env.LESS ?? 'FRSX' };
    const child = spawn(command, { shell: true, stdio: ['pipe', 'inherit', 'inherit'], env });
    const gone = () => {
      this.left.abort();
      this.out.redirect(undefined);
    };
    // A pager that ends early closes its input: what is still written to it is lost, as it should be.
    child.stdin.on('error', gone);
    child.on('error', gone); // 'close' follows
    this.out.redirect(child.stdin);
    const done = new Promise<void>((resolve) => {
      child.on('close', () => {
        gone();
        takeBack();
        resolve();
      });
    });
    this.running = { done, end: () => child.stdin.end() };
  }
}

/** Without a pager what is long is simply shown: what is written to one that does not start would be lost. */
function isThere(command: string): boolean {
  const program = command
    .trim()
    .split(/\s+/)
    .find((word) => !/^\w+=/.test(word));
  if (program === undefined) return false;
  return spawnSync('command -v "$PROGRAM"', { shell: true, env: { ...process.env, PROGRAM: program } }).status === 0;
}
