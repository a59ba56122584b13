/**
 * What Weir uses of kafkajs 2.2.4 below its public interface: one connection (socket, TLS, SASL, request time-outs)
 * and the encodings of the requests that are off the path of records. The version is pinned exactly in package.json.
 */
declare module 'kafkajs/src/network/connection.js' {
  interface RequestEntry {
    apiKey: number;
    apiName: string;
    apiVersion: number;
    correlationId: number;
    resolve(response: { payload: Buffer }): void;
    reject(error: Error): void;
  }
  interface RequestQueue {
    readonly pending: readonly unknown[];
    readonly inflight: ReadonlyMap<number, unknown>;
    fulfillRequest(response: { correlationId: number; payload: Buffer; size: number }): void;
    push(request: {
      entry: RequestEntry;
      expectResponse: boolean;
      requestTimeout: number | null;
      sendRequest(): void;
    }): void;
    maybeThrottle(ms: number | null): void;
    scheduleCheckPendingRequests(): void;
    destroy(): void;
  }
  export default class Connection {
    constructor(options: object);
    readonly requestQueue: RequestQueue;
    readonly socket: import('node:net').Socket | undefined;
    /** Set while it logs in. */
    readonly authHandlers: object | null;
    processData(piece: Buffer): void;
    connect(): Promise<boolean>;
    disconnect(): Promise<boolean>;
    authenticate(): Promise<void>;
    isConnected(): boolean;
    isAuthenticated(): boolean;
    setVersions(versions: import('./protocol.js').ApiVersions): void;
    setSupportAuthenticationProtocol(supported: boolean): void;
    nextCorrelationId(): number;
    rejectRequests(error: Error): void;
    send(request: {
      request: object;
      response: object;
      requestTimeout?: number | null;
      logResponseError?: boolean;
    }): Promise<unknown>;
  }
}

declare module 'kafkajs/src/network/socketFactory.js' {
  interface SocketOptions {
    readonly host: string;
    readonly port: number;
    readonly ssl: object | null;
    readonly onConnect: () => void;
  }
  export default function createSocketFactory(): (options: SocketOptions) => import('node:net').Socket;
}

declare module 'kafkajs/src/loggers/index.js' {
  interface LogEntry {
    readonly namespace: string;
    readonly level: number;
    readonly log: { readonly message: string; readonly [field: string]: unknown };
  }
  const loggers: {
    readonly LEVELS: Readonly<Record<'NOTHING' | 'ERROR' | 'WARN' | 'INFO' | 'DEBUG', number>>;
    createLogger(options: { level: number; logCreator: (level: number) => (entry: LogEntry) => void }): unknown;
  };
  export default loggers;
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  /** A request of one version with its arguments: what `Connection.send` takes. */
  export interface ProtocolRequest {
    readonly request: object;
    readonly response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
    readonly requestTimeout?: number;
  }
  interface RequestDefinition {
    readonly versions: readonly string[];
    protocol(options: { version: number }): (args?: unknown) => ProtocolRequest;
  }
  const protocol: { readonly requests: Readonly<Record<string, RequestDefinition>> };
  export default protocol;
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const keys: Readonly<Record<string, number>>;
  export default keys;
}

declare module 'kafkajs/src/protocol/error.js' {
  const errors: {
    readonly errorCodes: readonly { readonly type: string; readonly code: number; readonly message: string }[];
  };
  export default errors;
}

declare module 'kafkajs-snappy' {
  /** Plain snappy, and the framing of Java's snappy library. */
  interface SnappyCodec {
    compress(encoder: { buffer: Buffer }): Promise<Buffer>;
    decompress(buffer: Buffer): Promise<Buffer>;
  }
  export default function createCodec(): SnappyCodec;
}
