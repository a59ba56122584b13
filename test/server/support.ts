import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { loadConfig } from '../../server/config.js';
import { launch } from '../../server/main.js';
import type { RunningServer } from '../../server/server.js';
import { makeDir, removeDir } from '../support/temp.js';

/** A real server on the embedded log, and clients that send and show exactly what goes over the wire. */
export interface TestServer {
  readonly running: RunningServer;
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

export async function startServer(settings: Record<string, string> = {}): Promise<TestServer> {
  const dir = makeDir();
  const running = await launch(
    loadConfig({ listeners: 'http://127.0.0.1:0', 'weir.data.dir': dir, 'weir.log.level': 'silent', ...settings }, {}),
  );
  let stopped: Promise<void> | undefined;
  return {
    running,
    address: running.address,
    port: Number(new URL(running.address).port),
    stop: () => (stopped ??= running.stop().finally(() => removeDir(dir))),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: unknown;
}

const bodyText = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

/** One request over HTTP/1.1 with these headers and no others (fetch would add Accept and Content-Type). */
export function ask(server: TestServer, options: AskOptions, bytes?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = open(server, options, bytes);
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (t: string) => (text += t));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      response.on('error', reject);
    });
  });
}

/** The request of `ask`, sent; the caller takes its response. `bytes` are a body that is no text, its length in no header. */
export function open(server: TestServer, options: AskOptions, bytes?: Uint8Array): ClientRequest {
  const body = bytes ?? (options.body === undefined ? undefined : Buffer.from(bodyText(options.body)));
  const request = httpRequest({
    port: server.port,
    host: '127.0.0.1',
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    path: options.path,
    headers: {
      ...(body === undefined || bytes !== undefined ? {} : { 'content-length': String(body.length) }),
      ...options.headers,
    },
    agent: false,
  });
  request.end(body);
  return request;
}

/** One request over HTTP/2 in clear text with prior knowledge; `frames` are the DATA frames as they came. */
export function askHttp2(server: TestServer, options: AskOptions): Promise<Answer & { readonly frames: string[] }> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    session.on('error', reject);
    const stream = session.request({
      ':method': options.method ?? (options.body === undefined ? 'GET' : 'POST'),
      ':path': options.path,
      ...options.headers,
    });
    const frames: string[] = [];
    let headers: IncomingHttpHeaders & { ':status'?: number | undefined } = {};
    stream.setEncoding('utf8');
    stream.on('response', (h) => (headers = h));
    stream.on('data', (t: string) => frames.push(t));
    stream.on('error', reject);
    stream.on('end', () => {
      session.close();
      resolve({ status: Number(headers[':status']), headers, text: frames.join(''), frames });
    });
    stream.end(options.body === undefined ? undefined : bodyText(options.body));
  });
}

/** A socket: what is written goes out as it is; `read` waits until what came passes. */
export class RawClient {
  private text = '';
  private ended = false;
  private wake: () => void = () => {};
  private constructor(readonly socket: Socket) {
    const changed = () => this.wake();
    socket.setEncoding('utf8');
    socket.on('data', (t: string) => {
      this.text += t;
      changed();
    });
    const end = () => {
      this.ended = true;
      changed();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  static open(server: TestServer): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawClient(socket)));
    });
  }

  async until(passes: (text: string) => boolean): Promise<string> {
    while (!passes(this.text)) {
      if (this.ended) throw new Error(`the connection ended with: ${this.text}`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.text;
  }

  async untilEnd(): Promise<string> {
    while (!this.ended) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.text;
  }
}

export type Json = Record<string, unknown>;

/** Runs statements; throws with the body where the server refuses. */
export async function run(
  server: TestServer,
  ksql: string,
  properties: object = {},
  variables: object = {},
): Promise<Json[]> {
  const answer = await ask(server, {
    path: '/ksql',
    body: { ksql, streamsProperties: properties, sessionVariables: variables },
  });
  if (answer.status !== 200) throw new Error(answer.text);
  return JSON.parse(answer.text) as Json[];
}

/** The body of a request that the server must refuse. */
export async function refused(server: TestServer, ksql: string): Promise<Json & { status: number }> {
  const answer = await ask(server, { path: '/ksql', body: { ksql } });
  if (answer.status === 200) throw new Error(`not refused: ${answer.text}`);
  return { status: answer.status, ...(JSON.parse(answer.text) as Json) };
}

export interface ProducedRecord {
  readonly key?: string | null;
  readonly value?: string | null;
  readonly timestamp?: number;
  readonly partition?: number;
}

export async function produce(
  server: TestServer,
  topic: string,
  records: readonly ProducedRecord[],
  partitions = 1,
): Promise<void> {
  const answer = await ask(server, { path: `/topics/${topic}/records`, body: { records, partitions } });
  if (answer.status !== 200) throw new Error(answer.text);
}

/** Asks again until the answer passes; the time limit is the test's. */
export async function eventually<T>(read: () => Promise<T>, passes: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await read();
    if (passes(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const EARLIEST = { 'auto.offset.reset': 'earliest' };

/** A stream LETTERS (A BIGINT, B STRING KEY) with three rows, and a table COUNTS over it that has caught up. */
export async function letters(server: TestServer): Promise<void> {
  await produce(server, 'letters', [
    { key: 'x', value: '{"A":1}', timestamp: 10 },
    { key: 'y', value: '{"A":2}', timestamp: 20 },
    { key: 'x', value: '{"A":3}', timestamp: 30 },
  ]);
  await run(
    server,
    `CREATE STREAM letters (b STRING KEY, a BIGINT) WITH (KAFKA_TOPIC='letters', VALUE_FORMAT='JSON');
     CREATE TABLE counts AS SELECT b, COUNT(*) AS n FROM letters GROUP BY b EMIT CHANGES;`,
    EARLIEST,
  );
  await eventually(
    () => ask(server, { path: '/query-stream', body: { sql: 'SELECT * FROM counts;' } }),
    (a) => a.text.split('\n').length === 4 && a.text.includes('["x",2]'),
  );
}
