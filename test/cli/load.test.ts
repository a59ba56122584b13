import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type LoadOptions, parseTimestamp, readRows } from '../../cli/load.js';
import type { RawRecord } from '../../engine/api.js';

const dir = mkdtempSync(join(tmpdir(), 'weir-load-'));
afterAll(() => rmSync(dir, { recursive: true }));

const write = (name: string, text: string): string => {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
};

async function rows(options: Partial<LoadOptions> & { file: string }): Promise<RawRecord[]> {
  const out: RawRecord[] = [];
  const all = {
    input: 'csv',
    format: 'json',
    key: undefined,
    timestamp: undefined,
    text: new Set<string>(),
    limit: 1e9,
  } as const;
  for await (const r of readRows({ ...all, ...options })) out.push(r);
  return out;
}
const value = (r: RawRecord) => Buffer.from(r.value!).toString();
const key = (r: RawRecord) => (r.key === null ? null : Buffer.from(r.key).toString());

describe('weir load', () => {
  it('turns CSV into JSON and keeps the digits of numbers', async () => {
    const file = write('a.csv', '\ufeffid,miles,name,flag,none\n1,1.50,"O""Brien, Jr",true,\n-0.0,1e3,007,x,\n');
    const [a, b] = await rows({ file, key: 'ID' });
    expect(value(a!)).toBe('{"id":1,"miles":1.50,"name":"O\\"Brien, Jr","flag":true,"none":null}');
    expect(key(a!)).toBe('1');
    expect(value(b!)).toBe('{"id":-0.0,"miles":1e3,"name":"007","flag":"x","none":null}');
    const [text] = await rows({ file, text: new Set(['id']) });
    expect(value(text!)).toContain('"id":"1"');
  });

  it('writes delimited values with quotes where they are needed', async () => {
    const file = write('b.csv', 'a,b\n1,"x,""y"\n');
    expect(value((await rows({ file, format: 'delimited' }))[0]!)).toBe('1,"x,""y"');
  });

  it('reads JSON lines as they are, with key and timestamp from them', async () => {
    const file = write(
      'c.jsonl',
      '{"k":"a","t":1700000000000,"big":9223372036854775807}\n\n{"k":5,"t":"2020-07-01T00:00:01Z"}\n',
    );
    const [a, b] = await rows({ file, input: 'jsonl', key: 'k', timestamp: 't' });
    expect([key(a!), a!.timestamp, value(a!)]).toEqual([
      'a',
      1_700_000_000_000,
      '{"k":"a","t":1700000000000,"big":9223372036854775807}',
    ]);
    expect([key(b!), b!.timestamp]).toEqual(['5', Date.UTC(2020, 6, 1, 0, 0, 1)]);
  });

  it('reads timestamps: ISO, with a space, with a zone, milliseconds', () => {
    expect(parseTimestamp('2020-07-01 00:25:32')).toBe(Date.UTC(2020, 6, 1, 0, 25, 32));
    expect(parseTimestamp('2020-07-01T00:25:32.5+02:00')).toBe(Date.UTC(2020, 5, 30, 22, 25, 32, 500));
    expect(parseTimestamp('1593563132000')).toBe(1_593_563_132_000);
    expect(parseTimestamp('yesterday')).toBeUndefined();
  });

  it('says where a row cannot be read', async () => {
    const noColumn = write('d.csv', 'a,b\n1,2\n');
    await expect(rows({ file: noColumn, key: 'c' })).rejects.toThrow("d.csv:2: there is no column 'c'.");
    await expect(rows({ file: noColumn, timestamp: 'a', limit: 1 })).resolves.toHaveLength(1);
    const badTime = write('e.csv', 'a,t\n1,soon\n');
    await expect(rows({ file: badTime, timestamp: 't' })).rejects.toThrow("e.csv:2: 'soon' is no time.");
    const badJson = write('f.jsonl', '{"a":1}\n{oops\n');
    await expect(rows({ file: badJson, input: 'jsonl' })).rejects.toThrow('f.jsonl:2: no JSON');
    const ragged = write('g.csv', 'a,b\n1\n');
    await expect(rows({ file: ragged })).rejects.toThrow(/g\.csv: Invalid Record Length/);
  });

  const sample = join(import.meta.dirname, '../../../shared/data/yellow_tripdata_2020_07_sample.csv');
  it.skipIf(!existsSync(sample))('loads real rows of the TLC (skipped without ../shared)', async () => {
    const all = await rows({ file: sample, key: 'VendorID', timestamp: 'tpep_pickup_datetime' });
    expect(all).toHaveLength(readFileSync(sample, 'utf8').trim().split('\n').length - 1);
    expect(all[0]!.timestamp).toBe(Date.UTC(2020, 6, 1, 0, 25, 32));
    expect(key(all[0]!)).toBe('1');
    expect(value(all[0]!)).toMatch(
      /^\{"VendorID":1,"tpep_pickup_datetime":"2020-07-01 00:25:32",.*"trip_distance":1\.50,/,
    );
  });
});
