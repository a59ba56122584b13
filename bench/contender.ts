import type { Work } from './verify.js';

/** What one contender's run of one work took. */
export interface Measurement {
  /** From the first record read to the end of the work. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** From the start of the process to the first record. */
  readonly firstRecordMs: number;
  /** VmHWM: the most memory that was resident at once. */
  readonly peakKb: number;
}

/** One run of one work: what to read, where to leave the result. */
export interface Task {
  readonly work: Work;
  readonly bootstrap: string;
  readonly input: string;
  readonly output: string;
  readonly rows: number;
}

export interface Contender {
  readonly name: string;
  run(task: Task): Promise<Measurement>;
}
