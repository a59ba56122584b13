import type { SourceNode } from '../plan/topology.js';
import type { DataSource } from './catalog.js';

/** Where the event time of its rows comes from; null: it is the record's. */
export function timestampOf(source: DataSource): SourceNode['timestamp'] {
  if (source.timestamp === null) return null;
  const { column, format } = source.timestamp;
  const value = source.schema.value.findIndex((c) => c.name === column);
  if (value >= 0) return { from: 'value', index: value, format };
  return { from: 'key', index: source.schema.key.findIndex((c) => c.name === column), format };
}
