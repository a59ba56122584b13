/**
 * Kafka for tests.
 *
 * Every test that needs a broker is in the vitest project `kafka` (`test/kafka/**` and `*.kafka.test.ts`). Its global
 * set-up starts one broker for the whole run, and `describeKafka` hands its address to the tests. A test that kills or
 * restarts a broker, or configures it, starts one of its own by `startBroker`.
 *
 * - Java or Maven missing: the tests are skipped, by name and with a warning; with `WEIR_REQUIRE=kafka` (a list
 *   separated by commas or spaces) the run fails instead.
 * - `WEIR_TEST_KAFKA=host:port` uses a broker that runs already.
 */
import { randomUUID } from 'node:crypto';
import { describe, inject } from 'vitest';
import type { KafkaAddress } from '../../../testing/kafka-clients.js';

export { fetchJars, KAFKA_JARS, missingJavaTools, run } from '../../../testing/jars.js';
export {
  type Broker,
  type BrokerOptions,
  freePorts,
  startBroker,
  startCluster,
} from '../../../testing/kafka-broker.js';
export {
  type ConsumedRecord,
  consoleConsume,
  consoleProduce,
  type KafkaAddress,
  kcatConsume,
  kcatProduce,
  missingKcat,
  NULL_MARKER,
} from '../../../testing/kafka-clients.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The broker of this run, or why there is none. */
    kafka: KafkaAddress | { readonly missing: string };
  }
}

/** Whether `WEIR_REQUIRE` names a component, so that a test of it must not be skipped. */
export function isRequired(component: string): boolean {
  return (process.env.WEIR_REQUIRE ?? '').split(/[\s,]+/).includes(component);
}

/** The broker shared by this test run. @throws Error when there is none */
export function requireKafka(): KafkaAddress {
  const kafka = inject('kafka');
  if (kafka === undefined) throw new Error('No broker: is this file in the vitest project "kafka"?');
  if ('missing' in kafka) throw new Error(`No broker: ${kafka.missing}`);
  return kafka;
}

/**
 * `describe` with the shared broker, or a loud skip where there is none.
 * @example describeKafka('the log on Kafka', (kafka) => { test('…', async () => { … kafka.bootstrap … }) })
 */
export function describeKafka(name: string, body: (kafka: KafkaAddress) => void): void {
  const kafka = inject('kafka');
  if (kafka !== undefined && 'missing' in kafka && !isRequired('kafka')) {
    console.warn(`SKIPPED: ${name}: ${kafka.missing}`);
    describe.skip(`${name} (skipped: ${kafka.missing})`, () => body({ bootstrap: '127.0.0.1:0', libs: '' }));
    return;
  }
  const address = requireKafka();
  describe(name, () => body(address));
}

/** A name for a topic or group that no other test uses: the broker is shared. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}
