import { connect, type Socket } from 'node:net';
import kafkaLoggers from 'kafkajs/src/loggers/index.js';
import Connection from 'kafkajs/src/network/connection.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js';
import protocol, { type ProtocolRequest } from 'kafkajs/src/protocol/requests/index.js';
import type { Logger } from '../../base/logger.js';
import type { KafkaConfig } from './config.js';
import { connectionError, KafkaError } from './errors.js';
import { type Api, type ApiVersions, OWN_APIS } from './protocol.js';
import { ResponseReader } from './response-reader.js';

type SocketOptions = Parameters<ReturnType<typeof createSocketFactory>>[0];

/** What is read from a socket at once, at most. */
const READ_BYTES = 128 * 1024;
const KEEP_ALIVE_MS = 60_000;

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** Requests that kafkajs encodes and decodes. */
export type CallName =
  | 'AddOffsetsToTxn'
  | 'AddPartitionsToTxn'
  | 'CreateTopics'
  | 'DeleteGroups'
  | 'DeleteRecords'
  | 'DescribeConfigs'
  | 'DeleteTopics'
  | 'EndTxn'
  | 'GroupCoordinator'
  | 'Heartbeat'
  | 'InitProducerId'
  | 'JoinGroup'
  | 'LeaveGroup'
  | 'ListOffsets'
  | 'Metadata'
  | 'OffsetCommit'
  | 'SyncGroup';

/**
 * One connection to one broker: kafkajs's TLS, SASL and time-outs. Requests leave in the order of the calls and
 * are answered in that order. A connection that has failed, or on which a request has timed out, stays closed.
 */
export class BrokerConnection {
  private readonly inner: Connection;
  private readonly clientId: Buffer;
  private versions: ApiVersions = {};
  private opened: Promise<void> | undefined;
  private ended: KafkaError | undefined;

  constructor(
    readonly address: BrokerAddress,
    private readonly config: KafkaConfig,
    clientId: string,
  ) {
    this.clientId = Buffer.from(clientId);
    this.inner = new Connection({
      host: address.host,
      port: address.port,
      clientId,
      ssl: config.ssl === false ? null : config.ssl === true ? {} : config.ssl,
      // kafkajs keeps the authenticator on this object.
      sasl: config.sasl === undefined ? null : { ...config.sasl },
      logger: kafkajsLogger(config.logger),
      socketFactory: (options: SocketOptions) => openSocket(options, (piece) => this.inner.processData(piece)),
      connectionTimeout: config.connectionTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      enforceRequestTimeout: true,
    });
    // kafkajs keeps the pieces of a response and joins them: as many buffers more to be collected.
    const responses = new ResponseReader((correlationId, payload) =>
      this.inner.requestQueue.fulfillRequest({ correlationId, payload, size: payload.length + 4 }),
    );
    const login = this.inner.processData;
    this.inner.processData = (piece) => {
      if (this.inner.authHandlers) return login.call(this.inner, Buffer.from(piece));
      try {
        responses.push(piece);
      } catch (e) {
        this.failed(e, 'read a response');
      }
    };
    // kafkajs starts a timer of negative delay after each response; only a throttled queue needs one (its issue 1704).
    const queue = this.inner.requestQueue;
    const schedule = queue.scheduleCheckPendingRequests;
    queue.scheduleCheckPendingRequests = () => {
      if (queue.pending.length > 0) schedule.call(queue);
    };
  }

  /** Connects, asks for the broker's versions, logs in. Later calls share the first one's outcome. */
  open(): Promise<void> {
    this.opened ??= this.doOpen().catch((e: unknown) => {
      throw this.end(connectionError(e, `connect to ${this.name}`));
    });
    return this.opened;
  }

  /** Open, and not due to log in again. */
  get usable(): boolean {
    return this.ended === undefined && this.inner.isConnected() && !this.loginExpired;
  }

  /** The broker wants a fresh login (KIP-368). kafkajs would send it between answers still due: better a new connection. */
  private get loginExpired(): boolean {
    return this.config.sasl !== undefined && !this.inner.isAuthenticated();
  }

  get idle(): boolean {
    return this.inner.requestQueue.inflight.size === 0 && this.inner.requestQueue.pending.length === 0;
  }

  get name(): string {
    return `${this.address.host}:${this.address.port}`;
  }

  /**
   * Sends a request that kafkajs encodes, in the newest version that both sides know.
   * @returns what kafkajs decoded, error codes included: the caller checks them
   * @throws KafkaError when the connection fails
   */
  async call<T>(name: CallName, args: object): Promise<T> {
    const { request, response, requestTimeout } = this.lookup(name)(args);
    try {
      const decodeOnly = { decode: response.decode, parse: async (decoded: unknown) => decoded };
      const message = { request, response: decodeOnly, logResponseError: false };
      return (await this.inner.send(requestTimeout === undefined ? message : { ...message, requestTimeout })) as T;
    } catch (e) {
      throw this.failed(e, `answer ${name}`);
    }
  }

