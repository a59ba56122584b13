import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, EARLIEST, open, RawClient, run, startServer, type TestServer } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await run(
    server,
    `CREATE STREAM notes (id BIGINT KEY, text STRING, price DECIMAL(30, 2), at TIMESTAMP, raw BYTES, tags ARRAY<STRING>, more STRUCT<day DATE, \`low\` INT>)
       WITH (KAFKA_TOPIC='notes', VALUE_FORMAT='JSON', PARTITIONS=1);
     CREATE TABLE things (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='things', VALUE_FORMAT='JSON', PARTITIONS=1);
     CREATE STREAM \`Quoted\` (a INT) WITH (KAFKA_TOPIC='quoted', VALUE_FORMAT='JSON', PARTITIONS=1);
     CREATE TABLE windowed AS SELECT text, COUNT(*) AS n FROM notes WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY text;`,
  );
});
afterAll(() => server.stop());

const insert = async (lines: readonly unknown[], headers: Record<string, string> = {}) => {
  const body = lines.map((l) => (typeof l === 'string' ? l : JSON.stringify(l))).join('\n');
  return ask(server, { path: '/inserts-stream', body: `${body}\n`, headers });
};
const acks = (text: string) =>
  text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((l) => JSON.parse(l) as unknown);
const rows = async (sql: string): Promise<string[]> => {
  const { text } = await ask(server, { path: '/query-stream', body: { sql, properties: EARLIEST } });
  return text.trim().split('\n').slice(1);
};

