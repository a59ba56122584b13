import type { Example } from './example.js';

/** The examples, by the names of their folders. */
export const EXAMPLES: Readonly<Record<string, () => Promise<Example>>> = {
  'nyc-taxi-streaming': async () => (await import('./nyc-taxi-streaming/index.js')).nycTaxiStreaming,
  'nyc-tlc': async () => (await import('./nyc-tlc/index.js')).nycTlc,
  taxiflow: async () => (await import('./taxiflow/index.js')).taxiflow,
  fleet: async () => (await import('./fleet/index.js')).fleet,
  cta: async () => (await import('./cta/index.js')).cta,
};
