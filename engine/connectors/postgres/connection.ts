import type { Client, ClientConfig } from 'pg';
import type { SettingValues } from '../../base/setting.js';
import { ConnectorFailed } from '../connector.js';
import type { CONNECTION_OPTIONS } from './options.js';

/** How long a server may take to answer a new connection. */
const CONNECT_TIMEOUT_MS = 10_000;

/** What makes the text of values the same everywhere, whatever the server's settings are. */
const TEXT_FORMS =
  '-c DateStyle=ISO -c IntervalStyle=iso_8601 -c extra_float_digits=1 -c bytea_output=hex -c standard_conforming_strings=on';

export type ConnectionOptions = SettingValues<typeof CONNECTION_OPTIONS>;

/**
 * How to reach the database, of `postgres://`, `postgresql://` and `jdbc:postgresql://` addresses.
 * @throws ConnectorFailed for another address. It does not show the address, which may hold a password
 */
export function configOf(options: ConnectionOptions): ClientConfig {
  const text = (options.url ?? '').trim().replace(/^jdbc:/i, '');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw notPostgres();
  }
  if (!/^postgres(?:ql)?:$/.test(url.protocol)) throw notPostgres();
  const parameter = (name: string): string | undefined => url.searchParams.get(name) || undefined;
  const part = (value: string): string | undefined => (value === '' ? undefined : decodeURIComponent(value));
  const user = options.user ?? part(url.username) ?? parameter('user') ?? 'postgres';
  const schema = parameter('currentSchema');
  return {
    host: url.hostname === '' ? '127.0.0.1' : decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 5432 : Number(url.port),
    database: part(url.pathname.slice(1)) ?? user,
    user,
    password: options.password ?? part(url.password) ?? parameter('password') ?? '',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    fallback_application_name: 'weir',
    options: [TEXT_FORMS, parameter('options'), schema && `-c search_path=${schema.replace(/[\\ ]/g, '\\$&')}`]
      .filter((o) => o !== undefined)
      .join(' '),
    ...ssl(parameter('sslmode') ?? (parameter('ssl') === 'true' ? 'verify-full' : 'disable')),
  };
}

function ssl(mode: string): Pick<ClientConfig, 'ssl'> {
  switch (mode) {
    case 'verify-full':
    case 'verify-ca':
      return { ssl: true };
    case 'require':
      return { ssl: { rejectUnauthorized: false } };
    case 'disable':
    case 'allow':
    case 'prefer':
      return {};
    default:
      throw new ConnectorFailed(
        `connection.url has sslmode=${mode}, which is none.`,
        'It is disable, require or verify-full.',
      );
  }
}

const notPostgres = (): ConnectorFailed =>
  new ConnectorFailed(
    'connection.url is no address of a PostgreSQL database.',
    'It is postgres://HOST:PORT/DATABASE or jdbc:postgresql://HOST:PORT/DATABASE.',
  );

/**
 * A connection with UTC as its time zone. When the signal aborts it is cut: whatever waits for it rejects. A connection that breaks
 * while nobody asks rejects the next question.
 * @throws ConnectorFailed where the server refuses who asks, and would refuse again
 */
export async function connect(config: ClientConfig, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted();
  const { default: pg } = await import('pg');
  return Connection.open(new pg.Client(config), signal);
}

export class Connection {
  private closed = false;
  private readonly cut = (): void => void this.close();

  /** The time zone of the server and the user, which the connection does not keep. */
  timezone = 'UTC';

  private constructor(
    readonly client: Client,
    private readonly signal: AbortSignal,
  ) {}

  static async open(client: Client, signal: AbortSignal): Promise<Connection> {
    const connection = new Connection(client, signal);
    // Told again by the next query, which rejects.
    client.on('error', () => undefined);
    signal.addEventListener('abort', connection.cut, { once: true });
    try {
      await client.connect();
      const { rows } = await client.query<{ TimeZone: string }>('SHOW TimeZone');
      connection.timezone = rows[0]!.TimeZone;
      await client.query("SET TIME ZONE 'UTC'");
    } catch (e) {
      await connection.close();
      signal.throwIfAborted();
      throw refused(e) ?? e;
    }
    return connection;
  }

  /** Ends it, without waiting for what is on its way; the server takes back a transaction that is open. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.signal.removeEventListener('abort', this.cut);
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

/** What Postgres says, by SQLSTATE, that it will say again however often it is asked. */
const REFUSALS: Readonly<Record<string, string>> = {
  '28P01': 'Check connection.user and connection.password.',
  '28000': 'Check connection.user, and pg_hba.conf of the server.',
  '3D000': 'Check the name of the database in connection.url.',
};

/** The error as one that ends the connector where the sign-in is refused for good; undefined: it may succeed later. */
export function refused(e: unknown): ConnectorFailed | undefined {
  const hint = REFUSALS[sqlState(e) ?? ''];
  return hint === undefined
    ? undefined
    : new ConnectorFailed(`Postgres refuses the connection: ${(e as Error).message}`, hint, { cause: e });
}

/** Five characters, such as `23505`; undefined: the error is not the server's. */
export function sqlState(e: unknown): string | undefined {
  const { code, severity } = e as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}
