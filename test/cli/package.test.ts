import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE, typed } from '../../shell/typed-command.js';

const root = join(import.meta.dirname, '../..');
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('commands that messages name', () => {
  it.each([
    ['checkout', 'npm start', 'npm run shell -- http://h:1', 'bin/weir load'],
    ['package', 'npx weir-sql start', 'npx weir-sql shell http://h:1', 'npx weir-sql load'],
    ['files', 'bin/weir start', 'bin/weir shell http://h:1', 'bin/weir load'],
  ] as const)('%s', (place, start, shell, load) => {
    expect([typed('start', '', place), typed('shell', 'http://h:1', place), typed('load', '', place)]).toEqual([
      start,
      shell,
      load,
    ]);
  });
});

describe('the package', () => {
  it('has the name that messages and types give it; its command is weir', () => {
    expect([own.name, own.bin]).toEqual([PACKAGE, { weir: 'bin/weir' }]);
  });

  it('holds the command, what is built of the product, and queries/', () => {
    const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map((f) => f.path);
    expect(paths).toEqual(
      expect.arrayContaining(['bin/weir', 'bin/require-node.mjs', 'queries/01_rides.sql', 'README.md']),
    );
    const product =
      /^(bin|queries|dist\/(parser|engine|server|shell|client|cli))\/|^(package\.json|README\.md|LICENSE)$/;
    expect(paths.filter((path) => !product.test(path) || path.endsWith('.map'))).toEqual([]);
  });

  it.each(['bin/weir', 'scripts/bootstrap.mjs'])('%s refuses an old Node in one line', (file) => {
    const old =
      'Object.defineProperties(process, { version: { value: "v18.20.8" }, versions: { value: { node: "18.20.8" } } })';
    const run = spawnSync(process.execPath, ['--import', `data:text/javascript,${old}`, join(root, file), 'start'], {
      encoding: 'utf8',
    });
    expect([run.status, run.stdout, run.stderr]).toEqual([
      1,
      '',
      `Weir needs Node ${own.engines.node.slice(2)} or newer; this is v18.20.8.\n`,
    ]);
  });
});
