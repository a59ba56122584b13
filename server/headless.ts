import { type EngineApi, WeirError } from '../engine/index.js';

/**
 * The engine as clients of a headless server have it (`weir.headless`): what runs is what was deployed from files, and the
 * API reads only. Queries, SHOW, DESCRIBE, EXPLAIN, health and metrics are served; what would change anything is refused
 * with FORBIDDEN.
 */
export function headless(engine: EngineApi): EngineApi {
  const refuse = async (): Promise<never> => {
    throw new WeirError(
      'FORBIDDEN',
      'The server is headless: it runs what was deployed from files, and takes no changes over its API.',
      'Change the files of ksql.queries.file, or set weir.headless=false.',
    );
  };
  const reading: Partial<EngineApi> = {
    execute: (sql, context) => engine.execute(sql, { ...context, readOnly: true }),
    deploy: refuse,
    openInserts: refuse,
    terminateCluster: refuse,
    produce: refuse,
    ingest: refuse,
    producePlaced: refuse,
    registerSchema: refuse,
  };
  return new Proxy(engine, {
    get(target, name) {
      const own = reading[name as keyof EngineApi];
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
