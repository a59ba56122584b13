/** The benchmark's input: seeded taxi rides in the 18 fields of TLC's yellow-taxi files, and what its works must give. */

export interface Trip {
  readonly index: number;
  /** Milliseconds since the epoch; never falls from one ride to the next. */
  readonly timestamp: number;
  readonly vendor: string;
  readonly paymentType: string;
  readonly fare: number;
  /** The ride as JSON, latin1 only. */
  readonly json: string;
}

/** Event time between two rides. */
const STEP_MS = 20;
const FIRST_MS = 1_700_000_000_000;
/** Each payment type has a pause in every cycle, longer than the sessions' gap, so that its sessions close. */
const CYCLE_MS = 600_000;
const PAUSE_MS = 90_000;
const PAYMENT_TYPES = 4;

export const SESSION_GAP_MS = 60_000;

function pauses(type: number, timestamp: number): boolean {
  const phase = (timestamp - FIRST_MS + (type * CYCLE_MS) / PAYMENT_TYPES) % CYCLE_MS;
  return phase >= CYCLE_MS - PAUSE_MS;
}

/** The rides in order of time. The object is reused: copy what is to be kept. */
export function* trips(count: number): Generator<Trip, void, void> {
  let seed = 42;
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed / 0x80000000;
  };
  const trip = { index: 0, timestamp: 0, vendor: '', paymentType: '', fare: 0, json: '' };
  for (let i = 0; i < count; i++) {
    const timestamp = FIRST_MS + i * STEP_MS;
    let type = i % PAYMENT_TYPES;
    if (pauses(type, timestamp)) type = (type + 1 + (i % (PAYMENT_TYPES - 1))) % PAYMENT_TYPES;
    while (pauses(type, timestamp)) type = (type + 1) % PAYMENT_TYPES;
    const fare = Math.round(random() * 6000) / 100;
    const total = Math.round((fare + 3.8) * 100) / 100;
    trip.index = i;
    trip.timestamp = timestamp;
    trip.vendor = String(1 + (i % 3));
    trip.paymentType = String(type + 1);
    trip.fare = fare;
    trip.json =
      `{"VendorID":"${trip.vendor}","tpep_pickup_datetime":"${new Date(timestamp).toISOString()}",` +
      `"tpep_dropoff_datetime":"${new Date(timestamp + 600_000).toISOString()}","passenger_count":${1 + (i % 5)},` +
      `"trip_distance":${Math.round(random() * 2000) / 100},"RatecodeID":1,"store_and_fwd_flag":"N",` +
      `"PULocationID":${1 + (i % 263)},"DOLocationID":${1 + ((i * 7) % 263)},"payment_type":"${trip.paymentType}",` +
      `"fare_amount":${fare},"extra":0.5,"mta_tax":0.5,"tip_amount":${Math.round(fare * 20) / 100},"tolls_amount":0,` +
      `"improvement_surcharge":0.3,"total_amount":${total},"congestion_surcharge":2.5}`;
    yield trip;
  }
}

/** Rows of `filter`'s output as a number that does not depend on their order: a sum of hashes, modulo 2^32. */
export class Checksum {
  private readonly view = new DataView(new ArrayBuffer(8));
  rows = 0;
  sum = 0;

  add(vendor: string, surge: number): void {
    this.view.setFloat64(0, surge);
    let h = Math.imul(this.view.getInt32(0) ^ Math.imul(this.view.getInt32(4), 0x9e3779b1), 0x85ebca6b);
    for (let i = 0; i < vendor.length; i++) h = Math.imul(h ^ vendor.charCodeAt(i), 0x01000193);
    this.sum = (this.sum + ((h ^ (h >>> 15)) >>> 0)) >>> 0;
    this.rows++;
  }
}

/** Results of the three works, in a form that two of them can be compared as text. */
export interface Results {
  readonly filter: string;
  readonly count: string;
  readonly session: string;
}

export function filterResult(checksum: Checksum): string {
  return `${checksum.rows} rows, checksum ${checksum.sum.toString(16)}`;
}

/** `key=count`, sorted. */
export function countResult(counts: ReadonlyMap<string, number>): string {
  const lines = [...counts].map(([key, n]) => `${key}=${n}`);
  return lines.sort().join('\n');
}

/** One session that is not closed by a merge; its end is the time of its last ride. */
export interface Session {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** `key start..end=count`, sorted. */
export function sessionResult(sessions: Iterable<Session>): string {
  const lines = [...sessions].map(({ key, start, end, count }) => `${key} ${start}..${end}=${count}`);
  return lines.sort().join('\n');
}

/** What each work must give over the first `count` rides, by plain code. */
export function expectedResults(count: number): Results {
  const checksum = new Checksum();
  const counts = new Map<string, number>();
  const open = new Map<string, { key: string; start: number; end: number; count: number }>();
  const sessions: Session[] = [];
  for (const trip of trips(count)) {
    if (trip.paymentType === '1' || trip.paymentType === '2') checksum.add(trip.vendor, trip.fare * 1.2);
    counts.set(trip.vendor, (counts.get(trip.vendor) ?? 0) + 1);
    const session = open.get(trip.paymentType);
    if (session !== undefined && trip.timestamp - session.end <= SESSION_GAP_MS) {
      session.end = trip.timestamp;
      session.count++;
    } else {
      const first = { key: trip.paymentType, start: trip.timestamp, end: trip.timestamp, count: 1 };
      open.set(trip.paymentType, first);
      sessions.push(first);
    }
  }
  return { filter: filterResult(checksum), count: countResult(counts), session: sessionResult(sessions) };
}
