import type { Entity } from './entities.js';

/** A text of statements; `name` is its file. */
export interface Script {
  readonly name: string;
  readonly sql: string;
}

/**
 * What becomes of a statement of the deployed files, or of what is there and in no file:
 * `unchanged`: it has been applied; `create`, `replace`, `run`: it is applied; `refused`: it cannot be; `extra`: it is in
 * no file and stays; `drop`: it is in no file and goes.
 */
export type DeployAction = 'unchanged' | 'create' | 'replace' | 'run' | 'refused' | 'extra' | 'drop';

export interface DeployStep {
  readonly action: DeployAction;
  /** The file; null for what is in none. */
  readonly file: string | null;
  /** Line of the file, from 1: where the statement begins, or where what is refused is wrong. */
  readonly line: number | null;
  /** What it is about: `STREAM ORDERS`, `QUERY INSERTQUERY_3`, `SET`. */
  readonly subject: string;
  readonly sql: string;
  /** `replace`, `refused`: the statement that made what is there. */
  readonly was: string | null;
  /** `refused`: why, and what to do. */
  readonly reason: string | null;
  readonly hint: string | null;
}

export interface DeployOptions {
  /** Drops streams, tables and INSERT queries that are in no file. Their topics stay. */
  readonly prune?: boolean;
}

export interface Deployed {
  readonly steps: readonly DeployStep[];
  readonly entities: readonly Entity[];
}
