import { join } from 'node:path';
import { HttpRegistry } from '../engine/formats/registry/http.js';
import type { SchemaRegistry } from '../engine/formats/registry/registry.js';
import { tlsFetch } from '../engine/formats/registry/tls-fetch.js';
import type { Logger } from '../engine/index.js';
import { systemClock } from '../engine/index.js';
import { tlsConfig } from '../engine/log/kafka/index.js';
import { LevelDatabase } from '../engine/stores/level-database.js';
import type { ServerConfig } from './config.js';

/** What the main thread and those beside it are both made of. */

/** State that changelogs can restore: a damaged database is set aside. */
export function restorableState({ dataDir, verifyData }: ServerConfig, name: string, logger: Logger): LevelDatabase {
  return new LevelDatabase({
    directory: join(dataDir, name),
    verify: verifyData,
    setAside: {
      suffix: () => `.damaged-${systemClock.now()}`,
      report: (movedTo, cause) =>
        logger.error(
          { err: cause, movedTo },
          'the state was damaged: it was moved away and is restored from the changelogs',
        ),
    },
  });
}

/** The schema registry of the configuration; undefined where there is none. */
export function configuredRegistry({ registry, properties }: ServerConfig): SchemaRegistry | undefined {
  if (registry === undefined) return undefined;
  const tls = tlsConfig(properties, 'ksql.schema.registry.');
  return new HttpRegistry({ ...registry, fetch: tls === undefined ? globalThis.fetch : tlsFetch(tls) });
}
