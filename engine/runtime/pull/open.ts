import { WeirError } from '../../types/errors.js';
import type { PullNode } from '../../types/pull-plan.js';
import type { RuntimeServices } from '../services.js';
import type { PullReader, RowBatches, TableRows } from './rows.js';

/** What the operators of a pull query are built with. */
export interface PullParts {
  readonly services: RuntimeServices;
  readonly tables: TableRows;
  readonly reader: PullReader;
}

/** The rows of a node. All tables are opened before the first row is read. */
export async function openNode(node: PullNode, parts: PullParts): Promise<RowBatches> {
  switch (node.kind) {
    case 'table':
      return parts.tables.open(node.read, parts.reader);
    default:
      throw new WeirError('INTERNAL', `No ${node.kind} in a pull query yet`);
  }
}
