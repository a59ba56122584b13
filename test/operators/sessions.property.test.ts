import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyDriver } from '../../engine/dataflow/topology-driver.js';
import { bytes, codecServices, show } from '../runtime/support.js';
import { topologyOf } from './joins-support.js';

/*
 * Sessions against a plain model, which looks at all sessions each time: whatever gap, grace, retention and order are, no
 * session has two rows, and with EMIT FINAL each has one.
 */

interface Session {
  readonly k: string;
  readonly start: number;
  readonly end: number;
  readonly n: number;
  readonly sum: number;
}

interface Row {
  readonly k: string;
  readonly v: number;
  readonly ts: number;
}

interface Window {
  readonly gap: number;
  readonly grace: number;
  /** What RETENTION has beyond gap and grace; null: no RETENTION. */
  readonly more: number | null;
  readonly final: boolean;
}

/** What the table holds after all rows; with EMIT FINAL the rows that went out, in any order. */
function plain(rows: readonly Row[], { gap, grace, more, final }: Window): Session[] {
  let sessions: Session[] = [];
  const given: Session[] = [];
  let time = -1;
  for (const { k, v, ts } of rows) {
    time = Math.max(time, ts);
    const closed = time - gap - grace;
    const reach = final ? closed : closed - (more ?? 0);
    const touched = sessions.filter((s) => s.k === k && s.start <= ts + gap && s.end >= ts - gap && s.end >= reach);
    const joined: Session = {
      k,
      start: Math.min(ts, ...touched.map((s) => s.start)),
      end: Math.max(ts, ...touched.map((s) => s.end)),
      n: touched.reduce((n, s) => n + s.n, 1),
      sum: touched.reduce((n, s) => n + s.sum, v),
    };
    if (joined.end >= closed) sessions = [...sessions.filter((s) => !touched.includes(s)), joined];
    if (!final) continue;
    given.push(...sessions.filter((s) => s.end < closed));
    sessions = sessions.filter((s) => s.end >= closed);
  }
  return final ? given : sessions;
}

const text = (s: Session): string => `"${s.k}"@${s.start}-${s.end} -> {"N":${s.n},"S":${s.sum}} (${s.end})`;

const rows = fc.array(
  fc.record({ k: fc.constantFrom('a', 'b'), v: fc.integer({ min: 1, max: 9 }), ts: fc.integer({ min: 0, max: 60 }) }),
  { minLength: 1, maxLength: 60 },
);

const windows: fc.Arbitrary<Window> = fc.record({
  gap: fc.integer({ min: 1, max: 12 }),
  grace: fc.integer({ min: 0, max: 12 }),
  more: fc.option(fc.integer({ min: 0, max: 20 }), { nil: null }),
  final: fc.boolean(),
});

const sql = ({ gap, grace, more, final }: Window): string => `
  CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=1);
  CREATE TABLE t AS SELECT k, COUNT(*) AS n, SUM(v) AS s FROM s
    WINDOW SESSION (${gap} MILLISECONDS${more === null ? '' : `, RETENTION ${gap + grace + more} MILLISECONDS`},
      GRACE PERIOD ${grace} MILLISECONDS)
    GROUP BY k EMIT ${final ? 'FINAL' : 'CHANGES'};`;

/** All records that the table's topic got, shown. */
function written(window: Window, input: readonly Row[], cache: string): string[] {
  const driver = new TopologyDriver(topologyOf(sql(window)), codecServices, { 'cache.max.bytes.buffering': cache });
  for (const { k, v, ts } of input) {
    driver.pipe({ topic: 's', key: bytes(k), value: bytes({ V: v }), timestamp: ts });
  }
  return driver.take().map((r) => show(r, 'session'));
}

/** The rows that are left of them; `twice`: a row came for one that had not been taken back, with another value. */
function latest(records: readonly string[]): string[] {
  const out = new Map<string, string>();
  for (const r of records) {
    const key = r.slice(0, r.indexOf(' -> '));
    if (r.includes('-> null')) out.delete(key);
    else out.set(key, r);
  }
  return [...out.values()];
}

describe('sessions equal a plain evaluation', () => {
  it.each(['0', '1000000'])('whatever gap, grace, retention, order and EMIT are; cache %s', (cache) => {
    fc.assert(
      fc.property(windows, rows, (window, input) => {
        const records = written(window, input, cache);
        const expected = plain(input, window).map(text).sort();
        expect((window.final ? records : latest(records)).sort()).toEqual(expected);
      }),
      { numRuns: 600 },
    );
  });

  it.each([
    [
      [2, 5, 3, 2, 8],
      ['"a"@2-2 -> {"N":1,"S":1} (2)', '"a"@2-5 -> {"N":3,"S":3} (5)'],
    ],
  ])('EMIT FINAL tells an open session from a closed one that had the same start: %j', (times, expected) => {
    const window: Window = { gap: 2, grace: 0, more: null, final: true };
    const input = times.map((ts) => ({ k: 'a', v: 1, ts }));
    expect(written(window, input, '0')).toEqual(expected);
  });

  it('EMIT FINAL: so too where another key moves the time', () => {
    const window: Window = { gap: 2, grace: 0, more: null, final: true };
    const input = ['b27', 'a30', 'b28', 'b27', 'b25', 'a31'].map((r) => ({ k: r[0]!, v: 1, ts: Number(r.slice(1)) }));
    expect(written(window, input, '1000000')).toEqual([
      '"b"@27-27 -> {"N":1,"S":1} (27)',
      '"b"@25-28 -> {"N":3,"S":3} (28)',
    ]);
  });
});
