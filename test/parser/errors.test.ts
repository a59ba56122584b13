import { describe, expect, test } from 'vitest';
import {
  MAX_NESTING,
  MAX_SOURCE_LENGTH,
  MAX_STATEMENTS,
  parseExpression,
  parseScript,
  parseStatement,
  parseType,
} from '../../parser/index.js';
import { ALL, errorOf, syntaxErrorOf } from './support.js';

/** The whole text as a user sees it. */
const shown = (sql: string): string => syntaxErrorOf(sql).format(sql);

describe('what a user sees', () => {
  test('a misspelt keyword, taken for an alias', () => {
    expect(shown('SELECT *\nFROM rides WEHRE fare > 1;')).toBe(
      `line 2:18: Syntax Error
Found 'fare'; expected WHERE, ';' or GROUP, among others.
Did you mean 'WHERE' instead of 'WEHRE'?
FROM rides WEHRE fare > 1;
                 ^^^^`,
    );
  });

  test('a misspelt keyword in its place', () => {
    expect(shown('SELECT * FORM rides;')).toBe(
      `line 1:10: Syntax Error
Expecting {',', 'FROM'}
Did you mean 'FROM'?
SELECT * FORM rides;
         ^^^^`,
    );
  });

  test('an unknown statement', () => {
    expect(shown('SELCT * FROM rides;')).toBe(
      `line 1:1: Syntax Error
Unknown statement 'SELCT'
Did you mean 'SELECT'?
SELCT * FROM rides;
^^^^^`,
    );
  });

  test('a reserved word for a name', () => {
    expect(shown('CREATE STREAM s (from INT);')).toBe(
      `line 1:18: Syntax Error
Syntax error at or near 'from' at line 1:18
Found 'from'; expected a name.
CREATE STREAM s (from INT);
                 ^^^^
Hint: FROM is a reserved word; in back quotes, \`from\`, it can be a name.`,
    );
  });

  test('a text without quotes', () => {
    expect(shown('CREATE STREAM s (a INT) WITH (format=JSON);')).toBe(
      `line 1:38: Syntax Error
Syntax error at or near 'JSON' at line 1:38
Found 'JSON'; expected a value.
CREATE STREAM s (a INT) WITH (format=JSON);
                                     ^^^^
Hint: Texts are written in single quotes: 'text'.`,
    );
  });

  test('a missing parenthesis, at the end of the text', () => {
    expect(shown('SELECT f(a FROM s')).toBe(
      `line 1:12: Syntax Error
Found 'FROM'; expected ')', ',' or an operator.
SELECT f(a FROM s
           ^^^^`,
    );
    expect(shown('CREATE STREAM s (a INT')).toBe(
      `line 1:23: Syntax Error
Found the end of the statement; expected ')', '(' or ',', among others.
CREATE STREAM s (a INT
                      ^`,
    );
  });

  test.each([
    [
      'SHOW STREAM;',
      "Found 'STREAM'; expected STREAMS, ALL or CONNECTOR, among others.\nDid you mean 'STREAMS'?",
      undefined,
    ],
    ['SELECT a, FROM s;', undefined, "There is a comma too many before 'FROM'."],
    ['CREATE STREAM s (a INT,);', "Found ')'; expected a name.", "There is a comma too many before ')'."],
    ['SET auto.offset.reset=1;', undefined, "Texts are written in single quotes: 'text'."],
    ['SELECT a FROM s WHERE a NOT 5;', undefined, undefined],
    ['SELECT a FROM s WHERE a == 5;', "Found '='; expected an expression.", 'Equality is a single =.'],
    [
      'CREATE STREAM my-stream (a INT);',
      "Found '-'; expected ';', AS or WITH, among others.",
      'Names with a dash need back quotes.',
    ],
    [
      'PRINT my.topic;',
      "Found '.'; expected ';', FROM or INTERVAL, among others.",
      'Names with a dot need back quotes.',
    ],
    ['DROP s;', "Found 's'; expected STREAM, TABLE or CONNECTOR, among others.", undefined],
  ])('%s', (sql, explanation, hint) => {
    const error = syntaxErrorOf(sql);
    if (explanation !== undefined) expect(error.explanation).toBe(explanation);
    expect(error.hint).toBe(hint);
  });

  test('an operator that has begun', () => {
    expect(syntaxErrorOf('SELECT a FROM s WHERE a NOT 5;').brief).toBe(
      "line 1:29: Syntax Error\nExpecting {'BETWEEN', 'IN', 'LIKE'}",
    );
    expect(syntaxErrorOf('SELECT a FROM s WHERE a IS 5;').brief).toBe(
      "line 1:28: Syntax Error\nExpecting {'DISTINCT', 'NOT', 'NULL'}",
    );
  });

  test('a string that never ends', () => {
    expect(shown("SELECT 'abc\nFROM s;")).toBe(
      `line 1:8: Syntax Error
The string that begins here has no closing quote (').
SELECT 'abc
       ^^^^`,
    );
  });
});

