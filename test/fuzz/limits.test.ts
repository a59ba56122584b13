import { describe, expect, it } from 'vitest';
import { type CaseTools, MemoryEngine } from '../../cli/test-runner/memory-engine.js';
import { analyze } from '../../engine/analyzer/index.js';
import { WeirError } from '../../engine/base/errors.js';
import type { Catalog } from '../../engine/catalog/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { explainPlan, explainPull, planPull, planPush } from '../../engine/planner/index.js';
import { parseScript, SourceText, SqlError } from '../../parser/index.js';

/**
 * Statements of absurd depth and size, taken all the way to the topologies of their queries, as they would be run and as
 * EXPLAIN shows them: each works or is refused with an error that has a code, soon, and that does not give the text back.
 */
const tools: CaseTools = {
  functions: new FunctionRegistry(BUILT_IN_FUNCTIONS),
  now: () => 0,
  random: () => 0.5,
  uuid: () => '00000000-0000-0000-0000-000000000000',
};

function run(sql: string, catalog?: Catalog): MemoryEngine {
  const engine = new MemoryEngine(tools);
  if (catalog !== undefined) engine.catalog = catalog;
  const source = new SourceText(sql);
  for (const statement of parseScript(sql)) {
    if (statement.kind !== 'Query') {
      engine.execute(statement, source);
      continue;
    }
    const resolved = analyze(statement, engine.context(source));
    if (resolved.kind !== 'select') continue;
    if (resolved.mode === 'push') explainPlan({ sql, resolved, ...planPush(resolved) });
    else {
      const pull = planPull(resolved);
      if (pull.kind === 'table') explainPull(pull.plan);
    }
  }
  return engine;
}

const { catalog } = run(`
  CREATE STREAM s (id INT KEY, a INT, b STRING, c BOOLEAN, d ARRAY<INT>, e STRUCT<f INT>)
    WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
  CREATE TABLE t (id INT PRIMARY KEY, a INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);
  CREATE TABLE q AS SELECT * FROM t;`);

/** The error that a text ends in, of those that users may meet; null: none. */
function errorOf(sql: string): SqlError | WeirError | null {
  try {
    run(sql, catalog);
    return null;
  } catch (e) {
    if (e instanceof SqlError || e instanceof WeirError) return e;
    throw e;
  }
}

const MEGABYTE = 1024 * 1024;
const DEEP = 10_000;
/** What a message may have, its source line and hint included. */
const MOST = 8000;

const nested = (open: string, inner: string, close: string) => open.repeat(DEEP) + inner + close.repeat(DEEP);
const selected = (expression: string) => `CREATE STREAM o AS SELECT id, ${expression} AS x FROM s;`;
const sized = (size: number) => (before: string, item: string, after: string) =>
  before + item.repeat(Math.floor((size - before.length - after.length) / item.length)) + after;
const filled = sized(MEGABYTE);
/** Lists that are short enough to be analysed and planned, and long enough to show what takes their square of time. */
const list = sized(MEGABYTE / 50);

function checkText(error: SqlError | WeirError, sql: string): void {
  expect(error.message.length).toBeLessThan(MOST);
  expect((error.hint ?? '').length).toBeLessThan(MOST);
  if (error instanceof SqlError) expect(error.format(sql).length).toBeLessThan(MOST);
}

describe('10,000 levels are refused by name', () => {
  it.each([
    ['parentheses', selected(nested('(', 'a', ')'))],
    ['calls', selected(nested('ABS(', 'a', ')'))],
    ['casts', selected(nested('CAST(', 'a', ' AS INT)'))],
    ['arrays', selected(nested('ARRAY[', 'a', ']'))],
    ['structs', selected(nested('STRUCT(x := ', 'a', ')'))],
    ['cases', selected(nested('CASE WHEN c THEN ', 'a', ' END'))],
    ['lambdas', selected(`TRANSFORM(d, ${'x => '.repeat(DEEP)} x)`)],
    ['negations', selected(`${'NOT '.repeat(DEEP)} c`)],
    ['signs', selected(`${'- '.repeat(DEEP)} a`)],
    ['sums', selected(`a${' + a'.repeat(DEEP)}`)],
    ['texts put together', selected(`b${' || b'.repeat(DEEP)}`)],
    ['conditions', `CREATE STREAM o AS SELECT * FROM s WHERE a = 1${' OR a = 1'.repeat(DEEP)};`],
    ['subscripts', selected(`d${'[1]'.repeat(DEEP)}`)],
    ['fields', selected(`e${'->f'.repeat(DEEP)}`)],
    ['types', `CREATE STREAM n (a ${nested('ARRAY<', 'INT', '>')}) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON');`],
    ['joins', `CREATE STREAM o AS SELECT * FROM s${' JOIN t ON s.id = t.id'.repeat(DEEP)};`],
    ['joins of a pull query', `SELECT * FROM q${' JOIN q ON a = a'.repeat(DEEP)};`],
    ['explanations', `${'EXPLAIN '.repeat(DEEP)} q;`],
  ])('%s', (_, sql) => {
    const error = errorOf(sql);
    expect(error).toMatchObject({ code: expect.stringMatching(/NESTING_TOO_DEEP|SYNTAX_ERROR|SOURCE_TOO_LONG/) });
    expect(error!.message.length).toBeLessThan(1000);
    checkText(error!, sql);
  });
});

