import { setting, text } from '../../base/setting.js';

/** Whether a configuration under a name of Kafka Connect's JDBC connectors is about PostgreSQL, as far as can be seen. */
export const isPostgres = (config: Readonly<Record<string, string>>): boolean =>
  /^(jdbc:postgresql:|postgres(ql)?:|\$\{)/.test((config['connection.url'] ?? '').trim());

/** How a database is reached: names of Kafka Connect's JDBC connectors. */
export const CONNECTION_OPTIONS = {
  url: setting(
    'connection.url',
    text,
    undefined,
    'Where the database is: postgres://HOST:PORT/DATABASE, or jdbc:postgresql://HOST:PORT/DATABASE. Behind a question mark it takes sslmode (disable, require, verify-full) and currentSchema.',
    { secret: true },
  ),
  user: setting(
    'connection.user',
    text,
    undefined,
    'Who signs in, where connection.url does not say it. Left out in both: postgres.',
    { aliases: ['connection.username'] },
  ),
  password: setting('connection.password', text, undefined, 'The password of connection.user.', { secret: true }),
};
