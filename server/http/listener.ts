import {
  createServer as createHttp,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { createServer as createNet, type ListenOptions, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTls, type TLSSocket, type TlsOptions } from 'node:tls';
import type { ListenerConfig } from '../listeners.js';
import type { ServerLimits } from '../server-settings.js';

/**
 * HTTP/1.1 and HTTP/2 side by side, on one port or on several, in clear text or under TLS. The first bytes of a connection
 * tell which it is (`PRI * HTTP/2`, RFC 9113 §3.4); under TLS mostly ALPN did. The socket is then handed to a server of that
 * kind, with the bytes put back.
 */
const PREFACE = Buffer.from('PRI * HTTP/2');
/** A connection that sends nothing that tells its protocol is closed after this. */
const FIRST_BYTES_TIMEOUT_MS = 10_000;
/** Peers that vanish without a word are asked for signs of life, so that their queries end. */
const KEEP_ALIVE_MS = 30_000;
const DRAIN_STEP_MS = 20;
/** URL and headers: the SQL of `/sse` and `/ws/query` is in the URL. HTTP/2 has this bound of its own accord. */
const MAX_HEAD_BYTES = 64 * 1024;
const HANDSHAKE_TIMEOUT_MS = 10_000;

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface DualListener {
  /** What fastify listens on. */
  readonly server: HttpServer;
  /** Where each listener answers, in order: `https://0.0.0.0:8443`. */
  urls(): readonly string[];
  /** Takes no new connections, tells clients of both protocols, and ends what is left after `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

export interface ListenerOptions {
  readonly limits: Pick<ServerLimits, 'maxConnections'>;
  /** The first is the one that fastify listens on; the others listen when it does. */
  readonly listeners: readonly ListenerConfig[];
  readonly tls: TlsOptions | undefined;
}

/** Gives each connection to the protocol that its first bytes are in. */
function byFirstBytes(http1: HttpServer, http2: Http2Server): (socket: Socket) => void {
  return (socket) => {
    let seen: Buffer = Buffer.alloc(0);
    const giveUp = () => socket.destroy();
    const onData = (chunk: Buffer) => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const n = Math.min(seen.length, PREFACE.length);
      const isHttp2 = seen.subarray(0, n).equals(PREFACE.subarray(0, n));
      if (isHttp2 && n < PREFACE.length) return;
      socket.removeListener('data', onData);
      socket.removeListener('end', giveUp);
      socket.pause();
      socket.setTimeout(0);
      socket.removeListener('timeout', giveUp);
      socket.unshift(seen);
      // An HTTP/2 session takes what is buffered itself; an HTTP/1.1 parser listens for it.
      if (isHttp2) {
        socket.allowHalfOpen = false; // its streams close one by one; a closed side is a closed connection
        http2.emit('connection', socket);
      } else {
        http1.emit('connection', socket);
        socket.resume();
      }
    };
    socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, giveUp);
    socket.on('end', giveUp);
    socket.on('data', onData);
  };
}

export function dualListener(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  onWebSocket: UpgradeHandler,
  { limits, listeners, tls }: ListenerOptions,
): DualListener {
  const http1 = createHttp({ keepAliveTimeout: 65_000, requestTimeout: 0, maxHeaderSize: MAX_HEAD_BYTES }, handler);
  // A client that has sent its request and closed its side still gets its answer (push queries end: stream-query.ts).
  (http1 as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen = true;
  http1.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() === 'websocket') onWebSocket(request, socket, head);
    else answerOver1(http1, request, socket, head);
  });
  const http2: Http2Server = createHttp2({}, handler as never);
  const sessions = new Set<ServerHttp2Session>();
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const sockets = new Set<Socket>();
  const take = byFirstBytes(http1, http2);
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // a reset connection is not an event of ours
  };

  const clear = () => {
    const net = createNet({
      allowHalfOpen: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      noDelay: true,
    });
    net.on('connection', (socket) => {
      keep(socket);
      take(socket);
    });
    return net;
  };
  const secure = () => {
    const net = createTls({ ...tls, ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: HANDSHAKE_TIMEOUT_MS });
    net.on('connection', (socket: Socket) => {
      keep(socket);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.setNoDelay(true);
    });
    net.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => socket.destroy());
      if (socket.alpnProtocol === 'h2') http2.emit('connection', socket);
      else take(socket);
    });
    net.on('tlsClientError', (_e, socket) => socket.destroy());
    return net;
  };
  const nets = listeners.map((l) => {
    const net = l.secure ? secure() : clear();
    net.maxConnections = limits.maxConnections;
    return net;
  });
  const first = nets[0]!;
  const isListening = () => nets.some((net) => net.listening);
  const close = () => {
    for (const net of nets) if (net.listening) net.close();
  };

  // Fastify sees an http.Server: requests and errors come from it; listening and closing are the net servers'.
  const facade = http1 as HttpServer & { listen: Server['listen']; close: Server['close']; address: Server['address'] };
  facade.listen = ((options: ListenOptions, done?: () => void) => {
    if (done !== undefined) facade.once('listening', done);
    first.listen(options);
    for (const [i, { host, port }] of listeners.entries()) if (i > 0) nets[i]!.listen({ host, port });
    return facade;
  }) as typeof facade.listen;
  facade.address = first.address.bind(first);
  facade.close = ((done?: (e?: Error) => void) => {
    // It may be closed already, by `drain`.
    if (!isListening()) done?.();
    else {
      if (done !== undefined) facade.once('close', done);
      close();
    }
    return facade;
  }) as typeof facade.close;
  Object.defineProperty(facade, 'listening', { get: isListening });
  for (const net of nets) {
    net.on('listening', () => {
      if (nets.every((n) => n.listening)) facade.emit('listening');
    });
    net.on('error', (e) => {
      close();
      facade.emit('error', e);
    });
    net.on('close', () => {
      if (!isListening()) facade.emit('close');
    });
  }

  return {
    server: facade,
    urls: () =>
      nets.map((net, i) => {
        const at = net.address();
        const { host, port, secure } = listeners[i]!;
        const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
        return `${secure ? 'https' : 'http'}://${name}:${typeof at === 'object' && at !== null ? at.port : port}`;
      }),
    drain: (graceMs) =>
      new Promise((resolve) => {
        close();
        for (const session of sessions) session.close();
        let left = graceMs;
        const step = () => {
          http1.closeIdleConnections();
          if (left <= 0) for (const s of sockets) s.destroy();
          if (sockets.size === 0 || left <= 0) return resolve();
          left -= DRAIN_STEP_MS;
          setTimeout(step, DRAIN_STEP_MS);
        };
        step();
      }),
  };
}

/**
 * A client that offers another protocol (`Upgrade: h2c`) is answered over 1.1, which RFC 9110 §7.8 allows. Node's parser
 * has let go of the connection by then: the request goes to a new one, without the offer.
 */
function answerOver1(http1: HttpServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!.toLowerCase();
    let value = request.rawHeaders[i + 1]!;
    if (name === 'upgrade' || name === 'http2-settings') continue;
    if (name === 'connection') {
      value = value
        .split(',')
        .filter((token) => !/^\s*(upgrade|http2-settings)\s*$/i.test(token))
        .join(',');
      if (value.trim() === '') continue;
    }
    lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  http1.emit('connection', socket);
  socket.resume();
}
