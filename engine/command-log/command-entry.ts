import { messageOf, WeirError } from '../base/errors.js';
import type { Command } from '../catalog/index.js';

/** One entry of the command topic: what was asked, and what it does to the catalog. */
export interface CommandEntry {
  readonly version: 1;
  /** Unique: whoever appended it recognises it when it comes back, and a second copy of it is passed over. */
  readonly id: string;
  readonly at: number;
  readonly sql: string;
  readonly command: Command;
  /** What it is known by on the wire, and what is said of it when it has been applied. */
  readonly answer?: CommandAnswer;
}

export interface CommandAnswer {
  /** ``stream/`NAME`/create``. */
  readonly id: string;
  readonly message: string;
  readonly queryId?: string | null;
}

/** The command topic is not what it was: this node acts on nothing that comes after. */
export const damaged = (message: string, hint?: string): WeirError =>
  new WeirError(
    'COMMAND_LOG_DAMAGED',
    message,
    hint ?? 'Restore the topic from a backup and restart, or start with another ksql.service.id.',
  );

/** @throws WeirError COMMAND_LOG_DAMAGED for what is no entry, or one that this version does not know. */
export function parseEntry(text: string | null, sequence: number): CommandEntry {
  if (text === null) throw damaged(`Command ${sequence} of the command topic has no value.`);
  let entry: Partial<Omit<CommandEntry, 'version'>> & { readonly version?: unknown };
  try {
    entry = JSON.parse(text) as typeof entry;
  } catch (e) {
    throw damaged(`Command ${sequence} of the command topic cannot be read: ${messageOf(e)}`);
  }
  if (typeof entry !== 'object' || entry === null || !Number.isInteger(entry.version)) {
    throw damaged(`Command ${sequence} of the command topic is no command.`);
  }
  if (entry.version !== 1) {
    throw damaged(
      `Command ${sequence} of the command topic has version ${String(entry.version)}; this Weir knows 1.`,
      'A newer Weir has written it: upgrade this node.',
    );
  }
  if (typeof entry.id !== 'string' || typeof entry.sql !== 'string' || typeof entry.command?.kind !== 'string') {
    throw damaged(`Command ${sequence} of the command topic is incomplete.`);
  }
  return entry as CommandEntry;
}
