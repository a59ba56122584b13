import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../cli/args.js';
import { migrations } from '../../cli/migrations/command.js';
import { type Json, run, startServer, type TestServer } from '../server/support.js';
import { tempDir } from '../support/temp.js';

let server: TestServer;
let folder: string;
let lines: string[];

/** `weir migrations …` on the project in `folder`; gives what it printed. */
async function weir(...args: string[]): Promise<string> {
  lines = [];
  const clock = { now: () => 1_600_000_000_000 };
  const io = { out: (line: string) => void lines.push(line.replaceAll(`${folder}/`, '')), clock };
  const config = args[0] === 'new-project' ? [] : ['-c', join(folder, 'ksql-migrations.properties')];
  expect(await migrations([...args, ...config], io)).toBe(0);
  return lines.join('\n');
}

const write = (file: string, sql: string) => writeFileSync(join(folder, 'migrations', file), sql);

const streams = async () => {
  const [entity] = (await run(server, 'SHOW STREAMS;')) as [{ streams: Json[] }];
  return entity.streams.map((s) => s.name).filter((n) => n !== 'MIGRATION_EVENTS');
};

const variable = (name: string) => `$\{${name}}`;

const SOURCE = "CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);";

beforeEach(async () => {
  server = await startServer();
  folder = tempDir();
  await weir('new-project', folder, server.address);
});
afterEach(() => server.stop());

describe('weir migrations', () => {
  it('makes files with the version behind the last one, or with a given one', async () => {
    await weir('create', 'rides', 'of', 'taxis');
    await weir('create', 'later', '-v', '7');
    await weir('create', 'last');
    expect(readdirSync(join(folder, 'migrations'))).toEqual([
      'V000001__rides_of_taxis.sql',
      'V000007__later.sql',
      'V000008__last.sql',
    ]);
    await expect(weir('create', 'again', '--version', '7')).rejects.toThrow(
      'Version 000007 is taken by V000007__later.sql',
    );
    await expect(weir('create', 'a/b')).rejects.toThrow('letters, digits');
    await expect(weir('new-project', folder, 'http://x')).rejects.toThrow('There is a migrations project already');
  });

  it('refuses a setting that makes no sense', async () => {
    appendFileSync(join(folder, 'ksql-migrations.properties'), 'ksql.migrations.topic.replicas=two\n');
    await expect(weir('info')).rejects.toThrow(
      'Invalid value two for property ksql.migrations.topic.replicas: it must be a whole number from 1 on.',
    );
  });

  it('applies each once, in order, and tells what was done', async () => {
    await expect(weir('info')).rejects.toThrow('keeps no record of migrations yet');
    await weir('initialize-metadata');
    write('V000001__source.sql', SOURCE);
    write(
      'V000002__big_ones.sql',
      `CREATE STREAM ${variable('name')} AS SELECT * FROM s WHERE v > ${variable('limit')};`,
    );
    write('V000003__rows.sql', 'INSERT INTO s (k, v) VALUES (1, 2); INSERT INTO s (k, v) VALUES (3, 4);');
    expect(await weir('apply', '--next')).toBe('Applying migration version 000001: source\n1 migration was applied.');
    expect(await streams()).toEqual(['S']);
    expect(await weir('apply', '--all', '--dry-run', '-d', 'name=b')).toContain(`CREATE STREAM ${variable('name')} AS`);
    expect(await streams()).toEqual(['S']);
    expect(await weir('apply', '--all', '-d', 'name=big', '-d', 'limit=10')).toContain('2 migrations were applied.');
    expect(await streams()).toEqual(['BIG', 'S']);
    expect(await weir('apply', '-a')).toBe('No eligible migrations found.\n0 migrations were applied.');
    write('V000004__more.sql', '');
    expect(await weir('info')).toMatch(
      /^Current migration version: 000003\n-+\n Version \| Name +\| State +\|.*\n-+\n 000001 .* MIGRATED .*\n 000002 .* MIGRATED \| 000001 +\| 2020-09-13T12:26:40.000Z .*\n 000003 .*\n 000004 .* PENDING .*\n-+$/,
    );
  });

  it('applies up to a version, or one alone', async () => {
    await weir('initialize-metadata');
    for (const n of [1, 2, 3, 5]) write(`V00000${n}__n.sql`, SOURCE.replaceAll(/\bs\b/g, `s${n}`));
    await weir('apply', '--until', '2');
    expect(await streams()).toEqual(['S1', 'S2']);
    await weir('apply', '-v', '5');
    expect(await streams()).toEqual(['S1', 'S2', 'S5']);
    await expect(weir('apply', '-v', '3')).rejects.toThrow('Version 000003 is not behind the current one, 000005.');
    await expect(weir('apply', '-u', '4')).rejects.toThrow('There is no migration with version 000004.');
    await expect(weir('apply')).rejects.toThrow(UsageError);
    await expect(weir('apply', '--all', '--next')).rejects.toThrow(UsageError);
  });

  it('stops at the first that fails, keeps the reason, and applies it when it is mended', async () => {
    await weir('initialize-metadata');
    write('V000001__source.sql', SOURCE);
    write('V000002__bad.sql', "CREATE STREAM o AS SELECT * FROM nope_it_isn't;");
    write('V000003__never.sql', 'CREATE STREAM p AS SELECT * FROM s;');
    await expect(weir('apply', '--all')).rejects.toThrow('V000002__bad.sql: ');
    expect(await streams()).toEqual(['S']);
    expect(await weir('info')).toMatch(/000002 +\| bad +\| ERROR/);
    write('V000002__bad.sql', 'CREATE STREAM o AS SELECT * FROM s;');
    await weir('apply', '--all');
    expect(await streams()).toEqual(['O', 'P', 'S']);
    expect(await weir('info')).toMatch(/000002 +\| bad +\| MIGRATED \| 000001/);
  });

  it('finds files that changed or went after they were applied, and applies nothing then', async () => {
    await weir('initialize-metadata');
    write('V000001__source.sql', SOURCE);
    await weir('apply', '--all');
    expect(await weir('validate')).toBe('The files are what was applied.');
    write('V000001__source.sql', `${SOURCE} `);
    write('V000002__next.sql', 'CREATE STREAM o AS SELECT * FROM s;');
    await expect(weir('validate')).rejects.toThrow('V000001__source.sql has changed since it was applied');
    await expect(weir('apply', '--all')).rejects.toThrow('V000001__source.sql has changed since it was applied');
    expect(await streams()).toEqual(['S']);
    await weir('destroy-metadata');
    await expect(weir('info')).rejects.toThrow('keeps no record of migrations yet');
  });

  it('names files that are not named as migrations', async () => {
    await weir('initialize-metadata');
    write('V1__short.sql', '');
    await expect(weir('apply', '--all')).rejects.toThrow('V1__short.sql is not named as a migration');
  });
});
