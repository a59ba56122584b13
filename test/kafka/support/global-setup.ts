import type { TestProject } from 'vitest/node';
import { fetchJars, isRequired, KAFKA_JARS, missingJavaTools, startBroker } from './broker.js';

/** Starts the one broker of a test run and provides its address; vitest calls it only when a Kafka test is to run. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = missingJavaTools();
  if (missing.length > 0) {
    const why = `${missing.join(' and ')} not found on the PATH`;
    if (isRequired('kafka')) throw new Error(`WEIR_REQUIRE asks for kafka, but ${why}`);
    project.provide('kafka', { missing: why });
    console.warn(`No Kafka broker for this run: ${why}. The tests that need it are SKIPPED.`);
    return undefined;
  }
  const running = process.env.WEIR_TEST_KAFKA;
  if (running !== undefined && running !== '') {
    project.provide('kafka', { bootstrap: running, libs: await fetchJars(KAFKA_JARS) });
    return undefined;
  }
  const broker = await startBroker();
  project.provide('kafka', { bootstrap: broker.bootstrap, libs: broker.libs });
  return () => broker.stop();
}
