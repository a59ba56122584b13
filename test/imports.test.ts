import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * The table of rooms in docs/ARCHITECTURE.md: a room may import itself and the rooms (or files) listed here. A file with a line
 * of its own is a room of its own.
 */
const BASE = ['engine/base', 'engine/settings'];
const VALUES = [...BASE, 'engine/values'];
const PLAN = [...VALUES, 'engine/plan'];
const RECORDS = [...VALUES, 'engine/records'];
const TABLE: Record<string, readonly string[]> = {
  parser: [],
  'engine/base': ['parser/source'],
  'engine/values': BASE,
  'engine/records': VALUES,
  'engine/plan': ['engine/values'],
  'engine/catalog': [...PLAN, 'parser'],
  'engine/functions': VALUES,
  'engine/expression': [...PLAN, 'engine/records', 'engine/functions'],
  'engine/formats': [...PLAN, 'engine/records'],
  // The keeper of schemas on the log that Weir keeps itself.
  'engine/formats/registry/schema-log.ts': [...RECORDS, 'engine/log'],
  'engine/log': RECORDS,
  'engine/stores': [...RECORDS, 'engine/log/log'],
  'engine/analyzer': [
    ...PLAN,
    'engine/records/topic-name',
    'parser',
    'engine/catalog',
    'engine/functions',
    'engine/formats',
  ],
  'engine/planner': [...PLAN, 'parser', 'engine/catalog', 'engine/functions', 'engine/analyzer', 'engine/formats'],
  'engine/observe': [...RECORDS, 'engine/log'],
  'engine/operators': [
    ...PLAN,
    'engine/records',
    'engine/expression',
    'engine/functions',
    'engine/formats',
    'engine/stores/store',
    'engine/log/log',
    'engine/observe',
  ],
  'engine/dataflow': [
    ...PLAN,
    'engine/records',
    'engine/expression',
    'engine/functions',
    'engine/formats',
    'engine/stores',
    'engine/log',
    'engine/observe',
    'engine/operators',
  ],
  'engine/pull': [
    ...PLAN,
    'engine/records',
    'engine/expression',
    'engine/functions',
    'engine/stores',
    'engine/log',
    'engine/observe',
    'engine/operators',
    'engine/dataflow',
    'engine/api/row-stream',
  ],
  'engine/push': [
    ...PLAN,
    'engine/records',
    'engine/stores',
    'engine/log',
    'engine/observe',
    'engine/operators',
    'engine/dataflow',
    'engine/api/row-stream',
    // A push query of a table may begin with the rows that a pull query gives.
    'engine/pull',
  ],
  'engine/persistent': [
    ...PLAN,
    'engine/records',
    'engine/formats',
    'engine/stores',
    'engine/log',
    'engine/observe',
    'engine/operators',
    'engine/dataflow',
    // Who keeps a table's state reads it for pull queries.
    'engine/pull',
  ],
  'engine/threads': [
    ...PLAN,
    'engine/records',
    'engine/log',
    'engine/observe',
    'engine/operators',
    'engine/dataflow',
    'engine/pull',
    'engine/persistent',
  ],
  'engine/connectors': [
    'parser',
    ...RECORDS,
    'engine/plan',
    'engine/catalog',
    'engine/formats',
    'engine/log',
    'engine/observe',
    // A sink reads a topic's rows as queries do; dead letters and lost positions are named as theirs.
    'engine/operators',
    'engine/persistent/dead-letter',
    'engine/persistent/lost-positions',
  ],
  'engine/api': [...RECORDS, 'engine/observe'],
  // Settings are declared in one place, and read where they have their effect.
  'engine/settings.ts': ['engine/base', 'engine/ksqldb-settings'],
  'engine/command-log': ['parser', 'engine'],
  'engine/statements': ['parser', 'engine'],
  'engine/deployment': ['parser', 'engine'],
  // The engine's own files: the façade, the queries of a node, settings.
  engine: ['parser'],
  server: ['engine/index', 'parser/index'],
  // The composition roots of a process and of its threads, and what they share.
  'server/main.ts': ['engine', 'parser'],
  'server/thread.ts': ['engine', 'parser'],
  'server/thread-resources.ts': ['engine', 'parser'],
  // Whoever uses it has nothing of the server.
  client: [],
  shell: ['parser', 'client'],
  cli: ['engine', 'parser', 'server', 'shell', 'client'],
  testing: [],
  examples: ['engine', 'parser', 'server', 'cli'],
  bench: ['engine', 'parser', 'server', 'cli', 'client', 'testing'],
};

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? sources(`${folder}/${e.name}`) : /\.tsx?$/.test(e.name) ? [`${folder}/${e.name}`] : [],
  );
}

/** The longest entry of the table that a file falls under. */
function roomOf(file: string): string | undefined {
  return Object.keys(TABLE)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((m) =>
    relative(root, resolve(root, dirname(file), m[1]!)).replace(/\.js$/, ''),
  );
}

const files = ['parser', 'engine', 'client', 'server', 'shell', 'cli', 'testing', 'bench'].flatMap(sources);

/** Files that import one another in a circle, type imports included, each circle once (Tarjan's strongly connected components). */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const target of graph.get(file) ?? []) {
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file)!, low.get(target)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle.sort());
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return found;
}

describe('the import table', () => {
  it('knows a room for every source file', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((f) => roomOf(f) === undefined)).toEqual([]);
  });

  it('is kept by every import', () => {
    const broken = files.flatMap((file) => {
      const room = roomOf(file)!;
      const own = room.endsWith('.ts') ? dirname(room) : room;
      const allowed = [own, ...TABLE[room]!];
      return importsOf(file)
        .filter((target) => !allowed.some((a) => target === a || target.startsWith(`${a}/`)))
        .map((target) => `${file} imports ${target}`);
    });
    expect(broken).toEqual([]);
  });

  it('has no circle', () => {
    const graph = new Map(files.map((file) => [file.replace(/\.ts$/, ''), importsOf(file)]));
    expect(graph.size).toBe(files.length);
    expect(circles(graph)).toEqual([]);
  });

  it('finds circles where there are some', () => {
    const graph = new Map(Object.entries({ a: ['b'], b: ['c', 'd'], c: ['a'], d: ['e'], e: ['d'], f: ['a'] }));
    expect(circles(graph)).toEqual([
      ['d', 'e'],
      ['a', 'b', 'c'],
    ]);
  });
});
