/** Where WebSockets are: a query on each, and many on one. */
export const WS_QUERY = '/ws/query';
export const WS_V1 = '/ws/v1';

export type WebSocketPath = typeof WS_QUERY | typeof WS_V1;

export const isWebSocketPath = (path: string): path is WebSocketPath => path === WS_QUERY || path === WS_V1;
