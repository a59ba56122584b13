import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { stringify } from 'lossless-json';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import { valuesOf } from '../../engine/base/setting.js';
import type {
  BadRecord,
  JsonValue,
  SourceContext,
  SourceRecord,
  SourceTask,
} from '../../engine/connectors/connector.js';
import { fileSink } from '../../engine/connectors/file-sink/index.js';
import { fileSource } from '../../engine/connectors/file-source/index.js';
import { check, type FileSourceOptions, OPTIONS } from '../../engine/connectors/file-source/options.js';
import { Pace } from '../../engine/connectors/file-source/pace.js';
import { Decimal } from '../../engine/values/decimal.js';
import {
  array,
  BIGINT,
  BOOLEAN,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  type SqlType,
  STRING,
  TIME,
  TIMESTAMP,
} from '../../engine/values/sql-type.js';
import { tempDir } from '../support/temp.js';
import { Partition, sinkContext, TRIPS, trip } from './support/sink.js';

/** Whoever sleeps lets the time pass, after a turn of the loop. */
class PassingClock implements Clock {
  private time = Date.now() + 60_000;
  now = (): number => this.time;
  sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    await turn();
    signal?.throwIfAborted();
    this.time += ms;
  };
}

type Into = SourceContext<FileSourceOptions>['into'];

const into = (columns: Record<string, SqlType>): Into => ({
  name: 'S',
  kind: 'STREAM',
  schema: { key: [], value: Object.entries(columns).map(([name, type]) => ({ name, type })) },
});

class Folder {
  readonly path = tempDir('weir-file-source-');

  write(name: string, bytes: string | Buffer): string {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), bytes);
    return join(this.path, name);
  }

  start(options: Record<string, string>, position?: JsonValue, target?: Into): Promise<SourceTask> {
    return fileSource.start(
      {
        connector: 'files',
        serviceId: 'test_',
        options: valuesOf(OPTIONS, { 'file.settle.ms': '0', ...options }),
        clock: new PassingClock(),
        logger: silentLogger,
        allowedFolders: [this.path],
        signal: new AbortController().signal,
        into: target,
      },
      position,
    );
  }
}

const shown = (r: SourceRecord | BadRecord): string => {
  if ('bad' in r) return `BAD ${r.bad.reason} [${Buffer.from(r.bad.payload).toString()}]`;
  return r.value instanceof Uint8Array ? Buffer.from(r.value).toString() : stringify(r.value)!;
};

/** Polls until `count` records have come, or, where there is none, until the task has ended. */
async function take(
  task: SourceTask,
  count = Number.POSITIVE_INFINITY,
): Promise<{ records: string[]; position: JsonValue | undefined }> {
  const records: string[] = [];
  let position: JsonValue | undefined;
  for (let polls = 0; records.length < count && task.ended !== true; polls++) {
    if (polls > 20_000) throw new Error(`nothing more has come behind ${records.length} records`);
    const batch = await task.poll();
    if (batch === undefined) continue;
    records.push(...batch.records.map(shown));
    position = batch.position;
    await task.committed?.(batch.position);
  }
  return { records, position };
}

async function all(folder: Folder, options: Record<string, string>, target?: Into): Promise<string[]> {
  const task = await folder.start(options, undefined, target);
  const { records } = await take(task);
  await task.close();
  return records;
}

/** Reads with a new task behind each batch, each of which gives some rows more than it commits. */
async function interrupted(folder: Folder, options: Record<string, string>, count: number): Promise<string[]> {
  const records: string[] = [];
  let position: JsonValue | undefined;
  for (let attempt = 0; records.length < count; attempt++) {
    if (attempt > 10 * count) throw new Error(`nothing more has come behind ${records.length} records`);
    const task = await folder.start({ 'rows.per.second': String(1 + (attempt % 3)), ...options }, position);
    let batch = await task.poll();
    for (let polls = 0; batch === undefined && task.ended !== true && polls < 100; polls++) batch = await task.poll();
    if (batch !== undefined) {
      records.push(...batch.records.map(shown));
      position = JSON.parse(JSON.stringify(batch.position)) as JsonValue;
      await task.poll(); // it is lost: the task dies before it is committed
    }
    await task.close();
  }
  return records;
}

