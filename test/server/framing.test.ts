import { afterEach, describe, expect, it } from 'vitest';
import { type QueryStream, WeirError } from '../../engine/index.js';
import { FakeEngine, ScriptedQuery, startFake } from './fake-engine.js';
import { ask, askHttp2, type TestServer } from './support.js';

let server: TestServer | undefined;
afterEach(() => server?.stop());

const COLUMNS = [
  { name: 'K', type: { kind: 'STRING' }, key: true },
  { name: 'V', type: { kind: 'BIGINT' }, key: false },
] as const;

async function answer(query: QueryStream, accept: string): Promise<string> {
  const engine = new FakeEngine();
  engine.open = () => query;
  server = await startFake(engine);
  const { status, text } = await ask(server, {
    path: '/query-stream',
    body: { sql: 'SELECT' },
    headers: { accept },
  });
  expect(status).toBe(200);
  return text;
}

const rows = (n: number) =>
  [{ rows: [['a', 1]] }, { rows: [['b', null]], tombstones: [true] }, new WeirError('STATE_ERROR', 'It broke.')][n];
const failing = (kind: QueryStream['kind']) => new ScriptedQuery(kind, COLUMNS, rows);
const BODY = '{"@type":"generic_error","error_code":50000,"message":"It broke.","code":"STATE_ERROR","stackTrace":[]}';

describe('tombstones and errors in mid-stream', () => {
  it('in the v1 format of a push query', async () => {
    expect(await answer(failing('push'), 'application/vnd.ksql.v1+json')).toBe(
      '[{"header":{"queryId":"q1","schema":"`K` STRING, `V` BIGINT"}},\n{"row":{"columns":["a",1]}},\n' +
        `{"row":{"columns":["b",null],"tombstone":true}},\n{"errorMessage":${BODY}}]\n`,
    );
  });

  it('in the v1 format of a pull query, still valid JSON', async () => {
    const text = await answer(failing('pull-stream'), 'application/vnd.ksql.v1+json');
    expect(JSON.parse(text)).toMatchObject([
      { header: {} },
      { row: {} },
      { row: {} },
      { errorMessage: { message: 'It broke.' } },
    ]);
    expect(text).toBe(
      '[{"header":{"queryId":"q1","schema":"`K` STRING, `V` BIGINT"}},\n{"row":{"columns":["a",1]}},\n' +
        `{"row":{"columns":["b",null],"tombstone":true}},\n{"errorMessage":${BODY}}]\n`,
    );
  });

  it('in the delimited format, as a line', async () => {
    expect(await answer(failing('push'), 'application/vnd.ksqlapi.delimited.v1')).toBe(
      `{"queryId":"q1","columnNames":["K","V"],"columnTypes":["STRING","BIGINT"]}\n["a",1]\n["b",null]\n${BODY}\n`,
    );
  });

  it('in a JSON array, as an element', async () => {
    const text = await answer(failing('push'), 'application/json');
    expect(JSON.parse(text)).toMatchObject([{ queryId: 'q1' }, ['a', 1], ['b', null], { message: 'It broke.' }]);
  });

  it('before the first row as well', async () => {
    const query = new ScriptedQuery('push', COLUMNS, () => new Error('secret of the machine'));
    const text = await answer(query, 'application/vnd.ksql.v1+json');
    expect(JSON.parse(text)).toMatchObject([{ header: {} }, { errorMessage: { error_code: 50000 } }]);
    expect(query.closed).toBe(true);
  });
});

describe('values', () => {
  it('are exact, and spelled as Java spells them', async () => {
    const types = [
      { kind: 'BIGINT' },
      { kind: 'DOUBLE' },
      { kind: 'DOUBLE' },
      { kind: 'BYTES' },
      { kind: 'DATE' },
      { kind: 'TIME' },
      { kind: 'TIMESTAMP' },
      { kind: 'ARRAY', element: { kind: 'INTEGER' } },
      { kind: 'MAP', key: { kind: 'STRING' }, value: { kind: 'BOOLEAN' } },
      { kind: 'STRUCT', fields: [{ name: 'f"1', type: { kind: 'STRING' } }] },
    ] as const;
    const row = [
      9007199254740993n,
      1e7,
      Number.NaN,
      Buffer.from('hi'),
      19000,
      3_600_000,
      1_600_000_000_123,
      [1, null],
      new Map([['k', true]]),
      ['a\u2028"'],
    ];
    const columns = types.map((type, i) => ({ name: `C${i}`, type, key: false }));
    const query = new ScriptedQuery('push', columns, (n) => (n === 0 ? { rows: [row] } : undefined));
    const [, line] = (await answer(query, '*/*')).split('\n');
    expect(line).toBe(
      '[9007199254740993,1.0E7,"NaN","aGk=","2022-01-08","01:00","2020-09-13T12:26:40.123",[1,null],{"k":true},{"f\\"1":"a\u2028\\""}]',
    );
  });
});

describe('HTTP/2 in clear text', () => {
  it('sends one row in each DATA frame, however many there are at once', async () => {
    const engine = new FakeEngine();
    const many = Array.from({ length: 500 }, (_, i) => [`k${i}`, i]);
    engine.open = () => new ScriptedQuery('push', COLUMNS, (n) => (n < 2 ? { rows: many } : undefined));
    server = await startFake(engine);
    const { status, frames } = await askHttp2(server, { path: '/query-stream', body: { sql: 'SELECT' } });
    expect([status, frames.length]).toEqual([200, 1001]);
    for (const f of frames) expect(() => JSON.parse(f)).not.toThrow();
  });
});
