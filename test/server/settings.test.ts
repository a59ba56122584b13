import { join, relative } from 'node:path';
import { API } from 'typescript/unstable/sync';
import { expect, test } from 'vitest';
import { MIGRATIONS } from '../../cli/migrations/settings.js';
import { SETTINGS, WITHOUT_EFFECT } from '../../engine/index.js';
import { CLIENT_SETTINGS } from '../../engine/log/kafka/client-settings.js';
import { REQUEST } from '../../engine/settings.js';
import { SERVER_SETTINGS } from '../../server/server-settings.js';

const root = join(import.meta.dirname, '../..');
const DECLARING = [
  'engine/settings.ts',
  'engine/log/kafka/client-settings.ts',
  'server/server-settings.ts',
  'cli/migrations/settings.ts',
];

/** What the test uses of a node of the syntax tree. */
interface Node {
  readonly name?: Node & { readonly text: string };
  readonly initializer?: {
    readonly expression?: { readonly text?: string };
    readonly arguments?: readonly { readonly text: string }[];
  };
  getStart(): number;
  forEachChild(visit: (child: Node) => void): void;
}

/** Members of groups that are made by `setting(…)`. */
function declarations(file: Node): readonly Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (node.initializer?.expression?.text === 'setting') found.push(node);
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

test('each declared setting is listed, and read by the code', { timeout: 60_000 }, () => {
  const api = new API({ cwd: root });
  const [project] = api.updateSnapshot({ openProject: join(root, 'tsconfig.json') }).getProjects();
  const { program, checker } = project!;
  const declared: string[] = [];
  const unread: string[] = [];
  for (const path of DECLARING) {
    const file = program.getSourceFile(join(root, path))!;
    for (const node of declarations(file as unknown as Node)) {
      const name = node.initializer!.arguments![0]!.text;
      declared.push(name);
      const readers = checker
        .getReferencedSymbolsForNode(node.name as never, node.name!.getStart())
        .flatMap((symbol) => symbol.references.map((r) => relative(root, r.path)))
        .filter((p) => p !== path && /^(engine|server|cli)\//.test(p));
      if (readers.length === 0) unread.push(name);
    }
  }
  api.close();
  expect(unread).toEqual([]);
  const listed = [
    ...SETTINGS,
    ...Object.values(REQUEST),
    ...SERVER_SETTINGS,
    ...CLIENT_SETTINGS,
    ...Object.values(MIGRATIONS),
  ].map((s) => s.name);
  expect([...new Set(declared)].sort()).toEqual([...new Set(listed)].sort());
});

test('no setting that is read is said to have no effect', () => {
  const names = [...SETTINGS, ...SERVER_SETTINGS].flatMap((s) => s.names);
  expect(names.filter((name) => WITHOUT_EFFECT.has(name))).toEqual([]);
});

test('a name is of one setting', () => {
  for (const list of [SETTINGS, SERVER_SETTINGS, CLIENT_SETTINGS]) {
    const names = list.flatMap((s) => s.names);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  }
});

test('a default is a value of its setting', () => {
  const defaults = [...SETTINGS, ...SERVER_SETTINGS, ...CLIENT_SETTINGS].filter((s) => s.default !== null);
  expect(defaults.filter((s) => s.problem(s.default!) !== undefined).map((s) => s.name)).toEqual([]);
});
