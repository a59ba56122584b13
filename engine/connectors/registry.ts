import type { ConnectorSpec } from './connector.js';
import { fileSink } from './file-sink/index.js';
import { fileSource } from './file-source/index.js';
import { postgresSink } from './postgres-sink/index.js';
import { postgresSource } from './postgres-source/index.js';

/** Every kind of connector that Weir runs itself. All other classes are Kafka Connect's. */
export const CONNECTORS: readonly ConnectorSpec[] = [fileSink, fileSource, postgresSink, postgresSource];

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/**
 * The kind that `connector.class` names, in any case; undefined: it is none of Weir's own. Under a name of Kafka Connect's it is one where it
 * takes the whole configuration.
 */
export function connectorNamed(name: string, config: Readonly<Record<string, string>> = {}): ConnectorSpec | undefined {
  const wanted = name.trim();
  return CONNECTORS.find(
    (c) => same(c.name, wanted) || (c.aliases?.some((a) => same(a, wanted)) && (c.takes?.(config) ?? true)),
  );
}
