import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildChain } from '../../engine/dataflow/chain.js';
import { operatorEnv } from '../../engine/dataflow/runtime-services.js';
import { StepBook } from '../../engine/observe/step-stats.js';
import { KeyTable } from '../../engine/operators/key-table.js';
import type { Operator } from '../../engine/operators/operator.js';
import { newRecord } from '../../engine/operators/task-record.js';
import type { AggregateNode, WindowSpec } from '../../engine/plan/topology.js';
import { MemoryState } from '../../engine/stores/memory.js';
import { BIGINT, STRING } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { aggregate, codecServices, col, result, source, topology, USER_KEY, VALUE } from '../runtime/support.js';

describe('KeyTable', () => {
  const keys = fc.array(fc.uint8Array({ maxLength: 6, max: 3 }), { maxLength: 4000 });

  it('gives each key one slot, as a Map would, and keeps a selection', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 2, max: 5 }), (all, every) => {
        const table = new KeyTable(4);
        const expected = new Map<string, number>();
        const text = (k: Uint8Array) => Buffer.from(k).toString('hex');
        for (const key of all) {
          const padded = Buffer.concat([Buffer.of(9), key, Buffer.of(9)]);
          const slot = table.slot(padded, 1, padded.length - 1);
          expect(slot).toBe(expected.get(text(key)) ?? expected.size);
          expected.set(text(key), slot);
        }
        expect(table.size).toBe(expected.size);
        for (const [key, slot] of expected) expect(table.key(slot).toString('hex')).toBe(key);
        const moved = new Map<number, number>();
        table.compact(
          (slot) => slot % every === 0,
          (from, to) => moved.set(from, to),
        );
        const kept = [...expected].filter(([, slot]) => slot % every === 0);
        expect(table.size).toBe(kept.length);
        kept.forEach(([key, slot], i) => {
          expect(moved.get(slot) ?? slot).toBe(i);
          expect(table.slot(Buffer.from(key, 'hex'), 0, key.length / 2)).toBe(i);
        });
        expect(table.size).toBe(kept.length);
      }),
      { numRuns: 50 },
    );
  });
});

interface Event {
  readonly user: string;
  readonly ts: number;
  readonly commit: boolean;
}

/** Counts by user with room for so many clean groups; the last row of each key, tombstones left out. */
function run(window: WindowSpec | null, events: readonly Event[], cacheEntries: number): Record<string, Value> {
  const state = new MemoryState();
  const store = state.store({ queryId: 'Q', subtopology: 0, partition: 0 }, 'agg');
  const rows = new Map<string, Value>();
  const env = operatorEnv({
    services: codecServices,
    properties: {},
    context: {
      evaluationError: () => {},
      skipped: () => {},
      late: () => {},
      stats: (node, kind) => new StepBook().of(node, kind),
      streamTime: () => -1,
    },
    cached: true,
    cacheEntries,
    openStore: () => ({ store, empty: true }),
  });
  const node: AggregateNode = aggregate('source', window);
  const pseudo = (name: 'WINDOWSTART' | 'WINDOWEND') => ({ kind: 'pseudo', name, type: BIGINT }) as const;
  const columns = [col(0, STRING, 'key'), pseudo('WINDOWSTART'), pseudo('WINDOWEND'), col(0, BIGINT)].map(
    (expr, i) => ({
      name: `C${i}`,
      expr,
      key: i < 3,
    }),
  );
  const plan = topology([
    source({ key: USER_KEY, value: VALUE }),
    node,
    { ...result('aggregate', [], { table: true }), columns },
  ]);
  const none = () => {
    throw new Error('no sinks');
  };
  const chain = buildChain(plan.subtopologies[0]!, env, { source: () => 'in', target: none }, (row, tombstone) => {
    const key = row.slice(0, 3).join('/');
    if (tombstone) rows.delete(key);
    else rows.set(key, row[3]!);
  });
  const entry: Operator = chain.sources[0]!.entry;
  const flush = () => {
    for (const o of chain.operators) o.flush?.();
    store.committed();
  };
  for (const e of events) {
    entry.process({ ...newRecord(), key: [e.user], value: [e.user, 1], timestamp: e.ts });
    if (e.commit) flush();
  }
  flush();
  return Object.fromEntries([...rows].sort());
}

describe('a state cache that has room for few groups', () => {
  const events = fc.array(
    fc.record({
      user: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      ts: fc.integer({ min: 0, max: 200 }),
      commit: fc.boolean(),
    }),
    { maxLength: 100 },
  );

  it.each<[string, WindowSpec | null]>([
    ['groups', null],
    ['windows', { kind: 'HOPPING', sizeMs: 20, advanceMs: 10, graceMs: 300, retentionMs: 1000 }],
    ['sessions', { kind: 'SESSION', gapMs: 8, graceMs: 300, retentionMs: 1000 }],
  ])('gives the same %s as one that has room for all', (_, window) => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 4 }), (all, few) => {
        expect(run(window, all, few)).toEqual(run(window, all, 1 << 20));
      }),
      { numRuns: 200 },
    );
  });
});
