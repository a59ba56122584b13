/** The part of a WebSocket that the client needs; browsers' and Node's own, and `ws`'s, have it. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  /** `message`: on Node, why. A page is not told. */
  onerror: ((event: { readonly message?: string }) => void) | null;
}

export type OpenSocket = (url: string, authorization: string | undefined) => Promise<Socket> | Socket;

/**
 * A WebSocket where the client runs: the browser's; on Node `ws`, which unlike the browser's can sign in by a header.
 * A page signs in by what it offers as a subprotocol.
 */
export const openSocket: OpenSocket = async (url, authorization) => {
  const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;
  if (!isNode) {
    const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string, protocols: string[]) => Socket };
    return new WebSocket(url, subprotocols(authorization));
  }
  // By a variable, so that bundlers for pages leave it alone.
  const name = 'ws';
  const { WebSocket } = (await import(name)) as { WebSocket: new (url: string, options: object) => Socket };
  const headers = authorization === undefined ? {} : { authorization };
  return new WebSocket(url, { headers, perMessageDeflate: false });
};

/** As docs/api.md has it; credentials in the URL are refused by browsers. */
function subprotocols(authorization: string | undefined): string[] {
  if (authorization === undefined) return [];
  const credentials = authorization.replace('Basic ', '').replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return ['weir.v1', `weir.basic.${credentials}`];
}
