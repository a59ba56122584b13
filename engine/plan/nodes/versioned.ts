import type { FilterNode, ProjectNode } from './rows.js';

/**
 * A step whose store keeps the rows of a query's table. CREATE OR REPLACE makes the next version of a query; what was stored
 * by a version before is in the table as that version has put it there, until it changes.
 */
export interface Versioned {
  /** The steps without state (filter, project) behind this one, for each version before, oldest first. Default: none. */
  readonly former?: readonly (readonly FormerStep[])[];
}

export type FormerStep = FilterNode | ProjectNode;
