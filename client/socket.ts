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
 * A page signs in by the cookie or the user info of its URL, or not at all.
 */
export const openSocket: OpenSocket = async (url, authorization) => {
  const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;
  if (!isNode) {
    const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string) => Socket };
    return new WebSocket(url);
  }
  // By a variable, so that bundlers for pages leave it alone.
  const name = 'ws';
  const { WebSocket } = (await import(name)) as { WebSocket: new (url: string, options: object) => Socket };
  const headers = authorization === undefined ? {} : { authorization };
  return new WebSocket(url, { headers, perMessageDeflate: false });
};
