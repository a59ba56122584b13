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

const brokenOff = (server: Server): ServerError =>
  new ServerError(
    `The connection to ${server.base} broke off: the server has gone, or the network has.`,
    'What was shown until then is not all; run it again when the server answers.',
  );

async function refusal(response: Response): Promise<ServerError> {
  if (response.status === 401)
    return new ServerError(
      'The server wants a user and a password, and these were none or not the right ones.',
      'Give them with --user and --password, or the password in WEIR_PASSWORD.',
    );
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
  try {
    return (await response.json()) as Record<string, unknown>[];
  } catch (e) {
    throw signal.aborted ? e : brokenOff(server);
  }
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
  for await (const chunk of chunks(server, response, signal)) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    lines[0] = rest + lines[0]!;
    rest = lines.pop()!;
    const full = lines.filter((l) => l !== '');
    if (full.length > 0) yield full;
  }
  if (rest !== '') yield [rest];
}

/** The body as it comes. Where it breaks off that is told in words for people: `fetch` says "terminated". */
async function* chunks(server: Server, { body }: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body!.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((e: unknown) => {
        throw signal.aborted ? e : brokenOff(server);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // it has ended, or broken off: there is nothing left to cancel
  }
}
