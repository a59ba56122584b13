import type { Operator } from './operator.js';
import type { TaskRecord } from './task-record.js';

/** What a task does with a step apart from giving it records. */
export type Stage = Omit<Operator, 'process'>;

/** A step of two inputs: each has its own entry. */
export interface TwoInputs extends Stage {
  readonly left: Operator;
  readonly right: Operator;
}

/** One entry of a step of two inputs. */
export class Entry implements Operator {
  constructor(readonly process: (record: TaskRecord) => void) {}
}
