import { describe, expect, it } from 'vitest';
import {
  applyCommand,
  type Command,
  emptyCatalog,
  materializingQuery,
  type QueryDef,
  queriesReading,
  queriesWriting,
  versionOf,
} from '../../engine/catalog/index.js';
import { Session } from './support.js';

const SOURCES = `
CREATE STREAM a (k INT KEY, v INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON');
CREATE STREAM b AS SELECT * FROM a;
INSERT INTO b SELECT * FROM a;
CREATE TABLE c AS SELECT k, COUNT(*) AS n FROM b GROUP BY k;
`;

function catalogOf(sql: string) {
  const s = new Session();
  s.run(sql);
  return s.catalog;
}

const drop = (name: string, sourceKind: 'STREAM' | 'TABLE'): Command => ({
  kind: 'dropSource',
  name,
  sourceKind,
  ifExists: false,
  deleteTopic: false,
});

describe('the catalog', () => {
  it('numbers queries and knows who reads and writes what', () => {
    const c = catalogOf(SOURCES);
    expect([...c.queries.keys()]).toEqual(['CSAS_B_0', 'INSERTQUERY_1', 'CTAS_C_2']);
    expect(queriesReading(c, 'A')).toEqual(['CSAS_B_0', 'INSERTQUERY_1']);
    expect(queriesWriting(c, 'B')).toEqual(['CSAS_B_0', 'INSERTQUERY_1']);
    expect(materializingQuery(c, 'C')?.id).toBe('CTAS_C_2');
    expect(materializingQuery(c, 'B')).toBeUndefined();
  });

  it('never changes: a command makes another', () => {
    const before = catalogOf(SOURCES);
    const after = applyCommand(before, drop('C', 'TABLE'));
    expect(before.sources.has('C')).toBe(true);
    expect(after.sources.has('C')).toBe(false);
    expect(after.queries.has('CTAS_C_2')).toBe(false);
  });

  it('refuses to drop what queries use, with the way out', () => {
    const c = catalogOf(SOURCES);
    expect(() => applyCommand(c, drop('B', 'STREAM'))).toThrow(
      'Cannot drop B.\nThe following queries read from this source: [CTAS_C_2].\n' +
        'The following queries write into this source: [INSERTQUERY_1].\nYou need to terminate them before dropping B.',
    );
    const freed = ['CTAS_C_2', 'INSERTQUERY_1'].reduce(
      (x, queryId) => applyCommand(x, { kind: 'terminate', queryId }),
      c,
    );
    expect(applyCommand(freed, drop('B', 'STREAM')).sources.has('B')).toBe(false);
  });

  it('survives JSON: what the command log keeps replays to the same', () => {
    const s = new Session();
    const commands: Command[] = [];
    for (const sql of SOURCES.trim().split('\n')) {
      const [step] = s.run(sql);
      const r = step!.resolved;
      const query = step!.plan?.query ?? null;
      if (r.kind === 'createSource') {
        commands.push({ kind: 'createSource', source: r.source, query, orReplace: false, ifNotExists: false });
      } else if (r.kind === 'createAs') {
        commands.push({ kind: 'createAs', source: r.sink, query: query!, orReplace: false, ifNotExists: false });
      } else if (r.kind === 'insertInto') commands.push({ kind: 'insertInto', query: query! });
    }
    const replayed = (JSON.parse(JSON.stringify(commands)) as Command[]).reduce(applyCommand, emptyCatalog());
    expect(replayed).toEqual(s.catalog);
  });

  it('keeps the place and the id of a query that is replaced', () => {
    const s = new Session();
    s.run(`${SOURCES}CREATE OR REPLACE TABLE c AS SELECT k, COUNT(*) AS n FROM b GROUP BY k;`);
    const was = s.catalog.queries.get('CTAS_C_2');
    s.run('TERMINATE INSERTQUERY_1; CREATE OR REPLACE STREAM b AS SELECT k, v, v + 1 AS w FROM a;');
    expect([...s.catalog.queries.keys()]).toEqual(['CSAS_B_0', 'CTAS_C_2']);
    expect(s.catalog.queries.get('CTAS_C_2')).toBe(was);
    expect(s.catalog.queries.get('CSAS_B_0')?.sql).toContain('v + 1');
    expect(s.catalog.sources.get('B')?.createdBy).toBe('CSAS_B_0');
    expect(s.catalog.nextQueryNumber).toBe(3);
  });

  it('refuses a query that goes on from a version that is no longer the one that runs', () => {
    const s = new Session();
    s.run(SOURCES);
    const before = s.catalog;
    const was = before.queries.get('CSAS_B_0')!;
    const source = before.sources.get('B')!;
    const replace = (query: QueryDef, replaces: string): Command => ({
      kind: 'createAs',
      source,
      query,
      orReplace: true,
      ifNotExists: false,
      replaces,
    });
    const next: QueryDef = { ...was, topology: { ...was.topology, subtopologies: [] } };
    const after = applyCommand(before, replace(next, versionOf(was)));
    expect(after.queries.get('CSAS_B_0')).toBe(next);
    // Another node had planned its own at the same time.
    expect(() => applyCommand(after, replace(was, versionOf(was)))).toThrow('changed it in the meantime');
    expect(applyCommand(after, replace(was, versionOf(next))).queries.get('CSAS_B_0')).toBe(was);
    expect(() => applyCommand(emptyCatalog(), replace(next, versionOf(was)))).toThrow('changed it in the meantime');
  });

  it('pauses, resumes and terminates one query or all', () => {
    const c = catalogOf(SOURCES);
    const paused = applyCommand(c, { kind: 'pause', queryId: 'CSAS_B_0' });
    expect(paused.queries.get('CSAS_B_0')?.state).toBe('PAUSED');
    expect(applyCommand(paused, { kind: 'resume', queryId: null }).queries.get('CSAS_B_0')?.state).toBe('RUNNING');
    const stopped = applyCommand(c, { kind: 'terminate', queryId: null });
    expect(stopped.queries.size).toBe(0);
    expect(stopped.sources.get('C')?.createdBy).toBeNull();
  });

  it('refuses a second source, type or connector of a name', () => {
    const c = catalogOf(`${SOURCES}CREATE TYPE t AS STRUCT<x INT>;`);
    const source = c.sources.get('A')!;
    expect(() =>
      applyCommand(c, { kind: 'createSource', source, query: null, orReplace: false, ifNotExists: false }),
    ).toThrow("Cannot add stream 'A': A stream with the same name already exists");
    expect(applyCommand(c, { kind: 'createSource', source, query: null, orReplace: false, ifNotExists: true })).toBe(c);
    expect(() =>
      applyCommand(c, { kind: 'createType', name: 'T', type: { kind: 'INTEGER' }, ifNotExists: false }),
    ).toThrow('already registered');
  });
});
