import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { load } from '../../cli/load/index.js';
import { infer, typeText } from '../../cli/load/infer.js';
import { openInput } from '../../cli/load/input.js';
import { progressLine } from '../../cli/load/progress.js';
import { type RecordOptions, toRecord } from '../../cli/load/records.js';
import { BadRow } from '../../engine/connectors/files/bad-row.js';
import { membersOf } from '../../engine/connectors/files/json-text.js';
import { csvRows, jsonRows, type Row } from '../../engine/connectors/files/rows.js';
import { namedZone, timestampMs } from '../../engine/connectors/files/times.js';
import type { RawRecord } from '../../engine/records/raw-record.js';
import { ask, run, startServer, type TestServer } from '../server/support.js';

const dir = mkdtempSync(join(tmpdir(), 'weir-load-'));
afterAll(() => rmSync(dir, { recursive: true }));

const write = (name: string, text: string | Buffer): string => {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
};

interface Asked extends Partial<RecordOptions> {
  readonly input?: 'csv' | 'json';
  readonly delimiter?: string;
  readonly encoding?: string;
}

async function rowsOf(file: string, { input = 'csv', delimiter, encoding }: Asked = {}): Promise<(Row | BadRow)[]> {
  const opened = await openInput(file, encoding);
  const out = [];
  for await (const row of input === 'csv' ? csvRows(opened, { delimiter }) : jsonRows(opened)) out.push(row);
  return out;
}

async function records(file: string, asked: Asked = {}): Promise<RawRecord[]> {
  const options: RecordOptions = {
    name: file,
    format: 'json',
    key: undefined,
    timestamp: undefined,
    times: { zone: undefined, unit: undefined, names: { zone: '--time-zone', unit: '--timestamp-unit' } },
    text: new Set(),
    inference: undefined,
    ...asked,
  };
  return (await rowsOf(file, asked)).map((row) => {
    if (row instanceof BadRow) throw row;
    return toRecord(row, options);
  });
}

const value = (r: RawRecord | undefined) => Buffer.from(r!.value!).toString();
const key = (r: RawRecord | undefined) => (r!.key === null ? null : Buffer.from(r!.key).toString());
const names = { zone: '--time-zone', unit: '--timestamp-unit' };
const UTC = { zone: namedZone('UTC', '--time-zone'), unit: undefined, names };

