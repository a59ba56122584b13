import {
  createServer as createHttp,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttp2, type Http2Server } from 'node:http2';
import { createServer as createNet, type Server, type Socket } from 'node:net';

/**
 * HTTP/1.1 and HTTP/2 in clear text (prior knowledge) on one port: the first bytes of a connection tell which it is
 * (`PRI * HTTP/2`, RFC 9113 §3.4). The socket is then handed to a server of that kind, with the bytes put back.
 *
 * A client that asks to upgrade (`Upgrade: h2c`) is answered over 1.1, which the protocol allows.
 */
const PREFACE = Buffer.from('PRI * HTTP/2');
/** A connection that sends nothing that tells its protocol is closed after this. */
const FIRST_BYTES_TIMEOUT_MS = 10_000;

export interface DualListener {
  /** What fastify listens on. */
  readonly server: HttpServer;
  /** Ends connections that are left. */
  closeConnections(): void;
}

export function dualListener(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  limits: { readonly maxConnections: number },
): DualListener {
  const http1 = createHttp({ keepAliveTimeout: 65_000, requestTimeout: 0 }, handler);
  const http2: Http2Server = createHttp2({}, handler as never);
  const sockets = new Set<Socket>();
  const net = createNet({ pauseOnConnect: false });
  net.maxConnections = limits.maxConnections;

  net.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy()); // a reset connection is not an event of ours
    let seen: Buffer = Buffer.alloc(0);
    socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, () => socket.destroy());
    const onData = (chunk: Buffer) => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const n = Math.min(seen.length, PREFACE.length);
      const isHttp2 = seen.subarray(0, n).equals(PREFACE.subarray(0, n));
      if (isHttp2 && n < PREFACE.length) return;
      socket.removeListener('data', onData);
      socket.pause();
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.unshift(seen);
      // An HTTP/2 session takes what is buffered itself; an HTTP/1.1 parser listens for it.
      if (isHttp2) http2.emit('connection', socket);
      else {
        http1.emit('connection', socket);
        socket.resume();
      }
    };
    socket.on('data', onData);
  });

  // Fastify sees an http.Server: requests, upgrades and errors come from it; listening and closing are the net server's.
  const facade = http1 as HttpServer & { listen: Server['listen']; close: Server['close']; address: Server['address'] };
  facade.listen = net.listen.bind(net) as typeof facade.listen;
  facade.address = net.address.bind(net);
  facade.close = ((done?: (e?: Error) => void) => {
    net.close(done);
    http1.closeIdleConnections();
    return facade;
  }) as typeof facade.close;
  Object.defineProperty(facade, 'listening', { get: () => net.listening });
  net.on('listening', () => facade.emit('listening'));
  net.on('error', (e) => facade.emit('error', e));
  net.on('close', () => facade.emit('close'));

  return {
    server: facade,
    closeConnections: () => {
      for (const s of sockets) s.destroy();
    },
  };
}
