import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import type { Clock, EngineApi } from '../../engine/index.js';
import type { ClusterNode } from '../cluster.js';
import type { ServerConfig } from '../config.js';
import type { SilenceWatch } from '../push/silence.js';

export interface AppOptions {
  readonly engine: EngineApi;
  readonly clock: Clock;
  readonly config: ServerConfig;
  readonly logger: FastifyBaseLogger;
  readonly metrics: Registry;
  /** Weir's own version. */
  readonly version: string;
  /** This node among those of its service; left out: there are no others. */
  readonly cluster?: ClusterNode | undefined;
}

/** What endpoints are given. */
export interface RouteContext extends AppOptions {
  readonly silences: SilenceWatch;
  /** All endpoints, for those who read. */
  openApi(): Promise<object>;
}

declare module 'fastify' {
  /** What fastify knows of an endpoint; of a path without one, nothing. */
  interface FastifyContextConfig {
    /** Whoever may connect may ask. */
    open?: boolean;
    /** The body goes on as long as its client likes. */
    endlessBody?: boolean;
  }
}
