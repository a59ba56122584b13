/** The shell's side of the HTTP API. */
export interface Server {
  readonly base: string;
  readonly authorization: string | undefined;
}

export interface ErrorAnswer {
  readonly message: string;
  readonly hint?: string;
  readonly error_code?: number;
  /** Weir's name of the error (docs/errors.md). */
  readonly code?: string;
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

export interface SessionState {
  readonly properties: Record<string, string>;
  readonly variables: Record<string, string>;
}

function headers(server: Server): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(server.authorization === undefined ? {} : { authorization: server.authorization }),
  };
}

async function post(server: Server, path: string, body: object, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(server.base + path, {
      method: 'POST',
      headers: headers(server),
      body: JSON.stringify(body),
      signal,
    });
  } catch (e) {
    throw signal.aborted ? e : noServer(server);
  }
  if (response.ok) return response;
  throw await refusal(response);
}

const noServer = (server: Server): ServerError =>
  new ServerError(`No Weir server answers at ${server.base}.`, 'Start one with npm start, or give its address.');

async function refusal(response: Response): Promise<ServerError> {
  const none = { message: `The server answered HTTP ${response.status}.` };
  const answer = (await response.json().catch(() => none)) as Partial<ErrorAnswer>;
  return new ServerError(answer.message ?? none.message, answer.hint, answer.code);
}

export async function serverInfo(server: Server, signal: AbortSignal): Promise<Record<string, string>> {
  let response: Response;
  try {
    response = await fetch(`${server.base}/info`, { headers: headers(server), signal });
  } catch (e) {
    throw signal.aborted ? e : noServer(server);
  }
  if (!response.ok) throw await refusal(response);
  return ((await response.json()) as { KsqlServerInfo: Record<string, string> }).KsqlServerInfo;
}

export async function runStatement(
  server: Server,
  sql: string,
  session: SessionState,
  signal: AbortSignal,
): Promise<readonly Record<string, unknown>[]> {
  const response = await post(
    server,
    '/ksql',
    { ksql: sql, streamsProperties: session.properties, sessionVariables: session.variables },
    signal,
  );
  return (await response.json()) as Record<string, unknown>[];
}

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
  const response = await post(
    server,
    '/query-stream',
    {
      sql,
      properties: { ...session.properties, ...options.properties },
      sessionVariables: session.variables,
      ...(options.sideMessages === true ? { requestProperties: { 'weir.side.messages': 'true' } } : {}),
    },
    signal,
  );
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    lines[0] = rest + lines[0]!;
    rest = lines.pop()!;
    const full = lines.filter((l) => l !== '');
    if (full.length > 0) yield full;
  }
  if (rest !== '') yield [rest];
}