describe('a megabyte of text is planned, or refused with an error that has a code', () => {
  it.each([
    ['one name', filled('SELECT ', 'a', ' FROM s EMIT CHANGES;')],
    ['one name in quotes', filled('SELECT `', 'a', '` FROM s EMIT CHANGES;')],
    ['one name of a source', filled('SELECT * FROM ', 'a', ' EMIT CHANGES;')],
    ['one name of a field', filled('SELECT e->', 'a', ' FROM s EMIT CHANGES;')],
    ['one name of a function', filled('SELECT ', 'a', '(1) FROM s EMIT CHANGES;')],
    ['one name of a type', filled('SELECT CAST(a AS ', 'a', ') FROM s EMIT CHANGES;')],
    ['one name of a property', filled('CREATE STREAM n (a INT) WITH (', 'a', "='1');")],
    ['one value of a property', filled("CREATE STREAM n (a INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='", 'a', "');")],
    ['one name of a query', filled('TERMINATE ', 'a', ';')],
    ['one text', filled("SELECT '", 'x', "' AS x FROM s EMIT CHANGES;")],
    ['one text as a number', filled("SELECT '", 'x', "' + 1 AS x FROM s EMIT CHANGES;")],
    ['one text as a time', filled("SELECT * FROM s WHERE ROWTIME > '", 'x', "' EMIT CHANGES;")],
    ['one text as a key', filled("SELECT * FROM q WHERE id IN ('", 'x', "');")],
    ['one text as a condition', filled("SELECT * FROM s WHERE '", 'x', "' EMIT CHANGES;")],
    ['one text inserted as a number', filled("INSERT INTO s (id, a) VALUES (1, '", 'x', "');")],
    ['one number', filled('SELECT ', '9', ' AS x FROM s EMIT CHANGES;')],
    ['one number of rows', filled('SELECT * FROM q LIMIT ', '9', ';')],
    ['one number of rows left out', filled('SELECT * FROM q OFFSET ', '9', ';')],
    ['one comment', filled('/*', 'x', '*/')],
    ['a list of columns', filled('SELECT a', ', a', ' FROM s EMIT CHANGES;')],
    ['a list of orders', list('SELECT a FROM q ORDER BY a', ', a', ';')],
    ['an IN list', list('SELECT * FROM s WHERE a IN (1', ', 1', ') EMIT CHANGES;')],
    ['an IN list of keys', list('SELECT * FROM q WHERE id IN (1', ', 1', ');')],
    ['an IN list of texts', list("SELECT * FROM s WHERE a IN ('x'", ", 'x'", ') EMIT CHANGES;')],
    ['an array', list('SELECT ARRAY[1', ', 1', '] AS x FROM s EMIT CHANGES;')],
    ['arguments of a function', list('SELECT COALESCE(a', ', a', ') AS x FROM s EMIT CHANGES;')],
    ['arguments of no function', list('SELECT nothing(a', ', a', ') AS x FROM s EMIT CHANGES;')],
    ['branches of a CASE', list('SELECT CASE', ' WHEN c THEN a', ' END AS x FROM s EMIT CHANGES;')],
    ['conditions', filled('SELECT * FROM s WHERE c', ' AND c', ' EMIT CHANGES;')],
    ['groups', list('SELECT COUNT(*) FROM s GROUP BY a', ', a', ' EMIT CHANGES;')],
    ['properties', filled("CREATE STREAM n (a INT) WITH (KAFKA_TOPIC='n'", ", X='1'", ');')],
    [
      'columns of a source',
      list('CREATE STREAM n (a INT', ', a INT', ") WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON');"),
    ],
    ['fields of a type', list('CREATE TYPE n AS STRUCT<a INT', ', a INT', '>;')],
    ['values', filled('INSERT INTO s VALUES (1', ', 1', ');')],
    ['statements', filled('', 'SHOW STREAMS;', '')],
    ['open parentheses', filled('SELECT ', '(', '')],
    ['closed parentheses', filled('SELECT ', ')', '')],
    ['open quotes', filled('SELECT ', "'", '')],
    ['spaces', filled('SELECT', ' ', 'a')],
    ['one byte', filled('', '\0', '')],
    ['one sign', filled('', '😀', '')],
    ['words', filled('', 'SELECT ', '')],
    ['an escaped pattern', filled("SELECT * FROM s WHERE b LIKE '", '%_', "' EMIT CHANGES;")],
  ])(
    '%s',
    (_, sql) => {
      const error = errorOf(sql);
      if (error !== null) checkText(error, sql);
    },
    20_000,
  );

  it('a statement of too many words is refused before it is parsed', () => {
    expect(errorOf(filled('SELECT * FROM q WHERE id IN (1', ', 1', ');'))).toMatchObject({
      code: 'SOURCE_TOO_LONG',
      hint: expect.stringContaining('Split the statement'),
    });
  });

  it('more is refused as too long', () => {
    expect(errorOf(' '.repeat(MEGABYTE + 1))).toMatchObject({ code: 'SOURCE_TOO_LONG' });
  });
});
