import { hostname } from 'node:os';
import { type Properties, valuesOf } from '../engine/index.js';
import { CLUSTER, LOGIN } from './server-settings.js';

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

export function clusterConfig(
  properties: Properties,
  listener: { readonly host: string; readonly secure: boolean },
): ClusterConfig {
  const { advertised, ...values } = valuesOf(CLUSTER, properties);
  const { users, peer = users[0] } = valuesOf(LOGIN, properties);
  const everywhere = ['0.0.0.0', '::', ''].includes(listener.host);
  return {
    advertised:
      advertised === undefined
        ? { host: everywhere ? hostname() : listener.host, port: undefined }
        : {
            host: advertised.hostname.replace(/^\[|\]$/g, ''),
            port: advertised.port === '' ? undefined : Number(advertised.port),
          },
    secure: advertised === undefined ? listener.secure : advertised.protocol === 'https:',
    auth: peer === undefined ? undefined : `${peer.name}:${peer.password}`,
    heartbeat: values.heartbeat
      ? { intervalMs: values.heartbeatIntervalMs, windowMs: values.heartbeatWindowMs }
      : undefined,
    lagIntervalMs: values.lagReporting ? values.lagIntervalMs : undefined,
    timeoutMs: values.timeoutMs,
  };
}
