import type { PullNode } from '../plan/pull-plan.js';
import type { SqlType } from '../values/sql-type.js';
import { aggregateRows } from './aggregate.js';
import { distinctRows } from './distinct.js';
import { filterRows } from './filter.js';
import { joinRows } from './join.js';
import { limitRows } from './limit.js';
import type { PullParts } from './operator-parts.js';
import { paced } from './paced.js';
import { projectRows } from './project.js';
import type { RowBatches } from './rows.js';
import { sortRows } from './sort.js';
import { streamRows } from './stream-rows.js';

/** The rows of a node. All tables are opened before the first row is read; `types`: those of the query's result. */
export async function openNode(node: PullNode, parts: PullParts, types: readonly SqlType[]): Promise<RowBatches> {
  const open = (input: PullNode): Promise<RowBatches> => openNode(input, parts, types);
  switch (node.kind) {
    case 'table':
      return paced(await parts.tables.open(node.read, parts.reader), parts.pace);
    case 'stream':
      return streamRows(parts.openStream, node.topology, parts.reader);
    case 'join':
      return paced(joinRows(await open(node.left), await open(node.right), node, parts), parts.pace);
    case 'filter':
      return filterRows(await open(node.input), node.predicate, parts);
    case 'aggregate':
      return aggregateRows(await open(node.input), node.keys, node.calls, parts);
    case 'project':
      return projectRows(await open(node.input), node.columns, parts);
    case 'distinct':
      return distinctRows(await open(node.input), types, parts.budget);
    case 'sort':
      return sortRows(await open(node.input), node.keys, node.top, parts);
    case 'limit':
      return limitRows(await open(node.input), node.offset, node.limit);
  }
}
