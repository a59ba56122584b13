import http from 'node:http';
import https from 'node:https';
import { typed } from './typed-command.js';

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

/** The server does not answer, or has gone: it may come again. */
export class ConnectionLost extends ServerError {}

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

/** What a request answers, its body unread. */
interface Answer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * One request. Not by `fetch`, which gives up on a body that is silent for five minutes: a push query may be silent for as
 * long as it likes.
 */
function send(server: Server, path: string, body: object | undefined, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (e: unknown) => reject(signal.aborted ? e : noServer(server));
    try {
      const url = new URL(server.base + path);
      const { request } = url.protocol === 'https:' ? https : http;
      const sent = request(url, { method: body === undefined ? 'GET' : 'POST', headers: headers(server), signal });
      sent.on('error', fail);
      sent.on('response', (response) => resolve({ status: response.statusCode!, body: response }));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    } catch (e) {
      fail(e); // no address
    }
  });
}

/** Throws what the server says where it refuses. */
async function post(
  server: Server,
  path: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const answer = await send(server, path, body, signal);
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw refusal(answer.status, await textOf(server, answer.body, signal));
}

async function textOf(server: Server, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks(server, body, signal)) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

const noServer = (server: Server): ServerError =>
  new ConnectionLost(
    `No Weir server answers at ${server.base}.`,
    `Start one with ${typed('start')}, or give its address.`,
  );

const brokenOff = (server: Server): ServerError =>
  new ConnectionLost(
    `The connection to ${server.base} broke off: the server has gone, or the network has.`,
    'What was shown until then is not all; run it again when the server answers.',
  );

function refusal(status: number, text: string): ServerError {
  if (status === 401)
    return new ServerError(
      'The server wants a user and a password, and these were none or not the right ones.',
      'Give them with --user and --password, or the password in WEIR_PASSWORD.',
      'UNAUTHORIZED',
    );
  let answer: Partial<ErrorAnswer> = {};
  try {
    answer = JSON.parse(text) as Partial<ErrorAnswer>;
  } catch {
    // No JSON: something else than Weir has answered.
  }
  return new ServerError(answer.message ?? `The server answered HTTP ${status}.`, answer.hint, answer.code);
}

export async function serverInfo(server: Server, signal: AbortSignal): Promise<Record<string, string>> {
  const body = await post(server, '/info', undefined, signal);
  return (JSON.parse(await textOf(server, body, signal)) as { KsqlServerInfo: Record<string, string> }).KsqlServerInfo;
}

export async function runStatement(
  server: Server,
  sql: string,
  session: SessionState,
  signal: AbortSignal,
): Promise<readonly Record<string, unknown>[]> {
  const body = await post(
    server,
    '/ksql',
    { ksql: sql, streamsProperties: session.properties, sessionVariables: session.variables },
    signal,
  );
  return JSON.parse(await textOf(server, body, signal)) as Record<string, unknown>[];
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
  const body = await post(
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
  for await (const chunk of chunks(server, body, signal)) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    lines[0] = rest + lines[0]!;
    rest = lines.pop()!;
    const full = lines.filter((l) => l !== '');
    if (full.length > 0) yield full;
  }
  if (rest !== '') yield [rest];
}

/** The body as it comes. Where it breaks off that is told in words for people. */
async function* chunks(
  server: Server,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const parts = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await parts.next().catch((e: unknown) => {
        throw signal.aborted ? e : brokenOff(server);
      });
      if (done === true) return;
      yield value;
    }
  } finally {
    await parts.return?.();
  }
}
