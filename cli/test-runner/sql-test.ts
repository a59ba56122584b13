import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { factsOf } from '../../engine/statements/index.js';
import type { Statement } from '../../parser/ast.js';
import { fillVariables, parseScript, SourceText } from '../../parser/index.js';
import type { ExpectedError } from './case.js';
import { attempt, CaseError, errorDifference } from './case-error.js';
import type { CaseTools } from './memory-engine.js';
import type { Outcome } from './run-case.js';
import { checkSource, RecordAssertions } from './sql-assert.js';
import { SqlWorld } from './sql-world.js';

/**
 * Tests written in SQL. A file holds several, each headed by `--@test: name`, with what it must fail with in
 * `--@expected.error:` and `--@expected.message:`. Statements run in order, each on what the ones before it have left.
 */
export interface SqlTest {
  readonly file: string;
  /** Where the file is: scripts that it runs are looked for there. */
  readonly folder: string;
  readonly name: string;
  readonly sql: string;
  /** Lines of the file before it. */
  readonly line: number;
  readonly expected: ExpectedError | null;
}

const DIRECTIVE = /^\s*--@([a-z.]+):\s*(.*?)\s*$/;
const DIRECTIVES = new RegExp(DIRECTIVE.source, 'gm');

export const hasSqlTests = (path: string): boolean => /^\s*--@test:/m.test(readFileSync(path, 'utf8'));

export function readSqlTests(path: string): SqlTest[] {
  const file = basename(path);
  const tests: { name: string; lines: string[]; line: number; error?: string; message?: string }[] = [];
  for (const [i, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const m = DIRECTIVE.exec(line);
    if (m?.[1] === 'test') tests.push({ name: m[2]!, lines: [], line: i });
    const test = tests.at(-1);
    if (test === undefined) continue;
    if (m?.[1] === 'expected.error') test.error = m[2]!;
    if (m?.[1] === 'expected.message') test.message = m[2]!;
    test.lines.push(line);
  }
  if (tests.length === 0) throw new Error(`${path}: no line --@test: name`);
  return tests.map((t) => ({
    file,
    folder: dirname(path),
    name: t.name,
    sql: t.lines.join('\n'),
    line: t.line,
    expected:
      t.error === undefined && t.message === undefined
        ? null
        : { type: t.error, message: t.message, cause: undefined, causeMessage: undefined },
  }));
}

export function runSqlTest(test: SqlTest, tools: CaseTools): Outcome {
  const run = new SqlRun(test, tools);
  try {
    run.script(test.sql, 0);
  } catch (e) {
    if (!(e instanceof CaseError)) throw e;
    if (test.expected === null) return { passed: false, reason: `${run.place(e)}\n${e.message}` };
    const wrong = errorDifference(test.expected, e);
    return wrong === null ? { passed: true } : { passed: false, reason: wrong };
  }
  return test.expected === null ? { passed: true } : { passed: false, reason: 'it should have failed, and did not' };
}

/** RUN SCRIPT in a script in a script…: so many, so that a script that runs itself ends. */
const MAX_DEPTH = 20;

class SqlRun {
  private readonly world: SqlWorld;
  private readonly records: RecordAssertions;
  /** Of DEFINE. */
  private readonly variables = new Map<string, string>();
  /** Where the statement stands that runs. */
  private current: { readonly text: string; readonly line: number; readonly column: number } | null = null;

  constructor(
    private readonly test: SqlTest,
    private readonly tools: CaseTools,
  ) {
    this.world = new SqlWorld(tools);
    this.records = new RecordAssertions(this.world, tools);
  }

  script(sql: string, depth: number): void {
    const options = { testStatements: true, runScript: true };
    for (const filled of fillVariables(sql, this.variables)) {
      const source = new SourceText(filled);
      // Without the directives: else an expected message would be found in its own line.
      const shown = filled.replace(DIRECTIVES, '');
      const statements = attempt('ParseFailedException', shown, () => parseScript(filled, options));
      for (const s of statements) {
        const text = source.slice(s.span);
        if (depth === 0) this.current = { text, line: s.span.line, column: s.span.column };
        attempt('KsqlException', text, () => this.run(s, source, depth));
      }
    }
  }

  /** Which statement has failed, in the words of ksqlDB's test runner. */
  place(e: CaseError): string {
    if (this.current === null) return `Test failure in ${this.test.file}:${this.test.line + 1}:`;
    const { text, line, column } = this.current;
    const what = e.type === 'AssertionError' || text.startsWith('ASSERT') ? 'assert' : 'statement';
    return `Test failure for ${what} \`${text}\` (${this.test.file}, Line: ${this.test.line + line}, Col: ${column}):`;
  }

  private run(statement: Statement, source: SourceText, depth: number): void {
    switch (statement.kind) {
      case 'AssertValues':
      case 'AssertNullValues':
        this.records.check(statement, source);
        break;
      case 'AssertStream':
      case 'AssertTable':
        checkSource(this.world, this.tools, statement, source);
        break;
      case 'RunScript':
        if (depth >= MAX_DEPTH) throw new Error(`Scripts run each other more than ${MAX_DEPTH} deep.`);
        this.script(this.read(statement.path), depth + 1);
        break;
      case 'Define':
        this.variables.set(statement.name.name.toLowerCase(), statement.value);
        break;
      case 'Undefine':
        this.variables.delete(statement.name.name.toLowerCase());
        break;
      default:
        // What only asks has no place in a test, where nobody reads the answer.
        if (factsOf(statement).effect === 'reads') {
          throw new Error(`A test cannot run this statement: ${source.slice(statement.span)}`);
        }
        this.world.execute(statement, source);
    }
  }

  /** A script by its path from the test's folder; one that begins with a slash may also be a path of the system. */
  private read(path: string): string {
    const own = join(this.test.folder, path);
    const found = [own, path].find(existsSync);
    if (found === undefined) throw new Error(`There is no script ${path} in ${this.test.folder}.`);
    return readFileSync(found, 'utf8');
  }
}
