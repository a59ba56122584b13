import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { systemClock } from '../../engine/base/clock.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { readArgs, UsageError, wholeNumber } from '../args.js';
import { casesOf } from './case.js';
import { isObject, objectsOf, parseJson } from './lossless-json.js';
import type { CaseTools } from './memory-engine.js';
import { type Reporter, type Result, report } from './report.js';
import { isRestFile, runRestFiles } from './rest-command.js';
import { type Outcome, runCase } from './run-case.js';
import { type RunnerFiles, readRunnerFiles } from './runner-files.js';
import { hasSqlTests, readSqlTests, runSqlTest } from './sql-test.js';
import { TEST_FUNCTIONS } from './test-functions.js';

export const TEST_HELP = `usage: weir test FILE-OR-FOLDER… [options]
       weir test -s STATEMENTS [-i INPUTS] -o OUTPUTS

Runs tests of streaming SQL, in memory, one record at a time, with a clock that stands still and nothing held back:
- .json files of cases: statements, inputs, outputs, post conditions, expected errors;
- .sql files: --@test: name, --@expected.error:, --@expected.message:, INSERT … VALUES, ASSERT VALUES,
  ASSERT NULL VALUES, ASSERT STREAM, ASSERT TABLE, RUN SCRIPT;
- .json files of cases with responses: statements and queries over HTTP, each case against a server of its own on a free
  port, with an embedded log;
- the three files of ksqlDB's test runner: statements, {"inputs":[…]}, {"outputs":[…]}.

The clock stands at the time at which the test began: for UNIX_TIMESTAMP() and for INSERT … VALUES without ROWTIME.

  -s, --sql-file FILE      statements
  -i, --input-file FILE    records that come in: topic, timestamp, key, value, perhaps window
  -o, --output-file FILE   records that must come out, in order
  --grep TEXT              only tests whose file and name hold TEXT (a regular expression)
  --jobs N                 run in N threads (default 1)
  --reporter KIND          text (default), summary, json or junit
  --verbose                what differs for every test that failed (else for the first ten)
  --known FILE             a list of tests that are known to fail, a line each (file - name, a tab, the reason):
                           fails where another test fails, and where a listed one passes

The exit status is 1 where a test failed.`;

/** A test of either kind. */
export interface Runnable {
  readonly file: string;
  readonly name: string;
  run(tools: CaseTools): Outcome;
}

/** The tests of a file, in order. */
export function readTests(path: string): Runnable[] {
  if (path.endsWith('.sql')) {
    return readSqlTests(path).map((t) => ({ file: t.file, name: t.name, run: (tools) => runSqlTest(t, tools) }));
  }
  const root = parseJson(readFileSync(path, 'utf8'));
  if (!isObject(root)) throw new UsageError(`${path}: no object with "tests".`);
  return objectsOf(root.get('tests'))
    .flatMap((t) => casesOf(basename(path), t))
    .map((c) => ({ file: c.file, name: c.name, run: (tools) => runCase(c, tools) }));
}

/** The files of tests that are meant: of a folder all but the scripts that its tests run. */
export function filesOf(path: string): string[] {
  if (!existsSync(path)) throw new UsageError(`There is no file or folder ${path}.`);
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((f) => {
      const inner = join(path, f);
      if (statSync(inner).isDirectory()) return filesOf(inner);
      return f.endsWith('.json') || (f.endsWith('.sql') && hasSqlTests(inner)) ? [inner] : [];
    });
}

/** Tests known to fail: `file - name` to the reason. */
export function readKnown(file: string): ReadonlyMap<string, string> {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((l) => l !== '' && !l.startsWith('#'));
  return new Map(lines.map((l) => [l.split('\t')[0]!, l.split('\t')[1] ?? '']));
}

export const idOf = (t: { readonly file: string; readonly name: string }): string => `${t.file} - ${t.name}`;