describe('/inserts-stream', () => {
  it('acknowledges each row once it is durable', async () => {
    const answer = await insert([{ target: 'notes' }, { ID: 1, TEXT: 'a' }, { id: 2, text: 'b' }]);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/vnd.ksqlapi.delimited.v1']);
    expect(answer.text).toBe('{"status":"ok","seq":0}\n{"status":"ok","seq":1}\n');
    expect(await rows('SELECT id, text FROM notes;')).toEqual(['[1,"a"]', '[2,"b"]']);
  });

  it('keeps every digit, and reads what results show', async () => {
    const row =
      '{"ID": 9007199254740993, "TEXT": "ü\\n", "PRICE": 1234567890123456789012345678.90, "AT": "2020-09-13T12:26:40.123",' +
      ' "RAW": "aGk=", "TAGS": ["x", null], "MORE": {"DAY": "2022-01-08", "low": 3}}';
    expect(acks((await insert([{ target: 'NOTES' }, row])).text)).toEqual([{ status: 'ok', seq: 0 }]);
    expect(await rows('SELECT * FROM notes WHERE id = 9007199254740993;')).toEqual([
      '[9007199254740993,"ü\\n",1234567890123456789012345678.90,"2020-09-13T12:26:40.123","aGk=",["x",null],{"DAY":"2022-01-08","low":3}]',
    ]);
  });

  it('refuses numbers that would be stored as others, wherever they are', async () => {
    const made = `CREATE STREAM IF NOT EXISTS numbers (i INT, l BIGINT, a ARRAY<INT>, m MAP<STRING, BIGINT>, s STRUCT<\`low\` INT>, d DECIMAL(5, 2))
      WITH (KAFKA_TOPIC='numbers', VALUE_FORMAT='JSON', PARTITIONS=1);`;
    await run(server, made);
    const answer = async (row: string) => acks((await insert([{ target: 'numbers' }, row])).text)[0];
    for (const row of [
      '{"L":9223372036854775807,"I":-2147483648}',
      '{"L":-9223372036854775808,"I":1e3}',
      '{"l":9007199254740993,"a":[1,null],"m":{"x":null,"y":9007199254740993},"s":{"LOW":1}}',
    ]) {
      expect([row, await answer(row)]).toEqual([row, { status: 'ok', seq: 0 }]);
    }
    for (const row of [
      '{"L":9223372036854775808000}',
      '{"L":1.5}',
      '{"I":2147483648}',
      '{"i":99999999999999999999}',
      '{"A":[1,2.5]}',
      '{"M":{"x":1e30}}',
      '{"S":{"low":3000000000}}',
      '{"D":1234.5}',
    ]) {
      expect([row, await answer(row)]).toMatchObject([row, { status: 'error', seq: 0, error_code: 40000 }]);
    }
    expect(await rows('SELECT i, l FROM numbers;')).toHaveLength(3);
  });

  describe('says of a row that does not fit', () => {
    beforeAll(() =>
      run(
        server,
        `CREATE STREAM kinds (k STRING KEY, i INT, l BIGINT, f DOUBLE, d DECIMAL(5, 2), b BOOLEAN, s STRING, y BYTES, at TIMESTAMP,
           a ARRAY<INT>, aa ARRAY<ARRAY<INT>>, m MAP<STRING, BIGINT>, st STRUCT<x BIGINT, y ARRAY<INT>>)
           WITH (KAFKA_TOPIC='kinds', VALUE_FORMAT='JSON', PARTITIONS=1);
         CREATE TABLE pairs (a INT PRIMARY KEY, b STRING PRIMARY KEY, v STRING)
           WITH (KAFKA_TOPIC='pairs', FORMAT='JSON', PARTITIONS=1);`,
      ),
    );

    it.each([
      // Text is no number and no boolean, a number no text.
      ['kinds', '{"L":"1"}', "The row does not fit: column `L`: Can't convert text to BIGINT (byte 5)"],
      ['kinds', '{"I":"1"}', "The row does not fit: column `I`: Can't convert text to INTEGER (byte 5)"],
      ['kinds', '{"F":"1.5"}', "The row does not fit: column `F`: Can't convert text to DOUBLE (byte 5)"],
      ['kinds', '{"B":"true"}', "The row does not fit: column `B`: Can't convert text to BOOLEAN (byte 5)"],
      ['kinds', '{"B":1}', "The row does not fit: column `B`: Can't convert a number to BOOLEAN (byte 5)"],
      ['kinds', '{"S":5}', "The row does not fit: column `S`: Can't convert a number to STRING (byte 5)"],
      ['kinds', '{"AT":5}', "The row does not fit: column `AT`: Can't convert a number to TIMESTAMP (byte 6)"],
      ['kinds', '{"Y":"***"}', "The row does not fit: column `Y`: Cannot convert '***' to BYTES"],
      ['kinds', '{"K":5}', "The row does not fit: column `K`: Can't convert a number to STRING (byte 5)"],
      // Also within.
      ['kinds', '{"A":["1"]}', "The row does not fit: column `A`: Can't convert text to INTEGER (byte 6)"],
      ['kinds', '{"A":5}', "The row does not fit: column `A`: Can't convert a number to ARRAY (byte 5)"],
      ['kinds', '{"AA":[[1],[2147483648]]}', 'The row does not fit: column `AA`: 2147483648 is no INTEGER'],
      [
        'kinds',
        '{"M":{"x":9223372036854775808}}',
        'The row does not fit: column `M`: 9223372036854775808 is no BIGINT',
      ],
      ['kinds', '{"ST":{"X":1,"Y":[1,1.5]}}', 'The row does not fit: column `ST`: 1.5 is no INTEGER'],
      // Columns that there are not, pseudo columns among them.
      ['kinds', '{"NOPE":1}', 'Column name NOPE does not exist.'],
      ['kinds', '{"ROWTIME":1}', 'Column name ROWTIME does not exist.'],
      // A table's row is its key's: that is never NULL, nor a part of it.
      ['pairs', '{"A":null,"B":"x","V":"y"}', 'Key field must be specified: A, B'],
      ['pairs', '{"A":1,"V":"y"}', 'Key field must be specified: A, B'],
      ['pairs', '{"A":"1","B":"x"}', "The row does not fit: column `A`: Can't convert text to INTEGER (byte 5)"],
    ])('%s %s', async (target, row, message) => {
      const error = { status: 'error', seq: 0, '@type': 'generic_error', error_code: 40000, code: 'BAD_REQUEST' };
      expect(acks((await insert([{ target }, row])).text)).toEqual([{ ...error, message, stackTrace: [] }]);
    });

    it('and takes what may be left out, or be text', async () => {
      const given = [{ K: null, L: 1 }, { L: 2 }, { D: '1.5' }, { F: 'NaN', A: null, AA: [[1], null] }];
      expect(acks((await insert([{ target: 'kinds' }, ...given])).text)).toHaveLength(4);
      expect(await rows('SELECT k, l, d, f, aa FROM kinds;')).toEqual([
        '[null,1,null,null,null]',
        '[null,2,null,null,null]',
        '[null,null,1.50,null,null]',
        '[null,null,null,"NaN",[[1],null]]',
      ]);
    });
  });

  it('refuses what is no UTF-8', async () => {
    const bytes = Buffer.from([...Buffer.from('{"target":"notes"}\n{"ID":1,"TEXT":"'), 0xff, ...Buffer.from('"}\n')]);
    const text = await new Promise<string>((resolve, reject) => {
      const request = open(server, { method: 'POST', path: '/inserts-stream' }, bytes);
      request.on('error', reject);
      request.on('response', (response) => {
        let all = '';
        response.on('data', (t: Buffer) => (all += t.toString()));
        response.on('end', () => resolve(all));
      });
    });
    expect(acks(text)).toMatchObject([{ error_code: 40000, message: 'The body is no UTF-8.' }]);
  });

  it('takes names as they are where no other is meant: from a catalog, or from generated types', async () => {
    await run(
      server,
      `CREATE STREAM \`two words\` (\`a b\` INT, C INT, \`c\` INT) WITH (KAFKA_TOPIC='w', VALUE_FORMAT='JSON', PARTITIONS=1);`,
    );
    const lines = [{ target: 'two words' }, { 'a b': 1, c: 2 }, { '`a b`': 3, '`c`': 4 }];
    expect(acks((await insert(lines)).text)).toHaveLength(2);
    expect(await rows('SELECT `a b` FROM `two words`;')).toEqual(['[1]', '[3]']);
  });

  it('stops at the first row that does not fit, and says which', async () => {
    for (const [bad, message] of [
      ['{"ID": 3, "NOPE": 1}', 'NOPE'],
      ['{"ID": "x"}', ''],
      ['{"ID": 3, "AT": "yesterday"}', 'yesterday'],
      ['[1]', 'object'],
      ['{"ID": ', 'JSON'],
    ] as const) {
      const { text } = await insert([{ target: 'notes' }, { ID: 100 }, bad, { ID: 101 }]);
      expect(acks(text)).toMatchObject([
        { status: 'ok', seq: 0 },
        { status: 'error', seq: 1, error_code: 40000, message: expect.stringContaining(message) },
      ]);
    }
    expect(await rows('SELECT id FROM notes WHERE id = 101;')).toEqual([]);
  });

  it('a JSON array where the client asks for JSON', async () => {
    const { text, headers } = await insert([{ target: 'notes' }, { ID: 5 }, { ID: 6 }], { accept: 'application/json' });
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(text)).toEqual([
      { status: 'ok', seq: 0 },
      { status: 'ok', seq: 1 },
    ]);
    expect(JSON.parse((await insert([{ target: 'notes' }], { accept: 'application/json' })).text)).toEqual([]);
    const refused = await insert([{ target: 'notes' }, { NOPE: 1 }], { accept: 'application/json' });
    expect(JSON.parse(refused.text)).toMatchObject([{ status: 'error', seq: 0 }]);
  });

  it.each([
    [[], 40000],
    [['no json'], 40000],
    [['{"stream":"notes"}'], 40000],
    [['{"target":"nothing"}'], 40001],
    [['{"target":"windowed"}'], 40001],
    [['{"target":"quoted"}'], 40001],
  ])('refuses arguments %j with %i', async (lines, code) => {
    const answer = await insert(lines);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([400, { error_code: code }]);
  });

  it('names in back quotes, tables, and their keys', async () => {
    expect(acks((await insert([{ target: '`Quoted`' }, { A: 1 }])).text)).toEqual([{ status: 'ok', seq: 0 }]);
    expect(acks((await insert([{ target: 'things' }, { ID: 1, NAME: 'x' }, { NAME: 'y' }])).text)).toMatchObject([
      { status: 'ok', seq: 0 },
      { status: 'error', seq: 1, message: 'Key field must be specified: ID' },
    ]);
  });
});

