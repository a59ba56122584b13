import { EvaluationError } from '../../../values/evaluation-error.js';
import { scalar } from '../../function.js';
import { groupText, type Match, Regexp } from './matcher.js';

/*
 * Regular expressions run on RE2JS, in time linear in the text, so that no pattern can hold up the engine. The syntax is
 * Java's (translate.ts).
 */

const CATEGORY = 'REGULAR EXPRESSION';

/** Patterns that a call site keeps compiled: usually there is one, but it may come from a column. */
const CACHE_SIZE = 64;

type Compile = (pattern: string) => Regexp;

function patternCache(): Compile {
  const cache = new Map<string, Regexp>();
  return (pattern) => {
    const known = cache.get(pattern);
    if (known !== undefined) return known;
    const compiled = new Regexp(pattern);
    if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value!);
    cache.set(pattern, compiled);
    return compiled;
  };
}

const hasGroup = (re: Regexp, group: number): boolean => group >= 0 && group <= re.groupCount;

function extract(re: Regexp, s: string, group: number): string | null {
  const m = re.find(s, 0);
  return m === undefined || !hasGroup(re, group) ? null : groupText(s, m, group);
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

function extractAll(re: Regexp, s: string, group: number): (string | null)[] | null {
  return hasGroup(re, group) ? Array.from(re.all(s), (m) => groupText(s, m, group)) : null;
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

/** Java's replacement text: `$1` and `${name}` are groups, what follows a backslash stands for itself. */
function replacement(re: Regexp, by: string): readonly (string | number)[] {
  const out: (string | number)[] = [];
  const fail = (what: string): never => {
    throw new EvaluationError(`Invalid replacement: ${what} in '${by}'`);
  };
  for (let i = 0; i < by.length; i++) {
    if (by[i] === '\\') {
      if (++i === by.length) fail('nothing behind the backslash');
      out.push(by[i]!);
    } else if (by[i] !== '$') out.push(by[i]!);
    else if (by[i + 1] === '{') {
      const end = by.indexOf('}', i);
      const name = by.slice(i + 2, end < 0 ? undefined : end);
      out.push(re.groupOf(name) ?? fail(`no group '${name}'`));
      i = end;
    } else {
      if (!/\d/.test(by[i + 1] ?? '')) fail('no group behind the $ (a dollar sign is written \\$)');
      let group = Number(by[++i]);
      if (group > re.groupCount) fail(`no group ${group}`);
      // As many digits as make the number of a group.
      while (/\d/.test(by[i + 1] ?? '') && group * 10 + Number(by[i + 1]) <= re.groupCount) {
        group = group * 10 + Number(by[++i]);
      }
      out.push(group);
    }
  }
  return out;
}

function replaceAll(re: Regexp, s: string, by: string): string {
  let out = '';
  let at = 0;
  let parts: readonly (string | number)[] | undefined;
  for (const m of re.all(s)) {
    parts ??= replacement(re, by);
    out += s.slice(at, m.starts[0]);
    for (const p of parts) out += typeof p === 'string' ? p : (groupText(s, m, p) ?? '');
    at = m.ends[0]!;
  }
  return out + s.slice(at);
}

const regexpReplace = scalar({
  name: 'REGEXP_REPLACE',
  description:
    'Replaces every match of a pattern; $1 in the new text stands for the first capturing group, ${name} for a named one, \\$ for a dollar sign.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'REGEXP_REPLACE(str STRING, pattern STRING, newStr STRING) -> STRING',
      nulls: 'propagate',
      make: () => {
        const compile = patternCache();
        return (s: string, pattern: string, by: string) => replaceAll(compile(pattern), s, by);
      },
    },
  ],
  examples: [
    { sql: "REGEXP_REPLACE('baababaa', '(ab)+', 'cat')", result: "'bacataa'" },
    { sql: "REGEXP_REPLACE('2024-05', '(?<y>\\d+)-(?<m>\\d+)', '${m}/$1')", result: "'05/2024'" },
    { sql: "REGEXP_REPLACE('5 EUR', ' EUR', '\\$')", result: "'5$'" },
    { sql: "REGEXP_REPLACE('abc', 'x*', '-')", result: "'-a-b-c-'" },
  ],
});

/** As Java's String.split: no empty part before an empty match at the start, and none at the end. */
function splitAtEmpty(re: Regexp, s: string): string[] {
  const out: string[] = [];
  let at = 0;
  for (const m of re.all(s)) {
    const [start, end] = [m.starts[0]!, m.ends[0]!];
    if (at === 0 && start === 0 && end === 0) continue;
    out.push(s.slice(at, start));
    at = end;
  }
  if (at === 0 && out.length === 0) return [s];
  out.push(s.slice(at));
  while (out.length > 0 && out.at(-1) === '') out.pop();
  return out;
}

/** Every match separates two parts, which may be empty; an empty match (`\b`) where a part would begin does not. */
function splitAtMatches(re: Regexp, s: string): string[] {
  const out: string[] = [];
  let part = 0;
  for (let from = 0; from <= s.length; ) {
    const m: Match | undefined = re.find(s, from);
    if (m === undefined) break;
    const end = m.ends[0]!;
    if (end === part) from = end + 1;
    else {
      out.push(s.slice(part, m.starts[0]));
      part = end;
      from = end;
    }
    if (from > s.length) return out;
  }
  return [...out, s.slice(part)];
}

const regexpSplit = scalar({
  name: 'REGEXP_SPLIT_TO_ARRAY',
  description:
    'The parts of a text between the matches of a pattern, empty ones too. A pattern that may match nothing splits between all characters, and empty parts at the end are left out.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'REGEXP_SPLIT_TO_ARRAY(str STRING, pattern STRING) -> ARRAY<STRING>',
      nulls: 'propagate',
      make: () => {
        const compile = patternCache();
        return (s: string, pattern: string) => {
          const re = compile(pattern);
          return re.matchesEmpty() ? splitAtEmpty(re, s) : splitAtMatches(re, s);
        };
      },
    },
  ],
  examples: [
    { sql: "REGEXP_SPLIT_TO_ARRAY('a1b22c', '[0-9]+')", result: "ARRAY['a', 'b', 'c']" },
    { sql: "REGEXP_SPLIT_TO_ARRAY('1a2', '[0-9]')", result: "ARRAY['', 'a', '']" },
    { sql: "REGEXP_SPLIT_TO_ARRAY('aXXb', 'X*')", result: "ARRAY['a', '', 'b']" },
    { sql: "REGEXP_SPLIT_TO_ARRAY('abc', '')", result: "ARRAY['a', 'b', 'c']" },
  ],
});

export const REGEXP_FUNCTIONS = [regexpExtract, regexpExtractAll, regexpReplace, regexpSplit];
