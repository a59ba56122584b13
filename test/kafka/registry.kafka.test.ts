import { randomUUID } from 'node:crypto';
import avsc from 'avsc';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../server/config.js';
import { launch } from '../../server/main.js';
import type { RunningServer } from '../../server/server.js';
import { eventually, ksql, rowsOf } from '../main-job/client.js';
import { makeDir, removeDir } from '../support/temp.js';
import { describeKafka } from './support/broker.js';
import { Gate, type Registry, registryMissing, startRegistry } from './support/registry.js';

const EARLIEST = { 'auto.offset.reset': 'earliest' };
const missing = await registryMissing();
if (missing !== undefined) console.warn(`SKIPPED: a real schema registry: ${missing}`);

describeKafka('a real schema registry', ({ bootstrap }) => {
  describe.skipIf(missing !== undefined)(`Apicurio${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    const run = randomUUID().slice(0, 8);
    const topic = (name: string) => `${name}-${run}`;
    const running: RunningServer[] = [];
    const dirs: string[] = [];
    const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
    let registry: Registry;
    let gate: Gate;
    let address: string;

    const server = async (registryUrl: string, serviceId: string): Promise<string> => {
      const dir = makeDir();
      dirs.push(dir);
      const settings = {
        listeners: 'http://127.0.0.1:0',
        'weir.data.dir': dir,
        'weir.log.level': 'silent',
        'bootstrap.servers': bootstrap,
        'ksql.service.id': `${serviceId}${run}_`,
        'ksql.schema.registry.url': registryUrl,
      };
      const s = await launch(loadConfig(settings, {}));
      running.push(s);
      return s.address;
    };

    beforeAll(async () => {
      registry = await startRegistry();
      gate = await Gate.before(registry.port);
      address = await server(registry.url.replace(String(registry.port), String(gate.port)), 'reg');
      await ksql(
        address,
        `CREATE STREAM orders (k INT KEY, a BIGINT, b STRING, d DECIMAL(9, 2), l ARRAY<INT>)
           WITH (KAFKA_TOPIC='${topic('orders')}', FORMAT='AVRO', PARTITIONS=2);
         CREATE STREAM as_proto WITH (KAFKA_TOPIC='${topic('proto')}', FORMAT='PROTOBUF') AS SELECT * FROM orders;
         CREATE STREAM as_json WITH (KAFKA_TOPIC='${topic('json')}', FORMAT='JSON_SR') AS SELECT * FROM orders;
         CREATE TABLE totals WITH (KAFKA_TOPIC='${topic('totals')}', FORMAT='AVRO') AS
           SELECT b, COUNT(*) AS n, SUM(a) AS a FROM orders GROUP BY b;
         INSERT INTO orders VALUES (1, 9007199254740993, 'x', 1.25, ARRAY[1, 2]);
         INSERT INTO orders VALUES (2, 5, 'y', -0.50, ARRAY[3]);
         INSERT INTO orders (k, a, b) VALUES (3, 7, 'y');`,
        EARLIEST,
      );
    }, 180_000);

    afterAll(async () => {
      for (const s of running.splice(0)) await s.stop();
      for (const dir of dirs.splice(0)) removeDir(dir);
      await gate?.end();
      await registry?.stop();
    });

    /** What the registry says, asked without Weir. */
    const asked = async (
      path: string,
      init?: RequestInit,
    ): Promise<{ schema: string; id: number; schemaType?: string }> => {
      const response = await fetch(`${registry.url}${path}`, init);
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as { schema: string; id: number; schemaType?: string };
    };

    /** The first committed records of a topic, read by another client. */
    const recordsOf = async (name: string, count: number): Promise<{ key: Buffer; value: Buffer }[]> => {
      const out: { key: Buffer; value: Buffer }[] = [];
      const consumer = kafka.consumer({ groupId: `check-${randomUUID()}`, maxWaitTimeInMs: 100 });
      await consumer.connect();
      try {
        await consumer.subscribe({ topic: topic(name), fromBeginning: true });
        await new Promise<void>((resolve, reject) => {
          consumer
            .run({
              eachMessage: async ({ message }) => {
                out.push({ key: message.key!, value: message.value! });
                if (out.length === count) resolve();
              },
            })
            .catch(reject);
        });
      } finally {
        await consumer.disconnect();
      }
      return out;
    };

    /** A payload in Confluent's framing: its schema as the registry has it, and what is behind the id. */
    const framed = async (bytes: Buffer) => {
      expect(bytes[0]).toBe(0);
      const schema = await asked(`/schemas/ids/${bytes.readInt32BE(1)}`);
      return { schema, payload: bytes.subarray(5) };
    };

    const avro = async (bytes: Buffer): Promise<unknown> => {
      const { schema, payload } = await framed(bytes);
      const type = avsc.Type.forSchema(JSON.parse(schema.schema) as avsc.Schema, {
        typeHook: (s) => (typeof s === 'object' && 'type' in s && s.type === 'long' ? exactLong() : undefined),
      });
      return type.fromBuffer(payload);
    };

    const rows = async (sql: string): Promise<unknown[][]> =>
      (await rowsOf(address, sql, EARLIEST)).sort((x, y) => Number(x[0]) - Number(y[0]));

    it('has the schemas of what is written: others read the bytes by the registry alone', async () => {
      const orders = await Promise.all((await recordsOf('orders', 3)).map((r) => avro(r.value)));
      // Avro's decimals are unscaled bytes.
      expect(sorted(orders)).toEqual([
        { A: 5n, B: 'y', D: Buffer.from([0xce]), L: [3] },
        { A: 7n, B: 'y', D: null, L: null },
        { A: 9007199254740993n, B: 'x', D: Buffer.from([125]), L: [1, 2] },
      ]);
      const json = await Promise.all((await recordsOf('json', 3)).map((r) => framed(r.value)));
      expect(new Set(json.map((j) => j.schema.schemaType))).toEqual(new Set(['JSON']));
      expect(new Set(json.map((j) => j.payload.toString()))).toEqual(
        new Set([
          '{"A":9007199254740993,"B":"x","D":1.25,"L":[1,2]}',
          '{"A":5,"B":"y","D":-0.50,"L":[3]}',
          '{"A":7,"B":"y","D":null,"L":null}',
        ]),
      );
      const proto = await Promise.all((await recordsOf('proto', 3)).map((r) => framed(r.value)));
      for (const { schema, payload } of proto) {
        expect(schema).toMatchObject({
          schemaType: 'PROTOBUF',
          schema: expect.stringContaining('repeated int32 L = 4'),
        });
        expect(payload[0]).toBe(0); // the first message of the schema
      }
      // Field 1 (A, a varint) 7, field 2 (B) "y", and nothing of what is null.
      expect(proto.map((p) => p.payload.toString('hex'))).toContain('000807120179');
      const totals = await recordsOf('totals', 2);
      const keyed = await Promise.all(totals.map(async (r) => [await avro(r.key), await avro(r.value)] as const));
      expect(new Map(keyed).get('x')).toEqual({ N: 1n, A: 9007199254740993n });
      for (const subject of ['orders-RUN-key', 'proto-RUN-key', 'json-RUN-key', 'totals-RUN-value']) {
        await asked(`/subjects/${subject.replace('RUN', run)}/versions/latest`);
      }
    });

    it('tells the columns that are left out, of keys and values, in push and pull queries', async () => {
      await ksql(
        address,
        `CREATE STREAM avro_again WITH (KAFKA_TOPIC='${topic('orders')}', FORMAT='AVRO');
         CREATE STREAM proto_again WITH (KAFKA_TOPIC='${topic('proto')}', FORMAT='PROTOBUF');
         CREATE STREAM json_again WITH (KAFKA_TOPIC='${topic('json')}', FORMAT='JSON_SR');`,
      );
      // 2^53 + 1, as the client of this test reads numbers.
      const wanted = [
        [1, 9007199254740992, 'x', 1.25, [1, 2]],
        [2, 5, 'y', -0.5, [3]],
        [3, 7, 'y', null, null],
      ];
      for (const name of ['orders', 'avro_again', 'json_again']) {
        expect([name, await rows(`SELECT * FROM ${name} EMIT CHANGES LIMIT 3;`)]).toEqual([name, wanted]);
      }
      // In PROTOBUF a list is never null, only empty.
      const inProto = wanted.map((row) => [...row.slice(0, 4), row[4] ?? []]);
      for (const name of ['as_proto', 'proto_again']) {
        expect([name, await rows(`SELECT * FROM ${name} EMIT CHANGES LIMIT 3;`)]).toEqual([name, inProto]);
      }
      expect(await rowsOf(address, 'SELECT * FROM json_again;')).toHaveLength(3);
      await eventually(
        () => rowsOf(address, "SELECT * FROM totals WHERE b = 'y';"),
        (r) => JSON.stringify(r) === '[["y",2,12]]',
        AbortSignal.timeout(20_000),
      );
    });

    it('tells columns by KEY_SCHEMA_ID and VALUE_SCHEMA_ID, which are then written with', async () => {
      const key = await asked(`/subjects/${topic('orders')}-key/versions/latest`);
      const value = await asked(`/subjects/${topic('orders')}-value/versions/latest`);
      await ksql(
        address,
        `CREATE STREAM by_id WITH (KAFKA_TOPIC='${topic('by-id')}', FORMAT='AVRO', PARTITIONS=1,
           KEY_SCHEMA_ID=${key.id}, VALUE_SCHEMA_ID=${value.id});
         INSERT INTO by_id (a, b) VALUES (1, 'z');
         INSERT INTO by_id SELECT k AS rowkey, a, b, d, l FROM orders;`,
        EARLIEST,
      );
      const written = await recordsOf('by-id', 4);
      expect(written.map((r) => r.value.readInt32BE(1))).toEqual([value.id, value.id, value.id, value.id]);
      expect(written.slice(1).map((r) => r.key.readInt32BE(1))).toEqual([key.id, key.id, key.id]);
      expect(await rows('SELECT a, b FROM by_id EMIT CHANGES LIMIT 1;')).toEqual([[1, 'z']]);
      const nobody = ksql(
        address,
        `CREATE STREAM no WITH (KAFKA_TOPIC='${topic('no')}', FORMAT='AVRO', PARTITIONS=1, VALUE_SCHEMA_ID=987654);`,
      );
      await expect(nobody).rejects.toThrow(/987654/);
    });

    it('cannot be reached, or is elsewhere: the statement says so, and nothing is made', async () => {
      const create = "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='NAME', VALUE_FORMAT='AVRO', PARTITIONS=1);";
      const elsewhere = await server(registry.url.replace('/ccompat/', '/nowhere/'), 'elsewhere');
      await expect(ksql(elsewhere, create.replace('NAME', topic('elsewhere')))).rejects.toThrow(
        /schema registry answers HTTP 404 to http:[^ ]+\/apis\/nowhere\/v7\/subjects/,
      );
      const nobody = await server('http://127.0.0.1:1/apis/ccompat/v7', 'nobody');
      await expect(ksql(nobody, create.replace('NAME', topic('nobody')))).rejects.toThrow(/cannot be reached/);
      for (const base of [elsewhere, nobody]) {
        expect(await ksql(base, 'SHOW STREAMS;')).toMatchObject([{ streams: [] }]);
      }
    });

    it('is away when a record of a new schema comes: the query waits for it, and goes on', async () => {
      await ksql(
        address,
        `CREATE STREAM letters (a INT) WITH (KAFKA_TOPIC='${topic('letters')}', VALUE_FORMAT='AVRO', PARTITIONS=1);
         INSERT INTO letters VALUES (1);
         CREATE STREAM doubled WITH (KAFKA_TOPIC='${topic('doubled')}') AS SELECT a * 2 AS a2 FROM letters;`,
        EARLIEST,
      );
      const doubled = (n: number) => rowsOf(address, `SELECT a2 FROM doubled EMIT CHANGES LIMIT ${n};`, EARLIEST);
      expect(await doubled(1)).toEqual([[2]]);
      const { schema } = await asked(`/subjects/${topic('letters')}-value/versions/latest`);
      const wider = JSON.parse(schema) as { fields: object[] };
      wider.fields.push({ name: 'MORE', type: ['null', 'string'], default: null });
      const { id } = await asked(`/subjects/${topic('letters')}-value/versions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ schema: JSON.stringify(wider) }),
      });
      const head = Buffer.alloc(5);
      head.writeInt32BE(id, 1);
      const body = avsc.Type.forSchema(wider as avsc.Schema).toBuffer({ A: 21, MORE: 'x' });

      gate.close();
      const producer = kafka.producer();
      await producer.connect();
      await producer.send({ topic: topic('letters'), messages: [{ value: Buffer.concat([head, body]) }] });
      await producer.disconnect();
      // It asks more often than a task may fail.
      await eventually(
        async () => gate.dropped,
        (n) => n > 5,
        AbortSignal.timeout(60_000),
      );
      const engine = running[0]!.engine;
      const stats = () => engine.queryStats().find((q) => q.queryId.startsWith('CSAS_DOUBLED'))!;
      expect(stats().state).not.toBe('ERROR');
      // What needs no new schema is none the worse.
      expect(await rowsOf(address, "SELECT n FROM totals WHERE b = 'y';")).toEqual([[2]]);
      gate.reopen();
      expect(await doubled(2)).toEqual([[2], [42]]);
      await eventually(
        async () => stats().state,
        (s) => s === 'RUNNING',
        AbortSignal.timeout(20_000),
      );
      expect(stats().skipped).toBe(0);
    });
  });
});

const sorted = (records: readonly unknown[]) => (records as { A: bigint }[]).toSorted((x, y) => (x.A < y.A ? -1 : 1));

/** Avro's long as a bigint: avsc's own is a number. */
const exactLong = () =>
  avsc.types.LongType.__with({
    fromBuffer: (b: Buffer) => b.readBigInt64LE(),
    toBuffer: (n: bigint) => {
      const b = Buffer.alloc(8);
      b.writeBigInt64LE(n);
      return b;
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (n: unknown) => typeof n === 'bigint',
    compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
  });
