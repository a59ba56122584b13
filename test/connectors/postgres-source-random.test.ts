import type { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonRow, RowRecord } from '../../engine/connectors/connector.js';
import { postgresSource } from '../../engine/connectors/postgres-source/index.js';
import { type Postgres, postgresMissing, startPostgres } from '../../testing/postgres.js';
import { describeWith } from './support/require.js';
import { SourceHarness } from './support/source-task.js';

/** Numbers that a seed decides. */
function randomOf(seed: number): (below: number) => number {
  let s = seed >>> 0;
  return (below) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.floor((s / 2 ** 32) * below);
  };
}

const SEEDS = (process.env.WEIR_PROPERTY_SEED ?? '1,2,3').split(',').map(Number);

describeWith('postgres', postgresMissing(), 'postgres-source, random transactions', () => {
  let server: Postgres;
  let db: Client;
  beforeAll(async () => {
    server = await startPostgres();
    db = await server.connect();
  });
  afterAll(async () => {
    await db?.end();
    await server?.stop();
  });

  /** Keys of three shapes, all of whose orders the connector knows. */
  const TABLES = ['numbers', 'texts', 'pairs'] as const;
  type Name = (typeof TABLES)[number];
  const keyOf = (table: Name, n: number): string =>
    table === 'numbers' ? `${n}` : table === 'texts' ? `'${n % 2 === 0 ? 'ä' : 'B'}${n}'` : `'k${n % 5}', ${n}`;
  const KEYS: Record<Name, string> = { numbers: 'id', texts: 'id', pairs: 'a, b' };

  let version = 0;
  /** Statements of one transaction over rows 0 to 59 of each table; each row that is written has a `v` of its own. */
  function transaction(random: (below: number) => number): string[] {
    const out: string[] = [];
    for (let i = random(6); i >= 0; i--) {
      const table = TABLES[random(3)]!;
      const keys = KEYS[table];
      const [key, other] = [keyOf(table, random(60)), keyOf(table, random(60))];
      const what = random(10);
      if (what < 5) {
        out.push(
          `INSERT INTO ${table} VALUES (${key}, ${++version}) ON CONFLICT (${keys}) DO UPDATE SET v = excluded.v`,
        );
      } else if (what < 7) out.push(`DELETE FROM ${table} WHERE (${keys}) = (${key})`);
      else {
        out.push(`DELETE FROM ${table} WHERE (${keys}) = (${other})`);
        const set = keys.includes(',') ? `(${keys}) = (${other})` : `${keys} = ${other}`;
        out.push(`UPDATE ${table} SET ${set}, v = ${++version} WHERE (${keys}) = (${key})`);
      }
    }
    return out;
  }

  async function commit(client: Client, random: (below: number) => number): Promise<void> {
    await client.query('BEGIN');
    for (const sql of transaction(random)) await client.query(sql);
    await client.query(random(8) === 0 ? 'ROLLBACK' : 'COMMIT');
  }

  /** The tables after the records; fails where one deletes what is not there, or writes what has been written. */
  function applied(records: readonly RowRecord[]): Map<string, Map<string, JsonRow>> {
    const tables = new Map<string, Map<string, JsonRow>>(TABLES.map((t) => [`t.${t}`, new Map()]));
    const seen = new Set<unknown>();
    for (const r of records) {
      const table = tables.get(r.topic!)!;
      const key = JSON.stringify(r.key);
      if (r.value === null) {
        expect(table.has(key), `${r.topic} ${key} is deleted twice`).toBe(true);
        table.delete(key);
        continue;
      }
      expect(seen.has(r.value.v), `version ${String(r.value.v)} of ${r.topic} ${key} is written twice`).toBe(false);
      seen.add(r.value.v);
      table.set(key, r.value);
    }
    return tables;
  }

  it.each(SEEDS)(
    'seed %i: writers during the snapshot and after, tasks that die anywhere: nothing is lost or doubled',
    async (seed) => {
      const random = randomOf(seed);
      await db.query(`DROP TABLE IF EXISTS numbers, texts, pairs;
      CREATE TABLE numbers (id int PRIMARY KEY, v int); CREATE TABLE texts (id text PRIMARY KEY, v int);
      CREATE TABLE pairs (a text, b bigint, v int, PRIMARY KEY (a, b))`);
      for (let i = 0; i < 30; i++) await commit(db, random);
      const h = new SourceHarness(postgresSource, {
        'connection.url': server.url,
        mode: 'cdc',
        table: TABLES.join(','),
        'topic.prefix': 't.',
        'slot.name': `random_${seed}`,
        'batch.max.rows': '4',
      });
      const writer = await server.connect();
      let writing = true;
      let commits = 0;
      const writes = (async () => {
        for (; commits < 150; commits++) {
          await commit(writer, random);
          if (commits % 10 === 0) await new Promise((done) => setTimeout(done, 20));
        }
        writing = false;
      })();
      let deaths = 0;
      // Deaths are frequent while the snapshot is read, which has few batches.
      for (let steps = 0; writing || steps < 60; steps++) {
        const often = (h.position as { phase?: string } | undefined)?.phase === 'stream' ? 20 : 4;
        const die = random(often) === 0 ? (random(2) === 0 ? 'before' : 'between') : undefined;
        if (die !== undefined) deaths++;
        await h.step(die as 'before' | 'between' | undefined);
      }
      await writes;
      await writer.end();
      const rows = async (table: Name) =>
        new Map(
          (await db.query(`SELECT * FROM ${table}`)).rows.map((row) => {
            const value = table === 'pairs' ? { ...row, b: Number(row.b) } : row;
            const { v: _v, ...key } = value;
            return [JSON.stringify(key), value];
          }),
        );
      const plain = (map: Map<string, JsonRow>) =>
        new Map(
          [...map].map(([, v]) => {
            const value = 'b' in v ? { ...v, b: Number(v.b) } : v;
            const { v: _v, ...key } = value;
            return [JSON.stringify(key), value];
          }),
        );
      const wanted: Record<string, Map<string, unknown>> = {};
      for (const t of TABLES) wanted[t] = await rows(t);
      await db.query('INSERT INTO numbers VALUES (1000, 0)');
      await h.until(() => h.written.some((r) => r.value?.id === 1000), 60_000);
      const got = applied(
        h.written.map((r) => ({
          ...r,
          key: JSON.parse(JSON.stringify(r.key, (_, x) => (typeof x === 'bigint' ? Number(x) : x))),
        })),
      );
      got.get('t.numbers')!.delete('{"id":1000}');
      for (const t of TABLES) expect(plain(got.get(`t.${t}`)!), t).toEqual(wanted[t]);
      expect(deaths).toBeGreaterThan(5);
      await h.die();
      await h.spec.dropped!(new SourceHarness(h.spec, h.properties).context());
    },
    120_000,
  );
});
