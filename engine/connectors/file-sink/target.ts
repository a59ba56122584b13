import type { Finished } from './staged-file.js';

/**
 * Where files become visible, whole or not at all: a folder, or a bucket. Beside the files it keeps **notes**: small texts that say
 * what a file holds. Names are paths with slashes. Whatever fails with an ordinary error may be tried again by the next task.
 */
export interface Target {
  /** A path on this machine for a file that grows. `name`: of the file that it is to become. */
  stage(name: string): Promise<string>;
  /** Removes what dead tasks have staged for files whose names begin and end so. */
  clear(prefix: string, extension: string): Promise<void>;
  /**
   * Makes the file visible, durably. A file of this name with the same contents is as good.
   * @throws ConnectorFailed where there is one with other contents: nothing is overwritten
   */
  publish(name: string, file: Finished): Promise<void>;
  /** Whether the file is there with these contents. */
  has(name: string, file: Pick<Finished, 'bytes' | 'sha256'>): Promise<boolean>;
  /** Names of the notes that begin so. */
  notes(prefix: string): Promise<readonly string[]>;
  /** Undefined: there is none. */
  readNote(name: string): Promise<string | undefined>;
  /** Writes a note that is not there yet. @returns false: it is there, as it was */
  addNote(name: string, text: string): Promise<boolean>;
  /** Writes a note anew. */
  setNote(name: string, text: string): Promise<void>;
  removeNote(name: string): Promise<void>;
  /** In words, for messages. */
  readonly where: string;
  close(): Promise<void>;
}

/** Where notes and growing files are, below the target: readers of data leave out names that begin with a dot. */
export const HIDDEN = '.weir';
