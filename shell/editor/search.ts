/** Ctrl-R: an entry of the history that holds what is typed. */
export class HistorySearch {
  query = '';
  /** Index of the entry that is shown; -1: none holds the query. */
  private at: number;

  constructor(
    private readonly entries: readonly string[],
    /** What was in the buffer before. */
    readonly original: string,
  ) {
    this.at = entries.length;
  }

  get found(): string | undefined {
    return this.entries[this.at];
  }

  /** Offset of the query in the entry, for the cursor. */
  get offset(): number {
    return this.found?.toLowerCase().lastIndexOf(this.query.toLowerCase()) ?? 0;
  }

  get failed(): boolean {
    return this.query !== '' && this.found === undefined;
  }

  type(text: string): void {
    this.query += text;
    this.look(Math.min(this.at, this.entries.length - 1));
  }

  erase(): void {
    this.query = [...this.query].slice(0, -1).join('');
    this.look(this.entries.length - 1);
  }

  older(): void {
    if (this.query !== '' && this.at > 0) this.look(this.at - 1, this.at);
  }

  private look(from: number, otherwise = -1): void {
    const wanted = this.query.toLowerCase();
    let at = from;
    if (wanted === '') at = this.entries.length;
    else while (at >= 0 && !this.entries[at]!.toLowerCase().includes(wanted)) at--;
    this.at = at >= 0 ? at : otherwise;
  }

  get prompt(): string {
    return `(${this.failed ? 'failed ' : ''}reverse-i-search)'${this.query}': `;
  }
}
