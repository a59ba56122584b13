import { afterEach, describe, expect, it } from 'vitest';
import { ask, EARLIEST, eventually, type Json, run, startServer, type TestServer } from './support.js';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const s of servers.splice(0)) await s.stop();
});
const real = async (settings: Record<string, string> = {}) => {
  const s = await startServer(settings);
  servers.push(s);
  return s;
};

const LOGGED = {
  'ksql.service.id': 'svc_',
  'ksql.logging.processing.topic.auto.create': 'true',
  'ksql.logging.processing.stream.auto.create': 'true',
  'ksql.logging.processing.rows.include': 'true',
};

interface Entry {
  readonly logger: string;
  readonly level: string;
  readonly time: number;
  readonly message: Json & { readonly deserializationError: Json | null };
}
const errors = async (s: TestServer, sql = 'SHOW ERRORS;') => {
  const [entity] = (await run(s, sql)) as [{ errors: Entry[]; unwritten: number; kept: number }];
  return entity;
};
const send = (s: TestServer, topic: string, values: readonly (string | null)[]) =>
  s.running.engine.produce(
    topic,
    values.map((v) => ({ key: null, value: v === null ? null : Buffer.from(v), partition: 0 })),
    1,
  );

/** A stream with three records that are no JSON, one that has no number where one is divided, and two good ones. */
async function poisoned(s: TestServer): Promise<void> {
  await send(s, 'numbers', ['{"N":1}', 'x', '{"N":', 'z', '{"N":0}', '{"N":2}']);
  await run(s, "CREATE STREAM numbers (n INT) WITH (KAFKA_TOPIC='numbers', VALUE_FORMAT='JSON');");
  await run(s, 'CREATE STREAM halves AS SELECT 10 / n AS h FROM numbers;', EARLIEST);
  await eventually(
    () => errors(s),
    (e) => e.errors.length === 4,
  );
}

