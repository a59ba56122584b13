import { type Clock, WeirError } from '../../engine/index.js';
import { ApiClient } from '../api-client.js';
import { readArgs, UsageError, wholeNumber } from '../args.js';
import { applyMigrations, type Choice, validate } from './apply.js';
import { Metadata, type MigrationRecord } from './metadata.js';
import { CONFIG_FILE, createMigration, newProject, openProject, readMigrations, versionText } from './project.js';

const HELP = `usage: weir migrations COMMAND [options]

  new-project FOLDER URL     a folder for migrations, and the server that they are for
  create NAME                a new file migrations/V000001__NAME.sql     [-v, --version N]
  initialize-metadata        makes the stream and the table that keep the record
  apply                      applies what is not applied yet:
      -a, --all | -n, --next | -u, --until N | -v, --version N
      --dry-run              shows the statements, and does nothing
      -d, --define NAME=VALUE   a variable for them (may be given several times)
  info                       the migrations and their states
  validate                   whether the files are still what was applied
  destroy-metadata           drops the stream and the table

  -c, --config-file FILE     the project's ${CONFIG_FILE} (default: in this folder)`;

export interface MigrationsIo {
  readonly out: (line: string) => void;
  readonly clock: Pick<Clock, 'now'>;
}

/** `weir migrations`: ksqlDB's `ksql-migrations`, its files and its record. */
export async function migrations(args: readonly string[], { out, clock }: MigrationsIo): Promise<number> {
  const { values, positionals } = readArgs(args, {
    'config-file': { type: 'string', short: 'c' },
    all: { type: 'boolean', short: 'a' },
    next: { type: 'boolean', short: 'n' },
    until: { type: 'string', short: 'u' },
    version: { type: 'string', short: 'v' },
    'dry-run': { type: 'boolean' },
    define: { type: 'string', short: 'd', multiple: true },
    help: { type: 'boolean', short: 'h' },
  });
  const [command, ...rest] = positionals;
  if (values.help || command === undefined) {
    out(HELP);
    return values.help ? 0 : 2;
  }
  if (command === 'new-project') {
    const [folder, server] = rest;
    if (folder === undefined || server === undefined || rest.length > 2)
      throw new UsageError('new-project takes a folder and the URL of a server.');
    for (const made of newProject(folder, server)) out(`Made ${made}`);
    return 0;
  }
  const project = openProject(values['config-file'] ?? CONFIG_FILE);
  if (command === 'create') {
    if (rest.length === 0) throw new UsageError('create takes a name for what the migration does.');
    const version = values.version === undefined ? undefined : wholeNumber(values.version, '--version', 0);
    out(`Made ${createMigration(project, rest.join(' '), version)}`);
    return 0;
  }
  if (rest.length > 0) throw new UsageError(`${command} takes options alone, not '${rest.join(' ')}'.`);
  const api = new ApiClient(project);
  const info = await api.get<{ KsqlServerInfo: { ksqlServiceId: string } }>('/info');
  const metadata = new Metadata(api, project.names, info.KsqlServerInfo.ksqlServiceId);
  switch (command) {
    case 'initialize-metadata':
      await metadata.initialize();
      out(`Made ${project.names.stream} and ${project.names.table} at ${api.base}`);
      return 0;
    case 'destroy-metadata':
      await metadata.destroy();
      out(`Dropped ${project.names.stream} and ${project.names.table} at ${api.base}`);
      return 0;
    case 'apply': {
      const files = readMigrations(project);
      const variables = definitions(values.define ?? []);
      const parts = { api, metadata, migrations: files, variables, clock, say: out };
      const n = await applyMigrations(parts, choiceOf(values), values['dry-run'] === true);
      if (values['dry-run'] !== true) out(n === 1 ? '1 migration was applied.' : `${n} migrations were applied.`);
      return 0;
    }
    case 'validate': {
      const problems = await validate(metadata, readMigrations(project));
      if (problems.length > 0) throw new WeirError('BAD_REQUEST', problems.join('\n'));
      out('The files are what was applied.');
      return 0;
    }
    case 'info': {
      const applied = await metadata.all();
      const pending = readMigrations(project).filter((m) => !applied.some((r) => r.version === m.version));
      const current = await metadata.current();
      out(`Current migration version: ${current === undefined ? 'none' : versionText(current.version)}`);
      for (const line of infoTable([...applied, ...pending.map(pendingRecord)])) out(line);
      return 0;
    }
    default:
      throw new UsageError(`There is no command '${command}'.`);
  }
}

interface ApplyFlags {
  readonly all?: boolean | undefined;
  readonly next?: boolean | undefined;
  readonly until?: string | undefined;
  readonly version?: string | undefined;
}

function choiceOf({ all, next, until, version }: ApplyFlags): Choice {
  const given: Choice[] = [];
  if (all) given.push({ kind: 'all' });
  if (next) given.push({ kind: 'next' });
  if (until !== undefined) given.push({ kind: 'until', version: wholeNumber(until, '--until', 0) });
  if (version !== undefined) given.push({ kind: 'version', version: wholeNumber(version, '--version', 0) });
  if (given.length !== 1) throw new UsageError('apply takes one of --all, --next, --until N and --version N.');
  return given[0]!;
}

function definitions(pairs: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at <= 0) throw new UsageError(`--define takes NAME=VALUE, not '${pair}'.`);
    out[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return out;
}

const pendingRecord = ({ version, name, checksum }: { version: number; name: string; checksum: string }) =>
  ({
    version,
    name,
    checksum,
    state: 'PENDING',
    startedOn: '',
    completedOn: '',
    previous: 0,
    errorReason: '',
  }) satisfies MigrationRecord;

const HEAD = ['Version', 'Name', 'State', 'Previous Version', 'Started On', 'Completed On', 'Error Reason'];

function infoTable(records: readonly MigrationRecord[]): readonly string[] {
  const time = (t: string) => (t === '' ? 'N/A' : new Date(Number(t)).toISOString());
  const rows = [...records]
    .sort((a, b) => a.version - b.version)
    .map((r) => [
      versionText(r.version),
      r.name,
      r.state,
      r.previous === 0 ? 'N/A' : versionText(r.previous),
      time(r.startedOn),
      time(r.completedOn),
      (r.errorReason || 'N/A').split('\n')[0]!,
    ]);
  const widths = HEAD.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)));
  const line = (cells: readonly string[]) => ` ${cells.map((c, i) => c.padEnd(widths[i]!)).join(' | ')}`.trimEnd();
  const rule = '-'.repeat(widths.reduce((n, w) => n + w + 3, 0));
  return [rule, line(HEAD), rule, ...rows.map(line), rule];
}
