import { describe, expect, it } from 'vitest';
import { feedRides } from '../../cli/datagen.js';
import type { RecordSink } from '../../cli/record-sink.js';
import { intensity, type Ride, RideGenerator, ZONES } from '../../cli/rides.js';
import type { RawRecord } from '../../engine/records/raw-record.js';

const T0 = Date.UTC(2020, 6, 1, 18);
const make = (seed: number, n: number): Ride[] => {
  const g = new RideGenerator(seed);
  return Array.from({ length: n }, (_, i) => g.next(T0 + i * 1000));
};

class MemorySink implements RecordSink {
  readonly records: RawRecord[] = [];
  async prepare() {
    return 4;
  }
  async marks() {
    return { partitions: 4, run: null, rows: [] };
  }
  async send(_topic: string, records: readonly RawRecord[]) {
    this.records.push(...records);
  }
  async close() {}
}

describe('taxi rides', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(make(7, 50)).toEqual(make(7, 50));
    expect(make(8, 50)).not.toEqual(make(7, 50));
  });

  it('have the 18 fields of the TLC in their ranges, and its shares', () => {
    const rides = make(42, 20_000);
    const share = (f: (r: Ride) => boolean) => rides.filter(f).length / rides.length;
    expect(Object.keys(rides[0]!)).toHaveLength(18);
    expect(new Set(rides.map((r) => r.VendorID))).toEqual(new Set([1, 2]));
    expect(new Set(rides.map((r) => r.payment_type))).toEqual(new Set([1, 2, 3, 4]));
    expect(rides.every((r) => r.PULocationID >= 1 && r.PULocationID <= ZONES && r.DOLocationID <= ZONES)).toBe(true);
    expect(new Set(rides.map((r) => r.PULocationID)).size).toBe(ZONES);
    expect(share((r) => r.payment_type === 1)).toBeGreaterThan(0.69);
    expect(share((r) => r.payment_type === 1)).toBeLessThan(0.76);
    const refunds = share((r) => r.fare_amount < 0);
    expect(refunds).toBeGreaterThan(0.001);
    expect(refunds).toBeLessThan(0.02);
    expect(rides.every((r) => r.tpep_pickup_datetime < r.tpep_dropoff_datetime)).toBe(true);
    expect(rides.every((r) => Math.abs(r.total_amount * 100 - Math.round(r.total_amount * 100)) < 1e-6)).toBe(true);
  });

  it('are few at night and many in the rush hour', () => {
    expect(intensity(Date.UTC(2020, 0, 1, 5))).toBeLessThan(0.3);
    expect(intensity(Date.UTC(2020, 0, 1, 18))).toBeGreaterThan(1.5);
    const day = Array.from({ length: 24 }, (_, h) => intensity(Date.UTC(2020, 0, 1, h)));
    expect(day.reduce((a, b) => a + b, 0) / 24).toBeCloseTo(1, 1);
  });

  it('are fed at the rate of the clock, with event times in order', async () => {
    let now = 1_000_000;
    const clock = { now: () => now, sleep: async (ms: number) => void (now += ms) };
    const sink = new MemorySink();
    const stop = new AbortController();
    const options = { topic: 'rides', seed: 1, count: Number.POSITIVE_INFINITY, rate: 20, startMs: T0, speed: 1 };
    const began = now;
    await feedRides(sink, options, clock, stop.signal, () => {
      if (now - began >= 60_000) stop.abort();
    });
    // A minute at 20 a second, in an hour that has 1.66 times the mean.
    expect(sink.records.length).toBeGreaterThan(20 * 60 * 1.6);
    expect(sink.records.length).toBeLessThan(20 * 60 * 1.75);
    const times = sink.records.map((r) => r.timestamp!);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });

  it('stop at their count when nothing paces them', async () => {
    const sink = new MemorySink();
    const clock = { now: () => 0, sleep: async () => {} };
    const options = { topic: 'rides', seed: 1, count: 2345, rate: 0, startMs: T0, speed: 1 };
    expect(await feedRides(sink, options, clock, new AbortController().signal)).toBe(2345);
    expect(sink.records).toHaveLength(2345);
    expect((JSON.parse(Buffer.from(sink.records[0]!.value!).toString()) as Ride).VendorID).toBeGreaterThan(0);
  });
});
