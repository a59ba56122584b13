import type { Clock, EngineApi, RawRecord } from '../engine/index.js';
import type { Need } from './needs.js';

/**
 * A whole system on Weir: a folder of this name beside this file, with `queries/*.sql`, a page in `page/`, a README, and an `index.ts` that
 * exports this. `npm run example NAME` runs it.
 */
export interface Example {
  /** As people call it: CTA Status. */
  readonly title: string;
  /** What it is, in one line. */
  readonly about: string;
  /** Without these it does not start. */
  readonly needs?: readonly Need[];
  /** Over Kafka it needs these as well. */
  readonly needsOnKafka?: readonly Need[];
  /** Where they are there, `queries-NEED/` is deployed too; where not, it is said what is left out. */
  readonly takes?: readonly Need[];
  /** Settings of the server, beside those that every example has. */
  settings?(context: Setting): Readonly<Record<string, string>>;
  /** Before the statements are deployed: topics, tables and files that they need to be there. */
  prepare?(context: Running): Promise<void>;
  /** Gives events until the signal is aborted, or there are no more. */
  feed?(context: Running): Promise<void>;
  /** Lines for the terminal: what to open and to try. */
  hints(address: string): readonly string[];
}

export interface Setting {
  /** The example's own folder. */
  readonly folder: string;
  /** Where it may keep files of its own; it goes with the data. */
  readonly workDir: string;
  /** Addresses of what was found, by the name of the need. */
  readonly found: ReadonlyMap<string, string>;
}

export interface Running extends Setting {
  readonly engine: EngineApi;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Options of the command line behind the example's name: `--rate 20` is `rate: '20'`. */
  readonly options: Readonly<Record<string, string>>;
  /** Where the server answers. */
  readonly address: string;
  /** Makes a topic where it is missing. */
  topic(name: string, partitions: number): Promise<void>;
  /** Resolves when the records are durable. */
  send(topic: string, records: readonly RawRecord[]): Promise<void>;
  say(text: string): void;
}
