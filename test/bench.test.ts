import { describe, expect, test } from 'vitest';
import { median, report } from '../bench/report.js';
import { Checksum, expectedResults, SESSION_GAP_MS, trips } from '../bench/trips.js';

const ROWS = 60_000; // 20 minutes of event time: two pauses of each payment type

describe('the benchmark input', () => {
  test('is the same each time, valid JSON in 18 fields, in order of time', () => {
    const first = [...trips(1000)].length;
    expect(first).toBe(1000);
    const json = (count: number) => {
      const lines: string[] = [];
      for (const trip of trips(count)) lines.push(trip.json);
      return lines;
    };
    expect(json(500)).toEqual(json(1000).slice(0, 500));
    let time = 0;
    for (const trip of trips(2000)) {
      const row = JSON.parse(trip.json) as Record<string, unknown>;
      expect(Object.keys(row)).toHaveLength(18);
      expect(row).toMatchObject({ VendorID: trip.vendor, payment_type: trip.paymentType, fare_amount: trip.fare });
      expect(trip.timestamp).toBeGreaterThanOrEqual(time);
      time = trip.timestamp;
    }
  });

  test('closes sessions: every payment type pauses for longer than the gap', () => {
    const times = new Map<string, number[]>();
    for (const { paymentType, timestamp } of trips(ROWS)) {
      const list = times.get(paymentType);
      if (list === undefined) times.set(paymentType, [timestamp]);
      else list.push(timestamp);
    }
    // Sessions in another way than the benchmark's own: cut the sorted times at each gap.
    const sessions: string[] = [];
    for (const [key, list] of times) {
      const cuts = list.flatMap((t, i) => (i > 0 && t - list[i - 1]! > SESSION_GAP_MS ? [i] : []));
      const edges = [0, ...cuts, list.length];
      for (let i = 1; i < edges.length; i++) {
        const from = edges[i - 1]!;
        const to = edges[i]!;
        sessions.push(`${key} ${list[from]}..${list[to - 1]}=${to - from}`);
      }
      expect(cuts.length).toBeGreaterThan(0);
    }
    expect(expectedResults(ROWS).session).toBe(sessions.sort().join('\n'));
  });

  test('has a checksum that sees each row, in any order', () => {
    const sum = (rows: readonly (readonly [string, number])[]) => {
      const checksum = new Checksum();
      for (const [vendor, surge] of rows) checksum.add(vendor, surge);
      return [checksum.rows, checksum.sum];
    };
    expect(
      sum([
        ['1', 1.2],
        ['2', 3.4],
      ]),
    ).toEqual(
      sum([
        ['2', 3.4],
        ['1', 1.2],
      ]),
    );
    expect(sum([['1', 1.2]])).not.toEqual(sum([['2', 1.2]]));
    expect(sum([['1', 1.2]])).not.toEqual(sum([['1', 1.2000000000000002]]));
    expect(sum([['1', 1.2]])).not.toEqual(
      sum([
        ['1', 1.2],
        ['1', 1.2],
      ]),
    );
  });
});

describe('the report', () => {
  const run = (seconds: number) => ({ seconds, cpuSeconds: 1, firstRecordMs: 100, peakKb: 102_400 });

  test('takes medians', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test("divides Weir's rate by the peer's on the same work", () => {
    const text = report([
      { work: 'count', rows: 1000, contender: 'Weir', peer: false, runs: [run(0.5), run(9), run(0.1)] },
      { work: 'count', rows: 1000, contender: 'Streams', peer: true, runs: [{ ...run(1), cpuSeconds: 3 }] },
    ]);
    const lines = text.split('\n').map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
    expect(lines[2]).toEqual(['count', '1,000', 'Weir', '2,000', '1.0', '100', '100', '2.00', '3.00']);
    expect(lines[3]).toEqual(['count', '1,000', 'Streams', '1,000', '3.0', '100', '100', '', '']);
  });
});
