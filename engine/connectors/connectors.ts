import type { ConnectorDef } from '../catalog/index.js';

/** What the connectors of one node are to whoever makes statements and starts the engine. `manager.ts` is it. */
export interface Connectors {
  /** Begins it, or takes it to a new definition. A paused one is only known. Never rejects for what the other side says. */
  start(def: ConnectorDef): Promise<void>;
  /** Stops it and forgets it; its position is gone, as is what it kept on the other side (told in the log if that fails). */
  drop(name: string): Promise<void>;
  /** Stops its tasks in order: what has been read is written, and where it goes on is committed. */
  pause(name: string): Promise<void>;
  /** Goes on; also one that has FAILED. `from`: where to go on in partitions that no longer have the records which would come next. */
  resume(name: string, from?: 'earliest' | 'latest'): Promise<void>;
  /** As it is on this node; undefined: there is none of this name. */
  status(name: string): ConnectorStatus | undefined;
  /** Ends all of them in order. */
  close(): Promise<void>;
}

/** Where nobody runs connectors: they are known, and do nothing. */
export const noConnectors: Connectors = {
  start: async () => {},
  drop: async () => {},
  pause: async () => {},
  resume: async () => {},
  status: () => undefined,
  close: async () => {},
};

export type ConnectorState = 'STARTING' | 'RUNNING' | 'PAUSED' | 'RETRYING' | 'FAILED' | 'ENDED';

/** How a connector is on one node. */
export interface ConnectorStatus {
  /** The worst of its tasks: FAILED before RETRYING before STARTING before RUNNING; ENDED: all there is has been read. */
  readonly state: ConnectorState;
  readonly tasks: readonly ConnectorTaskStatus[];
  /** Why it has no tasks, with a hint; undefined: all is well, or the tasks say it. */
  readonly error: string | undefined;
  /** Rows written to the other side, or into Weir's topics, since it was started here. */
  readonly rows: number;
  readonly deadLetters: number;
  /** Bad records left out, as `errors.tolerance=all` says. */
  readonly skipped: number;
  readonly retries: number;
}

export interface ConnectorTaskStatus {
  /** Number of the partition that it reads; 0 of a source. */
  readonly id: number;
  /** What it reads: a partition of a topic; undefined of a source. */
  readonly reads: { readonly topic: string; readonly partition: number } | undefined;
  readonly state: ConnectorState;
  /** The last error, with its hint; undefined while all is well. */
  readonly error: string | undefined;
  readonly lag: { readonly amount: number; readonly unit: 'records' | 'bytes' | 'ms' } | undefined;
}