describe('rows of CSV', () => {
  it('become JSON, and numbers keep their digits', async () => {
    const file = write('a.csv', '\ufeffid,miles,name,flag,none\n1,1.50,"O""Brien, Jr",true,\n-0.0,.5e3,007,x,\n');
    const [a, b] = await records(file, { key: 'ID' });
    expect(value(a)).toBe('{"id":1,"miles":1.50,"name":"O\\"Brien, Jr","flag":true,"none":null}');
    expect(key(a)).toBe('1');
    expect(value(b)).toBe('{"id":-0.0,"miles":0.5e3,"name":"007","flag":"x","none":null}');
    const [text] = await records(file, { text: new Set(['id']) });
    expect(value(text)).toContain('"id":"1"');
  });

  it('are written delimited with quotes where they are needed', async () => {
    const file = write('b.csv', 'a,b\n1,"x,""y"\n');
    expect(value((await records(file, { format: 'delimited' }))[0])).toBe('1,"x,""y"');
  });

  it('find their delimiter in the first line: tabs, semicolons, bars', async () => {
    for (const d of ['\t', ';', '|', ',']) {
      const file = write('d.csv', `a${d}b\n1${d}"x${d}y"\n`);
      expect(value((await records(file))[0])).toBe(JSON.stringify({ a: 1, b: `x${d}y` }));
    }
    const file = write('d2.csv', 'a:b\n1:2\n');
    expect(value((await records(file, { delimiter: ':' }))[0])).toBe('{"a":1,"b":2}');
  });

  it('may be packed, UTF-16, or in an encoding that is named', async () => {
    const text = 'id,name\n1,Müller\n2,\u{1f600}\n';
    const want = ['{"id":1,"name":"Müller"}', '{"id":2,"name":"\u{1f600}"}'];
    const swapped = Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    for (const bytes of [gzipSync(text), Buffer.from(`\ufeff${text}`, 'utf16le'), swapped]) {
      expect((await records(write('e.csv', bytes))).map(value)).toEqual(want);
    }
    const latin = write('latin.csv', Buffer.from('id,name\n1,ok\n2,Müller\n', 'latin1'));
    expect((await records(latin, { encoding: 'latin1' })).map(value)[1]).toBe('{"id":2,"name":"Müller"}');
    await expect(records(latin)).rejects.toThrow('latin.csv:3: the text is no UTF-8.');
    await expect(records(latin, { encoding: 'klingon' })).rejects.toThrow("'klingon' is no encoding.");
    await expect(records(write('cut.csv.gz', gzipSync(text).subarray(0, 30)))).rejects.toThrow('cannot be unpacked');
  });

  it('name the line where they cannot be read, and the next ones can', async () => {
    const file = write('f.csv', 'a,b\n1,2\n"x\ny",2,3\n4,5\n');
    const rows = await rowsOf(file);
    expect(rows.map((r) => (r instanceof BadRow ? r.message : r.line))).toEqual([
      2,
      `${file}:3: 3 fields where the first line names 2 columns.`,
      5,
    ]);
    await expect(records(write('g.csv', 'id,x,x\n1,a,b\n'))).rejects.toThrow("g.csv:1: two columns have the name 'x'.");
    await expect(records(write('h.csv', 'id,\n1,a\n'))).rejects.toThrow('h.csv:1: column 2 has no name.');
    await expect(records(write('i.csv', 'a,b\n1,2\n'), { key: 'c' })).rejects.toThrow(
      "i.csv:2: there is no column 'c'.",
    );
    await expect(records(write('j.csv', 'a\n"b\n'))).rejects.toThrow(/j\.csv:\d: /);
  });

  it('of the TLC are loaded as they are (skipped without ../shared)', async (t) => {
    const sample = join(import.meta.dirname, '../../../shared/data/yellow_tripdata_2020_07_sample.csv');
    if (!existsSync(sample)) return t.skip();
    const all = await records(sample, { key: 'VendorID', timestamp: 'tpep_pickup_datetime', times: UTC });
    expect(all).toHaveLength(readFileSync(sample, 'utf8').trim().split('\n').length - 1);
    expect(all[0]!.timestamp).toBe(Date.UTC(2020, 6, 1, 0, 25, 32));
    expect(key(all[0])).toBe('1');
    expect(value(all[0])).toMatch(
      /^\{"VendorID":1,"tpep_pickup_datetime":"2020-07-01 00:25:32",.*"trip_distance":1\.50,/,
    );
  });
});

describe('rows of JSON', () => {
  it('are written as they stand; keys keep their digits', async () => {
    const lines = [
      '{"id":9007199254740993,"n":"a"}',
      '',
      '{"id":12345678901234567890}',
      '{"id":1.50}',
      '{"id":1e3}',
      '{"id":null}',
      '{"id":{"a":"}"}}',
      '{"id":""}',
      '{ "x" : "\\"id\\":7" , "id" : true }',
      '{"id":1,"id":2}',
    ];
    const all = await records(write('k.jsonl', `\ufeff${lines.join('\r\n')}`), { input: 'json', key: 'id' });
    expect(all.map(key)).toEqual([
      '9007199254740993',
      '12345678901234567890',
      '1.50',
      '1e3',
      null,
      '{"a":"}"}',
      '',
      'true',
      '2',
    ]);
    expect(all.map(value)).toEqual(lines.filter((l) => l !== ''));
  });

  it('end at line feeds only', async () => {
    const lines = ['{"t":"line\u2028sep"}', '{"t":"para\u2029sep"}', '{"t":"ok"}'];
    expect((await records(write('l.jsonl', lines.join('\n')), { input: 'json' })).map(value)).toEqual(lines);
  });

  it('may be an array, however it is written', async () => {
    const rows = [{ id: 1, t: 'a]}"\\' }, { id: 2, s: { b: [1, { c: '{[' }] } }, {}];
    for (const text of [
      JSON.stringify(rows),
      JSON.stringify(rows, null, 2),
      `\n [ ${JSON.stringify(rows).slice(1)}\n`,
    ]) {
      const all = await records(write('m.json', text), { input: 'json' });
      expect(all.map((r) => JSON.parse(value(r)))).toEqual(rows);
    }
    const second = (await rowsOf(write('n.json', JSON.stringify(rows, null, 1)), { input: 'json' }))[1] as Row;
    expect(second.line).toBe(6);
    await expect(records(write('o.json', '[{"a":1},\n3]'), { input: 'json' })).rejects.toThrow(
      "o.json:2: '3' where an",
    );
    await expect(records(write('p.json', '[{"a":1},\n{"b"'), { input: 'json' })).rejects.toThrow(
      'p.json:2: the end of',
    );
    await expect(records(write('q.json', '[{"a":1}]\n{"b":2}'), { input: 'json' })).rejects.toThrow(
      'q.json:2: something',
    );
  });

  it('name the line where they cannot be read', async () => {
    const rows = await rowsOf(write('r.jsonl', '{"a":1}\n{oops\n3\n{"a":2}\n'), { input: 'json' });
    expect(rows.map((r) => (r instanceof BadRow ? r.message.replace(/.*r\.jsonl/, '') : r.line))).toEqual([
      1,
      expect.stringMatching(/^:2: no JSON/),
      ':3: a row must be a JSON object.',
      4,
    ]);
  });

  it('are split into members as they stand', () => {
    expect([...membersOf('{"a" : [1, {"b":"]"}] ,"c":"x\\"y","d":-1.0e5,"\\u0065":null}')]).toEqual([
      ['a', '[1, {"b":"]"}]'],
      ['c', '"x\\"y"'],
      ['d', '-1.0e5'],
      ['e', 'null'],
    ]);
    expect([...membersOf('{}')]).toEqual([]);
  });
});

describe('timestamps', () => {
  it('are ISO 8601, a blank for the T, with a zone or in the one that is named', () => {
    expect(timestampMs('2020-07-01 00:25:32', UTC)).toBe(Date.UTC(2020, 6, 1, 0, 25, 32));
    expect(timestampMs('2020-07-01T00:25:32.5+02:00', { zone: undefined, unit: undefined, names })).toBe(
      Date.UTC(2020, 5, 30, 22, 25, 32, 500),
    );
    expect(
      timestampMs('2020-07-01 00:25', { zone: namedZone('America/New_York', '--time-zone'), unit: undefined, names }),
    ).toBe(Date.UTC(2020, 6, 1, 4, 25));
    expect(timestampMs('2020-07-01', UTC)).toBe(Date.UTC(2020, 6, 1));
    expect(() => timestampMs('2020-07-01 00:25:32', { zone: undefined, unit: undefined, names })).toThrow(
      'does not say its time zone',
    );
    expect(() => namedZone('Mars/Olympus', '--time-zone')).toThrow('--time-zone');
  });

  it('that do not exist are refused', () => {
    for (const text of [
      '2020-02-30 00:00:00',
      '2021-02-29T12:00:00Z',
      '2020-04-31 00:00:00',
      '2020-07-01 24:00:00',
      'soon',
      '7/1/2020',
    ]) {
      expect(() => timestampMs(text, UTC), text).toThrow(`'${text}' is no time`);
    }
  });

  it('as numbers count milliseconds, or what is said', () => {
    expect(timestampMs('1593563132000', { zone: undefined, unit: undefined, names })).toBe(1_593_563_132_000);
    expect(timestampMs('1593563132', { zone: undefined, unit: 's', names })).toBe(1_593_563_132_000);
    expect(timestampMs('1593563132.25', { zone: undefined, unit: 's', names })).toBe(1_593_563_132_250);
    expect(timestampMs('1593563132000000', { zone: undefined, unit: 'us', names })).toBe(1_593_563_132_000);
    expect(timestampMs('1593563132', { zone: undefined, unit: 'ms', names })).toBe(1_593_563_132);
    expect(() => timestampMs('1593563132', { zone: undefined, unit: undefined, names })).toThrow('looks like seconds');
  });
});

describe('types by the first rows', () => {
  const types = async (
    file: string,
    asked: Asked = {},
    hasZone = false,
  ): Promise<Record<string, string | undefined>> => {
    const rows = (await rowsOf(file, asked)) as Row[];
    const { columns, key } = infer(rows, { text: new Set(['code']), key: undefined, hasZone });
    return { key, ...Object.fromEntries([...columns].map(([name, type]) => [name, typeText(type)])) };
  };

  it('of CSV', async () => {
    const file = write(
      's.csv',
      'trip_id,n,x,big,money,code,day,at,local,flag,mixed,none,zeros\n' +
        '1,1,1,9223372036854775808,12345678901234.55,1,2020-07-01,2020-07-01T00:00:00Z,2020-07-01 00:00:00,true,1,,007\n' +
        '2,2,2.5,1,1.5,2,2020-07-02,2020-07-01T00:00:00+02:00,2020-07-02 00:00:00,false,x,,008\n',
    );
    const want = {
      key: 'trip_id',
      trip_id: 'BIGINT',
      n: 'BIGINT',
      x: 'DOUBLE',
      big: 'DECIMAL(19, 0)',
      money: 'DOUBLE',
      code: 'VARCHAR',
      day: 'DATE',
      at: 'TIMESTAMP',
      local: 'VARCHAR',
      flag: 'BOOLEAN',
      mixed: 'VARCHAR',
      none: 'VARCHAR',
      zeros: 'VARCHAR',
    };
    expect(await types(file)).toEqual({ ...want, money: 'DOUBLE' });
    expect((await types(file, {}, true)).local).toBe('TIMESTAMP');
  });

  it('of JSON', async () => {
    const file = write(
      't.jsonl',
      '{"id":"a","n":1,"d":1.5,"s":{"x":1,"tags":["a"]},"l":[1,2.5,null],"m":null,"v":1,"e":{}}\n' +
        '{"id":"b","n":null,"d":2,"s":{"y":true,"tags":[]},"l":[],"m":[{"q":1}],"v":"x","e":{}}\n',
    );
    expect(await types(file, { input: 'json' })).toEqual({
      key: 'id',
      id: 'VARCHAR',
      n: 'BIGINT',
      d: 'DOUBLE',
      s: 'STRUCT<X BIGINT, TAGS ARRAY<VARCHAR>, Y BOOLEAN>',
      l: 'ARRAY<DOUBLE>',
      m: 'ARRAY<STRUCT<Q BIGINT>>',
      v: 'VARCHAR',
      e: 'VARCHAR',
    });
  });

  it('a column that is not unique is no key', async () => {
    expect((await types(write('u.csv', 'id,v\n1,a\n1,b\n'))).key).toBeUndefined();
    expect((await types(write('v.csv', 'name,userId\na,1\nb,2\n'))).key).toBe('userId');
  });
});

it('the progress shows how far, how fast and how long still', () => {
  expect(progressLine(12_345, 50, 100, 10)).toBe(
    `[${'===========>'.padEnd(24)}]  50 %  12,345 rows  1,235 rows/s  0:10 left`,
  );
  expect(progressLine(1, 100, 100, 4000)).toBe(`[${'='.repeat(23)}>] 100 %  1 rows  0 rows/s`);
  expect(progressLine(5, 1, 3661, 10)).toContain('10:10:00 left');
  expect(progressLine(7, 10, undefined, 1)).toBe('7 rows  7 rows/s');
});

describe('weir load into a server', () => {
  let server: TestServer;
  const out: string[] = [];
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());
  afterEach(() => vi.restoreAllMocks());

  const loaded = async (...args: string[]) => {
    out.length = 0;
    const keep = (text: unknown) => void out.push(String(text));
    vi.spyOn(console, 'log').mockImplementation(keep);
    vi.spyOn(console, 'error').mockImplementation(keep);
    try {
      await load([...args, '--server', server.address]);
    } finally {
      vi.restoreAllMocks();
    }
    return out.join('\n');
  };
  const select = async (sql: string): Promise<unknown[]> => {
    const answer = await ask(server, { path: '/query-stream', body: { sql } });
    return answer.text
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line) as unknown);
  };

  it('makes the stream, with types and key by the rows', async () => {
    const file = write(
      'trips.tsv',
      'trip_id\tat\tmiles\tday\n1\t2020-07-01 00:00:00\t.5\t2020-07-01\n2\t2020-07-01 01:00:00\t2\t2020-07-02\n',
    );
    const told = await loaded(file, '--create', '--timestamp', 'at', '--time-zone', 'America/New_York');
    expect(told).toContain(
      "CREATE STREAM TRIPS (\n  TRIP_ID BIGINT KEY,\n  AT TIMESTAMP,\n  MILES DOUBLE,\n  DAY DATE\n) WITH (KAFKA_TOPIC='trips', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=4);",
    );
    expect(told).toMatch(/2 rows of .*trips\.tsv written to trips/);
    const rows = await select('SELECT trip_id, at, miles, day, ROWTIME FROM trips;');
    expect(rows.sort()).toEqual([
      [1, '2020-07-01T04:00:00.000', 0.5, '2020-07-01', Date.UTC(2020, 6, 1, 4)],
      [2, '2020-07-01T05:00:00.000', 2, '2020-07-02', Date.UTC(2020, 6, 1, 5)],
    ]);
  });

  it('a bad row ends it and says how much was written; --resume goes on, and nothing doubles', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `k${i % 7},${i}`);
    const mended = `k,i\n${lines.join('\n')}\n`;
    const file = write('cut.csv', `k,i\n${lines.with(2500, 'k0').join('\n')}\n`);
    const failure = await loaded(file, '--topic', 'cut', '--key', 'k').catch((e: unknown) => e);
    expect(failure).toMatchObject({
      message: `${file}:2502: 1 fields where the first line names 2 columns.`,
      hint: expect.stringContaining(`2500 rows of ${file} were written to cut. Mend the row`),
    });
    writeFileSync(file, mended);
    const told = await loaded(file, '--topic', 'cut', '--key', 'k', '--resume');
    expect(told).toMatch(/500 rows of .*cut\.csv written to cut.*\n2500 rows were there from an earlier load/);
    expect(await loaded(file, '--topic', 'cut', '--key', 'k', '--resume')).toContain('3000 rows were there');
    await run(server, "CREATE STREAM cut (k STRING KEY, i INT) WITH (KAFKA_TOPIC='cut', VALUE_FORMAT='JSON');");
    const rows = (await select('SELECT i FROM cut;')) as [number][];
    expect(rows.map(([i]) => i).sort((a, b) => a - b)).toEqual(lines.map((_, i) => i));
    // Another load without --resume writes all of it again, and a resume of that one finds its own end.
    await loaded(file, '--topic', 'cut', '--key', 'k', '--limit', '10');
    expect(await loaded(file, '--topic', 'cut', '--key', 'k', '--resume')).toMatch(
      /2990 rows of .*\n10 rows were there/,
    );
  });

  it('goes on with the key that it began with, and with no other', async () => {
    const file = write('keyed.csv', 'id,x\n1,a\n2,b\n');
    await loaded(file, '--create', '--key', 'id', '--limit', '1');
    await expect(loaded(file, '--topic', 'keyed', '--resume')).rejects.toMatchObject({
      message: expect.stringContaining("was loaded into keyed with key 'id', and is to go on without a key"),
      hint: expect.stringContaining('Go on with --key id.'),
    });
    expect(await loaded(file, '--topic', 'keyed', '--key', 'ID', '--resume')).toMatch(/^1 row of .*\n1 row was there/m);
    expect(await loaded(file, '--create', '--resume')).toContain('2 rows were there');
    const rows = (await select('SELECT id, x FROM keyed;')) as unknown[];
    expect(rows.sort()).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    await expect(loaded(file, '--create')).rejects.toMatchObject({
      hint: expect.stringContaining('Leave out --create'),
    });
  });

  it('leaves bad rows out where that is asked for, each by its name', async () => {
    const file = write('skip.jsonl', '{"a":1}\n{oops\n{"a":2}\n[3]\n');
    const told = await loaded(file, '--topic', 'skip', '--skip-bad-rows');
    expect(told).toContain('left out: ');
    expect(told).toContain('skip.jsonl:4: a row must be a JSON object.');
    expect(told).toMatch(/2 rows of .* written to skip.*\n2 rows could not be read and were left out/);
  });

  it('a row that does not fit the types of the first ones is a bad row', async () => {
    const lines = Array.from({ length: 10_001 }, (_, i) => String(i));
    const file = write('late.csv', `n\n${lines.join('\n')}\nx\n`);
    await expect(loaded(file, '--create')).rejects.toMatchObject({
      message: `${file}:10003: 'x' does not fit column 'n', which is BIGINT by the first 10000 rows.`,
      hint: expect.stringContaining('--text n'),
    });
  });

  it('says what it cannot do', async () => {
    const file = write('w.csv', 'a\n1\n');
    await expect(loaded(dir, '--topic', 't')).rejects.toThrow('is a folder.');
    await expect(loaded(join(dir, 'none.csv'), '--topic', 't')).rejects.toThrow('There is no file');
    await expect(loaded(file)).rejects.toThrow('weir load needs --topic.');
    await expect(loaded(file, '--topic', 't', '--delimiter', 'ab')).rejects.toThrow('--delimiter is one character');
    await expect(loaded(file, '--topic', 't', '--timestamp-unit', 'h')).rejects.toThrow('--timestamp-unit');
    await expect(loaded(write('empty.csv', ''), '--create', '--topic', 't')).rejects.toThrow('has no rows that say');
  });
});
