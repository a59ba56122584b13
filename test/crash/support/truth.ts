import { GAP_MS, HAVING_ABOVE, MIN_DISTANCE, WINDOW_MS } from './queries.js';
import type { TopicRecord } from './topic-record.js';

/** What the queries must have made of the records that are in the source topic, by plain code. */
export interface Truth {
  /** Rows of the filter's topic as text, sorted: none lost, none twice. */
  readonly filtered: readonly string[];
  /** Rows of each table as pull queries give them, as text, sorted. */
  readonly rows: Readonly<Record<'by_zone' | 'pay_sessions' | 'busy', readonly string[]>>;
  /** Rides of a group within a stretch of event time: no count may ever exceed it. */
  readonly rides: (group: 'zone' | 'payment' | 'passengers', key: string, from: number, to: number) => number;
}

interface Ride {
  readonly ride_id: number;
  readonly delta: number;
  readonly passenger_count: number;
  readonly payment_type: number;
  readonly PULocationID: number;
  readonly trip_distance: number;
  readonly fare_amount: number;
  readonly timestamp: number;
}

/** A row as a line of text, so that rows can be sorted and compared. */
export const line = (...values: readonly unknown[]): string => JSON.stringify(values);
export const cents = (amount: number): number => Math.round(amount * 100);

export function truthOf(source: readonly TopicRecord[]): Truth {
  const rides = source
    .map((r): Ride => ({ ...(JSON.parse(r.value!) as Ride), timestamp: r.timestamp }))
    .sort((a, b) => a.timestamp - b.timestamp);
  const groups = {
    zone: groupBy(rides, (r) => String(r.PULocationID)),
    payment: groupBy(rides, (r) => String(r.payment_type)),
    passengers: groupBy(rides, (r) => String(r.passenger_count)),
  };
  return {
    filtered: rides
      .filter((r) => r.trip_distance > MIN_DISTANCE && r.passenger_count > 0)
      .map((r) => line(r.ride_id, `type ${r.payment_type}`, r.trip_distance * 2, r.timestamp))
      .sort(),
    rows: {
      by_zone: [...groups.zone]
        .map(([zone, all]) =>
          line(
            Number(zone),
            all.length,
            sum(all, (r) => cents(r.fare_amount)),
          ),
        )
        .sort(),
      pay_sessions: [...groups.payment].flatMap(([type, all]) => sessions(type, all)).sort(),
      busy: [...groups.passengers].flatMap(([count, all]) => windows(Number(count), all)).sort(),
    },
    rides: (group, key, from, to) => {
      const of = groups[group].get(key) ?? [];
      return firstFrom(of, to + 1) - firstFrom(of, from);
    },
  };
}

function sessions(key: string, rides: readonly Ride[]): string[] {
  const out: string[] = [];
  let from = 0;
  for (let i = 1; i <= rides.length; i++) {
    if (i < rides.length && rides[i]!.timestamp - rides[i - 1]!.timestamp <= GAP_MS) continue;
    const own = rides.slice(from, i);
    out.push(
      line(
        key,
        own[0]!.timestamp,
        own.at(-1)!.timestamp,
        own.length,
        sum(own, (r) => r.delta),
      ),
    );
    from = i;
  }
  return out;
}

function windows(key: number, rides: readonly Ride[]): string[] {
  const out: string[] = [];
  for (const [start, own] of groupBy(rides, (r) => Math.floor(r.timestamp / WINDOW_MS) * WINDOW_MS)) {
    const total = sum(own, (r) => r.delta);
    if (total > HAVING_ABOVE) out.push(line(key, start, start + WINDOW_MS, own.length, total));
  }
  return out;
}

/** Index of the first of sorted rides that is not before `time`. */
function firstFrom(rides: readonly Ride[], time: number): number {
  let low = 0;
  let high = rides.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rides[middle]!.timestamp < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function groupBy<K>(rides: readonly Ride[], keyOf: (r: Ride) => K): Map<K, Ride[]> {
  const out = new Map<K, Ride[]>();
  for (const r of rides) {
    const of = out.get(keyOf(r));
    if (of === undefined) out.set(keyOf(r), [r]);
    else of.push(r);
  }
  return out;
}

const sum = (rides: readonly Ride[], of: (r: Ride) => number): number => rides.reduce((n, r) => n + of(r), 0);
