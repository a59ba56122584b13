import { describe, expect, it } from 'vitest';
import type { Sabotage } from './broker.js';
import { addSummary, emptySummary, replayCommand, runSeeds } from './campaign.js';
import { CALL_FAULTS, NODE_FAULTS, REQUEST_FAULTS } from './faults.js';
import { QUERIES } from './queries.js';
import { failed, simulate } from './world.js';

/**
 * The engine's real runtime on a simulated log, disk, clock and network, all of which belong to one seed: see world.ts for
 * what a run is, faults.ts for what goes wrong in it, oracle.ts for what its results are held against.
 */
const SEEDS = 1000;
const PARTS = 10;

describe('the simulation', () => {
  const total = emptySummary();

  it.each(Array.from({ length: PARTS }, (_, i) => 1 + (i * SEEDS) / PARTS))(
    'of a hundred seeds from %i on: nothing is lost, nothing comes twice',
    async (first) => {
      const summary = await runSeeds(first, SEEDS / PARTS);
      addSummary(total, summary);
      const failures = summary.failures.map((f) => [replayCommand(f.seed), f.query, ...f.texts].join('\n'));
      expect(failures.join('\n\n')).toBe('');
      expect([summary.lost, summary.twice, summary.wrong]).toEqual([0, 0, 0]);
    },
    120_000,
  );

  it('has met every kind of fault, and every query, often enough', () => {
    expect(total.seeds).toBe(SEEDS);
    for (const kind of [
      ...NODE_FAULTS,
      ...REQUEST_FAULTS,
      ...CALL_FAULTS,
      'fenced producer',
      'fenced member',
      'commit of an earlier generation',
      'restart',
    ]) {
      expect(total.faults[kind] ?? 0, kind).toBeGreaterThan(SEEDS / 20);
    }
    expect(QUERIES.length).toBeGreaterThanOrEqual(30);
    for (const { name } of QUERIES) expect(total.queries[name] ?? 0, name).toBeGreaterThan(5);
    expect(total.records).toBeGreaterThan(SEEDS * 30);
    expect(total.stateEntries).toBeGreaterThan(SEEDS);
    const { snapshots, fellBack, rows, followed, changes, looks, looked, failed: refused } = total.pages;
    expect(snapshots - fellBack).toBeGreaterThan(SEEDS);
    expect(fellBack).toBeGreaterThan(SEEDS / 20);
    expect(rows).toBeGreaterThan(2 * snapshots);
    expect(followed).toBeGreaterThan(SEEDS / 10);
    expect(changes).toBeGreaterThan(SEEDS);
    expect(looks).toBeGreaterThan(SEEDS);
    expect(looked).toBeGreaterThan(2 * looks);
    expect(refused).toBeGreaterThan(SEEDS / 10);
  });

  it('goes the same way each time that a seed is run, and another way with another seed', async () => {
    const traces = new Set<string>();
    for (const seed of [1, 7, 648, 2 ** 40 + 3]) {
      const [first, again] = [await simulate(seed), await simulate(seed)];
      expect([again.trace, again.events, again.virtualMs]).toEqual([first.trace, first.events, first.virtualMs]);
      expect(again.story()).toBe(first.story());
      traces.add(first.trace);
    }
    expect(traces.size).toBe(4);
  });

  it.each<Sabotage>(['loses batches', 'forgets offsets', 'fences nobody', 'shows aborted', 'state first'])(
    'notices a log that %s',
    async (sabotage) => {
      for (let seed = 1; seed <= 150; seed++) {
        if (failed(await simulate(seed, { sabotage }))) return;
      }
      expect.fail('No seed has found it');
    },
    60_000,
  );
});
