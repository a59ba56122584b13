import type { Fate } from './process.js';
import type { Random } from './random.js';

/** What goes wrong by itself, at the moment that the seed says. */
export const NODE_FAULTS = [
  'crash',
  'crash with a torn tail',
  'zombie',
  'expelled while alive',
  'rebalance',
  'disk full',
  'clock jumps forward',
  'clock jumps backward',
] as const;

/** What goes wrong with a request. */
export const REQUEST_FAULTS = [
  'commit acknowledged, reported as failed',
  'commit answered late',
  'request refused',
  'delayed end of transaction',
  'batch delivered twice',
  'read failed',
] as const;

/** What throws though nothing outside has gone wrong: before it has done its work, or when it has done it. */
export const CALL_FAULTS = [
  'reading a record throws',
  'a step throws',
  'a flush throws',
  'a sink throws while it hands over',
  'a writer throws',
  'a store throws',
  'the state database throws',
] as const;

export type NodeFault = (typeof NODE_FAULTS)[number];
export type RequestFault = (typeof REQUEST_FAULTS)[number];
export type CallFault = (typeof CALL_FAULTS)[number];
/** Not injected: how often it followed. */
export type Consequence = 'fenced producer' | 'fenced member' | 'commit of an earlier generation' | 'restart';
export type FaultKind = NodeFault | RequestFault | CallFault | Consequence;

/** There are many more calls of some kinds than of others. */
const CALL_CHANCES: Readonly<Record<CallFault, number>> = {
  'reading a record throws': 0.005,
  'a step throws': 0.003,
  'a flush throws': 0.02,
  'a sink throws while it hands over': 0.02,
  'a writer throws': 0.01,
  'a store throws': 0.002,
  'the state database throws': 0.01,
};

const DELAY_MS = 3000;
const QUICK_MARKER_MS = 4;
const SLOW_MARKER_MS = 50;

/** The faults of one seed: which kinds, how many of them at most, and when. */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  private active = true;
  private readonly enabled = new Set<FaultKind>();
  private nodeBudget: number;
  private requestBudget: number;
  private callBudget: number;

  constructor(readonly random: Random) {
    for (const kind of [...NODE_FAULTS, ...REQUEST_FAULTS, ...CALL_FAULTS])
      if (random.chance(0.55)) this.enabled.add(kind);
    // One seed in twelve has none: what fails there is no fault's doing.
    const none = random.chance(1 / 12);
    this.nodeBudget = none ? 0 : random.int(1, 8);
    this.requestBudget = none ? 0 : random.int(0, 10);
    this.callBudget = none ? 0 : random.int(0, 6);
  }

  /** From now on nothing goes wrong any more. */
  heal(): void {
    this.active = false;
  }

  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** After an event of a node: what befalls it now, if anything. */
  ofNode(): NodeFault | undefined {
    if (!this.active || this.nodeBudget === 0 || !this.random.chance(0.012)) return undefined;
    const kinds = NODE_FAULTS.filter((k) => this.enabled.has(k));
    if (kinds.length === 0) return undefined;
    this.nodeBudget--;
    return this.random.pick(kinds);
  }

  /** Whether a request of this kind goes wrong now. */
  ofRequest(kind: RequestFault, probability: number): boolean {
    if (!this.active || this.requestBudget === 0 || !this.enabled.has(kind)) return false;
    if (!this.random.chance(probability)) return false;
    this.requestBudget--;
    this.count(kind);
    return true;
  }

  /** Whether a call of this kind throws now, and when. */
  ofCall(kind: CallFault): 'before' | 'after' | undefined {
    if (!this.active || this.callBudget === 0 || !this.enabled.has(kind)) return undefined;
    if (!this.random.chance(CALL_CHANCES[kind])) return undefined;
    this.callBudget--;
    this.count(kind);
    return this.random.chance(0.5) ? 'before' : 'after';
  }

  /** A commit: done and reported as failed, refused, done and answered late, or none of these. */
  ofCommit(error: () => Error): Fate {
    if (this.ofRequest('commit acknowledged, reported as failed', 0.15))
      return { error: { before: false, error: error() } };
    if (this.ofRequest('request refused', 0.1)) return { error: { before: true, error: error() } };
    if (this.ofRequest('commit answered late', 0.1)) return { lateMs: this.random.next() * DELAY_MS };
    return {};
  }

  /** Markers of a transaction are written within so many milliseconds of its decision; some take long without any fault. */
  markerDelayMs(): number {
    if (this.ofRequest('delayed end of transaction', 0.1)) return DELAY_MS;
    return this.random.chance(0.2) ? SLOW_MARKER_MS : QUICK_MARKER_MS;
  }
}
