import { type Clock, messageOf, WeirError } from '../../engine/index.js';
import type { ApiClient } from '../api-client.js';
import type { Metadata, MigrationRecord } from './metadata.js';
import { type Migration, versionText } from './project.js';

/** Which migrations are applied, of those behind the current version. */
export type Choice =
  | { readonly kind: 'all' }
  | { readonly kind: 'next' }
  /** Up to this version and with it. */
  | { readonly kind: 'until'; readonly version: number }
  /** This one alone. */
  | { readonly kind: 'version'; readonly version: number };

export interface ApplyParts {
  readonly api: ApiClient;
  readonly metadata: Metadata;
  readonly migrations: readonly Migration[];
  readonly variables: Readonly<Record<string, string>>;
  readonly clock: Pick<Clock, 'now'>;
  readonly say: (line: string) => void;
}

/**
 * What is wrong between the files and the record of what was applied: a file that has changed or gone since. Empty where
 * nothing is.
 */
export async function validate(metadata: Metadata, migrations: readonly Migration[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const r of await metadata.all()) {
    if (r.state !== 'MIGRATED') continue;
    const file = migrations.find((m) => m.version === r.version);
    if (file === undefined)
      problems.push(`Version ${versionText(r.version)} (${r.name}) was applied, and its file is gone.`);
    else if (file.checksum !== r.checksum) {
      problems.push(`${file.file} has changed since it was applied: checksum ${file.checksum}, then ${r.checksum}.`);
    }
  }
  return problems;
}

/** The version that is in force: an error leaves the one before it. */
const inForce = (current: MigrationRecord | undefined): number =>
  current === undefined ? 0 : current.state === 'MIGRATED' ? current.version : current.previous;

/** The migrations that a choice means. Throws BAD_REQUEST where it means none. */
function chosen(migrations: readonly Migration[], after: number, choice: Choice): readonly Migration[] {
  const pending = migrations.filter((m) => m.version > after);
  switch (choice.kind) {
    case 'all':
      return pending;
    case 'next':
      return pending.slice(0, 1);
    case 'until':
    case 'version': {
      const { version, kind } = choice;
      if (!migrations.some((m) => m.version === version)) {
        throw new WeirError('BAD_REQUEST', `There is no migration with version ${versionText(version)}.`);
      }
      if (version <= after) {
        throw new WeirError(
          'BAD_REQUEST',
          `Version ${versionText(version)} is not behind the current one, ${versionText(after)}.`,
        );
      }
      return pending.filter((m) => (kind === 'until' ? m.version <= version : m.version === version));
    }
  }
}

/**
 * Applies migrations one after the other, each on record before and after. Stops at the first that fails, with its reason
 * on record. Gives the number of those that were applied.
 */
export async function applyMigrations(parts: ApplyParts, choice: Choice, dryRun: boolean): Promise<number> {
  const { metadata, migrations, say } = parts;
  const problems = await validate(metadata, migrations);
  if (problems.length > 0)
    throw new WeirError('BAD_REQUEST', problems.join('\n'), 'Bring the files back as they were applied.');
  const current = await metadata.current();
  if (current?.state === 'RUNNING') {
    throw new WeirError(
      'BAD_REQUEST',
      `Version ${versionText(current.version)} is being applied, or its applying was cut off.`,
      'Where nobody applies it: look at what it did, then destroy-metadata and initialize-metadata, or mend what it left.',
    );
  }
  let previous = inForce(current);
  const pending = chosen(migrations, previous, choice);
  if (pending.length === 0) say('No eligible migrations found.');
  for (const migration of pending) {
    say(`Applying migration version ${versionText(migration.version)}: ${migration.name}`);
    if (dryRun) {
      say(migration.sql.trimEnd());
      continue;
    }
    await applyOne(parts, migration, previous);
    previous = migration.version;
  }
  return dryRun ? 0 : pending.length;
}

async function applyOne(
  { api, metadata, variables, clock }: ApplyParts,
  m: Migration,
  previous: number,
): Promise<void> {
  const running: MigrationRecord = {
    version: m.version,
    name: m.name,
    state: 'RUNNING',
    checksum: m.checksum,
    startedOn: String(clock.now()),
    completedOn: '',
    previous,
    errorReason: '',
  };
  await metadata.write(running);
  try {
    if (m.sql.trim() !== '') await api.post('/ksql', { ksql: m.sql, sessionVariables: variables });
  } catch (e) {
    const reason = messageOf(e);
    await metadata.write({ ...running, state: 'ERROR', completedOn: String(clock.now()), errorReason: reason });
    throw new WeirError('BAD_STATEMENT', `${m.file}: ${reason}`, undefined, { cause: e });
  }
  await metadata.write({ ...running, state: 'MIGRATED', completedOn: String(clock.now()) });
}
