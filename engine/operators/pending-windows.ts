/**
 * EMIT FINAL over time windows: the groups whose windows are still open, by the start of the window. One key a group in
 * memory; a restart fills it from the store.
 */
export class PendingWindows {
  /** Ascending. */
  private readonly starts: number[] = [];
  private readonly groups = new Map<number, Buffer[]>();
  private count = 0;

  /** Groups that wait. */
  get size(): number {
    return this.count;
  }

  /** A new group: its stored key, the caller's no more. */
  add(start: number, key: Buffer): void {
    this.count++;
    const keys = this.groups.get(start);
    if (keys !== undefined) {
      keys.push(key);
      return;
    }
    this.groups.set(start, [key]);
    let at = this.starts.length;
    while (at > 0 && this.starts[at - 1]! > start) at--;
    this.starts.splice(at, 0, start);
  }

  /** Takes the groups of the windows that start at `lastStart` or before: windows in order of time, keys in byte order. */
  take(lastStart: number, visit: (start: number, key: Buffer) => void): void {
    let n = 0;
    while (n < this.starts.length && this.starts[n]! <= lastStart) n++;
    for (const start of this.starts.splice(0, n)) {
      const keys = this.groups.get(start)!;
      this.groups.delete(start);
      this.count -= keys.length;
      for (const key of keys.sort(Buffer.compare)) visit(start, key);
    }
  }
}
