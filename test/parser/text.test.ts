import { describe, expect, test } from 'vitest';
import type { Node } from '../../parser/ast.js';
import {
  didYouMean,
  excerpt,
  parseColumnList,
  parseExpression,
  parseScript,
  parseType,
  printType,
  SourceText,
  SqlError,
  splitStatements,
  substituteVariables,
} from '../../parser/index.js';
import { query } from './support.js';

describe('spans', () => {
  test('every node says where it stood', () => {
    const text = 'SELECT a.b + f(1),\n  `x` AS y\nFROM s WHERE NOT (c IN (1, 2));';
    const found: string[] = [];
    const walk = (value: unknown): void => {
      if (Array.isArray(value)) value.forEach(walk);
      else if (typeof value === 'object' && value !== null) {
        if ('kind' in value) {
          const { kind, span } = value as Node;
          const lines = text.slice(0, span.start).split('\n');
          expect([span.line, span.column]).toEqual([lines.length, (lines.at(-1) as string).length + 1]);
          if (kind !== 'Identifier') found.push(`${kind}: ${text.slice(span.start, span.end).replace('\n', ' ')}`);
        }
        Object.values(value).forEach(walk);
      }
    };
    walk(parseScript(text));
    expect(found).toEqual([
      'Query: SELECT a.b + f(1),   `x` AS y\nFROM s WHERE NOT (c IN (1, 2));',
      'SelectExpression: a.b + f(1)',
      'Arithmetic: a.b + f(1)',
      'ColumnRef: a.b',
      'FunctionCall: f(1)',
      'IntegerLiteral: 1',
      'SelectExpression: `x` AS y',
      'ColumnRef: `x`',
      'SourceRef: s',
      'Not: NOT (c IN (1, 2))',
      'In: (c IN (1, 2))',
      'ColumnRef: c',
      'IntegerLiteral: 1',
      'IntegerLiteral: 2',
    ]);
  });

  test('lines are counted through strings, quoted names and comments', () => {
    const { from } = query("SELECT 'a\nb', `c\nd` /* e\nf */ -- g\n FROM s");
    expect(from.span).toMatchObject({ line: 5, column: 7 });
  });

  test('an excerpt puts the caret under its place, and cuts long lines', () => {
    const source = new SourceText('a\r\n\tb  cd\n');
    expect(excerpt(source, source.span(7, 9))).toBe('\tb  cd\n\t   ^^');
    const long = new SourceText(`${'x'.repeat(300)}!${'y'.repeat(300)}`);
    const [line, caret] = excerpt(long, long.span(300, 301)).split('\n');
    expect(line!.length).toBeLessThan(130);
    expect(line![caret!.indexOf('^')]).toBe('!');
  });
});

describe('comments and white space', () => {
  test('are nothing', () => {
    expect(parseScript('\ufeff/* a; ** / */SHOW--x\n\tSTREAMS/**/;--')).toHaveLength(1);
    expect(parseScript("SELECT '--' FROM s -- ';\n;")).toHaveLength(1);
  });
});

describe('parts on their own', () => {
  test('types', () => {
    expect(printType(parseType('struct<a int, b array<map<string, double>>>'))).toBe(
      'STRUCT<A INTEGER, B ARRAY<MAP<STRING, DOUBLE>>>',
    );
    expect(() => parseType('INT, INT')).toThrow(SqlError);
  });

  test('schemas', () => {
    expect(parseColumnList('ID INT KEY, NAME STRING').map((c) => [c.name.name, c.role])).toEqual([
      ['ID', 'KEY'],
      ['NAME', 'NONE'],
    ]);
  });

  test('an expression is the whole text', () => {
    expect(() => parseExpression('a b')).toThrow('line 1:3: Syntax Error');
    expect(() => parseExpression('')).toThrow('line 1:1: Syntax Error');
  });
});

describe('splitting', () => {
  test('semicolons in strings, names and comments do not count', () => {
    const script = "a ';' ; `;` -- ;\n /* ; */ b; -- c\n d";
    const { statements, tail, complete } = splitStatements(script);
    expect(statements.map((s) => s.text)).toEqual(["a ';' ;", '`;` -- ;\n /* ; */ b;']);
    expect(tail).toMatchObject({ text: 'd', open: 'nothing' });
    expect(complete).toBe(false);
    for (const { text, span } of statements) expect(script.slice(span.start, span.end)).toBe(text);
  });

  test.each([
    ['', true, 'nothing'],
    ['SHOW STREAMS;', true, 'nothing'],
    ['SHOW STREAMS; -- and then', true, 'nothing'],
    ['SHOW STREAMS', false, 'nothing'],
    ["SELECT 'a;", false, 'string'],
    ['SELECT `a;', false, 'name'],
    ['SELECT "a;', false, 'name'],
    ["SELECT 'a''", false, 'string'],
    ['/* SHOW;', false, 'comment'],
  ])('%j', (text, complete, open) => {
    const split = splitStatements(text);
    expect([split.complete, split.tail.open]).toEqual([complete, open]);
  });
});

describe('variables', () => {
  const vars = new Map([
    ['name', 'orders'],
    ['FMT', 'JSON'],
    ['empty', ''],
  ]);

  test('known ones are replaced, ignoring case, in literals too', () => {
    expect(substituteVariables("CREATE STREAM ${NAME} WITH (format='${fmt}');", vars).text).toBe(
      "CREATE STREAM orders WITH (format='JSON');",
    );
  });

  test('unknown ones stay, escaped ones lose their escape, values are not read again', () => {
    expect(substituteVariables('${unknown} $${name} ${bad name}', vars).text).toBe('${unknown} ${name} ${bad name}');
    expect(substituteVariables('${a}', { a: '${b}', b: 'no' }).text).toBe('${b}');
  });

  test('places map back', () => {
    const text = 'SELECT ${name}.x, ${empty}y FROM z;';
    const made = substituteVariables(text, vars);
    expect(made.text).toBe('SELECT orders.x, y FROM z;');
    const back = (part: string): string => {
      const start = made.text.indexOf(part);
      const span = made.originalSpan({ start, end: start + part.length, line: 1, column: start + 1 });
      return text.slice(span.start, span.end);
    };
    expect([back('SELECT'), back('rde'), back('orders'), back('x, '), back('y'), back('FROM z;')]).toEqual([
      'SELECT',
      '${name}',
      '${name}',
      'x, ',
      'y',
      'FROM z;',
    ]);
  });

  test('one that stays is an error that says so', () => {
    expect(() => parseScript('SELECT * FROM ${nope};')).toThrow("Syntax error at or near '${nope}'");
  });
});

describe('didYouMean', () => {
  test.each([
    ['FORM', ['WHERE', 'FROM'], 'FROM'],
    ['paymnt_type', ['PAYMENT_TYPE', 'PAYMENT'], 'PAYMENT_TYPE'],
    ['SUBSTR', ['SUBSTRING', 'STR'], undefined],
    ['x', ['y'], undefined],
    ['LENGHT', ['LENGTH', 'LEN'], 'LENGTH'],
    ['abcdef', ['zzzzzz'], undefined],
    ['', ['a'], undefined],
  ])('%s', (name, candidates, found) => {
    expect(didYouMean(name, candidates)).toBe(found);
  });
});
