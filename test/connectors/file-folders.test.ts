import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AllowedPath } from '../../engine/connectors/files/folders.js';
import { tempDir } from '../support/temp.js';

it('paths stay below the folders that are allowed', async () => {
  const [a, b, outside] = [tempDir(), tempDir(), tempDir()];
  mkdirSync(join(a, 'in'));
  symlinkSync(outside, join(a, 'out'));
  symlinkSync(join(a, 'in'), join(a, 'link'));
  const of = async (path: string) => (await AllowedPath.of(path, [a, b])).path;
  expect(await of('in/new/x.csv')).toBe(join(a, 'in/new/x.csv'));
  expect(await of(join(b, 'x'))).toBe(join(b, 'x'));
  expect(await of('link/x')).toBe(join(a, 'link/x'));
  await expect(of(outside)).rejects.toThrow('is in none of the folders that connectors may use');
  await expect(of(`${a}-beside/x`)).rejects.toThrow('is in none of the folders');
  await expect(of('in/../../x')).rejects.toThrow("has '..' in it");
  await expect(of('out/x')).rejects.toThrow('is in none of the folders');
  await expect(of('out')).rejects.toThrow('is in none of the folders');
  await expect(AllowedPath.of('x', [])).rejects.toMatchObject({
    message: 'This server lets connectors touch no files.',
    hint: expect.stringContaining('weir.connectors.files.dirs'),
  });
});
