import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isObject, objectsOf, parseJson } from './lossless-json.js';
import type { CaseTools } from './memory-engine.js';
import type { Result } from './report.js';
import { type RestCase, restCasesOf } from './rest-case.js';
import { runRestCase } from './rest-run.js';

/** Whether a file holds tests against a server (one with responses does): each has a server of its own. */
export const isRestFile = (path: string): boolean =>
  path.endsWith('.json') && /"(?:responses|expectedError)"\s*:/.test(readFileSync(path, 'utf8'));

/** Runs the tests of files, `jobs` at a time; results are in the order of the files. */
export async function runRestFiles(
  paths: readonly string[],
  grep: string | undefined,
  jobs: number,
  tools: CaseTools,
): Promise<Result[]> {
  const wanted = grep === undefined ? undefined : new RegExp(grep);
  const cases = paths.flatMap(readCases).filter(({ base }) => wanted?.test(`${base.file} - ${base.name}`) !== false);
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < cases.length) {
      const at = next++;
      const test = cases[at]!;
      const began = performance.now();
      const outcome = await runRestCase(test, tools);
      results[at] = { test: { file: test.base.file, name: test.base.name }, outcome, ms: performance.now() - began };
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return results;
}

function readCases(path: string): RestCase[] {
  const root = parseJson(readFileSync(path, 'utf8'));
  if (!isObject(root)) return [];
  return objectsOf(root.get('tests')).flatMap((t) => restCasesOf(basename(path), t));
}
