import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PACKAGE, typed } from '../../shell/typed-command.js';

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

  it('the name of the package is that of package.json, whose command is weir', () => {
    const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect([own.name, own.bin]).toEqual([PACKAGE, { weir: 'bin/weir' }]);
  });
});
