import { graphemes } from '../width.js';

/** A text of several lines and a place in it; what keys do to it. Offsets are UTF-16 units. */
export class EditBuffer {
  text = '';
  cursor = 0;
  private killed = '';
  private readonly past: { readonly text: string; readonly cursor: number }[] = [];

  set(text: string, cursor = text.length): void {
    this.text = text;
    this.cursor = cursor;
  }

  insert(text: string): void {
    this.replace(this.cursor, this.cursor, text);
  }

  /** Puts `text` in the place of what is between the offsets; the cursor stands behind it. */
  replace(start: number, end: number, text: string): void {
    this.past.push({ text: this.text, cursor: this.cursor });
    if (this.past.length > 200) this.past.shift();
    this.text = this.text.slice(0, start) + text + this.text.slice(end);
    this.cursor = start + text.length;
  }

  undo(): void {
    const before = this.past.pop();
    if (before !== undefined) this.set(before.text, before.cursor);
  }

  left(): void {
    this.cursor = this.before(this.cursor);
  }

  right(): void {
    this.cursor = this.after(this.cursor);
  }

  wordLeft(): void {
    this.cursor = this.wordStart();
  }

  wordRight(): void {
    this.cursor = this.wordEnd();
  }

  lineStart(): void {
    this.cursor = this.startOfLine();
  }

  lineEnd(): void {
    this.cursor = this.endOfLine();
  }

  /** To the same column of the line above; false on the first line. */
  up(): boolean {
    const start = this.startOfLine();
    if (start === 0) return false;
    const above = this.text.lastIndexOf('\n', start - 2) + 1;
    this.cursor = Math.min(above + (this.cursor - start), start - 1);
    return true;
  }

  /** To the same column of the line below; false on the last line. */
  down(): boolean {
    const end = this.endOfLine();
    if (end === this.text.length) return false;
    const column = this.cursor - this.startOfLine();
    const next = this.text.indexOf('\n', end + 1);
    this.cursor = Math.min(end + 1 + column, next === -1 ? this.text.length : next);
    return true;
  }

  backspace(): void {
    if (this.cursor > 0) this.replace(this.before(this.cursor), this.cursor, '');
  }

  delete(): void {
    const { cursor } = this;
    if (cursor < this.text.length) this.replace(cursor, this.after(cursor), '');
  }

  killToLineEnd(): void {
    const end = this.endOfLine();
    this.kill(this.cursor, end === this.cursor ? Math.min(end + 1, this.text.length) : end);
  }

  killToLineStart(): void {
    this.kill(this.startOfLine(), this.cursor);
  }

  killWordBefore(): void {
    this.kill(this.wordStart(), this.cursor);
  }

  killWordAfter(): void {
    this.kill(this.cursor, this.wordEnd());
  }

  yank(): void {
    this.insert(this.killed);
  }

  private kill(start: number, end: number): void {
    if (start === end) return;
    this.killed = this.text.slice(start, end);
    this.replace(start, end, '');
  }

  private before(at: number): number {
    const from = Math.max(0, at - 64);
    return at - (graphemes(this.text.slice(from, at)).at(-1)?.text.length ?? 0);
  }

  private after(at: number): number {
    return at + (graphemes(this.text.slice(at, at + 64))[0]?.text.length ?? 0);
  }

  private wordStart(): number {
    const m = /[\p{L}\p{N}_]*[^\p{L}\p{N}_]*$/u.exec(this.text.slice(0, this.cursor))!;
    return m.index;
  }

  private wordEnd(): number {
    const m = /^[^\p{L}\p{N}_]*[\p{L}\p{N}_]*/u.exec(this.text.slice(this.cursor))!;
    return this.cursor + m[0].length;
  }

  private startOfLine(): number {
    return this.cursor === 0 ? 0 : this.text.lastIndexOf('\n', this.cursor - 1) + 1;
  }

  private endOfLine(): number {
    const end = this.text.indexOf('\n', this.cursor);
    return end === -1 ? this.text.length : end;
  }
}
