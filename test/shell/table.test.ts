import { describe, expect, it } from 'vitest';
import { cellText, splitArray } from '../../shell/row-text.js';
import { statementsOf } from '../../shell/shell.js';
import { fitWidths, renderTable, renderVertical } from '../../shell/table.js';

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

  it('stand vertically', () => {
    expect(renderVertical(['ID', 'LONG_NAME'], ['1', 'b'], 2)).toBe(
      '*************************** 2. row ***************************\n       ID: 1\nLONG_NAME: b',
    );
  });
});

describe('the statements of a text', () => {
  it('end with ; or \\G, outside of quotes', () => {
    expect(statementsOf("SHOW TABLES; SELECT '\\G;' FROM a\\G\nSELECT 2; -- \\G\nSELECT 3")).toEqual([
      { statement: 'SHOW TABLES;', vertical: false },
      { statement: "SELECT '\\G;' FROM a;", vertical: true },
      { statement: 'SELECT 2;', vertical: false },
      { statement: 'SELECT 3;', vertical: false },
    ]);
  });
});
