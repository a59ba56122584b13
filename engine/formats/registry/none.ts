import { WeirError } from '../../base/errors.js';
import type { SchemaRegistry } from './registry.js';

/** Stands where no registry is configured: every question is refused with what to set. */
export const noRegistry: SchemaRegistry = {
  known: () => undefined,
  register: async () => refuse(),
  latest: async () => refuse(),
  has: async () => refuse(),
  fetch: async () => refuse(),
};

function refuse(): never {
  throw new WeirError(
    'NO_SCHEMA_REGISTRY',
    'AVRO, JSON_SR and PROTOBUF keep their schemas in a schema registry, and none is configured.',
    'Set ksql.schema.registry.url, or use JSON, DELIMITED, KAFKA or PROTOBUF_NOSR.',
  );
}