  /**
   * Sends a request of ours: the header and then `parts`, uncopied; they must not change before the answer is here. It is on its
   * way, in order, when the call returns.
   * @returns the response behind its correlation id
   */
  request(api: Api, parts: readonly Buffer[], timeoutMs = this.config.requestTimeoutMs): Promise<Buffer> {
    const { inner } = this;
    // Written to a socket that is gone, a request would wait for ever.
    if (!inner.isConnected()) return Promise.reject(this.failed(new Error('Not connected'), `answer ${api.name}`));
    const correlationId = inner.nextCorrelationId();
    const header = this.header(api, correlationId, parts);
    const answer = new Promise<Buffer>((resolve, reject) => {
      inner.requestQueue.push({
        entry: {
          apiKey: api.key,
          apiName: api.name,
          apiVersion: api.version,
          correlationId,
          resolve: ({ payload }) => resolve(payload),
          reject,
        },
        expectResponse: true,
        requestTimeout: timeoutMs,
        sendRequest: () => {
          const socket = inner.socket!;
          socket.cork();
          socket.write(header);
          for (const part of parts) socket.write(part);
          socket.uncork();
        },
      });
    });
    // Not in `reject` itself: kafkajs calls it in the midst of emptying the queue that `failed` empties.
    return answer.catch((e: unknown) => {
      throw this.failed(e, `answer ${api.name}`);
    });
  }

  /** Whether the broker knows a request of ours. */
  knows(api: Api): boolean {
    const range = this.versions[api.key];
    return range !== undefined && range.minVersion <= api.version && range.maxVersion >= api.version;
  }

  /** @throws KafkaError where the broker does not know a request of ours */
  mustKnow(api: Api): void {
    if (this.knows(api)) return;
    throw new KafkaError(`The broker at ${this.name} does not know ${api.name} v${api.version}`, 35, false, false, {
      hint: 'Weir needs Kafka 2.5 or newer.',
    });
  }

  /** Tells the queue that the broker asks for a pause (KIP-219). */
  throttle(ms: number): void {
    if (ms > 0) this.inner.requestQueue.maybeThrottle(ms);
  }

  /** Closes at once; whatever waits for an answer rejects. */
  close(): void {
    this.end(new KafkaError(`The connection to ${this.name} is closed`, 0, true, false));
  }

  private async doOpen(): Promise<void> {
    await this.inner.connect();
    this.inner.socket!.setNoDelay(true); // small requests are not to wait for the acknowledgement of earlier ones
    this.versions = await this.askVersions();
    this.inner.setVersions(this.versions);
    this.inner.setSupportAuthenticationProtocol(this.versions[apiKeys.SaslAuthenticate!] !== undefined);
    await this.inner.authenticate();
    for (const api of OWN_APIS) this.mustKnow(api);
  }

  private async askVersions(): Promise<ApiVersions> {
    const { request, response } = protocol.requests.ApiVersions!.protocol({ version: 2 })();
    const { apiVersions } = (await this.inner.send({
      request,
      response,
      requestTimeout: this.config.connectionTimeoutMs,
    })) as { apiVersions: readonly { apiKey: number; minVersion: number; maxVersion: number }[] };
    return Object.fromEntries(apiVersions.map((v) => [v.apiKey, v]));
  }

  private lookup(name: CallName): (args: object) => ProtocolRequest {
    const definition = protocol.requests[name]!;
    const range = this.versions[apiKeys[name]!];
    const version = Math.min(Math.max(...definition.versions.map(Number)), range?.maxVersion ?? -1);
    if (range === undefined || version < range.minVersion) {
      const text = `The broker at ${this.name} and kafkajs have no version of ${name} in common`;
      throw new KafkaError(text, 35, false, false, { hint: 'Weir needs Kafka 2.5 or newer.' });
    }
    return definition.protocol({ version });
  }

  private header(api: Api, correlationId: number, parts: readonly Buffer[]): Buffer {
    const id = this.clientId;
    const header = Buffer.allocUnsafe(14 + id.length + (api.flexible ? 1 : 0));
    let length = header.length - 4;
    for (const part of parts) length += part.length;
    header.writeInt32BE(length, 0);
    header.writeInt16BE(api.key, 4);
    header.writeInt16BE(api.version, 6);
    header.writeInt32BE(correlationId, 8);
    header.writeInt16BE(id.length, 12);
    header.set(id, 14);
    if (api.flexible) header[header.length - 1] = 0; // no tagged fields
    return header;
  }

  /** A request that got no answer ends the connection: kafkajs would go on with answers missing (its issues 918, 1691). */
  private failed(cause: unknown, what: string): KafkaError {
    if (this.ended !== undefined) return this.ended;
    return this.end(connectionError(cause, `${what} (${this.name})`));
  }

  private end(error: KafkaError): KafkaError {
    if (this.ended !== undefined) return this.ended;
    this.ended = error;
    this.inner.rejectRequests(error);
    this.inner.requestQueue.destroy();
    // With an error, so that a handshake in progress ends too.
    this.inner.socket?.destroy(error);
    // Nothing is pending now, so this resolves at once; it sets kafkajs's own state.
    this.inner.disconnect().catch((e: unknown) => this.config.logger.debug({ err: e }, 'kafkajs disconnect'));
    return error;
  }
}

/** kafkajs's socket. In clear text it is read into one buffer again and again; TLS makes buffers of its own. */
function openSocket(options: SocketOptions, take: (piece: Buffer) => void): Socket {
  const { host, port, ssl, onConnect } = options;
  if (ssl !== null) return createSocketFactory()(options);
  const callback = (bytes: number, buffer: Uint8Array): boolean => {
    take(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
    return true;
  };
  const socket = connect({ host, port, onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback } }, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_MS);
}

/** kafkajs's log entries as ours. What it calls an error comes back to us as a rejection too: here it is a detail. */
function kafkajsLogger(logger: Logger): unknown {
  const { LEVELS } = kafkaLoggers;
  return kafkaLoggers.createLogger({
    level: LEVELS.INFO!,
    logCreator: () => (entry) => {
      const { message, ...fields } = entry.log;
      logger.debug({ ...fields, namespace: entry.namespace }, message);
    },
  });
}
