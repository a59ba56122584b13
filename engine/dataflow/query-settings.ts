import { WeirError } from '../base/errors.js';
import type { Properties } from '../base/properties.js';

/** What a query's properties say to the runtime, under ksqlDB's names (with or without `ksql.streams.`). */
export interface QuerySettings {
  /** Where to start when the group has no offset yet. */
  readonly offsetReset: 'earliest' | 'latest';
  readonly exactlyOnce: boolean;
  /** At least this long between two commits of a task that has work. */
  readonly commitIntervalMs: number;
  /** False: each update of an aggregate is emitted. */
  readonly cached: boolean;
  /** How long a task waits for inputs of which nothing is on the log; -1: it does not wait for what is there, either. */
  readonly maxTaskIdleMs: number;
  /** Uncommitted bytes of a task that force a commit. */
  readonly maxDirtyBytes: number;
  /** Of what the query writes; undefined: as the log is configured. */
  readonly compression: (typeof COMPRESSIONS)[number] | undefined;
  /** Where records go that could not be decoded; null: nowhere. */
  readonly deadLetterTopic: string | null;
  /** Records on which an expression failed go there too. */
  readonly deadLetterEvaluation: boolean;
  /** Where records go that came after their window's grace; null: nowhere. */
  readonly lateTopic: string | null;
  /** Threads of this node that run it: with more than one, none of them is the main one. */
  readonly threads: number;
  /** Nodes beside the owner that keep a copy of each task's state. */
  readonly standbyReplicas: number;
  /** How long the state of a task is kept that has moved to another node. */
  readonly stateCleanupDelayMs: number;
}

const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const COMMIT_INTERVAL_MS = 500;
const CLEANUP_DELAY_MS = 600_000;
const DIRTY_BYTES = 16 * 1024 * 1024;
const MAX_THREADS = 64;
const MIB = 1024 * 1024;

/** Throws BAD_STATEMENT for a value that a setting cannot have. */
export function querySettings(properties: Properties, offsetReset: 'earliest' | 'latest'): QuerySettings {
  const cache = numberOf(properties, 'cache.max.bytes.buffering');
  return {
    offsetReset: choice(properties, 'auto.offset.reset', ['earliest', 'latest'] as const) ?? offsetReset,
    exactlyOnce:
      choice(properties, 'processing.guarantee', [
        'exactly_once_v2',
        'exactly_once',
        'exactly_once_beta',
        'at_least_once',
      ] as const) !== 'at_least_once',
    commitIntervalMs: numberOf(properties, 'commit.interval.ms') ?? COMMIT_INTERVAL_MS,
    cached: cache !== 0,
    maxTaskIdleMs: numberOf(properties, 'max.task.idle.ms', -1) ?? 0,
    maxDirtyBytes: cache === undefined || cache === 0 ? DIRTY_BYTES : Math.min(Math.max(cache, MIB), 64 * MIB),
    compression:
      choice(properties, 'producer.compression.type', COMPRESSIONS) ??
      choice(properties, 'compression.type', COMPRESSIONS),
    deadLetterTopic: lookUp(properties, 'weir.errors.deadletter.topic.name') || null,
    deadLetterEvaluation: choice(properties, 'weir.errors.deadletter.evaluation', ['true', 'false']) === 'true',
    lateTopic: lookUp(properties, 'weir.errors.late.topic.name') || null,
    threads: Math.min(Math.max(numberOf(properties, 'num.stream.threads') ?? 1, 1), MAX_THREADS),
    standbyReplicas: numberOf(properties, 'num.standby.replicas') ?? 0,
    stateCleanupDelayMs: numberOf(properties, 'state.cleanup.delay.ms') ?? CLEANUP_DELAY_MS,
  };
}

/** The value of a setting under its plain name or with the prefix. */
export function lookUp(properties: Properties, name: string): string | undefined {
  const v = properties[name] ?? properties[`ksql.streams.${name}`];
  return v === undefined ? undefined : String(v);
}

function choice<T extends string>(properties: Properties, name: string, values: readonly T[]): T | undefined {
  const text = lookUp(properties, name)?.toLowerCase();
  if (text === undefined) return undefined;
  const found = values.find((v) => v === text);
  if (found === undefined) {
    throw new WeirError(
      'BAD_STATEMENT',
      `Invalid value ${text} for configuration ${name}`,
      `One of: ${values.join(', ')}.`,
    );
  }
  return found;
}

function numberOf(properties: Properties, name: string, least = 0): number | undefined {
  const text = lookUp(properties, name);
  if (text === undefined) return undefined;
  const n = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(n) || n < least) {
    throw new WeirError(
      'BAD_STATEMENT',
      `Invalid value ${text} for configuration ${name}`,
      `A whole number from ${least} on.`,
    );
  }
  return n;
}
