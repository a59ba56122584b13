export type { KafkaOptions, Sasl } from './config.js';
export { KafkaError } from './errors.js';
export { KafkaLog } from './kafka-log.js';
export { kafkaConfig, tlsConfig } from './properties.js';
