import { setting, text, whole } from '../../engine/index.js';

/** What a migrations project's configuration file may say, by ksqlDB's names. */
export const MIGRATIONS = {
  server: setting('ksql.server.url', text, undefined, 'Where the server answers.'),
  user: setting('ksql.auth.basic.username', text, undefined, 'Who signs in there.'),
  password: setting('ksql.auth.basic.password', text, undefined, 'With which password.'),
  stream: setting(
    'ksql.migrations.stream.name',
    text,
    'MIGRATION_EVENTS',
    'Stream of all that was done with the migrations.',
  ),
  table: setting(
    'ksql.migrations.table.name',
    text,
    'MIGRATION_SCHEMA_VERSIONS',
    'Table of the state that each migration is in.',
  ),
  streamTopic: setting(
    'ksql.migrations.stream.topic.name',
    text,
    null,
    "Topic of the stream. Left out: the service id, ksql_ and the stream's name.",
  ),
  tableTopic: setting(
    'ksql.migrations.table.topic.name',
    text,
    null,
    "Topic of the table. Left out: the service id, ksql_ and the table's name.",
  ),
  replicas: setting('ksql.migrations.topic.replicas', whole({ least: 1 }), 1, 'Replicas of both topics.'),
};
