import { hostname } from 'node:os';
import { WeirError } from '../engine/index.js';

/** How the nodes of a service talk to each other. */
export interface ClusterConfig {
  /** Where others reach this node; its port, where none is named, is that of the listener. */
  readonly advertised: { readonly host: string; readonly port: number | undefined };
  /** Nodes reach each other over TLS: all of a service do, or none. */
  readonly secure: boolean;
  /** `user:password` that the node signs in with at others; undefined: without. */
  readonly auth: string | undefined;
  /** Undefined: no heartbeats are sent, and every node counts as alive. */
  readonly heartbeat: { readonly intervalMs: number; readonly windowMs: number } | undefined;
  /** How often the lags of this node's copies are told; undefined: never. */
  readonly lagIntervalMs: number | undefined;
  /** What a request to another node may take without a sign of life. */
  readonly timeoutMs: number;
}

type Number = (name: string, fallback: number) => number;

export function clusterConfig(
  properties: Readonly<Record<string, string | undefined>>,
  number: Number,
  listener: { readonly host: string; readonly secure: boolean },
): ClusterConfig {
  const on = (name: string): boolean => (properties[name] ?? 'true') !== 'false';
  const everywhere = ['0.0.0.0', '::', ''].includes(listener.host);
  const told = properties['ksql.advertised.listener'] || undefined;
  return {
    advertised: advertised(told, everywhere ? hostname() : listener.host),
    secure: told?.includes('://') ? told.startsWith('https:') : listener.secure,
    auth: properties['weir.peer.auth'] ?? properties['weir.auth.users']?.split(',')[0]?.trim(),
    heartbeat: on('ksql.heartbeat.enable')
      ? {
          intervalMs: number('ksql.heartbeat.send.interval.ms', 500),
          windowMs: number('ksql.heartbeat.window.ms', 3000),
        }
      : undefined,
    lagIntervalMs: on('ksql.lag.reporting.enable') ? number('ksql.lag.reporting.send.interval.ms', 5000) : undefined,
    timeoutMs: number('ksql.query.pull.forwarding.timeout.ms', 20_000),
  };
}

/** `http://host:port` or `host:port`. */
function advertised(text: string | undefined, host: string): ClusterConfig['advertised'] {
  if (text === undefined) return { host, port: undefined };
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`);
    return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? undefined : Number(url.port) };
  } catch {
    throw new WeirError(
      'BAD_REQUEST',
      `Setting ksql.advertised.listener is no URL: '${text}'.`,
      'For example http://node-1:8088',
    );
  }
}
