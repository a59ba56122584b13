import type { Properties } from '../base/properties.js';
import { type SettingValues, valuesOf } from '../base/setting.js';
import { QUERY } from '../settings.js';

/** What a query's properties say to who runs it, and what follows from that. */
export interface QuerySettings extends SettingValues<typeof QUERY> {
  readonly exactlyOnce: boolean;
  /** False: each update of an aggregate is emitted. */
  readonly cached: boolean;
  /** Uncommitted bytes of a task that force a commit. */
  readonly maxDirtyBytes: number;
}

const MAX_THREADS = 64;
const MIB = 1024 * 1024;

/** @throws BAD_REQUEST for a value that a setting cannot have */
export function querySettings(properties: Properties): QuerySettings {
  const values = valuesOf(QUERY, properties);
  const cached = values.cacheBytes !== 0;
  // Without a cache there is as much to commit as with the usual one.
  const held = cached ? values.cacheBytes : QUERY.cacheBytes.of({});
  return {
    ...values,
    exactlyOnce: values.guarantee !== 'at_least_once',
    cached,
    maxDirtyBytes: Math.min(Math.max(held, MIB), 64 * MIB),
    threads: Math.min(Math.max(values.threads, 1), MAX_THREADS),
  };
}
