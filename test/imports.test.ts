import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The import table of docs/ARCHITECTURE.md: a room may import itself and the rooms (or files) listed here. */
const TABLE: Record<string, readonly string[]> = {
  parser: [],
  'engine/types': ['parser/source'],
  'engine/catalog': ['engine/types', 'parser'],
  'engine/functions': ['engine/types'],
  'engine/analyzer': ['parser', 'engine/types', 'engine/catalog', 'engine/functions', 'engine/formats'],
  'engine/planner': [
    'parser',
    'engine/types',
    'engine/catalog',
    'engine/functions',
    'engine/analyzer',
    'engine/formats',
  ],
  'engine/expression': ['engine/types', 'engine/functions'],
  'engine/formats': ['engine/types'],
  'engine/log': ['engine/types'],
  'engine/stores': ['engine/types', 'engine/log/log'],
  'engine/operators': [
    'engine/types',
    'engine/expression',
    'engine/functions',
    'engine/formats',
    'engine/stores/store',
    'engine/log/log',
  ],
  'engine/runtime': [
    'engine/types',
    'engine/catalog',
    'engine/functions',
    'engine/expression',
    'engine/formats',
    'engine/log',
    'engine/stores',
    'engine/operators',
  ],
  'engine/connectors': ['engine/types', 'engine/log'],
  'engine/commands': ['parser', 'engine'],
  // The engine's own files: the façade (index, engine, api) and the command log.
  engine: ['parser'],
  server: ['engine/index', 'parser/index'],
  // The composition roots of a process and of its threads, and what they share.
  'server/main.ts': ['engine', 'parser'],
  'server/thread.ts': ['engine', 'parser'],
  'server/thread-resources.ts': ['engine', 'parser'],
  shell: ['parser'],
  // Whoever uses it has nothing of the server.
  client: [],
  cli: ['engine', 'parser', 'server', 'shell'],
  bench: ['engine', 'parser', 'server', 'cli'],
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

const files = ['parser', 'engine', 'server', 'shell', 'cli', 'bench'].flatMap(sources);

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
});
