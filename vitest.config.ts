import { defineConfig } from 'vitest/config';

/** What needs a real Kafka broker; one is started for the run when any of these files is to run. */
const kafkaTests = ['test/kafka/**/*.test.ts', 'test/**/*.kafka.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: kafkaTests },
      },
      {
        extends: true,
        test: {
          name: 'kafka',
          include: kafkaTests,
          testTimeout: 180_000,
          globalSetup: ['test/kafka/support/global-setup.ts'],
        },
      },
    ],
  },
});
