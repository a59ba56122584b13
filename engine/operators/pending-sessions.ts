interface Pending {
  /** Its end when it was last looked at; it may have grown since. */
  end: number;
  readonly start: number;
  readonly key: Buffer;
}

/**
 * EMIT FINAL over sessions: the open ones, by their end. A heap with lazy updates: a session that grows stays where it is
 * until its old end is due, and is then put back. One entry for each start that a session has had: entries whose session
 * has been joined by an earlier one are dropped when they are due.
 */
export class PendingSessions {
  private readonly heap: Pending[] = [];

  /** Sessions that wait, at most: those that another has joined are counted until their time. */
  get size(): number {
    return this.heap.length;
  }

  add(key: Buffer, start: number, end: number): void {
    this.heap.push({ key, start, end });
    this.up(this.heap.length - 1);
  }

  /**
   * Takes what is due before `closed`, in order of the sessions' ends, then keys. `endOf` tells the end now of the session
   * that starts there and ended there or later, undefined where there is none.
   */
  take(
    closed: number,
    endOf: (key: Buffer, start: number, end: number) => number | undefined,
    visit: (key: Buffer, start: number, end: number) => void,
  ): void {
    const { heap } = this;
    while (heap.length > 0 && heap[0]!.end < closed) {
      const top = heap[0]!;
      const end = endOf(top.key, top.start, top.end);
      if (end !== undefined && end > top.end) {
        top.end = end;
        this.down(0);
        continue;
      }
      const last = heap.pop()!;
      if (heap.length > 0) {
        heap[0] = last;
        this.down(0);
      }
      if (end !== undefined) visit(top.key, top.start, top.end);
    }
  }

  private up(at: number): void {
    const { heap } = this;
    for (let i = at; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (before(heap[parent]!, heap[i]!)) return;
      [heap[parent], heap[i]] = [heap[i]!, heap[parent]!];
      i = parent;
    }
  }

  private down(at: number): void {
    const { heap } = this;
    for (let i = at; ; ) {
      let least = 2 * i + 1;
      if (least >= heap.length) return;
      if (least + 1 < heap.length && before(heap[least + 1]!, heap[least]!)) least++;
      if (before(heap[i]!, heap[least]!)) return;
      [heap[least], heap[i]] = [heap[i]!, heap[least]!];
      i = least;
    }
  }
}

function before(a: Pending, b: Pending): boolean {
  if (a.end !== b.end) return a.end < b.end;
  const order = Buffer.compare(a.key, b.key);
  return order === 0 ? a.start <= b.start : order < 0;
}
