import { TopologyDriver } from '../../engine/dataflow/topology-driver.js';
import type { Topology } from '../../engine/plan/topology.js';
import { Session } from '../analyzer/support.js';
import type { LoggedRecord } from '../runtime/fake-log.js';
import { bytes, codecServices, show } from '../runtime/support.js';

/** The topology of the last statement of a script. */
export const topologyOf = (sql: string): Topology => new Session().run(sql).at(-1)!.plan!.topology;

export const STREAMS = `
  CREATE STREAM l (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
  CREATE STREAM r (k STRING KEY, w INT) WITH (KAFKA_TOPIC='right', FORMAT='JSON', PARTITIONS=1);`;

export const TABLES = `
  CREATE TABLE l (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
  CREATE TABLE r (k STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='right', FORMAT='JSON', PARTITIONS=1);`;

/** An input record: of the left topic (V) or the right one (W); `v` null: no value. */
export interface Event {
  readonly left: boolean;
  readonly k: string | null;
  readonly v: number | null;
  readonly ts: number;
}

export const logged = (e: Event): LoggedRecord => ({
  key: bytes(e.k),
  value: e.v === null ? null : bytes(e.left ? { V: e.v } : { W: e.v }),
  timestamp: e.ts,
});

/** Feeds one record after the other. */
export class Feed {
  readonly driver: TopologyDriver;

  constructor(sql: string, properties: Record<string, string> = {}) {
    this.driver = new TopologyDriver(topologyOf(sql), codecServices, properties);
  }

  record(topic: string, key: unknown, value: unknown, ts: number): string[] {
    this.driver.pipe({ topic, key: bytes(key), value: bytes(value), timestamp: ts });
    return this.driver.take().map((r) => show(r));
  }

  event(e: Event): string[] {
    this.driver.pipe({ topic: e.left ? 'left' : 'right', ...logged(e) });
    return this.driver.take().map((r) => show(r));
  }

  left(k: string | null, v: number | null, ts = 0): string[] {
    return this.event({ left: true, k, v, ts });
  }

  right(k: string | null, v: number | null, ts = 0): string[] {
    return this.event({ left: false, k, v, ts });
  }
}

/** The latest value of each key, what was deleted left out. */
export function latest(records: readonly LoggedRecord[]): Record<string, string> {
  const out = new Map<string, string>();
  for (const r of records) {
    const [key, value] = show(r)
      .replace(/ \(\d+\)$/, '')
      .split(' -> ') as [string, string];
    if (r.value === null) out.delete(key);
    else out.set(key, value);
  }
  return Object.fromEntries([...out].sort());
}

export const JOIN_TYPES = ['INNER', 'LEFT', 'RIGHT', 'FULL OUTER'] as const;
export type JoinWord = (typeof JOIN_TYPES)[number];

export const keepsLeft = (type: JoinWord): boolean => type === 'LEFT' || type === 'FULL OUTER';
export const keepsRight = (type: JoinWord): boolean => type === 'RIGHT' || type === 'FULL OUTER';
