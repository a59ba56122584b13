import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fillSecrets } from '../../engine/connectors/secrets.js';
import { makeDir, removeDir } from '../support/temp.js';

describe('secrets in options', () => {
  const dir = makeDir();
  afterAll(() => removeDir(dir));
  mkdirSync(join(dir, 'secrets'));
  writeFileSync(join(dir, 'secrets', 'db.properties'), '# of the database\nuser = me\npassword: p=a:ss\n');
  writeFileSync(join(dir, 'secrets', 'token'), 'abc\n');
  writeFileSync(join(dir, 'other'), 'not for connectors');
  symlinkSync(join(dir, 'other'), join(dir, 'secrets', 'link'));
  const places = {
    env: { WEIR_SECRET_URL: 'postgres://h/db', HOME: '/root' },
    prefixes: ['WEIR_SECRET_'],
    folders: [join(dir, 'secrets')],
  };
  const fill = async (value: string): Promise<string> => (await fillSecrets({ o: value }, places)).o!;

  it('come from the environment and from files, anywhere in a value', async () => {
    expect(await fill('${env:WEIR_SECRET_URL}?x=1')).toBe('postgres://h/db?x=1');
    const file = join(dir, 'secrets', 'db.properties');
    expect(await fill(`\${file:${file}:user}:\${file:${file}:password}`)).toBe('me:p=a:ss');
    expect(await fill(`\${file:${join(dir, 'secrets', 'token')}}`)).toBe('abc');
    expect(await fill('no secret, ${other}')).toBe('no secret, ${other}');
  });

  it.each([
    ['${env:HOME}', /may not read the environment variable HOME/],
    ['${env:WEIR_SECRET_NONE}', /WEIR_SECRET_NONE is not set/],
    [`\${file:${join(dir, 'other')}}`, /may not read secrets from .*other/],
    [`\${file:${join(dir, 'secrets', 'link')}}`, /may not read secrets from .*link/],
    [`\${file:${join(dir, 'secrets', '..', 'other')}}`, /may not read secrets from/],
    [`\${file:${join(dir, 'secrets', 'none')}}`, /cannot be read: ENOENT/],
    [`\${file:${join(dir, 'secrets', 'db.properties')}:key}`, /has no key key/],
  ])('%s is refused', async (value, why) => {
    await expect(fill(value)).rejects.toThrow(why);
  });
});
