import { closeSync, openSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Theme } from './theme.js';

/** Where the shell writes: standard output or a pager, a line of status under it, and a file that gets a copy. */
export class Output {
  private pager: Writable | undefined;
  private spoolFile: number | undefined;
  private resultFile: number | undefined;
  private status = '';
  private waiting = false;
  private full = false;

  constructor(
    private readonly stdout: Writable & { readonly columns?: number; readonly rows?: number },
    private readonly stderr: Writable,
    /** Standard output is a terminal. */
    readonly isTerminal: boolean,
    readonly theme: Theme,
    /** Of standard error, which may be no terminal where standard output is one. */
    readonly errorTheme: Theme,
    private readonly fallbackColumns: number,
  ) {}

  /** Cells of a line. A terminal that does not know its size says 0. */
  get columns(): number {
    return this.stdout.columns || this.fallbackColumns;
  }

  /** What is written is for eyes: on a terminal, and not into a file. */
  get isScreen(): boolean {
    return this.isTerminal && this.resultFile === undefined;
  }

  /** Cells that a line of what is written may have. */
  get lineWidth(): number {
    return this.resultFile === undefined ? this.columns : Number.POSITIVE_INFINITY;
  }

  get rows(): number {
    return this.stdout.rows || 24;
  }

  /** Text with its line ends. */
  write(text: string): void {
    if (text === '') return;
    if (this.resultFile !== undefined) {
      writeSync(this.resultFile, plain(text));
      return;
    }
    if (this.spoolFile !== undefined) writeSync(this.spoolFile, plain(text));
    if (this.pager !== undefined) this.waiting = !this.pager.write(text);
    else {
      // The status gives way, and comes again behind what was written.
      const { status } = this;
      this.waiting = !this.stdout.write(status === '' ? text : `\r\u001b[K${text}${status}`);
    }
  }

  /** A line. */
  print(text: string): void {
    this.write(`${text}\n`);
  }

  /** To the terminal alone: redrawing is nothing for a file. */
  raw(text: string): void {
    this.stdout.write(text);
  }

  /** A screen of its own without a cursor, for what is drawn again and again; the one before comes back when it ends. */
  fullScreen(on: boolean): void {
    if (on === this.full) return;
    this.full = on;
    this.raw(on ? '\u001b[?1049h\u001b[?25l' : '\u001b[?1049l\u001b[?25h');
  }

  error(text: string): void {
    if (this.spoolFile !== undefined) writeSync(this.spoolFile, `${plain(text)}\n`);
    this.setStatus('');
    this.stderr.write(`${text}\n`);
  }

  /** The line under what is written, on a terminal; empty takes it away. */
  setStatus(text: string): void {
    if (!this.isTerminal || this.pager !== undefined || text === this.status) return;
    this.stdout.write(`\r\u001b[K${text}`);
    this.status = text;
  }

  /** Resolves when what was written has been taken: who reads slowly is waited for. */
  async drained(): Promise<void> {
    if (!this.waiting) return;
    this.waiting = false;
    const to = this.pager ?? this.stdout;
    if (!to.writableNeedDrain || to.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        to.off('drain', done).off('close', done);
        resolve();
      };
      to.on('drain', done).on('close', done);
    });
  }

  redirect(pager: Writable | undefined): void {
    if (pager !== undefined) this.setStatus('');
    this.pager = pager;
    this.waiting = false;
  }

  /** A copy of all that is written goes to this file; undefined: no more. Throws where it cannot be opened. */
  spool(file: string | undefined): boolean {
    const was = this.spoolFile !== undefined;
    if (this.spoolFile !== undefined) closeSync(this.spoolFile);
    this.spoolFile = undefined;
    if (file !== undefined) this.spoolFile = openSync(file, 'a', 0o600);
    return was;
  }

  /**
   * What is written goes into this file, and not to the screen; undefined: to the screen again. It is made anew unless it
   * `goesOn`. Throws where it cannot be opened.
   */
  into(file: string | undefined, goesOn = false): void {
    const opened = file === undefined ? undefined : openSync(file, goesOn ? 'a' : 'w', 0o600);
    if (this.resultFile !== undefined) closeSync(this.resultFile);
    this.resultFile = opened;
  }

  /** To the screen whatever file what is written goes into: what is said and no result. */
  tell(text: string): void {
    const file = this.resultFile;
    this.resultFile = undefined;
    this.print(text);
    this.resultFile = file;
  }

  /** Into the copy alone: what was typed. */
  toSpool(text: string): void {
    if (this.spoolFile !== undefined) writeSync(this.spoolFile, `${text}\n`);
  }
}

/** Without colours and other commands to the terminal. */
const plain = (text: string): string => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
