import { afterAll, beforeAll, describe } from 'vitest';
import { describeKafka } from '../kafka/support/broker.js';
import { type Registry, registryMissing, startRegistry } from '../kafka/support/registry.js';
import { restProxySuite } from './rest-proxy.suite.js';

const missing = await registryMissing();
if (missing !== undefined) console.warn(`SKIPPED: the REST Proxy with a real schema registry: ${missing}`);

describeKafka('on a broker', (kafka) => {
  describe.skipIf(missing !== undefined)(
    `with Apicurio${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    () => {
      let registry: Registry;
      beforeAll(async () => {
        registry = await startRegistry();
      }, 120_000);
      afterAll(() => registry?.stop());
      restProxySuite('the REST Proxy on Kafka', () => ({
        'bootstrap.servers': kafka.bootstrap,
        'ksql.schema.registry.url': registry.url,
      }));
    },
  );
});
