import { describe, expect, it } from 'vitest';
import { cellText, splitArray } from '../../shell/row-text.js';
import { fits, fitWidths, renderVertical, ruler, tableRow, untabbed } from '../../shell/table.js';
import { scriptUnits } from '../../shell/units.js';

function renderTable(names: readonly string[], rows: readonly (readonly string[])[], total: number): string {
  const widths = fitWidths(names, rows, total);
  const line = ruler(widths);
  return [line, tableRow(names, widths), line, ...rows.map((r) => tableRow(r, widths)), line].join('\n');
}

describe('rows as text', () => {
  it('splits a JSON array without touching its numbers', () => {
    const row = splitArray('["a, \\"b\\"]", 9223372036854775807, 1.50, null, [1, {"x": [2]}], {"k": "}"}]');
    expect(row).toEqual(['"a, \\"b\\"]"', '9223372036854775807', '1.50', 'null', '[1, {"x": [2]}]', '{"k": "}"}']);
    expect(row.map(cellText).slice(0, 3)).toEqual(['a, "b"]', '9223372036854775807', '1.50']);
    expect(splitArray('[]')).toEqual([]);
  });
});

describe('tables', () => {
  it('are as wide as what they hold', () => {
    expect(renderTable(['ID', 'NAME'], [['1', 'Ada Lovelace']], 80)).toBe(
      [
        '+--------+--------------+',
        '| ID     | NAME         |',
        '+--------+--------------+',
        '| 1      | Ada Lovelace |',
        '+--------+--------------+',
      ].join('\n'),
    );
  });

  it('fit the screen: the widest column is wrapped', () => {
    const text = 'x'.repeat(50);
    expect(fitWidths(['A', 'B'], [['12345678', text]], 40)).toEqual([8, 25]);
    const lines = renderTable(['A', 'B'], [['12345678', text]], 40).split('\n');
    expect(lines.every((l) => l.length === 40)).toBe(true);
    expect(lines.filter((l) => l.includes('xxx'))).toHaveLength(2);
  });

  it('tabs are spaces up to the next stop, so that borders stay in line', () => {
    expect(['a\tb', '\tx', 'ab\n1234567\t8\t日\tz', 'none'].map(untabbed)).toEqual([
      'a       b',
      '        x',
      'ab\n1234567 8       日      z',
      'none',
    ]);
  });

  it('can be read where no column is squeezed', () => {
    const wide = Array.from({ length: 10 }, (_, i) => `COLUMN_${i}`);
    const long = Array.from({ length: 10 }, () => 'x'.repeat(20));
    expect([fits(wide, [long], 100), fits(wide, [long], 300), fits(wide, [long], Number.POSITIVE_INFINITY)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(fits(['A', 'B'], [['1', 'x'.repeat(200)]], 80)).toBe(true);
    expect(fitWidths(wide, [long], Number.POSITIVE_INFINITY)).toEqual(long.map(() => 20));
  });

  it('stand vertically', () => {
    expect(renderVertical(['ID', 'LONG_NAME'], ['1', 'b'], 2)).toBe(
      '*************************** 2. row ***************************\n       ID: 1\nLONG_NAME: b',
    );
    expect(renderVertical(['ID'], ['1'], 10, 40).split('\n')[0]).toBe('*************** 10. row ***************');
  });
});

describe('the units of a text', () => {
  const units = (text: string) =>
    scriptUnits(text).map((u) => (u.kind === 'command' ? `[${u.text}]` : `${u.text}${u.vertical ? ' vertical' : ''}`));

  it('are statements that end with ; or \\G, outside of quotes', () => {
    expect(units("SHOW TABLES; SELECT '\\G;' FROM a\\G\nSELECT 2; -- \\G\nSELECT 3")).toEqual([
      'SHOW TABLES;',
      "SELECT '\\G;' FROM a; vertical",
      'SELECT 2;',
      'SELECT 3;',
    ]);
  });

  it('are commands to the end of their line; those that are words to a semicolon', () => {
    expect(
      units("\\x auto\n output JSON; SELECT 1; /* a */ run script 'a;b.sql'\nSELECT exit FROM help;\\dt; \\ds\nexit"),
    ).toEqual([
      '[\\x auto]',
      '[output JSON]',
      'SELECT 1;',
      "[run script 'a;b.sql']",
      'SELECT exit FROM help;',
      '[\\dt; \\ds]',
      '[exit]',
    ]);
  });

  it('leave out what is comment, also at the end', () => {
    expect(units('-- a\nSELECT 1 -- b')).toEqual(['SELECT 1;']);
    expect(units('/* a */ ;; -- b')).toEqual([]);
  });
});