describe('while the client goes on sending', () => {
  const sessions: ClientHttp2Session[] = [];
  afterEach(() => {
    for (const s of sessions.splice(0)) s.destroy();
  });
  const nextFrame = (stream: ClientHttp2Stream) =>
    new Promise<string>((resolve) => stream.once('data', (d) => resolve(String(d))));

  it('over HTTP/2: the head at once, an acknowledgement a frame', async () => {
    const session = connectHttp2(server.address);
    sessions.push(session);
    const stream = session.request({ ':method': 'POST', ':path': '/inserts-stream' });
    const head = new Promise<number>((resolve) => stream.once('response', (h) => resolve(h[':status']!)));
    stream.write('{"target":"notes"}\n');
    expect(await head).toBe(200);
    for (let seq = 0; seq < 3; seq++) {
      const ack = nextFrame(stream);
      stream.write(`{"ID": ${200 + seq}}\n`);
      expect(JSON.parse(await ack)).toEqual({ status: 'ok', seq });
    }
    const frames: string[] = [];
    stream.on('data', (d) => frames.push(String(d)));
    // Pieces that end anywhere: in a row, in a character.
    const bytes = Buffer.from(Array.from({ length: 50 }, (_, i) => `{"ID":${i},"TEXT":"ä"}\n`).join(''));
    for (let i = 0; i < bytes.length; i += 7) stream.write(bytes.subarray(i, i + 7));
    stream.end();
    await new Promise((resolve) => stream.once('end', resolve));
    expect(frames.map((f) => (JSON.parse(f) as { seq: number }).seq)).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 3),
    );
  });

  it('over HTTP/1.1, chunk by chunk', async () => {
    const client = await RawClient.open(server);
    const chunk = (text: string) => client.socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
    client.socket.write('POST /inserts-stream HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n');
    chunk('{"target":"notes"}\n');
    expect(await client.until((t) => t.includes('\r\n\r\n'))).toMatch(/^HTTP\/1\.1 200 /);
    chunk('{"ID":300}\n');
    await client.until((t) => t.includes('{"status":"ok","seq":0}'));
    chunk('{"ID":301}\n{"ID":');
    await client.until((t) => t.includes('{"status":"ok","seq":1}'));
    chunk('302}');
    client.socket.write('0\r\n\r\n');
    await client.until((t) => t.includes('{"status":"ok","seq":2}') && t.endsWith('0\r\n\r\n'));
    client.socket.destroy();
  });

  it('a client that goes in the middle harms nothing', async () => {
    const client = await RawClient.open(server);
    client.socket.write('POST /inserts-stream HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n');
    client.socket.write('13\r\n{"target":"notes"}\n\r\n');
    await client.until((t) => t.includes('200'));
    client.socket.resetAndDestroy();
    expect(acks((await insert([{ target: 'notes' }, { ID: 400 }])).text)).toEqual([{ status: 'ok', seq: 0 }]);
  });
});