describe('by the letter', () => {
  test.each([
    ["RUN SCRIPT 'foo';", "line 1:1: Syntax Error\nUnknown statement 'RUN'"],
    ['ASSERT VALUES foo (id) VALUES (1);', "line 1:8: Syntax Error\nSyntax error at or near 'VALUES' at line 1:8"],
    ['CREATE STREAM I (K DOUBLE (KEY));', "line 1:28: Syntax Error\nExpecting {'STRING', INTEGER_VALUE}"],
    ['SELECT * FROM s LIMIT heh;', 'line 1:23: Syntax Error\nExpecting INTEGER_VALUE'],
    ['SELECT a FROM s WHERE b IN ();', "line 1:29: Syntax Error\nSyntax error at or near ')' at line 1:29"],
    ['SELECT CAST(a AS NULL) FROM s;', "line 1:18: Syntax Error\nSyntax error at or near 'NULL' at line 1:18"],
    ['SELECT * FROM s EMIT CHANGE;', "line 1:22: Syntax Error\nExpecting {'CHANGES', 'FINAL'}"],
    [
      'CREATE TABLE t (ID INT KEY);',
      "Line: 1, Col: 17: Column `ID` is a 'KEY' column: please use 'PRIMARY KEY' for tables.",
    ],
    [
      'CREATE STREAM s (ID INT PRIMARY KEY);',
      "Line: 1, Col: 18: Column `ID` is a 'PRIMARY KEY' column: please use 'KEY' for streams.",
    ],
    [
      'SELECT 9223372036854775808 FROM s;',
      'Failed to prepare statement: line 1:9: Invalid numeric literal: 9223372036854775808',
    ],
    ['SELECT a # b FROM s;', "line 1:10: Syntax Error\nSyntax error at or near '#' at line 1:10"],
    ['SELECT (a, b) FROM s;', "line 1:10: Syntax Error\nSyntax error at or near ',' at line 1:10"],
    [
      'SELECT a->* + 1 FROM s;',
      'line 1:11: Syntax Error\n->* stands alone in a SELECT list: it cannot be part of an expression.',
    ],
    ['SELECT a->* AS b FROM s;', 'line 1:13: Syntax Error\n->* gives several columns: it takes no alias.'],
    ['SELECT f((a.b) => 1) FROM s;', 'line 1:11: Syntax Error\nA lambda parameter is a plain name: (x, y) => …'],
    [
      'CREATE SOURCE STREAM s AS SELECT * FROM t;',
      'line 1:24: Syntax Error\nCREATE SOURCE STREAM reads a topic: it has columns, not a query.',
    ],
    [
      'CREATE STREAM s (a INT) AS SELECT * FROM t;',
      'line 1:25: Syntax Error\nThe columns of CREATE … AS SELECT come from its query: leave the list in parentheses out.',
    ],
    ['SELECT * FROM s WINDOW TUMBLING (GRACE PERIOD 1 DAY);', 'line 1:17: Syntax Error\nA TUMBLING window needs SIZE.'],
    ['SELECT * FROM s WINDOW HOPPING (SIZE 1 DAY);', 'line 1:17: Syntax Error\nA HOPPING window needs ADVANCE BY.'],
    [
      'SELECT * FROM s WINDOW TUMBLING (SIZE 1 DAY, ADVANCE BY 1 HOUR);',
      'line 1:57: Syntax Error\nA TUMBLING window does not take ADVANCE BY.',
    ],
    [
      'SELECT * FROM s WINDOW SESSION (1 DAY, RETENTION 1 DAY, RETENTION 2 DAYS);',
      'line 1:57: Syntax Error\nRETENTION is given twice.',
    ],
    ['ASSERT SCHEMA TIMEOUT 1 SECOND;', 'line 1:8: Syntax Error\nASSERT SCHEMA needs a SUBJECT, an ID, or both.'],
    ['CREATE TYPE t AS ARRAY;', 'line 1:18: Syntax Error\nARRAY alone is not a type: write ARRAY<element>.'],
    ['CREATE STREAM s (a addr(1));', 'line 1:25: Syntax Error\nType ADDR takes no parameters.'],
    ['SELECT `` FROM s;', 'line 1:8: Syntax Error\nA name cannot be empty.'],
    ['SHOW STREAMS; /* open', 'line 1:15: Syntax Error\nThe comment that begins here has no closing */.'],
    ['EXPLAIN EXPLAIN EXPLAIN q;', 'line 1:9: Syntax Error\nEXPLAIN explains one statement, and not another EXPLAIN.'],
  ])('%s', (sql, brief) => {
    expect(syntaxErrorOf(sql).brief).toBe(brief);
  });

  test("ksqlDB's text stands first, then what Weir adds; the statement stands apart", () => {
    const error = syntaxErrorOf('SELECT * FROM S1 SORT BY MYKEY DESC;');
    expect(error.brief).toBe('line 1:23: Syntax Error\n');
    expect(error.message).toBe("line 1:23: Syntax Error\nFound 'BY'; expected ';', WHERE or GROUP, among others.");
    expect(error.statement).toBe('SELECT * FROM S1 SORT BY MYKEY DESC;');
    const second = syntaxErrorOf('SHOW STREAMS;\n SHOW;');
    expect(second.message).toMatch(/^line 2:6: Syntax Error/);
    expect(second.statement).toBe('SHOW;');
  });

  test('at most three expectations, and only what the dialect takes', () => {
    const error = syntaxErrorOf('SELECT * FROM s x y;');
    expect(error.expected).toHaveLength(3);
    expect(error.code).toBe('SYNTAX_ERROR');
    expect(syntaxErrorOf('ASSERT x;').message).not.toContain('VALUES');
    expect(syntaxErrorOf('RUM SCRIPT;').expected).toEqual([]);
    expect(syntaxErrorOf('RUM SCRIPT;', ALL).expected).toEqual(['RUN']);
  });

  test('one statement is asked for', () => {
    expect(errorOf(() => parseStatement('')).message).toBe('line 1:1: Syntax Error\nNo statement is given.');
    expect(errorOf(() => parseStatement('SHOW STREAMS; SHOW TABLES;')).message).toBe(
      'line 1:15: Syntax Error\nOne statement is expected, and another one follows it.',
    );
  });
});

