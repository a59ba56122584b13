import type { ConnectionOptions } from 'node:tls';
import { type Logger, silentLogger } from '../../base/logger.js';
import type { WriterOptions } from '../log.js';

export type Compression = NonNullable<WriterOptions['compression']>;

/** Codecs by their number in a batch's attributes. */
export const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

export type Sasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'oauthbearer'; readonly oauthBearerProvider: () => Promise<{ value: string }> };

/** How to reach a Kafka cluster (2.5 or newer) and how patient to be. Times are in milliseconds. */
export interface KafkaOptions {
  /** `host:port`, any of the cluster's brokers. */
  readonly brokers: readonly string[];
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: Sasl;
  /** Of the TCP and TLS handshake. Default 5,000. */
  readonly connectionTimeoutMs?: number;
  /** Of one request. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** How long a request, or a batch, may be retried before it fails. Default 60,000. */
  readonly deliveryTimeoutMs?: number;
  /** How long to wait for a topic that the cluster does not know: metadata spreads slowly. Default 5,000. */
  readonly topicTimeoutMs?: number;
  /** A member that is silent for so long is out of its group. Default 10,000: a node that was killed is back within that time. */
  readonly sessionTimeoutMs?: number;
  /** Default 3,000, at most a third of the session timeout. */
  readonly heartbeatIntervalMs?: number;
  /** What `MemberHandler.revoked` may take. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** A transaction that is open for longer is aborted by the broker. Default 60,000. */
  readonly transactionTimeoutMs?: number;
  /** How long a fetch at the end of a partition waits at the broker. Default 100. */
  readonly fetchMaxWaitMs?: number;
  /** Bytes that a fetch waits for, within `fetchMaxWaitMs`. Default 1. */
  readonly fetchMinBytes?: number;
  /** Bytes fetched ahead of `poll`, over all partitions of a reader that asks for nothing else. Default 16 MiB. */
  readonly fetchMaxBytes?: number;
  /** Bytes of one partition in one fetch. Default 1 MiB. */
  readonly partitionMaxBytes?: number;
  /** How old metadata may grow: by then a group notices new partitions and topics. Default 30,000. */
  readonly metadataMaxAgeMs?: number;
  /** Compare the checksum of each fetched batch. Default true. */
  readonly checkCrcs?: boolean;
  /** Of batches, where a writer asks for nothing else. Default none. */
  readonly compression?: Compression;
}

export type KafkaConfig = Required<Omit<KafkaOptions, 'sasl'>> &
  Pick<KafkaOptions, 'sasl'> & {
    readonly logger: Logger;
  };

export function withDefaults(options: KafkaOptions, logger: Logger = silentLogger): KafkaConfig {
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 10_000;
  return {
    ssl: false,
    logger,
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 30_000,
    deliveryTimeoutMs: 60_000,
    topicTimeoutMs: 5_000,
    rebalanceTimeoutMs: 60_000,
    transactionTimeoutMs: 60_000,
    fetchMaxWaitMs: 100,
    fetchMinBytes: 1,
    fetchMaxBytes: 16 * 1024 * 1024,
    partitionMaxBytes: 1024 * 1024,
    metadataMaxAgeMs: 30_000,
    checkCrcs: true,
    compression: 'none',
    ...options,
    sessionTimeoutMs,
    heartbeatIntervalMs: Math.min(options.heartbeatIntervalMs ?? 3_000, Math.floor(sessionTimeoutMs / 3)),
  };
}
