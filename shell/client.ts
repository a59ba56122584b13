/** The shell's side of the HTTP API. */
export interface Server {
  readonly base: string;
  readonly authorization: string | undefined;
}

export interface ErrorAnswer {
  readonly message: string;
  readonly hint?: string;
  readonly error_code?: number;
}

/** The server refused: its message, for people. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly hint: string | undefined,
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
    if (signal.aborted) throw e;
    throw new ServerError(
      `No Weir server answers at ${server.base}.`,
      'Start one with npm start, or give its address.',
    );
  }
  if (response.ok) return response;
  const answer = (await response.json().catch(() => ({ message: `HTTP ${response.status}` }))) as ErrorAnswer;
  throw new ServerError(answer.message, answer.hint);
}

export async function serverInfo(server: Server): Promise<Record<string, string>> {
  const response = await fetch(`${server.base}/info`, { headers: headers(server) });
  if (!response.ok) throw new ServerError(`The server answered ${response.status}.`, undefined);
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

/** Lines of `/query-stream` in the delimited form: the first is the header (PRINT has none), the others rows. */
export async function* queryLines(
  server: Server,
  sql: string,
  session: SessionState,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const response = await post(
    server,
    '/query-stream',
    { sql, properties: session.properties, sessionVariables: session.variables },
    signal,
  );
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') yield line;
  }
  if (rest !== '') yield rest;
}