const numbers = (n: number): string[] => Array.from({ length: n }, (_, i) => `{"n":${i}}`);

describe('file-source', () => {
  it('reads CSV onto a topic as weir load does', async () => {
    const folder = new Folder();
    folder.write('a.csv', '\ufeffid,miles,code,flag,none\n1,1.50,007,true,\n9007199254740993,.5,8,x,NULL\n');
    const options = { path: 'a.csv', 'csv.null.text': 'NULL', 'csv.text.columns': 'CODE' };
    expect(await all(folder, options)).toEqual([
      '{"id":1,"miles":1.50,"code":"007","flag":true,"none":null}',
      '{"id":9007199254740993,"miles":0.5,"code":"8","flag":"x","none":null}',
    ]);
  });

  it('reads CSV into columns, and tells what does not fit', async () => {
    const folder = new Folder();
    folder.write(
      'a.tsv',
      'I\tb\td\tm\ts\tday\tt\tat\tl\n' +
        '7\tTRUE\t1e3\t1.50\t\t2020-08-01\t12:34:56.007\t2020-08-01 00:00:00\t[1,12345678901234567890]\n' +
        'x\tno\tNaN\t\t\t\t\t\t\n' +
        '1\ttrue\t1\t1\ts\t2020-02-30\t\t\t\n',
    );
    const target = into({
      I: INTEGER,
      B: BOOLEAN,
      D: DOUBLE,
      M: decimal(5, 2),
      S: STRING,
      DAY: DATE,
      T: TIME,
      AT: TIMESTAMP,
      L: array(BIGINT),
    });
    expect(await all(folder, { path: 'a.tsv', 'time.zone': 'UTC' }, target)).toEqual([
      '{"I":7,"b":true,"d":1e3,"m":1.50,"s":null,"day":18475,"t":45296007,"at":1596240000000,"l":[1,12345678901234567890]}',
      '{"I":"x","b":"no","d":"NaN","m":null,"s":null,"day":null,"t":null,"at":null,"l":null}',
      expect.stringMatching(/^BAD line 4 of a\.tsv: .*2020-02-30.* \[1\ttrue\t1\t1\ts\t2020-02-30\t\t\t\]$/),
    ]);
    const [first] = await all(folder, { path: 'a.tsv' }, target);
    expect(first).toMatch(/^BAD line 2 of a\.tsv: '2020-08-01 00:00:00' does not say its time zone.*time\.zone/);
  });

  it('names lines that are bad, and reads the others', async () => {
    const folder = new Folder();
    folder.write(
      'a.csv',
      Buffer.concat([
        Buffer.from('a,b\n1,"x\ny"\n2,3,4\n5,6" disk\n7,8\n9,'),
        Buffer.from('Müller', 'latin1'),
        Buffer.from('\n10,11\n'),
      ]),
    );
    const want = [
      '{"a":1,"b":"x\\ny"}',
      expect.stringMatching(/^BAD line 4 of a\.csv: 3 fields where the first line names 2 columns.* \[2,3,4\]$/),
      expect.stringMatching(/^BAD line 5 of a\.csv: Invalid Opening Quote/),
      '{"a":7,"b":8}',
      expect.stringMatching(/^BAD line 7 of a\.csv: the text is no UTF-8/),
      '{"a":10,"b":11}',
    ];
    expect(await all(folder, { path: 'a.csv' })).toEqual(want);
    expect(await interrupted(folder, { path: 'a.csv' }, want.length)).toEqual(want);
    folder.write('b.jsonl', '{"a":1}\nhello\n[1]\n{"a":12345678901234567890,"b":1.10}\r\n\n{"a":2}');
    const lines = [
      '{"a":1}',
      expect.stringMatching(/^BAD line 2 of b\.jsonl: no JSON.*\[hello\]$/),
      'BAD line 3 of b.jsonl: a row must be a JSON object. [[1]]',
      '{"a":12345678901234567890,"b":1.10}',
      '{"a":2}',
    ];
    expect(await all(folder, { path: 'b.jsonl' })).toEqual(lines);
    expect(await interrupted(folder, { path: 'b.jsonl' }, lines.length)).toEqual(lines);
  });

  it('reads CSV without a header, lines as they are, packed files and other encodings', async () => {
    const folder = new Folder();
    folder.write('a.csv', '1;x\n');
    const bare = { path: 'a.csv', 'csv.header': 'false' };
    expect(await all(folder, { ...bare, 'csv.columns': 'n,s' })).toEqual(['{"n":1,"s":"x"}']);
    expect(await all(folder, bare, into({ N: INTEGER, S: STRING }))).toEqual(['{"N":1,"S":"x"}']);
    await expect(folder.start(bare)).rejects.toThrow('CSV without a header needs names');
    folder.write('a.log', 'one\n{"two"}\n');
    expect(await all(folder, { path: 'a.log' })).toEqual(['one', '{"two"}']);
    folder.write('b.jsonl.gz', gzipSync('{"n":1}\n{"n":2}\n'));
    expect(await all(folder, { path: 'b.jsonl.gz' })).toEqual(['{"n":1}', '{"n":2}']);
    folder.write('cut.jsonl.gz', gzipSync(`${numbers(50_000).join('\n')}\n`).subarray(0, 2000));
    const cut = await all(folder, { path: 'cut.jsonl.gz' });
    expect(cut.at(-1)).toMatch(/^BAD cut\.jsonl\.gz: .*cannot be unpacked/);
    folder.write('c.csv', Buffer.from('n\nMüller\n', 'latin1'));
    expect(await all(folder, { path: 'c.csv', encoding: 'latin1' })).toEqual(['{"n":"Müller"}']);
    folder.write('d.csv', Buffer.from('\ufeffn\nMüller\n', 'utf16le'));
    expect(await all(folder, { path: 'd.csv' })).toEqual(['{"n":"Müller"}']);
  });

  it('reads the types of Parquet with all digits', async () => {
    const folder = new Folder();
    const types = into({ M: decimal(30, 2), AT: TIMESTAMP, DAY: DATE, T: TIME, L: array(BIGINT), N: BIGINT });
    const value = [
      Decimal.of('-1234567890123456789012345678.90'),
      1_596_240_000_123,
      18_475,
      45_296_007,
      [9_223_372_036_854_775_807n, null],
      1,
    ];
    const partition = new Partition([
      { ...trip(0, 'x'), key: [], value },
      { ...trip(1, 'x'), key: [], value: value.map(() => null) },
    ]);
    const options = { path: folder.path, format: 'parquet', 'file.prefix': 'a' };
    const source = { ...TRIPS, schema: types!.schema };
    await partition.run(await fileSink.start(sinkContext({ options, folders: [folder.path], source })), 2);
    const none = '{"M":null,"AT":null,"DAY":null,"T":null,"L":null,"N":null}';
    const path = '*.parquet';
    const first = async (target?: Into) => {
      const task = await folder.start({ path }, undefined, target);
      const { records } = await take(task, 2);
      await task.close();
      return records;
    };
    expect(await first(types)).toEqual([
      '{"M":-1234567890123456789012345678.90,"AT":1596240000123,"DAY":18475,"T":45296007,"L":[9223372036854775807,null],"N":1}',
      none,
    ]);
    expect(await first()).toEqual([
      '{"M":-1234567890123456789012345678.90,"AT":"2020-08-01T00:00:00.123Z","DAY":"2020-08-01","T":"12:34:56.007",' +
        '"L":[9223372036854775807,null],"N":1}',
      none,
    ]);
    folder.write('bad/x.parquet', 'PAR1 and no more');
    expect(await all(folder, { path: 'bad/x.parquet' })).toEqual([expect.stringMatching(/^BAD .*x\.parquet/)]);
  });

  it('gives each row once, wherever it is interrupted', async () => {
    const folder = new Folder();
    const want = numbers(40);
    const csv = `n\n${want.map((_, i) => i).join('\n')}`;
    folder.write('a.jsonl', want.join('\n'));
    folder.write('b.json', `[${want.join(',\n')}]`);
    folder.write('c.csv', csv);
    folder.write('d.csv.gz', gzipSync(csv));
    folder.write('e.csv', Buffer.from(`\ufeff${csv}`, 'utf16le'));
    folder.write('f.csv', `\ufeff${csv}`);
    const columns = [{ name: 'n', data: want.map((_, i) => i), type: 'INT32' as const }];
    folder.write('g.parquet', Buffer.from(parquetWriteBuffer({ columnData: columns, rowGroupSize: 7 })));
    for (const path of readdirSync(folder.path)) {
      expect(await interrupted(folder, { path }, want.length), path).toEqual(want);
    }
    const whole = readdirSync(folder.path).flatMap(() => want);
    expect(await interrupted(folder, { path: '*' }, whole.length)).toEqual(whole);
  });

  it('reads what comes into a folder in the order of names, each file once', async () => {
    const folder = new Folder();
    folder.write('in/b.jsonl', '{"n":2}\n');
    folder.write('in/a.jsonl', '{"n":1}\n');
    folder.write('in/_c.jsonl', '{"n":0}\n');
    folder.write('in/.d.jsonl', '{"n":0}\n');
    folder.write('in/notes.md', 'hello');
    const task = await folder.start({ path: 'in' });
    const first = await take(task, 2);
    expect(first.records).toEqual(['{"n":1}', '{"n":2}']);
    folder.write('in/0.jsonl', '{"n":3}\n');
    const second = await take(task, 1);
    expect(second.records).toEqual(['{"n":3}']);
    await task.close();
    folder.write('in/a2.jsonl', '{"n":4}\n');
    const again = await folder.start({ path: 'in' }, second.position);
    expect((await take(again, 1)).records).toEqual(['{"n":4}']);
    for (let polls = 0; polls < 5; polls++) expect((await again.poll())?.records ?? []).toEqual([]);
    await again.close();
  });

  it('takes patterns', async () => {
    const folder = new Folder();
    for (const [i, name] of ['x/1/a.jsonl', 'x/2/a.jsonl', 'x/a.jsonl', 'x/2/b.csv', 'y/a.jsonl'].entries()) {
      folder.write(name, name.endsWith('csv') ? 'n\n9\n' : `{"n":${i}}\n`);
    }
    const task = await folder.start({ path: 'x/**/*.jsonl' });
    expect((await take(task, 3)).records).toEqual(['{"n":0}', '{"n":1}', '{"n":2}']);
    await task.close();
    const other = await folder.start({ path: 'x/?/*' });
    expect((await take(other, 3)).records).toEqual(['{"n":0}', '{"n":1}', '{"n":9}']);
    await other.close();
  });

  it('waits until nobody writes to a file any more', async () => {
    const folder = new Folder();
    const file = folder.write('in/a.jsonl', '{"n":1}\n');
    // The clock of the tests is a minute ahead: a file of now is young for two minutes and a half.
    const task = await folder.start({ path: 'in', 'file.settle.ms': '150000' });
    expect(await task.poll()).toBeUndefined();
    appendFileSync(file, '{"n":2}\n');
    expect((await take(task, 2)).records).toEqual(['{"n":1}', '{"n":2}']);
    await task.close();
  });

  it('deletes or moves finished files once they are committed, and never before', async () => {
    const folder = new Folder();
    for (const finished of ['delete', 'move']) {
      folder.write('in/a.jsonl', '{"n":1}\n');
      folder.write('in/b.jsonl', '{"n":2}\n');
      const options = {
        path: 'in',
        'finished.files': finished,
        ...(finished === 'move' ? { 'finished.dir': 'done' } : {}),
      };
      const task = await folder.start(options);
      let position: JsonValue | undefined;
      const records: string[] = [];
      while (records.length < 2) {
        const batch = await task.poll();
        records.push(...(batch?.records.map(shown) ?? []));
        position = batch?.position ?? position;
      }
      for (let polls = 0; polls < 5; polls++) position = (await task.poll())?.position ?? position;
      expect(readdirSync(join(folder.path, 'in')).sort()).toEqual(['a.jsonl', 'b.jsonl']);
      await task.close();
      // It dies before it is told that all is committed.
      await (await folder.start(options, position)).close();
      expect(readdirSync(join(folder.path, 'in'))).toEqual([]);
      expect(existsSync(join(folder.path, 'done/a.jsonl'))).toBe(finished === 'move');
    }
    const inside = folder.start({ path: '**/*.jsonl', 'finished.files': 'move', 'finished.dir': 'done' });
    await expect(inside).rejects.toThrow('would be read once more');
  });

  it('fails where a file was replaced while it was read, and goes on where one is gone', async () => {
    const folder = new Folder();
    folder.write('in/a.jsonl', `${numbers(10).join('\n')}\n`);
    folder.write('in/b.jsonl', '{"n":"b"}\n');
    const task = await folder.start({ path: 'in', 'rows.per.second': '3' });
    const { position } = await take(task, 1);
    await task.close();
    folder.write('in/a.jsonl', `{"other":1}\n`);
    const other = await folder.start({ path: 'in' }, position);
    await expect(take(other, 1)).rejects.toMatchObject({
      name: 'ConnectorFailed',
      message: expect.stringContaining('a.jsonl was replaced'),
    });
    await other.close();
    renameSync(join(folder.path, 'in/a.jsonl'), join(folder.path, 'in/_gone'));
    const gone = await folder.start({ path: 'in' }, position);
    expect((await take(gone, 1)).records).toEqual(['{"n":"b"}']);
    await gone.close();
  });

  it('stays in its folders', async () => {
    const folder = new Folder();
    const secret = new Folder();
    symlinkSync(secret.write('x.jsonl', '{"n":1}\n'), join(folder.path, 'x.jsonl'));
    await expect(folder.start({ path: secret.path })).rejects.toThrow('is in none of the folders');
    const task = await folder.start({ path: '*.jsonl' });
    await expect(take(task, 1)).rejects.toThrow('is in none of the folders');
    await task.close();
    await expect(folder.start({ path: 'nothing.csv' })).rejects.toThrow('There is no file or folder');
  });

  it('gives so many rows a second', async () => {
    const folder = new Folder();
    folder.write('a.jsonl', numbers(100).join('\n'));
    const clock = new PassingClock();
    const from = clock.now();
    const task = await fileSource.start(
      {
        connector: 'files',
        serviceId: 'test_',
        options: valuesOf(OPTIONS, { path: 'a.jsonl', 'rows.per.second': '10' }),
        clock,
        logger: silentLogger,
        allowedFolders: [folder.path],
        signal: new AbortController().signal,
        into: undefined,
      },
      undefined,
    );
    expect((await take(task)).records).toEqual(numbers(100));
    await task.close();
    // The first row goes at once. How long the file's own reading takes is not the pace's.
    expect(clock.now() - from).toBeGreaterThanOrEqual(9900);
  });

  it.each([0.5, 10, 1000])('a pace of %d rows a second lets so many go, and no more', (rate) => {
    const pace = new Pace(rate, 0);
    let now = 0;
    let gone = 0;
    while (gone < 50 * rate) {
      const pause = pace.pauseMs(now);
      expect(pause).toBeLessThanOrEqual(Math.ceil(1000 / rate));
      now += pause;
      const rows = pace.rows(now);
      expect(rows).toBeGreaterThanOrEqual(1);
      pace.took(1);
      gone++;
      expect(gone).toBeLessThanOrEqual(1 + (now * rate) / 1000 + 1e-6);
    }
    expect(now).toBeGreaterThanOrEqual(((gone - 1) * 1000) / rate - 1e-6);
    expect(now).toBeLessThanOrEqual(((gone - 1) * 1000) / rate + gone);
    // A pause is not made up for with more than a second's rows.
    pace.pauseMs(now + 60_000);
    expect(pace.rows(now + 60_000)).toBeLessThanOrEqual(Math.max(rate, 1));
  });

  it('refuses options that do not fit together', () => {
    const wrong = (options: Record<string, string>) => check(valuesOf(OPTIONS, { path: 'x', ...options }));
    expect(wrong({})).toBeUndefined();
    expect(wrong({ follow: 'true', format: 'parquet' })).toContain('a Parquet file does not grow');
    expect(wrong({ 'finished.files': 'move' })).toContain('belong together');
    expect(wrong({ 'csv.delimiter': ';;' })).toBe('csv.delimiter is one character, or tab.');
    expect(wrong({ 'csv.columns': 'a' })).toContain('add csv.header=false');
    expect(wrong({ encoding: 'klingon' })).toContain("'klingon' is no encoding");
    expect(wrong({ 'time.zone': 'Mars/Olympus' })).toContain('time.zone: ');
  });
});

