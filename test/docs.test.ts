import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
// Decisions stay as they were taken: files that they name may have moved.
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const PATH = /`((?:parser|engine|server|client|shell|cli|testing|test|bench|scripts|docs|docker|queries)\/[\w./-]*)`/g;

/** GitHub's anchor of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  it('links to what is there', () => {
    const broken = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].flatMap(([, link]) => {
      const [file, section] = link!.split('#');
      const target = file === '' ? join(root, page) : join(root, dirname(page), file!);
      if (!existsSync(target)) return [link];
      if (section === undefined) return [];
      const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map((m) => anchor(m[1]!));
      return headings.includes(section) ? [] : [link];
    });
    expect(broken).toEqual([]);
  });

  it('names files that are there', () => {
    const named = [...text.matchAll(PATH)].map((m) => m[1]!);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

it('docs/ARCHITECTURE.md has a line for each room', () => {
  const rows = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const folders = ['parser', 'server', 'client', 'shell', 'cli', 'testing', 'bench', 'test'];
  const rooms = readdirSync(join(root, 'engine'), { withFileTypes: true }).filter((e) => e.isDirectory());
  for (const { name } of rooms) folders.push(`engine/${name}`);
  expect(folders.filter((f) => rows.filter((line) => line.startsWith(`| \`${f}/\` |`)).length !== 1)).toEqual([]);
});
