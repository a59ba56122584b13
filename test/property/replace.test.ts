import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SqlWorld } from '../../cli/test-runner/sql-world.js';
import { splitKey } from '../../cli/test-runner/window-key.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { parseScript, SourceText } from '../../parser/index.js';

/*
 * A query that is replaced at random points by others, with another filter and more columns, against the rule: a row is in
 * the table as the version has put it there that saw its last change; what nobody has put there gets no tombstone (but for a
 * deletion in the source where there is no filter, which goes on as it is).
 */

interface Version {
  /** WHERE of the table, or HAVING of the aggregate; null: none. */
  readonly filter: Filter | null;
  /** Columns are only ever added: how many more than at the beginning, at most. */
  readonly wide: boolean;
}

interface Filter {
  readonly op: '<' | '>';
  readonly bound: number;
}

type Step =
  | { readonly kind: 'put'; readonly key: number; readonly value: number }
  | { readonly kind: 'delete'; readonly key: number }
  | { readonly kind: 'commit' }
  | { readonly kind: 'replace'; readonly version: Version };

const passes = (f: Filter | null, v: number): boolean => f === null || (f.op === '<' ? v < f.bound : v > f.bound);
const clause = (word: string, f: Filter | null, expr: string): string =>
  f === null ? '' : ` ${word} ${expr} ${f.op} ${f.bound}`;

const filter = fc.option(
  fc.record({ op: fc.constantFrom('<' as const, '>' as const), bound: fc.integer({ min: -3, max: 3 }) }),
);
const version: fc.Arbitrary<Version> = fc.record({ filter, wide: fc.boolean() });
const key = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('put' as const), key, value: fc.integer({ min: -4, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'commit' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), version }) },
);

const functions = new FunctionRegistry(BUILT_IN_FUNCTIONS);

class World {
  private readonly world = new SqlWorld({ functions, now: () => 0, random: () => 0, uuid: () => '' });

  run(sql: string): void {
    const source = new SourceText(sql);
    for (const s of parseScript(sql)) this.world.execute(s, source);
  }

  commit(): void {
    this.world.commit();
  }

  /** The table T as its topic says, and how many tombstones delete nothing. */
  table(): { readonly rows: Record<number, unknown>; readonly idle: number } {
    const { topic, ...owner } = this.world.source('T');
    const rows: Record<number, unknown> = {};
    let idle = 0;
    for (let at = 0; ; at++) {
      const record = this.world.recordAt(topic.name, at);
      if (record === undefined) return { rows, idle };
      const id = splitKey(record.key, { topic, ...owner }).key!.readInt32BE(0);
      if (record.value !== null) rows[id] = JSON.parse(Buffer.from(record.value).toString());
      else if (!(id in rows)) idle++;
      else delete rows[id];
    }
  }
}

/** Runs the steps; after each commit the table is the model's. */
function check(
  steps: readonly Step[],
  first: Version,
  kind: {
    readonly sources: string;
    sql(v: Version): string;
    readonly passesDeletions: boolean;
    /** Changes the model's row of a key: under the version that runs. */
    change(rows: Record<number, unknown>, id: number, value: number | null, v: Version): void;
  },
): void {
  const world = new World();
  const rows: Record<number, unknown> = {};
  let running = first;
  let idle = 0;
  world.run(kind.sources + kind.sql(first));
  for (const s of [...steps, { kind: 'commit' } as const]) {
    switch (s.kind) {
      case 'put':
        world.run(`INSERT INTO n VALUES (${s.key}, ${s.value});`);
        kind.change(rows, s.key, s.value, running);
        break;
      case 'delete':
        world.run(`INSERT INTO raw (id) VALUES (${s.key});`);
        if (running.filter === null && !(s.key in rows)) idle += kind.passesDeletions ? 1 : 0;
        kind.change(rows, s.key, null, running);
        break;
      case 'commit':
        world.commit();
        expect(world.table()).toEqual({ rows, idle });
        break;
      case 'replace':
        running = { ...s.version, wide: s.version.wide || running.wide };
        world.run(kind.sql(running));
    }
  }
}

const EVENTS = `CREATE STREAM n (id INT KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
  CREATE STREAM raw (id INT KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='KAFKA', PARTITIONS=1);`;

describe('a query that is replaced', () => {
  it('a table of a table: rows are as the version has put them there that saw their last change', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), version, (steps, first) => {
        check(steps, first, {
          sources: `CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
            CREATE STREAM raw (id INT KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='KAFKA', PARTITIONS=1);`,
          sql: (v) =>
            `CREATE OR REPLACE TABLE t AS SELECT id, v${v.wide ? ', v * 2 AS w' : ''} FROM n${clause('WHERE', v.filter, 'v')};`,
          passesDeletions: true,
          change: (rows, id, value, v) => {
            if (value === null || !passes(v.filter, value)) delete rows[id];
            else rows[id] = { V: value, ...(v.wide ? { W: value * 2 } : {}) };
          },
        });
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('an aggregate with HAVING: its state goes on, and what it no longer lets through goes when it changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), version, (steps, first) => {
        const sums = new Map<number, number>();
        check(steps, first, {
          sources: EVENTS,
          sql: (v) =>
            `CREATE OR REPLACE TABLE t AS SELECT id, SUM(v) AS v${v.wide ? ', SUM(v) * 2 AS w' : ''} FROM n GROUP BY id${clause('HAVING', v.filter, 'SUM(v)')};`,
          passesDeletions: false,
          change: (rows, id, value, v) => {
            if (value === null) return;
            const sum = (sums.get(id) ?? 0) + value;
            sums.set(id, sum);
            if (!passes(v.filter, sum)) delete rows[id];
            else rows[id] = { V: sum, ...(v.wide ? { W: sum * 2 } : {}) };
          },
        });
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('an aggregate with WHERE: it decides about the records that come, not about those that were counted', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), version, (steps, first) => {
        const sums = new Map<number, number>();
        check(steps, first, {
          sources: EVENTS,
          sql: (v) =>
            `CREATE OR REPLACE TABLE t AS SELECT id, SUM(v) AS v${v.wide ? ', SUM(v) * 2 AS w' : ''} FROM n${clause('WHERE', v.filter, 'v')} GROUP BY id;`,
          passesDeletions: false,
          change: (rows, id, value, v) => {
            if (value === null || !passes(v.filter, value)) return;
            const sum = (sums.get(id) ?? 0) + value;
            sums.set(id, sum);
            rows[id] = { V: sum, ...(v.wide ? { W: sum * 2 } : {}) };
          },
        });
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});
