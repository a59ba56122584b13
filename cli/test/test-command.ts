import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { systemClock } from '../../engine/types/clock.js';
import { readArgs, UsageError } from '../args.js';
import { casesOf, type TestCase } from './case.js';
import { isObject, objectsOf, parseJson } from './lossless-json.js';
import { type Reporter, type Result, report } from './report.js';
import { runCase } from './run-case.js';
import { TEST_FUNCTIONS } from './test-functions.js';

export const TEST_HELP = `usage: weir test FILE-OR-FOLDER… [options]

Runs tests of streaming SQL: JSON files of cases (statements, inputs, outputs, post conditions, expected errors).
In memory, one record at a time, with a clock that stands still and nothing held back.

  --grep TEXT              only cases whose file and name hold TEXT (a regular expression)
  --reporter KIND          text (default), summary, json or junit
  --verbose                what differs, for each case that failed
  --known FILE             a list of cases that are known to fail, a line each (file - name, a tab, the reason):
                           fails where another case fails, and where a listed one passes

The exit status is 1 where a case failed.`;

/** The cases of a file, with the file's base name. */
export function readCases(file: string): TestCase[] {
  const root = parseJson(readFileSync(file, 'utf8'));
  if (!isObject(root)) throw new UsageError(`${file}: no object with "tests".`);
  return objectsOf(root.get('tests')).flatMap((t) => casesOf(basename(file), t));
}

function filesOf(path: string): string[] {
  if (!existsSync(path)) throw new UsageError(`There is no file or folder ${path}.`);
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((f) =>
      statSync(join(path, f)).isDirectory() ? filesOf(join(path, f)) : f.endsWith('.json') ? [join(path, f)] : [],
    );
}

/** Cases known to fail: `file - name` to the reason. */
export function readKnown(file: string): ReadonlyMap<string, string> {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((l) => l !== '' && !l.startsWith('#'));
  return new Map(lines.map((l) => [l.split('\t')[0]!, l.split('\t')[1] ?? '']));
}

export const idOf = (c: TestCase): string => `${c.file} - ${c.name}`;

export async function test(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArgs(args, {
    grep: { type: 'string' },
    reporter: { type: 'string' },
    verbose: { type: 'boolean' },
    known: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    console.log(TEST_HELP);
    return 0;
  }
  if (positionals.length === 0) throw new UsageError(TEST_HELP);
  const kind = values.reporter ?? 'text';
  if (!['text', 'summary', 'json', 'junit'].includes(kind)) throw new UsageError(`There is no reporter '${kind}'.`);
  const grep = values.grep === undefined ? undefined : new RegExp(values.grep);
  const cases = positionals
    .flatMap(filesOf)
    .flatMap(readCases)
    .filter((c) => grep === undefined || grep.test(idOf(c)));
  const results = runAll(cases);
  report(results, kind as Reporter, values.verbose === true);
  if (values.known !== undefined) return checkKnown(results, readKnown(values.known));
  return results.length > 0 && results.every((r) => r.outcome.passed) ? 0 : 1;
}

export function runAll(cases: readonly TestCase[]): Result[] {
  const functions = new FunctionRegistry([...BUILT_IN_FUNCTIONS, ...TEST_FUNCTIONS]);
  // Streams' wall clock stands still; UNIX_TIMESTAMP() and an INSERT without ROWTIME read the real one.
  const tools = {
    functions,
    now: systemClock.now,
    random: () => 0.5,
    uuid: () => '00000000-0000-0000-0000-000000000000',
  };
  return cases.map((c) => {
    const began = performance.now();
    let outcome: Result['outcome'];
    try {
      outcome = runCase(c, tools);
    } catch (e) {
      // A fault of the runner or the engine, not an answer: it counts as a failure and shows where it came from.
      outcome = { passed: false, reason: `internal error: ${(e as Error).stack ?? String(e)}` };
    }
    return { test: c, outcome, ms: performance.now() - began };
  });
}

function checkKnown(results: readonly Result[], known: ReadonlyMap<string, string>): number {
  const fresh = results.filter((r) => !r.outcome.passed && !known.has(idOf(r.test)));
  const fixed = results.filter((r) => r.outcome.passed && known.has(idOf(r.test)));
  for (const r of fresh) console.error(`fails and is not listed: ${idOf(r.test)}`);
  for (const r of fixed) console.error(`passes and is still listed: ${idOf(r.test)}`);
  return fresh.length === 0 && fixed.length === 0 ? 0 : 1;
}