describe('the processing log', () => {
  it('is shown by SHOW ERRORS and LIST ERRORS, in the shape of ksqlDB', async () => {
    const s = await real();
    expect(await errors(s)).toMatchObject({ errors: [], kept: 0, unwritten: 0 });
    await poisoned(s);
    const { errors: found } = await errors(s, 'LIST ERRORS;');
    expect(found[0]).toEqual({
      logger: expect.stringMatching(/^processing\.CSAS_HALVES_\d+\..+\.deserializer$/),
      level: 'ERROR',
      time: expect.any(Number),
      message: {
        type: 0,
        deserializationError: {
          target: 'value',
          errorMessage: 'Error deserializing message from topic: numbers',
          recordB64: null,
          cause: [expect.any(String)],
          topic: 'numbers',
          partition: 0,
          offset: 1,
        },
        recordProcessingError: null,
        productionError: null,
        serializationError: null,
        kafkaStreamsThreadError: null,
      },
    });
    expect(found.map((e) => e.message.deserializationError?.offset)).toEqual([1, 2, 3, undefined]);
    expect(found[3]!.message).toMatchObject({ type: 1, recordProcessingError: { offset: 4, record: null } });
    // Without its settings nothing was made on the log.
    expect(await run(s, 'SHOW ALL TOPICS;')).not.toMatchObject([
      { topics: expect.arrayContaining([expect.objectContaining({ name: expect.stringContaining('processing') })]) },
    ]);
  });

  it('is a stream that SQL reads', async () => {
    const s = await real(LOGGED);
    await poisoned(s);
    const { text } = await ask(s, {
      path: '/query-stream',
      body: {
        sql: `SELECT LOGGER, LEVEL, MESSAGE->TYPE, MESSAGE->DESERIALIZATIONERROR->TOPIC,
                MESSAGE->DESERIALIZATIONERROR->RECORDB64, MESSAGE->RECORDPROCESSINGERROR->RECORD
              FROM KSQL_PROCESSING_LOG EMIT CHANGES LIMIT 4;`,
        properties: EARLIEST,
      },
    });
    const rows = text
      .trim()
      .split('\n')
      .slice(1)
      .map((l) => (JSON.parse(l) as unknown[]).slice(1));
    const b64 = (t: string) => Buffer.from(t).toString('base64');
    expect(rows.slice(0, 3)).toEqual(['x', '{"N":', 'z'].map((t) => ['ERROR', 0, 'numbers', b64(t), null]));
    expect(rows[3]).toMatchObject(['ERROR', 1, null, null, expect.stringContaining('0')]);
    const [topics] = await run(s, 'SHOW TOPICS;');
    expect(JSON.stringify(topics)).toContain('"svc_ksql_processing_log"');
  });

  it('does not feed on itself', async () => {
    const s = await real(LOGGED);
    await poisoned(s);
    // To this stream each entry is one that cannot be decoded.
    await run(
      s,
      "CREATE STREAM wrong (LOGGER INT) WITH (KAFKA_TOPIC='svc_ksql_processing_log', VALUE_FORMAT='DELIMITED');",
    );
    await run(s, 'CREATE STREAM read_wrong AS SELECT LOGGER FROM wrong;', EARLIEST);
    const seen = await eventually(
      () => errors(s),
      (e) => e.errors.length >= 8,
    );
    expect(seen.errors).toHaveLength(8);
    expect(await s.running.engine.topicSize('svc_ksql_processing_log')).toBe(4);
  });

  it('is bounded where a whole topic is poison: what is left out is counted', async () => {
    const s = await real(LOGGED);
    await send(s, 'poison', new Array<string>(3000).fill('x'));
    await run(s, "CREATE STREAM poison (n INT) WITH (KAFKA_TOPIC='poison', VALUE_FORMAT='JSON');");
    await run(s, 'CREATE STREAM cured AS SELECT n FROM poison;', EARLIEST);
    const [stats] = await eventually(
      async () => s.running.engine.queryStats(),
      ([q]) => q?.skipped === 3000,
    );
    const { kept, errors: shown } = await errors(s);
    expect(kept).toBeLessThan(1000);
    expect(shown).toHaveLength(100);
    expect(stats!.unlogged).toBe(3000 - kept);
    const metrics = (await ask(s, { path: '/metrics' })).text;
    expect(metrics).toMatch(/weir_query_records_skipped_total\{query="CSAS_CURED_\d+"\} 3000/);
    expect(metrics).toMatch(new RegExp(`weir_query_errors_unlogged_total\\{query="CSAS_CURED_\\d+"\\} ${3000 - kept}`));
    const [queries] = (await run(s, 'SHOW QUERIES;')) as [{ queries: Json[] }];
    expect(queries.queries[0]).toMatchObject({ statistics: { skipped: 3000, unlogged: 3000 - kept } });
    const [described] = (await run(s, 'DESCRIBE cured EXTENDED;')) as [{ sourceDescription: Json }];
    expect(described.sourceDescription.errorStats).toContain('records skipped: 3000');
    expect(described.sourceDescription.clusterErrorStats).toContainEqual(
      expect.objectContaining({ name: 'skipped-messages', value: 3000 }),
    );
    const [source] = (await run(s, 'DESCRIBE poison EXTENDED;')) as [{ sourceDescription: Json }];
    expect(source.sourceDescription.clusterErrorStats).toEqual([
      expect.objectContaining({ name: 'consumer-failed-messages', value: 3000 }),
    ]);
  });

  it('stands beside the dead-letter topic, which SET gives a query of its own', async () => {
    const s = await real();
    await send(s, 'numbers', ['{"N":1}', 'x', '{"N":2}']);
    await run(s, "CREATE STREAM numbers (n INT) WITH (KAFKA_TOPIC='numbers', VALUE_FORMAT='JSON');");
    const sql = "SET 'weir.errors.deadletter.topic.name'='dead'; CREATE STREAM same AS SELECT n FROM numbers;";
    await run(s, sql, EARLIEST);
    await eventually(
      async () => s.running.engine.queryStats(),
      ([q]) => q?.deadLettered === 1,
    );
    await eventually(
      () => s.running.engine.topicSize('dead'),
      (n) => n === 1,
    );
  });
});
