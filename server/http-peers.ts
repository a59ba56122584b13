import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import {
  type Clock,
  type Logger,
  messageOf,
  type PeerQuery,
  type PeerRead,
  type PeerRows,
  type Peers,
  WeirError,
} from '../engine/index.js';
import type { ClusterConfig } from './cluster-config.js';
import { errorOf, readFrames } from './peer-frames.js';
import { peerRowCodec } from './wire/peer-rows.js';

/** Marks what one node asks another: it is answered by that node alone. */
const PEER_HEADER = 'x-weir-peer';

/** What is asked for statuses has little time: SHOW QUERIES waits for it. */
const STATUS_TIMEOUT_MS = 3000;
/** Bytes of an answer that is no stream. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export interface PeersOptions {
  readonly config: ClusterConfig;
  /** With `secure`: whom to trust, and as whom to come where others ask; as the listener's own. */
  readonly tls?: SecureContextOptions | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The addresses that members of this node's queries advertise, its own among them. */
  readonly known: () => Iterable<string>;
}

/** The other nodes of the service over HTTP/1.1, signed in as a client is. */
export class HttpPeers implements Peers {
  private port: number | undefined;
  private readonly agent: Agent;
  /** When each node was last heard of, or first seen; milliseconds. */
  private readonly heard = new Map<string, number>();
  private readonly authorization: string | undefined;

  constructor(private readonly options: PeersOptions) {
    const { advertised, auth, secure } = options.config;
    const pooled = { keepAlive: true, maxSockets: 64, keepAliveMsecs: 10_000 };
    this.agent = secure ? new SecureAgent({ ...pooled, ...identityOf(options.tls) }) : new Agent(pooled);
    this.port = advertised.port;
    this.authorization = auth === undefined ? undefined : `Basic ${Buffer.from(auth, 'utf8').toString('base64')}`;
  }

  /** The listener's port is known once it listens. */
  listening(port: number): void {
    this.port ??= port;
  }

  get self(): string {
    return addressOf(this.options.config.advertised.host, this.port ?? 0);
  }

  /** Other nodes. */
  known(): readonly string[] {
    const now = this.options.clock.now();
    const others = [...new Set(this.options.known())].filter((a) => a !== '' && a !== this.self).sort();
    for (const address of others) if (!this.heard.has(address)) this.heard.set(address, now);
    for (const address of this.heard.keys()) if (!others.includes(address)) this.heard.delete(address);
    return others;
  }

  heartbeat(address: string): void {
    // Nodes that no query has made known are not kept: their number has no bound.
    if (this.heard.has(address) || this.known().includes(address)) this.heard.set(address, this.options.clock.now());
  }

  /** When it was last heard of; undefined: never seen. */
  lastHeard(address: string): number | undefined {
    return this.heard.get(address);
  }

  isAlive(address: string): boolean {
    const { heartbeat } = this.options.config;
    const heard = this.heard.get(address);
    if (heartbeat === undefined || heard === undefined || address === this.self) return true;
    return this.options.clock.now() - heard <= heartbeat.windowMs;
  }

  async readTable(address: string, request: PeerRead): Promise<PeerRows> {
    const { timeoutMs } = this.options.config;
    const response = await this.send(address, '/peer/read', request, timeoutMs);
    if (response.statusCode !== 200) throw errorOf(await bodyOf(response, address));
    const codec = peerRowCodec(request.read.columns.map((c) => c.type));
    const { partitions, rows } = await readFrames(guarded(response, address), codec);
    return { partitions, rows: closing(rows, response) };
  }

  async queries(): Promise<ReadonlyMap<string, readonly PeerQuery[] | null>> {
    const out = new Map<string, readonly PeerQuery[] | null>();
    await Promise.all(
      this.known().map(async (address) => {
        try {
          const body = await this.post(address, '/peer/queries', {}, STATUS_TIMEOUT_MS);
          out.set(address, (body as { readonly queries: readonly PeerQuery[] }).queries);
        } catch (e) {
          this.options.logger.debug({ address, error: messageOf(e) }, 'a node does not say what it runs');
          out.set(address, null);
        }
      }),
    );
    return out;
  }

  /** Asks a node something that has a short answer. */
  async post(address: string, path: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const response = await this.send(address, path, body, timeoutMs);
    const answer = await bodyOf(response, address);
    if (response.statusCode !== 200) throw errorOf(answer);
    return answer;
  }

  close(): void {
    this.agent.destroy();
  }

  /** Rejects with NOT_READY where the node cannot be reached, or says nothing for so long. */
  private send(address: string, path: string, body: unknown, timeoutMs: number): Promise<IncomingMessage> {
    const text = Buffer.from(JSON.stringify(body), 'utf8');
    const { secure } = this.options.config;
    const url = new URL(`${secure ? 'https' : 'http'}://${address}${path}`);
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        agent: this.agent,
        headers: {
          'content-type': 'application/json',
          'content-length': String(text.length),
          [PEER_HEADER]: this.self,
          ...(this.authorization === undefined ? {} : { authorization: this.authorization }),
        },
      });
      request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer for ${timeoutMs} ms`)));
      request.on('error', (e) => reject(unreachable(address, e)));
      request.on('response', resolve);
      request.end(text);
    });
  }
}

export const addressOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Of a listener's TLS what a client has use for. */
function identityOf({ ca, cert, key, pfx, passphrase }: SecureContextOptions = {}): SecureContextOptions {
  const all = { ca, cert, key, pfx, passphrase };
  return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
}

const unreachable = (address: string, e: unknown): WeirError =>
  new WeirError('NOT_READY', `Node ${address} does not answer: ${messageOf(e)}`, undefined, { cause: e });

/** A response's bytes; that its connection breaks is told as what it is. */
async function* guarded(response: IncomingMessage, address: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (e) {
    throw unreachable(address, e);
  }
}

/** Whoever wants no more rows lets go of the connection. */
async function* closing(rows: PeerRows['rows'], response: IncomingMessage): PeerRows['rows'] {
  try {
    yield* rows;
  } finally {
    if (!response.complete) response.destroy();
  }
}

async function bodyOf(response: IncomingMessage, address: string): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of guarded(response, address)) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw unreachable(address, new Error('its answer is too long'));
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (e) {
    throw unreachable(address, e);
  }
}
