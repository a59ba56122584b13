import type { ConnectionOptions } from 'node:tls';
import { type Logger, silentLogger } from '../../base/logger.js';
import { type SettingValues, valuesOf } from '../../base/setting.js';
import type { WriterOptions } from '../log.js';
import { CLIENT, CONSUMER, PRODUCER } from './client-settings.js';

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

/** What settings of clients say. */
type Tuning = SettingValues<typeof CLIENT> & SettingValues<typeof CONSUMER> & SettingValues<typeof PRODUCER>;

/** How to reach a Kafka cluster (2.5 or newer) and how patient to be. Times are in milliseconds. */
export interface KafkaOptions extends Partial<Tuning> {
  /** `host:port`, any of the cluster's brokers. */
  readonly brokers: readonly string[];
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: Sasl;
  /** How long to wait for a topic that the cluster does not know: metadata spreads slowly. Default 5,000. */
  readonly topicTimeoutMs?: number;
}

export type KafkaConfig = Required<Omit<KafkaOptions, 'sasl'>> &
  Pick<KafkaOptions, 'sasl'> & {
    readonly logger: Logger;
  };

export function withDefaults(options: KafkaOptions, logger: Logger = silentLogger): KafkaConfig {
  const config = {
    ssl: false,
    logger,
    topicTimeoutMs: 5_000,
    ...valuesOf({ ...CLIENT, ...CONSUMER, ...PRODUCER }, {}),
    ...options,
  };
  return {
    ...config,
    heartbeatIntervalMs: Math.min(config.heartbeatIntervalMs, Math.floor(config.sessionTimeoutMs / 3)),
  };
}
