import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOf } from '../../cli/test-runner/command.js';
import { MemoryEngine } from '../../cli/test-runner/memory-engine.js';
import { readSqlTests } from '../../cli/test-runner/sql-test.js';
import { FORMATS } from '../../engine/formats/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { NODES, type NodeKind } from '../../engine/plan/nodes.js';
import { STATEMENTS } from '../../engine/statements/index.js';
import type { Schema } from '../../engine/values/schema.js';
import type { SqlType, TypeKind } from '../../engine/values/sql-type.js';
import type { JoinType, ListSubject, Statement, WindowClause } from '../../parser/ast.js';
import { parseScript, SourceText } from '../../parser/index.js';

/**
 * What there is must occur in the corpus. The lists are those of the registries; where the parser only has a union of types,
 * a record keyed by it, so that the compiler asks for what is new.
 */
const keys = <K extends string>(record: Readonly<Record<K, unknown>>): K[] => Object.keys(record) as K[];
const JOINS = keys<JoinType>({ INNER: 1, LEFT: 1, RIGHT: 1, FULL: 1 });
const WINDOWS = keys<WindowClause['kind']>({ TumblingWindow: 1, HoppingWindow: 1, SessionWindow: 1 });
const TYPES = keys<TypeKind>({
  ...{ BOOLEAN: 1, INTEGER: 1, BIGINT: 1, DOUBLE: 1, DECIMAL: 1, STRING: 1, BYTES: 1, TIME: 1, DATE: 1, TIMESTAMP: 1 },
  ...{ ARRAY: 1, MAP: 1, STRUCT: 1 },
});
const LISTS = keys<ListSubject>({
  ...{ STREAMS: 1, TABLES: 1, QUERIES: 1, TOPICS: 1, PROPERTIES: 1, FUNCTIONS: 1, CONNECTORS: 1, CONNECTOR_PLUGINS: 1 },
  ...{ TYPES: 1, VARIABLES: 1, ERRORS: 1 },
});
/** The format of rows that are kept or moved within Weir: no statement names it. */
const INTERNAL_FORMAT = 'ROW';
/** Where the rows of a push query go: the cases of `queries` have it, which are planned by a server. */
const PUSH_END: NodeKind = 'result';

const functions = new FunctionRegistry(BUILT_IN_FUNCTIONS);
const tools = { functions, now: () => 0, random: () => 0.5, uuid: () => '' };

interface Seen {
  readonly statements: Set<string>;
  readonly syntax: Set<string>;
  readonly functions: Set<string>;
  readonly formats: Set<string>;
  readonly types: Set<string>;
  readonly nodes: Set<string>;
}

function visit(node: unknown, seen: Seen): void {
  if (typeof node !== 'object' || node === null) return;
  const { kind, name, joinType, subject } = node as Readonly<Record<string, unknown>>;
  if (typeof kind === 'string') seen.syntax.add(kind);
  if (kind === 'FunctionCall') seen.functions.add(String((name as { readonly name?: string }).name ?? name));
  if (kind === 'Join') seen.syntax.add(String(joinType));
  if (kind === 'List') seen.syntax.add(String(subject));
  for (const inner of Object.values(node)) visit(inner, seen);
}

function addTypes(type: SqlType, seen: Seen): void {
  seen.types.add(type.kind);
  if (type.kind === 'ARRAY') addTypes(type.element, seen);
  if (type.kind === 'MAP') addTypes(type.value, seen);
  if (type.kind === 'STRUCT') for (const f of type.fields) addTypes(f.type, seen);
}

function addSchema({ key, value }: Schema, seen: Seen): void {
  for (const c of [...key, ...value]) addTypes(c.type, seen);
}

function statementsOf(sql: string): Statement[] {
  try {
    return parseScript(sql, { testStatements: true, runScript: true });
  } catch {
    return []; // a test of what the parser refuses
  }
}

/** What a test's statements make: its sources and the plans of its queries. */
function plan(sql: string, seen: Seen): void {
  const engine = new MemoryEngine(tools);
  const source = new SourceText(sql);
  for (const s of statementsOf(sql)) {
    seen.statements.add(s.kind);
    visit(s, seen);
    if (!['CreateSource', 'CreateAs', 'InsertInto', 'CreateType', 'SetProperty'].includes(s.kind)) continue;
    try {
      engine.execute(s, source);
    } catch {
      break; // a test of what is refused
    }
  }
  for (const s of engine.catalog.sources.values()) {
    seen.formats.add(s.keyFormat.name).add(s.valueFormat.name);
    addSchema(s.schema, seen);
  }
  for (const q of engine.catalog.queries.values())
    for (const t of q.topology.subtopologies) for (const n of t.nodes) seen.nodes.add(n.kind);
}

const files = filesOf(import.meta.dirname);
const sqlTests = files.filter((f) => f.endsWith('.sql')).flatMap(readSqlTests);

function corpus(): Seen {
  const seen = {
    ...{ statements: new Set<string>(), syntax: new Set<string>(), functions: new Set<string>() },
    ...{ formats: new Set<string>(), types: new Set<string>(), nodes: new Set<string>() },
  };
  for (const t of sqlTests) plan(t.sql, seen);
  for (const f of files.filter((f) => f.endsWith('.json'))) {
    const { tests } = JSON.parse(readFileSync(f, 'utf8')) as { tests: { statements: string[] }[] };
    for (const sql of tests.flatMap((t) => t.statements)) {
      for (const s of statementsOf(sql)) {
        seen.statements.add(s.kind);
        visit(s, seen);
      }
    }
  }
  return seen;
}

describe('the corpus has', () => {
  const seen = corpus();
  const missing = (wanted: Iterable<string>, have: ReadonlySet<string>) => [...wanted].filter((w) => !have.has(w));

  it('at least 400 tests in SQL, each with a name of its own in its file', () => {
    expect(sqlTests.length).toBeGreaterThanOrEqual(400);
    const names = sqlTests.map((t) => `${t.folder}/${t.file}: ${t.name}`);
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([]);
  });

  it('files whose names differ, for reports name tests by them', () => {
    const names = files.map((f) => basename(f));
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([]);
  });

  it('of each error a part of its message, which does not stand in the statements already', () => {
    const vague = sqlTests.filter(({ expected, sql }) => {
      if (expected === null) return false;
      return expected.message === undefined || sql.replace(/^--.*$/gm, '').includes(expected.message);
    });
    expect(vague.map((t) => `${t.file}: ${t.name}`)).toEqual([]);
  });

  it('every statement', () => {
    expect(missing(keys(STATEMENTS), seen.statements)).toEqual([]);
  });

  it('every subject of SHOW', () => {
    expect(missing(LISTS, seen.syntax)).toEqual([]);
  });

  it('every join', () => {
    expect(missing(JOINS, seen.syntax)).toEqual([]);
  });

  it('every window', () => {
    expect(missing(WINDOWS, seen.syntax)).toEqual([]);
  });

  it('every format', () => {
    expect(
      missing(
        keys(FORMATS).filter((f) => f !== INTERNAL_FORMAT),
        seen.formats,
      ),
    ).toEqual([]);
  });

  it('every type', () => {
    expect(missing(TYPES, seen.types)).toEqual([]);
  });

  it('every node of a plan', () => {
    expect(
      missing(
        keys<NodeKind>(NODES).filter((n) => n !== PUSH_END),
        seen.nodes,
      ),
    ).toEqual([]);
  });

  it('every function', () => {
    expect(
      missing(
        BUILT_IN_FUNCTIONS.map((f) => f.name),
        seen.functions,
      ),
    ).toEqual([]);
  });
});
