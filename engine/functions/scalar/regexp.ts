import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { EvaluationError } from '../../types/evaluation-error.js';
import { scalar } from '../function.js';

/*
 * Regular expressions run on RE2JS, in time linear in the text, so that no pattern can hold up the engine. Its syntax is
 * Java's for what most patterns use; back-references and lookaround, which cannot be matched in linear time, are refused.
 */

const CATEGORY = 'REGULAR EXPRESSION';

/** Patterns that a call site keeps compiled: usually there is one, but it may come from a column. */
const CACHE_SIZE = 64;

type Compile = (pattern: string) => RE2JS;

let library: typeof import('re2js') | undefined;

/** Loaded at the first regular expression: it takes a good part of a start. */
function re2(): typeof import('re2js') {
  library ??= createRequire(import.meta.url)('re2js') as typeof import('re2js');
  return library;
}

function patternCache(): Compile {
  const cache = new Map<string, RE2JS>();
  return (pattern) => {
    const known = cache.get(pattern);
    if (known !== undefined) return known;
    let compiled: RE2JS;
    try {
      compiled = re2().RE2JS.compile(pattern);
    } catch (e) {
      if (e instanceof re2().RE2JSException) throw new EvaluationError(`Invalid regular expression: ${e.message}`);
      throw e;
    }
    if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value!);
    cache.set(pattern, compiled);
    return compiled;
  };
}

function extract(re: RE2JS, s: string, group: number): string | null {
  const m = re.matcher(s);
  if (!m.find() || group < 0 || group > m.groupCount()) return null;
  return m.group(group) ?? null;
}

const regexpExtract = scalar({
  name: 'REGEXP_EXTRACT',
  description: 'The first part of a text that a pattern matches, or a capturing group of it; NULL where there is none.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'REGEXP_EXTRACT(pattern STRING, input STRING) -> STRING',
      nulls: 'propagate',
      make: () => {
        const compile = patternCache();
        return (pattern: string, s: string) => extract(compile(pattern), s, 0);
      },
    },
    {
      signature: 'REGEXP_EXTRACT(pattern STRING, input STRING, group INT) -> STRING',
      nulls: 'propagate',
      make: () => {
        const compile = patternCache();
        return (pattern: string, s: string, group: number) => extract(compile(pattern), s, group);
      },
    },
  ],
  examples: [
    { sql: "REGEXP_EXTRACT('(.*) (.*)', 'hello there', 2)", result: "'there'" },
    { sql: "REGEXP_EXTRACT('test.', 'some_test_string')", result: "'test_'" },
  ],
});

function extractAll(re: RE2JS, s: string, group: number): (string | null)[] | null {
  const m = re.matcher(s);
  if (group < 0 || group > m.groupCount()) return null;
  const out: (string | null)[] = [];
  while (m.find()) out.push(m.group(group) ?? null);
  return out;
}

const regexpExtractAll = scalar({
  name: 'REGEXP_EXTRACT_ALL',
  description: 'Every part of a text that a pattern matches, or a capturing group of each.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'REGEXP_EXTRACT_ALL(pattern STRING, input STRING) -> ARRAY<STRING>',
      nulls: 'propagate',
      make: () => {
        const compile = patternCache();
        return (pattern: string, s: string) => extractAll(compile(pattern), s, 0);
      },
    },
    {
      signature: 'REGEXP_EXTRACT_ALL(pattern STRING, input STRING, group INT) -> ARRAY<STRING>',
      nulls: 'propagate',
      make: () => {
        const compile = patternCache();
        return (pattern: string, s: string, group: number) => extractAll(compile(pattern), s, group);
      },
    },
  ],
  examples: [
    { sql: "REGEXP_EXTRACT_ALL('(\\w+) (\\w+)', 'hello there nice day', 2)", result: "ARRAY['there', 'day']" },
  ],
});

const regexpReplace = scalar({
  name: 'REGEXP_REPLACE',
  description: 'Replaces every match of a pattern; $1 in the new text stands for the first capturing group.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'REGEXP_REPLACE(str STRING, pattern STRING, newStr STRING) -> STRING',
      nulls: 'propagate',
      make: () => {
        const compile = patternCache();
        return (s: string, pattern: string, by: string) => compile(pattern).matcher(s).replaceAll(by, true);
      },
    },
  ],
  examples: [{ sql: "REGEXP_REPLACE('baababaa', '(ab)+', 'cat')", result: "'bacataa'" }],
});

const regexpSplit = scalar({
  name: 'REGEXP_SPLIT_TO_ARRAY',
  description: 'The parts of a text between the matches of a pattern; every character where the pattern is empty.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'REGEXP_SPLIT_TO_ARRAY(str STRING, pattern STRING) -> ARRAY<STRING>',
      nulls: 'propagate',
      make: () => {
        const compile = patternCache();
        return (s: string, pattern: string) => {
          if (pattern === '') return s === '' ? [''] : [...s];
          return compile(pattern).split(s, -1);
        };
      },
    },
  ],
  examples: [{ sql: "REGEXP_SPLIT_TO_ARRAY('a1b22c', '[0-9]+')", result: "ARRAY['a', 'b', 'c']" }],
});

export const REGEXP_FUNCTIONS = [regexpExtract, regexpExtractAll, regexpReplace, regexpSplit];
