import { afterAll, beforeAll, describe } from 'vitest';
import { postgresMissing } from '../../testing/postgres.js';
import { describeWith } from '../connectors/support/require.js';
import { describeKafka } from '../kafka/support/broker.js';
import { type Registry, registryMissing, startRegistry } from '../kafka/support/registry.js';
import { ctaSuite } from './cta.suite.js';

const missing = await registryMissing();
if (missing !== undefined) console.warn(`SKIPPED: CTA with a real schema registry: ${missing}`);

describeKafka('on a broker', (kafka) => {
  describe.skipIf(missing !== undefined)(
    `with Apicurio${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    () => {
      let registry: Registry;
      beforeAll(async () => {
        registry = await startRegistry();
      }, 120_000);
      afterAll(() => registry?.stop());
      describeWith('postgres', postgresMissing(), 'CTA with PostgreSQL', () => {
        ctaSuite('on Kafka', () => ({ kafka: kafka.bootstrap, registry: registry.url }));
      });
    },
  );
});
