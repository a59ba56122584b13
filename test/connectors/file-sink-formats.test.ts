import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { expect, it } from 'vitest';
import { valuesOf } from '../../engine/base/setting.js';
import type { SinkRow, SinkSource } from '../../engine/connectors/connector.js';
import { fileSink } from '../../engine/connectors/file-sink/index.js';
import { check, OPTIONS } from '../../engine/connectors/file-sink/options.js';
import { Decimal } from '../../engine/values/decimal.js';
import {
  array,
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  STRING,
  struct,
  TIME,
  TIMESTAMP,
} from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { tempDir } from '../support/temp.js';
import { Partition, sinkContext, TRIPS, trip } from './support/sink.js';

const TYPES: SinkSource = {
  ...TRIPS,
  windowed: true,
  schema: {
    key: [{ name: 'Id', type: BIGINT }],
    value: [
      { name: 'B', type: BOOLEAN },
      { name: 'I', type: INTEGER },
      { name: 'D', type: DOUBLE },
      { name: 'M', type: decimal(30, 2) },
      { name: 'N', type: decimal(9, 3) },
      { name: 'S', type: STRING },
      { name: 'X', type: BYTES },
      { name: 'DAY', type: DATE },
      { name: 'T', type: TIME },
      { name: 'AT', type: TIMESTAMP },
      { name: 'L', type: array(struct([{ name: 'A', type: INTEGER }])) },
      { name: 'P', type: map(STRING, BIGINT) },
      { name: 'H', type: STRING, headers: { kind: 'one', header: 'h' } },
    ],
  },
};

const ALL: readonly Value[] = [
  true,
  -7,
  1.5,
  Decimal.of('-1234567890123456789012345678.90'),
  Decimal.of('0.125'),
  'a,"b"\nc',
  Uint8Array.of(0, 255),
  18_475,
  45_296_007,
  1_596_240_000_123,
  [[1], null, [null]],
  new Map([['k', 9_223_372_036_854_775_807n]]),
  'of a header',
];
const NONE: readonly Value[] = ALL.map(() => null);

const typed = (offset: number, value: readonly Value[]): SinkRow => ({
  ...trip(offset, 'x'),
  key: [9_007_199_254_740_993n],
  value,
  windowStart: 10,
  windowEnd: 20,
});

const twosComplement = (n: bigint, bytes: number): Uint8Array =>
  Uint8Array.from(
    Buffer.from(
      BigInt.asUintN(bytes * 8, n)
        .toString(16)
        .padStart(bytes * 2, '0'),
      'hex',
    ),
  );

async function written(
  options: Record<string, string>,
  rows: readonly SinkRow[],
  source: SinkSource = TYPES,
): Promise<{ readonly file: (name: string) => string; readonly rejected: ReadonlyMap<number, string> }> {
  const folder = tempDir();
  const partition = new Partition(rows);
  const context = sinkContext({ options: { path: folder, ...options }, folders: [folder], source });
  await partition.run(await fileSink.start(context), 100);
  return { file: (name) => join(folder, name), rejected: partition.rejected };
}

it('JSON lines have all digits, and ISO times', async () => {
  const { file } = await written({ 'column.names.lowercase': 'true' }, [typed(0, ALL), typed(1, NONE)]);
  const [first, second] = readFileSync(file('trips+0+0000000000.jsonl'), 'utf8').split('\n');
  expect(first).toBe(
    '{"id":9007199254740993,"b":true,"i":-7,"d":1.5,"m":-1234567890123456789012345678.90,"n":0.125,' +
      '"s":"a,\\"b\\"\\nc","x":"AP8=","day":"2020-08-01","t":"12:34:56.007","at":"2020-08-01T00:00:00.123Z",' +
      '"l":[{"A":1},null,{"A":null}],"p":{"k":9223372036854775807},"windowstart":10,"windowend":20}',
  );
  expect(second).toBe(
    '{"id":9007199254740993,"b":null,"i":null,"d":null,"m":null,"n":null,"s":null,"x":null,"day":null,"t":null,' +
      '"at":null,"l":null,"p":null,"windowstart":10,"windowend":20}',
  );
});

it('names stay as statements have them where the source keeps that', async () => {
  const source: SinkSource = {
    ...TRIPS,
    schema: {
      key: [],
      value: [
        { name: 'TRIP_ID', written: 'trip_id', type: BIGINT },
        { name: 'AT', written: 'at', type: struct([{ name: 'LAT', written: 'lat', type: DOUBLE }]) },
      ],
    },
  };
  const { file } = await written({}, [{ ...trip(0, 'x'), key: [], value: [1010, [1.5]] }], source);
  expect(readFileSync(file('trips+0+0000000000.jsonl'), 'utf8')).toBe('{"trip_id":1010,"at":{"lat":1.5}}\n');
});

it('numbers that JSON has not are text', async () => {
  const source: SinkSource = { ...TRIPS, schema: { key: [], value: [{ name: 'D', type: DOUBLE }] } };
  const row = (offset: number, d: number): SinkRow => ({ ...trip(offset, 'x'), key: [], value: [d] });
  const rows = [row(0, Number.NaN), row(1, Number.NEGATIVE_INFINITY), row(2, 18.9), row(3, 1e21)];
  const { file } = await written({}, rows, source);
  expect(readFileSync(file('trips+0+0000000000.jsonl'), 'utf8')).toBe(
    '{"D":"NaN"}\n{"D":"-Infinity"}\n{"D":18.9}\n{"D":1e+21}\n',
  );
});

