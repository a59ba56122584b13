import type { Value } from '../values/value.js';

/** What one side of a join has given it. */
export interface SideStats {
  rows: number;
  /** Rows whose key is NULL. */
  nullKeys: number;
  /** Event times; `from` is above `to` before the first row. */
  from: number;
  to: number;
  /** Keys as text: the first different ones. */
  readonly keys: string[];
}

/** What a step with time or with two inputs has done since it was started; plain, so that it crosses threads. */
export interface StepStats {
  readonly node: string;
  readonly kind: 'window' | 'streams' | 'streamTable' | 'tables';
  /** Records that it has taken: of a join of a stream with a table those of the stream, else of both sides. */
  records: number;
  /** Of these, records that came after their window's grace and changed nothing. */
  late: number;
  /** EMIT FINAL: windows that gave no row, because stream time jumped past them by more than their retention. */
  lost: number;
  /** A join's: of these, records that found a match when they came. */
  matched: number;
  /** A join's, of the records without: the other side has their key, but not within WITHIN… */
  sameKey: number;
  /** …by so many milliseconds at least; Infinity before the first. */
  nearestMs: number;
  /** Their key came later, on the side that is looked up. */
  keyCameLater: number;
  readonly left: SideStats;
  readonly right: SideStats;
}

/** Keys that are kept of a side, and characters of one. */
const KEPT_KEYS = 50;
const MAX_KEY = 200;

const side = (): SideStats => ({
  rows: 0,
  nullKeys: 0,
  from: Number.POSITIVE_INFINITY,
  to: Number.NEGATIVE_INFINITY,
  keys: [],
});

/** The steps of a query in one thread. */
export class StepBook {
  private readonly steps = new Map<string, StepStats>();

  of(node: string, kind: StepStats['kind']): StepStats {
    let stats = this.steps.get(node);
    if (stats === undefined) this.steps.set(node, (stats = newStats(node, kind)));
    return stats;
  }

  values(): readonly StepStats[] {
    return [...this.steps.values()];
  }
}

const newStats = (node: string, kind: StepStats['kind']): StepStats => ({
  node,
  kind,
  records: 0,
  late: 0,
  lost: 0,
  matched: 0,
  sameKey: 0,
  nearestMs: Number.POSITIVE_INFINITY,
  keyCameLater: 0,
  left: side(),
  right: side(),
});

/** Notes a row that came to a side of a join. */
export function saw(stats: SideStats, time: number, key: readonly Value[] | null): void {
  stats.rows++;
  if (time < stats.from) stats.from = time;
  if (time > stats.to) stats.to = time;
  if (key === null) stats.nullKeys++;
  else if (stats.keys.length < KEPT_KEYS) {
    const text = keyText(key);
    if (!stats.keys.includes(text)) stats.keys.push(text);
  }
}

function keyText(key: readonly Value[]): string {
  const text = key.map((v) => (typeof v === 'object' && v !== null ? JSON.stringify(v, plain) : String(v))).join(', ');
  return text.length > MAX_KEY ? `${text.slice(0, MAX_KEY)}…` : text;
}

const plain = (_: string, v: unknown): unknown => (typeof v === 'bigint' ? v.toString() : v);

/** The same step in several threads or tasks. */
export function addStats(a: readonly StepStats[], b: readonly StepStats[]): StepStats[] {
  const out = new Map(a.map((s) => [s.node, s]));
  for (const s of b) {
    const other = out.get(s.node);
    out.set(s.node, other === undefined ? s : added(other, s));
  }
  return [...out.values()];
}

const added = (a: StepStats, b: StepStats): StepStats => ({
  ...a,
  records: a.records + b.records,
  late: a.late + b.late,
  lost: a.lost + b.lost,
  matched: a.matched + b.matched,
  sameKey: a.sameKey + b.sameKey,
  nearestMs: Math.min(a.nearestMs, b.nearestMs),
  keyCameLater: a.keyCameLater + b.keyCameLater,
  left: addedSides(a.left, b.left),
  right: addedSides(a.right, b.right),
});

const addedSides = (a: SideStats, b: SideStats): SideStats => ({
  rows: a.rows + b.rows,
  nullKeys: a.nullKeys + b.nullKeys,
  from: Math.min(a.from, b.from),
  to: Math.max(a.to, b.to),
  keys: [...new Set([...a.keys, ...b.keys])].slice(0, KEPT_KEYS),
});
