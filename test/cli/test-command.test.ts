import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readTests, runAll, test as weirTest } from '../../cli/test-runner/command.js';
import { makeDir, removeDir } from '../support/temp.js';

const dirs: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const dir of dirs.splice(0)) removeDir(dir);
});

function files(contents: Record<string, string>): (name: string) => string {
  const dir = makeDir();
  dirs.push(dir);
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(dir, name), text);
  return (name) => join(dir, name);
}

/** Runs `weir test` and gives its status and what it has printed. */
async function run(...args: string[]): Promise<{ readonly status: number; readonly out: string }> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const status = await weirTest(args);
  const out = log.mock.calls.flat().join('\n');
  log.mockRestore();
  return { status, out };
}

describe("weir test with the three files of ksqlDB's test runner", () => {
  const STATEMENTS = `
    CREATE STREAM readings (sensor INT KEY, celsius DOUBLE) WITH (KAFKA_TOPIC='readings', VALUE_FORMAT='JSON');
    CREATE TABLE peaks AS SELECT sensor, MAX(celsius) AS peak FROM readings WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY sensor;`;
  const INPUT = {
    inputs: [
      { topic: 'readings', timestamp: 1000, key: 1, value: { CELSIUS: 20.5 } },
      { topic: 'readings', timestamp: 12000, key: 1, value: { CELSIUS: 19.5 } },
    ],
  };
  const peak = (timestamp: number, start: number, value: number) => ({
    topic: 'PEAKS',
    timestamp,
    key: 1,
    window: { start, end: start + 10000, type: 'time' },
    value: { PEAK: value },
  });
  const setUp = (outputs: unknown) =>
    files({ 's.sql': STATEMENTS, 'i.json': JSON.stringify(INPUT), 'o.json': JSON.stringify({ outputs }) });

  it('says that they fit', async () => {
    const f = setUp([peak(1000, 0, 20.5), peak(12000, 10000, 19.5)]);
    expect(await run('-s', f('s.sql'), '-i', f('i.json'), '-o', f('o.json'))).toEqual({
      status: 0,
      out: '\t>>> Test passed!',
    });
  });

  it('says which record is another one, or is missing', async () => {
    const f = setUp([peak(1000, 0, 20.5), peak(12000, 10000, 18.5)]);
    const { status, out } = await run(
      '--sql-file',
      f('s.sql'),
      '--input-file',
      f('i.json'),
      '--output-file',
      f('o.json'),
    );
    expect(status).toBe(1);
    expect(out).toContain(
      `>>>>> Test failed: Topic 'PEAKS', message 1: Expected <1, {"PEAK":18.5}> with timestamp=12000`,
    );
    expect(out).toContain('but was <1, {"PEAK":19.5}> with timestamp=12000');
    const g = setUp([peak(1000, 0, 20.5), peak(12000, 10000, 19.5), peak(13000, 10000, 19.5)]);
    expect((await run('-s', g('s.sql'), '-i', g('i.json'), '-o', g('o.json'))).out).toContain('but was missing');
  });

  it('refuses files that say nothing', async () => {
    const f = setUp([]);
    await expect(run('-s', f('s.sql'), '-i', f('i.json'), '-o', f('o.json'))).rejects.toThrow('"outputs" is empty');
    await expect(run('-s', f('s.sql'), '-o', f('none.json'))).rejects.toThrow('cannot be read');
    await expect(run('-s', f('s.sql'))).rejects.toThrow('takes -s STATEMENTS, -o OUTPUTS');
  });
});

describe('a folder of .sql tests', () => {
  it('may hold scripts that they run, which are no tests', async () => {
    const f = files({
      'script.sql': "CREATE STREAM s (id INT KEY) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);",
      'tests.sql': "--@test: it is run\nRUN SCRIPT '/script.sql';\nASSERT STREAM s;\n",
    });
    const out = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    expect(await weirTest([f('')])).toBe(0);
    expect(String(out.mock.calls[0]![0])).toContain('1 case, 1 passed');
  });

  it('tells where a statement has failed', () => {
    const f = files({
      'tests.sql': [
        '--@test: one',
        "CREATE STREAM s (id INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);",
        '--@test: two',
        '',
        "CREATE STREAM s (id INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);",
        'INSERT INTO s VALUES (1, 2);',
        '  ASSERT VALUES s VALUES (1, 3);',
      ].join('\n'),
    });
    const [one, two] = runAll(readTests(f('tests.sql')));
    expect(one!.outcome).toEqual({ passed: true });
    expect(two!.outcome).toEqual({
      passed: false,
      reason: [
        'Test failure for assert `ASSERT VALUES s VALUES (1, 3);` (tests.sql, Line: 7, Col: 3):',
        'Expected record does not match actual.',
        '+--------------+--------------+--------------+',
        '|.             |ID            |V             |',
        '+--------------+--------------+--------------+',
        '|EXPECTED      |1             |3             |',
        '|ACTUAL        |1             |2             |',
      ].join('\n'),
    });
  });

  it('does not find the message of a syntax error in the line that expects it', () => {
    const f = files({
      'tests.sql': [
        '--@test: one',
        '--@expected.error: ParseFailedException',
        '--@expected.message: too many cooks',
        'CREATE STEAM s (id INT KEY);',
      ].join('\n'),
    });
    const [one] = runAll(readTests(f('tests.sql')));
    expect(one!.outcome).toMatchObject({ passed: false, reason: expect.stringContaining('too many cooks') });
  });
});
