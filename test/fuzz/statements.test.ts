import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { MemoryEngine } from '../../cli/test-runner/memory-engine.js';
import { WeirError } from '../../engine/base/errors.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { parseScript, SourceText, SqlError, splitStatements } from '../../parser/index.js';

/**
 * Mutated statements through parser, analyzer and planner: each works, or fails with an error that has a code. `npm run
 * fuzz` runs 100,000 and tells the slowest; FUZZ_STATEMENTS and FUZZ_SEED choose others.
 */
const COUNT = Number(process.env.FUZZ_STATEMENTS ?? 3000);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const SHOWN = 5;

const folder = (name: string) => join(import.meta.dirname, '..', name);
const corpus = [
  ...readdirSync(folder('sql'))
    .filter((f) => f.endsWith('.sql'))
    .map((f) => join(folder('sql'), f)),
  ...readdirSync(folder('plans'))
    .filter((f) => f.endsWith('.sql'))
    .map((f) => join(folder('plans'), f)),
].flatMap((f) => splitStatements(readFileSync(f, 'utf8')).statements.map((s) => s.text));

const SETUP = `
  CREATE STREAM rides (id INT KEY, payment_type VARCHAR, fare DECIMAL(6, 2), at TIMESTAMP, tags ARRAY<VARCHAR>,
    m MAP<VARCHAR, DOUBLE>, s STRUCT<a INT, b VARCHAR>) WITH (kafka_topic='rides', value_format='JSON');
  CREATE TABLE zones (id INT PRIMARY KEY, borough VARCHAR) WITH (kafka_topic='zones', value_format='JSON');
  CREATE TABLE by_payment AS SELECT payment_type, COUNT(*) AS n FROM rides GROUP BY payment_type;`;
const BITS = [
  'NULL',
  '(',
  ')',
  ',',
  ';',
  "'",
  '`',
  '*',
  '->',
  '=>',
  '[1]',
  '::',
  '${x}',
  '--',
  '/*',
  '1e999',
  '99999999999999999999',
  '-',
  'SELECT',
  'FROM rides',
  'GROUP BY',
  'EMIT CHANGES',
  'EMIT FINAL',
  'WINDOW SESSION (1 SECOND)',
  'JOIN zones ON',
  'WITHIN 1 DAY',
  'COUNT(*)',
  'SUM(fare)',
  'CAST(fare AS INT)',
  'CASE WHEN',
  'BETWEEN',
  'LIKE',
  'IN (1, NULL)',
  'PARTITION BY id',
  'HAVING',
  'AS',
  's->a',
  "m['k']",
  'ARRAY[1]',
  'MAP(1:=2)',
  'STRUCT(a:=1)',
  'TRANSFORM(tags, x => UCASE(x))',
  '\u0000',
  'é',
  '𝒳',
];

const tools = {
  functions: new FunctionRegistry(BUILT_IN_FUNCTIONS),
  now: () => 0,
  random: () => 0.5,
  uuid: () => '00000000-0000-0000-0000-000000000000',
};

function mutate(text: string, random: () => number): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  let out = text;
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
    const words = out.split(/(\s+|[(),])/);
    const at = Math.floor(random() * words.length);
    switch (Math.floor(random() * 6)) {
      case 0:
        words.splice(at, 1);
        break;
      case 1:
        words.splice(at, 0, ' ', pick(BITS), ' ');
        break;
      case 2:
        words[at] = pick(BITS);
        break;
      case 3:
        words.splice(at, 0, ...pick(corpus).split(/(\s+)/).slice(0, 5));
        break;
      case 4:
        [words[at], words[0]] = [words[0]!, words[at]!];
        break;
      default:
        out = out.slice(0, Math.floor(random() * out.length));
        continue;
    }
    out = words.join('');
  }
  return out;
}

it(`${COUNT} mutated statements work or fail with an error that has a code`, () => {
  expect(corpus.length).toBeGreaterThan(20);
  const random = seededRandom(SEED);
  const setup = new SourceText(SETUP);
  const statements = parseScript(SETUP);
  const base = new MemoryEngine(tools);
  for (const s of statements) base.execute(s, setup);
  const wrong: string[] = [];
  const slowest: { ms: number; sql: string }[] = [];
  let worked = 0;
  for (let i = 0; i < COUNT; i++) {
    const sql = mutate(corpus[Math.floor(random() * corpus.length)]!, random);
    const began = performance.now();
    try {
      const engine = new MemoryEngine(tools);
      engine.catalog = base.catalog;
      const source = new SourceText(sql);
      for (const s of parseScript(sql, { testStatements: true })) engine.execute(s, source);
      worked++;
    } catch (e) {
      const typed = (e instanceof SqlError || e instanceof WeirError) && e.code !== 'INTERNAL';
      if (!typed) wrong.push(`seed ${SEED}, number ${i}: ${JSON.stringify(sql)}: ${(e as Error).stack ?? String(e)}`);
    }
    slowest.push({ ms: performance.now() - began, sql });
    if (slowest.length > 1000) slowest.sort((a, b) => b.ms - a.ms).splice(SHOWN);
  }
  slowest.sort((a, b) => b.ms - a.ms).splice(SHOWN);
  if (process.env.FUZZ_STATEMENTS !== undefined) {
    console.log(`${COUNT} statements, ${worked} worked, ${wrong.length} untyped errors; slowest:`);
    for (const { ms, sql } of slowest) console.log(`  ${ms.toFixed(1)} ms ${JSON.stringify(sql.slice(0, 120))}`);
  }
  expect(worked).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
}, 1_800_000);

it('nesting of 10,000 and a megabyte of text get a clear error', () => {
  const message = (sql: string): string => {
    try {
      parseScript(sql);
    } catch (e) {
      if (e instanceof SqlError) return `${e.code}: ${e.message}`;
      throw e;
    }
    return 'it was parsed';
  };
  expect(message(`SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)} FROM a EMIT CHANGES;`)).toMatch(
    /^NESTING_TOO_DEEP: /,
  );
  expect(message(`SELECT '${'x'.repeat(1_100_000)}' FROM a EMIT CHANGES;`)).toMatch(/^SOURCE_TOO_LONG: /);
});
