import type { ClientConfig, CustomTypesConfig, FieldDef } from 'pg';
import { ConnectorFailed } from '../connector.js';
import { type Connection, connect, sqlState } from '../postgres/connection.js';

/** Values of a result as the text that Postgres sends: nothing is lost on the way. */
const AS_TEXT = { getTypeParser: () => (text: unknown) => text } as unknown as CustomTypesConfig;

interface Rows {
  readonly fields: readonly FieldDef[];
  /** In the order of the fields; null is NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A connection whose results are text. */
export class Session {
  private constructor(private readonly connection: Connection) {}

  /** `walsender`: it takes the commands of replication too. @throws ConnectorFailed where the server refuses who asks */
  static async open(config: ClientConfig, signal: AbortSignal, walsender = false): Promise<Session> {
    try {
      return new Session(await connect(walsender ? replicating(config) : config, signal));
    } catch (e) {
      throw refusedFor(e) ?? e;
    }
  }

  /** Of the server and the user. */
  get timezone(): string {
    return this.connection.timezone;
  }

  async ask(sql: string, values: readonly unknown[] = []): Promise<Rows> {
    try {
      const result = await this.connection.client.query<(string | null)[]>({
        text: sql,
        // A walsender takes no prepared statements: without values it is a simple query.
        ...(values.length > 0 ? { values: [...values] } : {}),
        rowMode: 'array',
        types: AS_TEXT,
      });
      return { fields: result.fields, rows: result.rows };
    } catch (e) {
      throw refusedFor(e) ?? e;
    }
  }

  /** Rows by the names of their columns, all of them text. */
  async rows<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    const { fields, rows } = await this.ask(sql, values);
    return rows.map((row) => Object.fromEntries(fields.map((f, i) => [f.name, row[i]])) as T);
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

/** The configuration of a connection of a walsender. */
export const replicating = (config: ClientConfig): ClientConfig & { replication: 'database' } => ({
  ...config,
  replication: 'database',
});

/** What Postgres says, by SQLSTATE, that it will say again however often it is asked. */
const REFUSALS: Readonly<Record<string, string>> = {
  '42501':
    'Give the user of the connector what is missing: SELECT on the tables; for mode cdc also ALTER ROLE … REPLICATION.',
  '42P01': 'Check the name of the table, with its schema where that is not public.',
  '42703': 'Check the names of the columns: they are taken as written, else in any case.',
  '42601': 'Check the option query.',
};

/** The error as one that ends the connector; undefined: trying again may help. */
export function refusedFor(e: unknown): ConnectorFailed | undefined {
  const hint = REFUSALS[sqlState(e) ?? ''];
  return hint === undefined
    ? undefined
    : new ConnectorFailed(`Postgres says: ${(e as Error).message}`, hint, { cause: e });
}
