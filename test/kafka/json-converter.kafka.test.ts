/** What Weir writes with SCHEMAS_ENABLE, read by Kafka Connect's own JsonConverter; and what that writes, read by Weir. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatByName } from '../../engine/formats/index.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import { Decimal } from '../../engine/values/decimal.js';
import type { Column } from '../../engine/values/schema.js';
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
import { fetchJars, type JarSet, KAFKA_VERSION, onPath, run } from '../../testing/jars.js';
import { isRequired } from './support/broker.js';

const CONNECT_JARS: JarSet = {
  name: `connect-json-${KAFKA_VERSION}`,
  artifacts: [`org.apache.kafka:connect-json:${KAFKA_VERSION}`, 'org.slf4j:slf4j-simple:1.7.36'],
};

/** The folder of the converter's jars; undefined: why it cannot run here has been told. */
async function converterJars(): Promise<string | undefined> {
  try {
    // A source file is run as it is: that takes the compiler, which a JDK has and a JRE has not.
    for (const tool of ['java', 'javac']) if (!onPath(tool)) throw new Error(`${tool} not found on the PATH`);
    return await fetchJars(CONNECT_JARS);
  } catch (e) {
    const why = (e as Error).message.split('\n')[0]!;
    if (isRequired('kafka')) throw new Error(`WEIR_REQUIRE asks for kafka, but: ${why}`, { cause: e });
    console.warn(`SKIPPED: Kafka Connect's JsonConverter: ${why}`);
    return undefined;
  }
}

const libs = await converterJars();

/** Two lines for each payload: see the probe. */
async function probe(side: 'key' | 'value', payloads: readonly string[]): Promise<string[]> {
  const source = join(import.meta.dirname, 'support/JsonConverterProbe.java');
  const args = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=off', '-cp', `${libs}/*`, source, side];
  const { stdout } = await run('java', args, { input: `${payloads.join('\n')}\n`, timeoutMs: 120_000 });
  return stdout.toString('utf8').trimEnd().split('\n');
}

const context = (columns: readonly Column[], isKey: boolean, wrapSingle?: boolean) => ({
  columns,
  needed: columns.map((_, i) => i),
  ref: {
    name: 'JSON',
    properties: { schemasEnable: 'true' },
    ...(wrapSingle === undefined ? {} : { wrapSingle }),
  },
  isKey,
});

function written(columns: readonly Column[], row: readonly Value[], isKey = false, wrapSingle?: boolean): string {
  const out = new ByteWriter();
  formatByName('JSON')
    .encoder(context(columns, isKey, wrapSingle))
    .encode(row, out);
  return Buffer.from(out.bytes()).toString('utf8');
}

function read(columns: readonly Column[], payload: string, isKey = false): Value[] | null {
  const bytes = Buffer.from(payload, 'utf8');
  const row = new Array<Value>(columns.length).fill(null);
  return formatByName('JSON').decoder(context(columns, isKey)).decode(bytes, 0, bytes.length, row) ? row : null;
}

const COLUMNS: readonly Column[] = [
  { name: 'B', type: BOOLEAN },
  { name: 'I', type: INTEGER },
  { name: 'L', type: BIGINT },
  { name: 'D', type: DOUBLE },
  { name: 'C', type: decimal(30, 2) },
  { name: 'T', type: STRING },
  { name: 'Y', type: BYTES },
  { name: 'DT', type: DATE },
  { name: 'TM', type: TIME },
  { name: 'TS', type: TIMESTAMP },
  { name: 'A', type: array(decimal(4, 1)) },
  { name: 'M', type: map(STRING, INTEGER) },
  { name: 'R', type: struct([{ name: 'X', type: DOUBLE }]) },
];
const ROWS: readonly (readonly Value[])[] = [
  [
    true,
    -2147483648,
    -9223372036854775808n,
    -1.5e300,
    new Decimal(-1234567890123456789012345678n, 2),
    'é\t"',
    new Uint8Array([0, 255]),
    19782,
    47655000,
    1709212455678,
    [new Decimal(-5n, 1), null],
    new Map<Value, Value>([
      ['k', 1],
      ['n', null],
    ]),
    [0.1],
  ],
  COLUMNS.map(() => null),
];

describe.skipIf(libs === undefined)("Kafka Connect's JsonConverter", () => {
  it('reads every type as its own, and what it writes Weir reads', async () => {
    const payloads = ROWS.map((row) => written(COLUMNS, row));
    const [first, back, empty, emptyBack] = await probe('value', payloads);
    expect(first!.replace(/\[B@\w+/, '[bytes]')).toBe(
      'Schema{STRUCT}|Struct|Struct{B=true,I=-2147483648,L=-9223372036854775808,D=-1.5E300,' +
        'C=-12345678901234567890123456.78,T=é\t",Y=[bytes],DT=Thu Feb 29 00:00:00 UTC 2024,' +
        'TM=Thu Jan 01 13:14:15 UTC 1970,TS=Thu Feb 29 13:14:15 UTC 2024,A=[-0.5, null],M={k=1, n=null},R=Struct{X=0.1}}',
    );
    expect(read(COLUMNS, back!)).toEqual(ROWS[0]);
    expect(empty).toBe('Schema{STRUCT}|Struct|Struct{}');
    expect(read(COLUMNS, emptyBack!)).toEqual(ROWS[1]);
  }, 120_000);

  it('reads keys of one column and of several', async () => {
    const one: Column[] = [{ name: 'K', type: decimal(6, 2) }];
    const two: Column[] = [
      { name: 'K', type: INTEGER },
      { name: 'L', type: STRING },
    ];
    const keys = [written(one, [new Decimal(125n, 2)], true), written(two, [7, 'x'], true)];
    const [decimalKey, decimalBack, struct, structBack] = await probe('key', keys);
    expect([decimalKey, struct]).toEqual([
      'Schema{org.apache.kafka.connect.data.Decimal:BYTES}|BigDecimal|1.25',
      'Schema{STRUCT}|Struct|Struct{K=7,L=x}',
    ]);
    expect(read(one, decimalBack!, true)).toEqual([new Decimal(125n, 2)]);
    expect(read(two, structBack!, true)).toEqual([7, 'x']);
  }, 120_000);

  it('has null for numbers that are not finite, of a record and of a bare value', async () => {
    const column: Column[] = [{ name: 'D', type: DOUBLE }];
    const payloads = [written(column, [Number.NaN]), written(column, [Number.NEGATIVE_INFINITY], false, false)];
    const [record, , bare] = await probe('value', payloads);
    expect([record, bare]).toEqual(['Schema{STRUCT}|Struct|Struct{}', 'Schema{FLOAT64}|null|null']);
  }, 120_000);
});
