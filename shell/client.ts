import { WeirClientError } from '../client/errors.js';
import { HttpApi } from '../client/http.js';
import { lineBatches } from '../client/lines.js';
import { patientFetch } from './patient-fetch.js';
import { typed } from './typed-command.js';

/** The shell's side of the HTTP API. */
export interface Server {
  readonly base: string;
  readonly authorization: string | undefined;
}

/** The server refused: its message, for people. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly hint: string | undefined,
    readonly code?: string,
  ) {
    super(message);
  }
}

/** The server does not answer, or has gone: it may come again. */
export class ConnectionLost extends ServerError {}

export interface SessionState {
  readonly properties: Record<string, string>;
  readonly variables: Record<string, string>;
}

const apiOf = ({ base, authorization }: Server): HttpApi => new HttpApi(base, authorization, patientFetch);

/** What went wrong with a request, in words for who sits at the shell. */
function told(e: unknown, server: Server): unknown {
  if (!(e instanceof WeirClientError)) return e;
  switch (e.code) {
    case 'UNREACHABLE':
      return new ConnectionLost(e.message, `Start one with ${typed('start')}, or give its address.`);
    case 'CONNECTION_LOST':
      return new ConnectionLost(
        `The connection to ${server.base} broke off: the server has gone, or the network has.`,
        'What was shown until then is not all; run it again when the server answers.',
      );
    case 'BAD_ANSWER':
      return new ServerError(`The server answered HTTP ${e.status ?? 200}, and nothing of Weir's.`, undefined);
    default:
      if (e.status !== 401) return new ServerError(e.message, e.hint, e.code);
      return new ServerError(
        'The server wants a user and a password, and these were none or not the right ones.',
        'Give them with --user and --password, or the password in WEIR_PASSWORD.',
        'UNAUTHORIZED',
      );
  }
}

async function asking<T>(server: Server, work: (api: HttpApi) => Promise<T>): Promise<T> {
  try {
    return await work(apiOf(server));
  } catch (e) {
    throw told(e, server);
  }
}

export async function serverInfo(server: Server, signal: AbortSignal): Promise<Record<string, string>> {
  type Info = { readonly KsqlServerInfo: Record<string, string> };
  return (await asking(server, (api) => api.json<Info>('/info', { signal }))).KsqlServerInfo;
}

export const runStatement = (
  server: Server,
  sql: string,
  session: SessionState,
  signal: AbortSignal,
): Promise<readonly Record<string, unknown>[]> => {
  const body = { ksql: sql, streamsProperties: session.properties, sessionVariables: session.variables };
  return asking(server, (api) => api.json('/ksql', { body, signal }));
};

export interface QueryHeader {
  readonly queryId: string;
  readonly columnNames: readonly string[];
  readonly columnTypes: readonly string[];
}

/** What the shell sets for one query beside the session's properties. */
export interface QueryOptions {
  /** Notices, deletes and the end of the snapshot come as lines of their own. */
  readonly sideMessages?: boolean;
  readonly properties?: Readonly<Record<string, string>>;
}

/**
 * Lines of `/query-stream` in the delimited form, as many as came together: the first is the header (PRINT has none), the
 * others are rows (arrays) or side messages and failures (objects).
 */
export async function* queryLines(
  server: Server,
  sql: string,
  session: SessionState,
  signal: AbortSignal,
  options: QueryOptions = {},
): AsyncGenerator<readonly string[]> {
  const body = {
    sql,
    properties: { ...session.properties, ...options.properties },
    sessionVariables: session.variables,
    ...(options.sideMessages === true ? { requestProperties: { 'weir.side.messages': 'true' } } : {}),
  };
  try {
    yield* lineBatches(await apiOf(server).send('/query-stream', { body, signal }), signal);
  } catch (e) {
    throw told(e, server);
  }
}
