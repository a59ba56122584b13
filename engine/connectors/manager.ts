import { SteadyClock } from '../base/steady-clock.js';
import type { ConnectorDef } from '../catalog/index.js';
import type { ResumeFrom } from '../persistent/lost-positions.js';
import type { ConnectorStatus, Connectors } from './connectors.js';
import { connectorNamed } from './registry.js';
import { ConnectorRunner } from './runner.js';
import type { ConnectorServices } from './services.js';

/** The connectors of one node. */
export class ConnectorManager implements Connectors {
  private readonly runners = new Map<string, ConnectorRunner>();
  private readonly services: ConnectorServices;

  /** `kinds` finds the kind that `connector.class` names. */
  constructor(
    services: ConnectorServices,
    private readonly kinds: typeof connectorNamed = connectorNamed,
  ) {
    this.services = { ...services, clock: new SteadyClock(services.clock) };
  }

  async start(def: ConnectorDef): Promise<void> {
    await this.runners.get(def.name)?.stop();
    const spec = this.kinds(def.config['connector.class'] ?? '', def.config);
    if (spec === undefined) {
      // A later version of Weir may have made it.
      this.services.logger.error(
        { connector: def.name, class: def.config['connector.class'] },
        'no such kind of connector',
      );
      return;
    }
    const runner = new ConnectorRunner(this.services, def, spec);
    this.runners.set(def.name, runner);
    if (def.state === 'RUNNING') runner.start();
  }

  async drop(name: string): Promise<void> {
    const runner = this.runners.get(name);
    this.runners.delete(name);
    await runner?.drop();
  }

  async pause(name: string): Promise<void> {
    await this.runners.get(name)?.stop(true);
  }

  async resume(name: string, from?: ResumeFrom): Promise<void> {
    const runner = this.runners.get(name);
    if (runner === undefined || (runner.status().state === 'RUNNING' && from === undefined)) return;
    await runner.stop();
    runner.start(from);
  }

  status(name: string): ConnectorStatus | undefined {
    return this.runners.get(name)?.status();
  }

  /** Ends all tasks in order. */
  async close(): Promise<void> {
    const runners = [...this.runners.values()];
    this.runners.clear();
    await Promise.all(runners.map((r) => r.stop()));
  }
}
