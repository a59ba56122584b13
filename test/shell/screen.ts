import { graphemes } from '../../shell/width.js';

/** As much of a terminal as the shell needs: what stands on the screen after all that was written to it. */
export class Screen {
  private lines: string[][] = [[]];
  private row = 0;
  private column = 0;
  private sgr = '';
  private pending = '';
  private before: { lines: string[][]; styles: string[][]; row: number; column: number } | undefined;
  /** The colours in force at each cell, beside `lines`. */
  private styles: string[][] = [[]];

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {}

  write(part: string): void {
    // An escape may come in two pieces.
    const open = /\u001b(\[[?\d;]*)?$/.exec(this.pending + part);
    const text = (this.pending + part).slice(0, open?.index);
    this.pending = open?.[0] ?? '';
    for (let at = 0; at < text.length; ) {
      const command = /^\u001b\[([?\d;]*)([A-Za-z])/.exec(text.slice(at, at + 32));
      if (command !== null) {
        this.command(command[2]!, command[1]!);
        at += command[0].length;
      } else if (text[at] === '\r') {
        this.column = 0;
        at++;
      } else if (text[at] === '\n') {
        this.lineFeed();
        at++;
      } else {
        const end = text.slice(at).search(/[\r\n\u001b]/);
        const plain = end === -1 ? text.slice(at) : text.slice(at, at + Math.max(end, 1));
        for (const g of graphemes(plain)) this.put(g.text, g.width);
        at += plain.length;
      }
    }
  }

  /** Row and column, from 0. */
  get cursor(): readonly [number, number] {
    return [this.row, this.column];
  }

  /** The lines, without what is blank at their ends, and without blank lines at the end. */
  text(): string {
    return this.lines
      .map((l) =>
        Array.from(l, (c) => c ?? ' ')
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd();
  }

  /** The colour codes at the first place where this stands on the screen; undefined: it does not. */
  styleOf(text: string): string | undefined {
    for (const [row, line] of this.lines.entries()) {
      const at = Array.from(line, (c) => c ?? ' ')
        .join('')
        .indexOf(text);
      if (at >= 0) return this.styles[row]![at] ?? '';
    }
    return undefined;
  }

  private put(text: string, width: number): void {
    if (width === 0) return;
    if (this.column + width > this.columns) {
      this.column = 0;
      this.lineFeed();
    }
    const line = this.lines[this.row]!;
    line[this.column] = text;
    this.styles[this.row]![this.column] = this.sgr;
    if (width === 2) line[this.column + 1] = '';
    this.column += width;
  }

  private lineFeed(): void {
    if (this.row < this.rows - 1) this.row++;
    else {
      this.lines.shift();
      this.styles.shift();
    }
    while (this.lines.length <= this.row) {
      this.lines.push([]);
      this.styles.push([]);
    }
  }

  /** The screen that a program draws on by itself, and back to the one before. */
  private alternate(on: boolean): void {
    if (on) {
      const { lines, styles, row, column } = this;
      this.before = { lines, styles, row, column };
      [this.lines, this.styles] = [
        Array.from({ length: this.rows }, () => []),
        Array.from({ length: this.rows }, () => []),
      ];
    } else if (this.before !== undefined) {
      ({ lines: this.lines, styles: this.styles, row: this.row, column: this.column } = this.before);
      this.before = undefined;
    }
  }

  private command(letter: string, argument: string): void {
    if (argument === '?1049') {
      this.alternate(letter === 'h');
      return;
    }
    const n = Number(argument.replace(/\D.*/, '')) || 1;
    const line = this.lines[this.row]!;
    if (letter === 'A') this.row = Math.max(0, this.row - n);
    else if (letter === 'B') {
      this.row = Math.min(this.rows - 1, this.row + n);
      while (this.lines.length <= this.row) {
        this.lines.push([]);
        this.styles.push([]);
      }
    } else if (letter === 'C') this.column = Math.min(this.columns - 1, this.column + n);
    else if (letter === 'D') this.column = Math.max(0, this.column - n);
    else if (letter === 'H') this.row = this.column = 0;
    else if (letter === 'K') line.length = Math.min(line.length, this.column);
    else if (letter === 'J') {
      if (argument === '2') this.lines = this.lines.map(() => []);
      else {
        line.length = Math.min(line.length, this.column);
        this.lines.length = this.row + 1;
      }
      while (this.styles.length < this.lines.length) this.styles.push([]);
    } else if (letter === 'm') this.sgr = argument === '0' ? '' : argument;
  }
}
