import { expect, test } from 'vitest';
import { Session } from './support.js';

test.each([
  [{}, '', [2, 3]],
  [{ 'ksql.sink.partitions': '7', 'ksql.sink.replicas': '1' }, '', [7, 1]],
  [{ 'ksql.sink.partitions': '7', 'ksql.sink.replicas': '1' }, 'WITH (PARTITIONS=4, REPLICAS=2)', [4, 2]],
])('the topic of a CREATE … AS with %o and %s', (properties, clause, [partitions, replicas]) => {
  const session = new Session();
  session.run("CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2, REPLICAS=3);");
  session.properties = properties;
  session.run(`CREATE STREAM x ${clause} AS SELECT * FROM s;`);
  expect(session.catalog.sources.get('X')!.topic).toMatchObject({ partitions, replicas });
});
