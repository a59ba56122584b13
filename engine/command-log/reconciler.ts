import type { Logger } from '../base/logger.js';
import type { Catalog, QueryDef } from '../catalog/index.js';
import type { Runtime } from '../runtime.js';
import type { Settings } from '../settings.js';
import { settingsOf } from '../statements/settings-in-force.js';
import type { Applied } from './command-log.js';

/** Starts and stops persistent queries as the catalog's commands say, in their order. */
export class Reconciler {
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: {
      readonly runtime: Runtime;
      readonly settings: Settings;
      readonly logger: Logger;
      readonly catalog: () => Catalog;
    },
  ) {}

  /** Resolves when what was asked for so far is done. */
  settled(): Promise<void> {
    return this.work;
  }

  /** Makes the running queries those of the catalog. */
  reconcile({ command, before, after }: Applied): void {
    for (const id of before.queries.keys()) {
      if (!after.queries.has(id)) this.afterwards(id, () => this.deps.runtime.dropQuery(id));
    }
    for (const query of after.queries.values()) {
      const was = before.queries.get(query.id);
      if (was === undefined) this.startQuery(query);
      else if (was.topology !== query.topology) this.startQuery(query, true);
      else if (command.kind === 'resume') {
        // Also where it was not paused: a query in ERROR is started anew.
        if ((command.queryId ?? query.id) === query.id) {
          this.afterwards(query.id, () => this.deps.runtime.resumeQuery(query.id, command.from));
        }
      } else if (was.state !== query.state) this.afterwards(query.id, () => this.deps.runtime.pauseQuery(query.id));
    }
  }

  /** `replaces`: the query runs already, with another topology. */
  startQuery(query: QueryDef, replaces = false): void {
    const { runtime } = this.deps;
    this.afterwards(query.id, () =>
      runtime[replaces ? 'replaceQuery' : 'startQuery']({
        queryId: query.id,
        topology: query.topology,
        properties: settingsOf(
          this.deps.settings,
          this.deps.catalog(),
          new Map(Object.entries(query.properties)),
        ).overrides(),
        paused: query.state === 'PAUSED',
      }),
    );
  }

  private afterwards(queryId: string, work: () => Promise<unknown>): void {
    this.work = this.work
      .then(work)
      .then(() => undefined)
      .catch((e: unknown) => this.deps.logger.error({ err: e, queryId }, 'a query could not be started or stopped'));
  }
}
