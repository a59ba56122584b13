import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../args.js';
import { casesOf, type TestCase } from './case.js';
import { isObject, type Json, type JsonObject, listOf, parseJson } from './lossless-json.js';

/** The three files of ksqlDB's test runner, `ksql-test-runner -s statements.sql -i input.json -o output.json`. */
export interface RunnerFiles {
  readonly statements: string;
  /** Left out: nothing comes in but what INSERT … VALUES writes. */
  readonly input: string | undefined;
  readonly output: string;
}

/** The one case that the files are. */
export function readRunnerFiles({ statements, input, output }: RunnerFiles): TestCase {
  const test: JsonObject = new Map<string, Json>([
    ['name', basename(statements)],
    ['statements', [readText(statements)]],
    ['inputs', input === undefined ? [] : records(input, 'inputs')],
    ['outputs', records(output, 'outputs')],
  ]);
  return casesOf(basename(statements), test)[0]!;
}

/** The records of a file with one list of them, which is not empty. */
function records(path: string, name: 'inputs' | 'outputs'): Json[] {
  const root = parsed(path);
  if (!isObject(root) || !Array.isArray(root.get(name)))
    throw new UsageError(`${path}: no object with a list "${name}".`);
  const list = [...listOf(root.get(name))];
  if (list.length === 0) throw new UsageError(`${path}: "${name}" is empty.`);
  for (const [i, r] of list.entries()) {
    if (!isObject(r) || typeof r.get('topic') !== 'string')
      throw new UsageError(`${path}: ${name}[${i}] names no topic.`);
  }
  return list;
}

function parsed(path: string): Json {
  const text = readText(path);
  try {
    return parseJson(text);
  } catch (e) {
    throw new UsageError(`${path} is no JSON: ${(e as Error).message}`);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (e) {
    throw new UsageError(`${path} cannot be read: ${(e as Error).message}`);
  }
}
