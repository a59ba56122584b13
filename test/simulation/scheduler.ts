import type { Random } from './random.js';

interface Event {
  readonly time: number;
  /** Of events at the same time, the seed says which comes first. */
  readonly order: number;
  readonly label: string;
  readonly run: () => void;
}

/**
 * Virtual time. Everything that completes later is an event here, and between two events all code runs until it waits for
 * another one: whatever is interleaved, is interleaved as the seed says. Times are milliseconds since the run began.
 */
export class Scheduler {
  now = 0;
  events = 0;
  /** The last labels, for a failure's report. */
  readonly recent: string[] = [];
  private readonly heap: Event[] = [];
  private hash = 0x811c9dc5;

  constructor(private readonly random: Random) {}

  after(delayMs: number, label: string, run: () => void): void {
    this.push({ time: this.now + Math.max(0, delayMs), order: this.random.next(), label, run });
  }

  /** When the next event is due. */
  get next(): number {
    return this.heap[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  /** Runs the next event and all code that it sets in motion. False: there is none, nothing will ever happen again. */
  async step(): Promise<boolean> {
    const event = this.pop();
    if (event === undefined) return false;
    this.now = event.time;
    this.events++;
    this.note(event.label);
    event.run();
    // All promise jobs run before the next turn of the real event loop, which nobody else uses here.
    await new Promise<void>((resolve) => setImmediate(resolve));
    return true;
  }

  /** Something that belongs to the trace of the run. */
  note(text: string): void {
    let h = this.hash;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    this.hash = Math.imul(h ^ Math.floor(this.now * 1000), 0x01000193);
    this.recent.push(`${this.now.toFixed(3)} ${text}`);
    if (this.recent.length > 400) this.recent.splice(0, 200);
  }

  /** Of all events and their times so far: two runs of a seed have the same. */
  get traceHash(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }

  private push(event: Event): void {
    const { heap } = this;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  }

  private pop(): Event | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

const before = (a: Event, b: Event): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);
