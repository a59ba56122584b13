import type { Logger } from '../base/logger.js';
import type { Catalog, ConnectorDef, QueryDef } from '../catalog/index.js';
import type { Connectors } from '../connectors/connectors.js';
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
      readonly connectors: Connectors;
      readonly settings: Settings;
      readonly logger: Logger;
      readonly catalog: () => Catalog;
    },
  ) {}

  /** Resolves when what was asked for so far is done. */
  settled(): Promise<void> {
    return this.work;
  }

  /** Makes the running queries and connectors those of the catalog. */
  reconcile(applied: Applied): void {
    const { command, before, after } = applied;
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
    this.reconcileConnectors(applied);
  }

  /** Makes the running connectors those of the catalog. */
  private reconcileConnectors({ command, before, after }: Applied): void {
    const { connectors } = this.deps;
    for (const { name, id } of before.connectors.values()) {
      if (after.connectors.get(name)?.id !== id) this.afterwards(name, () => connectors.drop(name));
    }
    for (const connector of after.connectors.values()) {
      const was = before.connectors.get(connector.name);
      const { name } = connector;
      if (was?.id !== connector.id || was.config !== connector.config) this.startConnector(connector);
      else if (command.kind === 'resumeConnector' && command.name === name) {
        // Also where it was not paused: one that has failed is started anew.
        this.afterwards(name, () => connectors.resume(name, command.from));
      } else if (was.state !== connector.state) this.afterwards(name, () => connectors.pause(name));
    }
  }

  startConnector(connector: ConnectorDef): void {
    this.afterwards(connector.name, () => this.deps.connectors.start(connector));
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

  private afterwards(id: string, work: () => Promise<unknown>): void {
    this.work = this.work
      .then(work)
      .then(() => undefined)
      .catch((e: unknown) =>
        this.deps.logger.error({ err: e, id }, 'a query or connector could not be started or stopped'),
      );
  }
}