export async function test(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArgs(args, {
    grep: { type: 'string' },
    jobs: { type: 'string' },
    reporter: { type: 'string' },
    verbose: { type: 'boolean' },
    known: { type: 'string' },
    'sql-file': { type: 'string', short: 's' },
    'input-file': { type: 'string', short: 'i' },
    'output-file': { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    console.log(TEST_HELP);
    return 0;
  }
  const { 'sql-file': statements, 'input-file': input, 'output-file': output } = values;
  if (statements !== undefined || input !== undefined || output !== undefined) {
    if (statements === undefined || output === undefined || positionals.length > 0) {
      throw new UsageError(
        'weir test takes -s STATEMENTS, -o OUTPUTS and perhaps -i INPUTS together, and nothing beside them.',
      );
    }
    return runFilesOfRunner({ statements, input, output });
  }
  if (positionals.length === 0) throw new UsageError('weir test takes files and folders of tests.');
  const kind = values.reporter ?? 'text';
  if (!['text', 'summary', 'json', 'junit'].includes(kind)) throw new UsageError(`There is no reporter '${kind}'.`);
  const jobs = Math.max(1, wholeNumber(values.jobs, '--jobs', 1));
  const files = positionals.flatMap(filesOf);
  const rest = files.filter(isRestFile);
  const alone = files.filter((f) => !rest.includes(f));
  const results = [
    ...(jobs === 1 ? runFiles(alone, values.grep) : await runInThreads(alone, values.grep, jobs)),
    ...(await runRestFiles(rest, values.grep, jobs, caseTools())),
  ];
  report(results, kind as Reporter, values.verbose === true);
  if (values.known !== undefined) return checkKnown(results, readKnown(values.known));
  return results.length > 0 && results.every((r) => r.outcome.passed) ? 0 : 1;
}

/** Says how it ended in the words of ksqlDB's test runner. */
function runFilesOfRunner(files: RunnerFiles): number {
  const test = readRunnerFiles(files);
  const [{ outcome }] = runAll([{ ...test, run: (tools) => runCase(test, tools) }]) as [Result];
  console.log(outcome.passed ? '\t>>> Test passed!' : `\t>>>>> Test failed: ${outcome.reason}`);
  return outcome.passed ? 0 : 1;
}

function runFiles(files: readonly string[], grep: string | undefined): Result[] {
  const wanted = grep === undefined ? undefined : new RegExp(grep);
  return runAll(files.flatMap(readTests).filter((t) => wanted === undefined || wanted.test(idOf(t))));
}

const functions = (): FunctionRegistry => new FunctionRegistry([...BUILT_IN_FUNCTIONS, ...TEST_FUNCTIONS]);

/** The clock stands still from now on. */
const caseTools = (registry = functions()): CaseTools => {
  const began = systemClock.now();
  return {
    functions: registry,
    now: () => began,
    random: () => 0.5,
    uuid: () => '00000000-0000-0000-0000-000000000000',
  };
};

export function runAll(tests: readonly Runnable[]): Result[] {
  const registry = functions();
  return tests.map((t) => {
    const tools = caseTools(registry);
    const began = performance.now();
    let outcome: Outcome;
    try {
      outcome = t.run(tools);
    } catch (e) {
      // A fault of the runner or the engine, not an answer: it counts as a failure and shows where it came from.
      outcome = { passed: false, reason: `internal error: ${(e as Error).stack ?? String(e)}` };
    }
    return { test: { file: t.file, name: t.name }, outcome, ms: performance.now() - began };
  });
}

interface ThreadWork {
  readonly files: readonly string[];
  readonly grep: string | undefined;
}

/** Each thread takes every n-th file; results come back in the order of the files. */
async function runInThreads(files: readonly string[], grep: string | undefined, jobs: number): Promise<Result[]> {
  const parts = await Promise.all(
    Array.from({ length: Math.min(jobs, files.length) }, (_, i) => {
      const work: ThreadWork = { files: files.filter((_f, n) => n % jobs === i), grep };
      return new Promise<Result[]>((resolve, reject) => {
        const worker = new Worker(fileURLToPath(import.meta.url), { workerData: work });
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    }),
  );
  const order = new Map(files.map((f, i) => [basename(f), i]));
  return parts.flat().sort((a, b) => order.get(a.test.file)! - order.get(b.test.file)!);
}

if (!isMainThread && parentPort !== null && (workerData as ThreadWork | null)?.files !== undefined) {
  const { files, grep } = workerData as ThreadWork;
  parentPort.postMessage(runFiles(files, grep));
}

function checkKnown(results: readonly Result[], known: ReadonlyMap<string, string>): number {
  const fresh = results.filter((r) => !r.outcome.passed && !known.has(idOf(r.test)));
  const fixed = results.filter((r) => r.outcome.passed && known.has(idOf(r.test)));
  for (const r of fresh) console.error(`fails and is not listed: ${idOf(r.test)}`);
  for (const r of fixed) console.error(`passes and is still listed: ${idOf(r.test)}`);
  return fresh.length === 0 && fixed.length === 0 ? 0 : 1;
}
