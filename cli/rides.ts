/**
 * NYC yellow-taxi rides in the TLC schema, made from a seed: the same seed gives the same rides. Distributions follow the
 * TLC's published yellow-taxi trips: two vendors (1: one third), payment types 1 card, 2 cash, 3 no charge, 4 dispute,
 * refunds with negative fares (most under 3 and 4), zones 1 to 265 with Manhattan on top, quiet nights and rush hours.
 */
export interface Ride {
  readonly VendorID: number;
  readonly tpep_pickup_datetime: string;
  readonly tpep_dropoff_datetime: string;
  readonly passenger_count: number;
  readonly trip_distance: number;
  readonly RatecodeID: number;
  readonly store_and_fwd_flag: 'Y' | 'N';
  readonly PULocationID: number;
  readonly DOLocationID: number;
  readonly payment_type: number;
  readonly fare_amount: number;
  readonly extra: number;
  readonly mta_tax: number;
  readonly tip_amount: number;
  readonly tolls_amount: number;
  readonly improvement_surcharge: number;
  readonly total_amount: number;
  readonly congestion_surcharge: number;
}

/** mulberry32: a small, fast generator of numbers in [0, 1) with 32 bits of state. */
export function seededRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Rides an hour of the day, relative to the day's mean: lowest at five in the morning, highest at six in the evening. */
const HOURS = [
  0.62, 0.42, 0.29, 0.2, 0.15, 0.16, 0.39, 0.78, 1.06, 1.08, 1.05, 1.12, 1.22, 1.24, 1.32, 1.35, 1.28, 1.45, 1.66, 1.58,
  1.42, 1.4, 1.32, 1.04,
];

/** How busy the city is at an instant (UTC stands for its local time), relative to the mean of the day. */
export function intensity(timeMs: number): number {
  const hours = timeMs / 3_600_000;
  const h = Math.floor(hours);
  const part = hours - h;
  const at = (i: number) => HOURS[((i % 24) + 24) % 24]!;
  return at(h) * (1 - part) + at(h + 1) * part;
}

/** The busiest zones (Upper East Side, Midtown, airports…) with their weight; the others share the rest. */
const BUSY_ZONES: readonly (readonly [zone: number, weight: number])[] = [
  [237, 47],
  [236, 44],
  [161, 40],
  [132, 38],
  [186, 33],
  [162, 33],
  [142, 32],
  [170, 31],
  [48, 31],
  [234, 30],
  [230, 30],
  [163, 27],
  [239, 26],
  [141, 26],
  [138, 25],
  [68, 24],
  [79, 23],
  [107, 22],
  [238, 21],
  [263, 20],
];
const BUSY_WEIGHT = BUSY_ZONES.reduce((sum, [, w]) => sum + w, 0);
/** Share of trips that begin in one of the busy zones. */
const BUSY_SHARE = 0.62;
export const ZONES = 265;

const cents = (x: number): number => Math.round(x * 100) / 100;

/** `2020-07-01 00:25:32`. */
const dateTimeText = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

export class RideGenerator {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** The next ride, ended at `dropoffMs`. */
  next(dropoffMs: number): Ride {
    const random = this.random;
    const pickup = this.zone();
    const dropoff = random() < 0.08 ? pickup : this.zone();
    const airport = pickup === 132 || pickup === 138 || dropoff === 132 || dropoff === 138;
    // Distances are about log-normal; an airport is far from everywhere.
    const distance = cents(airport ? 8 + random() * 12 : Math.min(30, Math.exp(0.45 + this.normal() * 0.75)));
    const minutes = Math.max(1, distance * (2.6 + random() * 2.4) + random() * 4);
    const pickupMs = dropoffMs - Math.round(minutes * 60) * 1000;
    const hour = new Date(pickupMs).getUTCHours();
    const payment = this.payment();
    const jfk = airport && random() < 0.35;
    const metered = Math.round((2.5 + distance * 2.5 + minutes * 0.18) * 2) / 2;
    // Refunds and disputes stand in the data as negative amounts.
    const sign = payment > 2 && random() < 0.45 ? -1 : payment === 2 && random() < 0.002 ? -1 : 1;
    const fare = cents(sign * (jfk ? 52 : metered));
    const extra = cents(sign * (hour >= 20 || hour < 6 ? 0.5 : hour >= 16 ? 1 : 0));
    const tax = cents(sign * 0.5);
    const tip = payment === 1 && random() < 0.94 ? cents(metered * (0.1 + random() * 0.2)) : 0;
    const tolls = airport && random() < 0.4 ? cents(sign * 6.12) : 0;
    const improvement = cents(sign * 0.3);
    const congestion = cents(sign * (random() < 0.78 ? 2.5 : 0));
    return {
      VendorID: random() < 0.34 ? 1 : 2,
      tpep_pickup_datetime: dateTimeText(pickupMs),
      tpep_dropoff_datetime: dateTimeText(dropoffMs),
      passenger_count: this.passengers(),
      trip_distance: distance,
      RatecodeID: jfk ? 2 : random() < 0.01 ? 5 : 1,
      store_and_fwd_flag: random() < 0.009 ? 'Y' : 'N',
      PULocationID: pickup,
      DOLocationID: dropoff,
      payment_type: payment,
      fare_amount: fare,
      extra,
      mta_tax: tax,
      tip_amount: tip,
      tolls_amount: tolls,
      improvement_surcharge: improvement,
      total_amount: cents(fare + extra + tax + tip + tolls + improvement + congestion),
      congestion_surcharge: congestion,
    };
  }

  private zone(): number {
    const random = this.random;
    if (random() >= BUSY_SHARE) return 1 + Math.floor(random() * ZONES);
    let at = random() * BUSY_WEIGHT;
    for (const [zone, weight] of BUSY_ZONES) if ((at -= weight) < 0) return zone;
    return BUSY_ZONES[0]![0];
  }

  private payment(): number {
    const x = this.random();
    return x < 0.725 ? 1 : x < 0.985 ? 2 : x < 0.995 ? 3 : 4;
  }

  private passengers(): number {
    const x = this.random();
    return x < 0.02 ? 0 : x < 0.75 ? 1 : x < 0.89 ? 2 : x < 0.93 ? 3 : x < 0.95 ? 4 : x < 0.98 ? 5 : 6;
  }

  /** A standard normal number (Box and Muller). */
  private normal(): number {
    const u = 1 - this.random();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.random());
  }
}
