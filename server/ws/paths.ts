/** Where WebSockets are. */
export const WEB_SOCKET_PATHS = ['/ws/query', '/ws/v1'] as const;

export type WebSocketPath = (typeof WEB_SOCKET_PATHS)[number];

export const isWebSocketPath = (path: string): path is WebSocketPath =>
  (WEB_SOCKET_PATHS as readonly string[]).includes(path);