describe('file-source that follows a file', () => {
  const options = { path: 'a.jsonl', follow: 'true' };

  it('takes a line when its end has come', async () => {
    const folder = new Folder();
    const task = await folder.start(options);
    expect(await task.poll()).toBeUndefined();
    const file = folder.write('a.jsonl', '{"n":1}\n{"n"');
    expect((await take(task, 1)).records).toEqual(['{"n":1}']);
    expect(await task.poll()).toBeUndefined();
    appendFileSync(file, ':2}');
    expect(await task.poll()).toBeUndefined();
    appendFileSync(file, '\n');
    expect((await take(task, 1)).records).toEqual(['{"n":2}']);
    await task.close();
  });

  it('goes from a file that was renamed to the one that took its name', async () => {
    const folder = new Folder();
    const file = folder.write('a.jsonl', '{"n":1}\n');
    const task = await folder.start(options);
    const first = await take(task, 1);
    appendFileSync(file, '{"n":2}\n');
    renameSync(file, `${file}.1`);
    appendFileSync(`${file}.1`, '{"n":3}');
    folder.write('a.jsonl', '{"n":4}\n');
    expect((await take(task, 3)).records).toEqual(['{"n":2}', '{"n":3}', '{"n":4}']);
    await task.close();
    // As a task that did not see it happen.
    const late = await folder.start(options, first.position);
    const { records, position } = await take(late, 3);
    expect(records).toEqual(['{"n":2}', '{"n":3}', '{"n":4}']);
    await late.close();
    const later = await folder.start(options, position);
    appendFileSync(file, '{"n":5}\n');
    expect((await take(later, 1)).records).toEqual(['{"n":5}']);
    await later.close();
  });

  it('begins anew where the file was cut off', async () => {
    const folder = new Folder();
    const file = folder.write('a.jsonl', '{"n":1}\n{"n":2}\n');
    const task = await folder.start(options);
    const { position } = await take(task, 2);
    truncateSync(file, 0);
    for (let polls = 0; polls < 5; polls++) expect((await task.poll())?.records ?? []).toEqual([]);
    appendFileSync(file, '{"n":3}\n');
    expect((await take(task, 1)).records).toEqual(['{"n":3}']);
    await task.close();
    const late = await folder.start(options, position);
    expect((await take(late, 1)).records).toEqual(['{"n":3}']);
    await late.close();
  });

  it('gives each row once, wherever it is interrupted, of CSV too', async () => {
    const folder = new Folder();
    folder.write(
      'a.csv',
      `n,s\n${numbers(30)
        .map((_, i) => `${i},"x\n${i}"\n`)
        .join('')}`,
    );
    const want = numbers(30).map((_, i) => `{"n":${i},"s":"x\\n${i}"}`);
    expect(await interrupted(folder, { path: 'a.csv', follow: 'true' }, 30)).toEqual(want);
  });

  it('is for one text file', async () => {
    const folder = new Folder();
    folder.write('a.json', '[{"n":1}]');
    await expect(folder.start({ path: folder.path, follow: 'true' })).rejects.toThrow('follow is for one file.');
    const task = await folder.start({ path: 'a.json', follow: 'true' });
    await expect(take(task, 1)).rejects.toThrow('a.json cannot be followed');
    await task.close();
  });
});
