import type { ConnectorSpec } from './connector.js';
import { fileSink } from './file-sink/index.js';
import { fileSource } from './file-source/index.js';
import { postgresSource } from './postgres-source/index.js';

/** Every kind of connector that Weir runs itself. All other classes are Kafka Connect's. */
export const CONNECTORS: readonly ConnectorSpec[] = [fileSink, fileSource, postgresSource];

/** The kind that `connector.class` names, in any case; undefined: it is none of Weir's own. */
export function connectorNamed(name: string): ConnectorSpec | undefined {
  const wanted = name.trim().toLowerCase();
  return CONNECTORS.find((c) => [c.name, ...(c.aliases ?? [])].some((n) => n.toLowerCase() === wanted));
}
