import { WeirError } from '../base/errors.js';
import { groupName, sourcesOf, storesOf } from '../dataflow/names.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { Placement } from '../log/log.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import type { Topology } from '../plan/topology.js';
import type { QueryHandle } from './query-handle.js';

/** How far a store on this node is behind its changelog. */
export interface StoreLag {
  readonly store: string;
  readonly partition: number;
  readonly current: number;
  readonly end: number;
}

/** A query's tasks over the nodes of its group. */
export interface QueryPlacement {
  readonly group: string;
  readonly placement: Placement | undefined;
  /** The stores behind each topic. */
  readonly stores: ReadonlyMap<string, readonly string[]>;
  /** Of the copies that this node keeps. */
  readonly lags: readonly StoreLag[];
}

export function placementOf(services: RuntimeServices, runner: QueryHandle): QueryPlacement {
  const { queryId, topology, placement } = runner;
  const { serviceId } = services;
  const stores = new Map<string, readonly string[]>();
  for (const sub of topology.subtopologies) {
    for (const topic of sourcesOf(sub, serviceId, queryId)) {
      stores.set(topic, [...(stores.get(topic) ?? []), ...storesOf(sub)]);
    }
  }
  return {
    group: groupName(serviceId, queryId),
    placement,
    stores,
    lags: runner
      .standbys()
      .flatMap(({ partition, stores: list }) =>
        list.map(({ store, at, end }) => ({ store, partition, current: at, end })),
      ),
  };
}

/** @throws NOT_READY where the query of this node keeps the table otherwise than the one that asks knows */
export function checkSameTable(topology: Topology, read: TableReadPlan): void {
  const nodes = topology.subtopologies.find((s) => s.id === read.subtopology)?.nodes ?? [];
  const same = [read.node, ...read.steps].every((wanted) => {
    const own = nodes.find((n) => n.id === wanted.id);
    return own !== undefined && JSON.stringify(own) === JSON.stringify(wanted);
  });
  if (!same) throw new WeirError('NOT_READY', `Query ${read.queryId} is being replaced`);
}