it('CSV tells NULL from text, and may be packed', async () => {
  const options = { format: 'csv', compression: 'gzip', 'csv.delimiter': ';', 'csv.null.text': 'NULL' };
  const rows = [trip(0, 'a;b'), trip(1, ''), trip(2, 'NULL'), trip(3, 'say "hi"')].map((r) => ({ ...r, key: [null] }));
  const { file } = await written(options, rows, TRIPS);
  expect(gunzipSync(readFileSync(file('trips+0+0000000000.csv.gz'))).toString()).toBe(
    'ID;ZONE\nNULL;"a;b"\nNULL;""\nNULL;"NULL"\nNULL;"say ""hi"""\n',
  );
});

it('Parquet has typed columns', async () => {
  const { file } = await written({ format: 'parquet' }, [typed(0, ALL), typed(1, NONE)]);
  const buffer = await asyncBufferFromFile(file('trips+0+0000000000.parquet'));
  // The reader's numbers for DECIMAL are doubles: without the mark on the column it gives the bytes.
  const metadata = await parquetMetadataAsync(buffer);
  const unmarked = metadata.schema.map((s) =>
    s.name === 'M' ? { name: 'M', type: s.type!, type_length: s.type_length!, repetition_type: s.repetition_type! } : s,
  );
  const [row, nulls] = await parquetReadObjects({
    file: buffer,
    metadata: { ...metadata, schema: unmarked },
    utf8: false,
  });
  expect(row).toEqual({
    Id: 9_007_199_254_740_993n,
    B: true,
    I: -7,
    D: 1.5,
    M: twosComplement(-123_456_789_012_345_678_901_234_567_890n, 13),
    N: 0.125,
    S: 'a,"b"\nc',
    X: Uint8Array.of(0, 255),
    DAY: new Date('2020-08-01T00:00:00Z'),
    T: 45_296_007,
    AT: new Date('2020-08-01T00:00:00.123Z'),
    L: [{ A: 1 }, null, { A: null }],
    P: { k: 9_223_372_036_854_775_807n },
    WINDOWSTART: 10n,
    WINDOWEND: 20n,
  });
  expect(Object.values(nulls!).filter((v) => v !== null && v !== undefined)).toEqual([
    9_007_199_254_740_993n,
    10n,
    20n,
  ]);
  expect(metadata.schema.find((s) => s.name === 'M')).toMatchObject({
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 13,
    converted_type: 'DECIMAL',
    precision: 30,
    scale: 2,
  });
});

it('Parquet writes many row groups, and refuses what it has not', async () => {
  const many = Array.from({ length: 120_000 }, (_, i) => trip(i, `zone ${i}`));
  const options = { format: 'parquet', 'flush.size': '1000000' };
  const { file } = await written(options, many, TRIPS);
  const buffer = await asyncBufferFromFile(file('trips+0+0000000000.parquet'));
  expect((await parquetMetadataAsync(buffer)).row_groups.map((g) => Number(g.num_rows))).toEqual([
    50_000, 50_000, 20_000,
  ]);
  expect(await parquetReadObjects({ file: buffer, rowStart: 119_999 })).toEqual([
    { ID: 119_999n, ZONE: 'zone 119999' },
  ]);

  const mapped: SinkSource = { ...TRIPS, schema: { key: [], value: [{ name: 'P', type: map(STRING, STRING) }] } };
  const row = (offset: number, p: Value): SinkRow => ({ ...trip(offset, 'x'), key: [], value: [p] });
  const { rejected } = await written({ format: 'parquet' }, [row(0, new Map([[null, 'x']])), row(1, null)], mapped);
  expect(Object.fromEntries(rejected)).toEqual({ 0: 'A MAP has the key NULL, which Parquet has not.' });
  const wide: SinkSource = { ...TRIPS, schema: { key: [], value: [{ name: 'M', type: decimal(39, 0) }] } };
  await expect(written({ format: 'parquet' }, [], wide)).rejects.toThrow('Column M is a DECIMAL of 39 digits');
  await expect(written({ format: 'csv' }, [], { ...TRIPS, schema: undefined })).rejects.toThrow(
    'No stream or table stands',
  );
  await expect(written({ 'partition.by': 'nothing' }, [], TRIPS)).rejects.toThrow('There is no column nothing.');
});

it('options that do not fit together are told', () => {
  const wrong = (options: Record<string, string>) => check(valuesOf(OPTIONS, options));
  expect(wrong({ path: 'x' })).toBeUndefined();
  expect(wrong({})).toBe('Name either path or s3.bucket.name.');
  expect(wrong({ 's3.bucket.name': 'b' })).toContain('aws.access.key.id');
  expect(wrong({ path: 'x', 'value.as': 'raw', format: 'csv' })).toBe('value.as=raw is for format=jsonl.');
  expect(wrong({ path: 'x', format: 'parquet', compression: 'gzip' })).toContain('Parquet compresses itself');
  expect(wrong({ path: 'x', 'file.prefix': '../x' })).toContain('file.prefix is part of a name');
  expect(wrong({ path: 'x', 'topics.dir': 'a/../..' })).toContain('topics.dir is a path below');
  expect(wrong({ path: 'x', 'partition.by': 'dt=qqqqqqqqqq' })).toContain('partition.by: ');
});
