import { describe, expect, it } from 'vitest';
import { timesOf } from '../../shell/row-text.js';
import { nameWidths } from '../../shell/table.js';
import { commandMidway, unitsOf } from '../../shell/units.js';

describe('the end of a statement', () => {
  it('may name a file', () => {
    const { units } = unitsOf("SELECT 1 \\g a b.txt\nSELECT 'x\\g y' \\g\nSELECT 2;");
    expect(units).toMatchObject([
      { text: 'SELECT 1;', file: 'a b.txt' },
      { text: "SELECT 'x\\g y';" },
      { text: 'SELECT 2;' },
    ]);
    expect(units[1]).not.toHaveProperty('file');
  });
});

describe('a command in the middle of a statement', () => {
  it.each([
    ['SELECT a\nhelp', 'help', 'SELECT a'],
    ['SELECT a\nFROM b\n  exit;', 'exit;', 'SELECT a\nFROM b'],
    ['SELECT a\n\\dt', '\\dt', 'SELECT a'],
    ['SELECT a\nQUIT', 'QUIT', 'SELECT a'],
  ])('%j', (text, command, rest) => {
    expect(commandMidway(text)).toEqual({ command, rest });
  });

  it.each([
    'help',
    "SELECT 'a\nhelp",
    'SELECT a /*\nexit',
    'SELECT a;\nhelp',
    'SELECT a\nhelp me',
    'SELECT a\nhelper',
    'SELECT a\n\\g',
    'SELECT a\nFROM help',
  ])('is none in %j', (text) => {
    expect(commandMidway(text)).toBeUndefined();
  });
});

it('times of windows stand as times, and nothing else does', () => {
  const shown = timesOf({
    columnNames: ['K', 'WINDOWSTART', 'WINDOWEND', 'ROWTIME', 'N'],
    columnTypes: ['STRING', 'BIGINT', 'BIGINT', 'BIGINT', 'BIGINT'],
  });
  expect(shown(['"a"', '1593561600000', 'null', '1593561600123', '1593561600000'])).toEqual([
    '"a"',
    '"2020-07-01T00:00:00.000"',
    'null',
    '"2020-07-01T00:00:00.123"',
    '1593561600000',
  ]);
});

it('names are not broken', () => {
  expect(nameWidths(['A', 'LONG_NAME'], [['CTAS_A_LONG_ID_17', 'a sentence that may well be broken']])).toEqual([
    17, 9,
  ]);
});