describe('limits', () => {
  const deep = (open: string, inner: string, close: string, levels: number): string =>
    open.repeat(levels) + inner + close.repeat(levels);

  test.each([
    ['parentheses', '(', '1', ')'],
    ['calls', 'f(', '1', ')'],
    ['subscripts', 'a[', '1', ']'],
    ['arrays', 'ARRAY[', '1', ']'],
    ['maps', 'MAP(1:=', '1', ')'],
    ['cases', 'CASE WHEN ', 'a', ' THEN 1 END'],
    ['simple cases', 'CASE ', 'a', ' WHEN 1 THEN 1 END'],
    ['lambdas', 'x => ', 'x', ''],
    ['casts', 'CAST(', 'a', ' AS INT)'],
    ['unbalanced parentheses', '(', '', ''],
    ['unbalanced cases', 'CASE ', '', ''],
  ])('10,000 levels of %s', (_, open, inner, close) => {
    const error = errorOf(() => parseExpression(deep(open, inner, close, 10_000)));
    expect(error.code).toBe('NESTING_TOO_DEEP');
    expect(error.message).toMatch(/^line 1:\d+: The statement nests deeper than \d+ levels\.$/);
  });

  test('10,000 levels of types', () => {
    expect(errorOf(() => parseType(deep('ARRAY<', 'INT', '>', 10_000))).code).toBe('NESTING_TOO_DEEP');
    expect(errorOf(() => parseType(deep('STRUCT<a ', 'INT', '>', 10_000))).code).toBe('NESTING_TOO_DEEP');
  });

  test.each([
    ['sums', `1${' + 1'.repeat(10_000)}`],
    ['conditions', `a = 1${' OR a = 1'.repeat(10_000)}`],
    ['negations', `${'NOT '.repeat(10_000)}a`],
    ['signs', `${'- '.repeat(10_000)}a`],
    ['dereferences', `a${'->b'.repeat(10_000)}`],
    ['subscripts', `a${'[1]'.repeat(10_000)}`],
  ])('10,000 chained %s', (_, sql) => {
    const error = errorOf(() => parseExpression(sql));
    expect(error.code).toBe('NESTING_TOO_DEEP');
    expect(error.hint).toBeDefined();
  });

  test('10,000 EXPLAINs', () => {
    expect(syntaxErrorOf(`${'EXPLAIN '.repeat(10_000)} q;`).code).toBe('NESTING_TOO_DEEP');
  });

  test('10,000 joins', () => {
    const error = syntaxErrorOf(`SELECT * FROM a${' JOIN b ON a.x = b.x'.repeat(10_000)};`);
    expect(error.code).toBe('NESTING_TOO_DEEP');
  });

  test('what is allowed does parse: the deepest nesting, wide lists, many comparisons with <', () => {
    for (const [open, inner, close] of [
      ['(', '1', ')'],
      ['CASE WHEN ', 'a', ' THEN 1 END'],
      ['x => ', 'x', ''],
      ['STRUCT(a:=', '1', ')'],
    ] as const) {
      expect(() => parseExpression(deep(open, inner, close, MAX_NESTING))).not.toThrow();
    }
    expect(() => parseType(deep('STRUCT<a ', 'INT', '>', MAX_NESTING))).not.toThrow();
    expect(parseExpression(`f(${'x => x, '.repeat(500)}1)`).kind).toBe('FunctionCall');
    expect(parseExpression(`a IN (${'1, '.repeat(50_000)}1)`).kind).toBe('In');
    expect(parseExpression(`a < 1${' AND a < 1'.repeat(300)}`).kind).toBe('Logical');
    expect(parseScript(`SELECT ${'(a), '.repeat(5_000)}b FROM s;`)).toHaveLength(1);
  });

  test('the text and the number of statements are bounded', () => {
    expect(syntaxErrorOf(' '.repeat(MAX_SOURCE_LENGTH + 1)).code).toBe('SOURCE_TOO_LONG');
    expect(parseScript(' '.repeat(MAX_SOURCE_LENGTH))).toEqual([]);
    expect(syntaxErrorOf('SHOW STREAMS;'.repeat(MAX_STATEMENTS + 1)).code).toBe('TOO_MANY_STATEMENTS');
  });

  test('an error late in a long statement is still an error of its place', () => {
    const error = syntaxErrorOf(`SELECT ${'a, '.repeat(20_000)} FROM s;`);
    expect(error.message).toMatch(/^line 1:60009: Syntax Error/);
  });
});
