import { describe, expect, it } from 'vitest';
import { type Format, formatOf, rowWriter } from '../../shell/formats.js';
import { clip, displayWidth, graphemes, wrapText } from '../../shell/width.js';

const COLUMNS = { names: ['ID', 'NAME', 'MORE'], types: ['BIGINT', 'STRING', 'ARRAY<STRING>'] };
const ROWS = [
  ['9223372036854775807', '"日本, \\"x\\""', '["a",{"B":1.50}]'],
  ['null', '""', 'null'],
  ['-1', '"a|b*\\t\\n\\\\<c>"', '{}'],
];

const written = (format: Format, rows: readonly (readonly string[])[] = ROWS, width = 80, verticalWhenWide = false) => {
  const writer = rowWriter(format, COLUMNS, { width, verticalWhenWide, escape: false });
  return writer.rows(rows) + writer.end();
};

describe('rows in every format: wide characters, NULL, nested values, all digits', () => {
  it('table', () => {
    expect(written('table', ROWS.slice(0, 2))).toBe(
      [
        '+---------------------+-----------+------------------+',
        '|                  ID | NAME      | MORE             |',
        '+---------------------+-----------+------------------+',
        '| 9223372036854775807 | 日本, "x" | ["a",{"B":1.50}] |',
        '|                null |           | null             |',
        '+---------------------+-----------+------------------+',
        '',
      ].join('\n'),
    );
  });

  it('table without rows', () => {
    expect(written('table', []).split('\n')[1]).toBe('|     ID | NAME   | MORE   |');
  });

  it('vertical', () => {
    expect(written('vertical', ROWS.slice(0, 1))).toBe(
      '*************************** 1. row ***************************\n  ID: 9223372036854775807\nNAME: 日本, "x"\nMORE: ["a",{"B":1.50}]\n',
    );
  });

  it('vertical where a table would be too wide', () => {
    expect(written('table', ROWS.slice(0, 1), 40, true)).toContain('1. row');
    expect(written('table', ROWS.slice(0, 1), 80, true)).toContain('| 9223372036854775807 |');
  });

  it('json: one array', () => {
    const text = written('json', ROWS.slice(0, 2));
    expect(text).toBe(
      '[\n  {"ID":9223372036854775807,"NAME":"日本, \\"x\\"","MORE":["a",{"B":1.50}]}\n, {"ID":null,"NAME":"","MORE":null}\n]\n',
    );
    expect(JSON.parse(text)).toHaveLength(2);
    expect(written('json', [])).toBe('[]\n');
  });

  it('ndjson: an object a line, and nothing for no rows', () => {
    expect(written('ndjson', ROWS.slice(1, 2))).toBe('{"ID":null,"NAME":"","MORE":null}\n');
    expect(written('ndjson', [])).toBe('');
  });

  it('csv: RFC 4180; NULL is nothing, an empty text is quoted', () => {
    expect(written('csv')).toBe(
      [
        'ID,NAME,MORE',
        '9223372036854775807,"日本, ""x""","[""a"",{""B"":1.50}]"',
        ',"",',
        '-1,"a|b*\t\n\\<c>",{}',
        '',
      ].join('\n'),
    );
  });

  it('tsv: \\N for NULL, escapes for what would break a line', () => {
    expect(written('tsv')).toBe(
      [
        'ID\tNAME\tMORE',
        '9223372036854775807\t日本, "x"\t["a",{"B":1.50}]',
        '\\N\t\t\\N',
        '-1\ta|b*\\t\\n\\\\<c>\t{}',
        '',
      ].join('\n'),
    );
  });

  it('markdown: numbers to the right, what means something escaped', () => {
    expect(written('markdown')).toBe(
      [
        '| ID | NAME | MORE |',
        '| ---: | --- | --- |',
        '| 9223372036854775807 | 日本, "x" | ["a",{"B":1.50}] |',
        '| null |  | null |',
        '| -1 | a\\|b\\*\t<br>\\\\&lt;c> | {} |',
        '',
      ].join('\n'),
    );
  });

  it('control characters are escapes on a terminal, and themselves in a file', () => {
    const cell = (escaped: boolean) =>
      rowWriter('csv', COLUMNS, { width: 80, verticalWhenWide: false, escape: escaped }).rows([
        ['1', '"\\u001b[2J"', 'null'],
      ]);
    expect([cell(true).includes('\u001b'), cell(false).includes('\u001b')]).toEqual([false, true]);
  });

  it('are called by their names, ksqlDB’s too', () => {
    expect(['TABULAR', 'Json', 'md', 'xml'].map(formatOf)).toEqual(['table', 'json', 'markdown', undefined]);
  });

  it('a table holds rows back until it knows its widths, then writes each as it comes', () => {
    const writer = rowWriter('table', COLUMNS, { width: 80, verticalWhenWide: false, escape: false });
    expect([writer.rows(ROWS.slice(0, 1)), writer.holds]).toEqual(['', true]);
    expect(writer.flush().split('\n')).toHaveLength(5);
    expect(writer.holds).toBe(false);
    expect(writer.rows([['1', '"b"', '[]']])).toMatch(/^\| +1 \| b +\| \[\] +\|\n$/);
  });
});

describe('the cells that a text takes', () => {
  it.each([
    ['abc', 3],
    ['日本語', 6],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['e\u0301', 1],
    ['👍', 2],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['é…→', 3],
    ['\u200b', 0],
  ])('%s: %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
    expect(graphemes(text).reduce((n, g) => n + g.width, 0)).toBe(width);
  });

  it('are what is cut and wrapped by', () => {
    expect([clip('日本語', 5), clip('abc', 3)]).toEqual(['日本…', 'abc']);
    expect(wrapText('日本語', 5)).toEqual(['日本', '語']);
  });
});
