import { WeirError } from '../types/errors.js';
import type { Topology, TopologyNode } from '../types/topology.js';

/** Steps that can be planned but that no operator executes yet, and what users call them. */
const PLANNED_ONLY: Partial<Record<TopologyNode['kind'], string>> = {
  foreignKeySend: 'A foreign-key JOIN',
};

/** Throws NOT_SUPPORTED, naming it, where a query needs what the runtime does not have. */
export function checkExecutable(topology: Topology): void {
  for (const { nodes } of topology.subtopologies) {
    for (const node of nodes) {
      const what = PLANNED_ONLY[node.kind];
      if (what !== undefined) throw new WeirError('NOT_SUPPORTED', `${what} is not supported yet.`);
    }
  }
}
