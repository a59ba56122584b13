import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimDataFolder } from '../../server/data-folder.js';
import { tempDir } from '../support/temp.js';

const mark = (folder: string, text: string) => writeFileSync(join(folder, 'weir-data.json'), text);

describe('a data folder', () => {
  it('is the service that has taken it, at every start', () => {
    const folder = join(tempDir(), 'new', 'data');
    claimDataFolder(folder, 'a_');
    claimDataFolder(folder, 'a_');
    expect(() => claimDataFolder(folder, 'b_')).toThrow(
      `The data folder ${folder} belongs to service 'a_', and this is service 'b_'`,
    );
  });

  it('of a newer format, or with a mark that says nothing, is left alone', () => {
    const folder = tempDir();
    mark(folder, '{"formatVersion":2,"serviceId":"a_"}');
    expect(() => claimDataFolder(folder, 'a_')).toThrow('has format 2; this Weir reads up to 1');
    for (const text of ['', '{"serviceId":"a_"}', 'null']) {
      mark(folder, text);
      expect(() => claimDataFolder(folder, 'a_')).toThrow('does not say whose data folder this is');
    }
  });
});
