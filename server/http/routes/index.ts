import type { Endpoint } from '../endpoint.js';
import { ADMIN } from './admin.js';
import { CLUSTER } from './cluster.js';
import { DEPLOYMENTS } from './deployments.js';
import { INGEST } from './ingest.js';
import { INSERTS } from './inserts.js';
import { KSQL } from './ksql.js';
import { METRICS } from './metrics.js';
import { OPEN_API } from './openapi.js';
import { PEERS } from './peers.js';
import { QUERY } from './query.js';
import { RESOURCE_ENDPOINTS } from './resources.js';
import { REST_PROXY } from './rest-proxy.js';
import { SSE } from './sse.js';
import { TOPICS } from './topics.js';
import { WEB_SOCKETS } from './web-sockets.js';

/** All that the server answers. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...OPEN_API,
  ...ADMIN,
  ...KSQL,
  ...QUERY,
  ...SSE,
  ...WEB_SOCKETS,
  ...TOPICS,
  ...REST_PROXY,
  ...INSERTS,
  ...INGEST,
  ...RESOURCE_ENDPOINTS,
  ...CLUSTER,
  ...PEERS,
  ...DEPLOYMENTS,
  ...METRICS,
];
