/** What the main job's queries must answer, worked out from the rides by plain code. */
export interface RideRecord {
  readonly value: string;
  readonly timestamp: number;
}

interface Fields {
  readonly VendorID: number | string;
  readonly trip_distance: number;
  readonly payment_type: number | string;
}

const fieldsOf = (r: RideRecord): Fields => JSON.parse(r.value) as Fields;

/** Rows of `SELECT * FROM RIDE_STREAMS`, in no order. */
export const rideRows = (rides: readonly RideRecord[]): unknown[][] =>
  rides.map(fieldsOf).map((f) => [String(f.VendorID), f.trip_distance, String(f.payment_type)]);

export function countBy(
  rides: readonly RideRecord[],
  field: 'VendorID' | 'payment_type',
  keep: (text: string) => boolean = () => true,
) {
  const counts = new Map<string, number>();
  for (const f of rides.map(fieldsOf)) {
    const key = String(f[field]);
    if (keep(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

export interface Session {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** Sessions of a payment type: rides no more than `gapMs` apart. Nothing is late: the default grace is near 24 hours. */
export function sessions(rides: readonly RideRecord[], gapMs: number): Session[] {
  const times = new Map<string, number[]>();
  for (const r of rides) {
    const key = String(fieldsOf(r).payment_type);
    times.set(key, [...(times.get(key) ?? []), r.timestamp]);
  }
  const out: Session[] = [];
  for (const [key, all] of times) {
    all.sort((a, b) => a - b);
    let start = all[0]!;
    let end = start;
    let count = 0;
    for (const t of all) {
      if (t - end > gapMs) {
        out.push({ key, start, end, count });
        start = t;
        count = 0;
      }
      end = t;
      count++;
    }
    out.push({ key, start, end, count });
  }
  return out;
}

export const sortRows = (rows: readonly (readonly unknown[])[]): string[] => rows.map((r) => JSON.stringify(r)).sort();
