import { statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DeployStep, messageOf, WeirError } from '../engine/index.js';
import { readScripts } from '../server/deploy.js';
import { ApiClient } from './api-client.js';
import { readArgs, UsageError } from './args.js';

const HELP = `usage: weir plan [PATH] [options]     what deploying the files would change
       weir apply [PATH] [options]    changes it

  PATH                     a .sql file, or a folder of them (default queries)
  --server URL             a running Weir server (default $WEIR_SERVER, else http://localhost:8088)
  -u, --user, -p, --password   sign in there
  --prune                  drop the streams, tables and INSERT queries that are in no file (topics stay)
  --json                   print the steps as JSON
  --watch                  apply: go on, and apply again whenever a file changes

plan ends with status 0 where nothing is to be done, 2 where something is, and 1 where something is refused.`;

/** Changes of files that come this close together are one. */
const SETTLE_MS = 100;

export interface DeployIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Ends `--watch`. */
  readonly signal: AbortSignal;
}

/** `weir plan` and `weir apply`. */
export async function deploy(command: 'plan' | 'apply', args: readonly string[], io: DeployIo): Promise<number> {
  const { values, positionals } = readArgs(args, {
    server: { type: 'string' },
    user: { type: 'string', short: 'u' },
    password: { type: 'string', short: 'p' },
    prune: { type: 'boolean' },
    json: { type: 'boolean' },
    watch: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    io.out(HELP);
    return 0;
  }
  if (positionals.length > 1)
    throw new UsageError(`weir ${command} takes one file or folder, not ${positionals.join(', ')}.`);
  if (values.watch && command === 'plan') throw new UsageError('--watch goes with weir apply: plan changes nothing.');
  const path = positionals[0] ?? 'queries';
  const api = new ApiClient(values);
  const send = async (route: string): Promise<readonly DeployStep[]> => {
    const body = {
      files: readScripts(path, `Give a file or a folder: weir ${command} PATH.`),
      prune: values.prune === true,
    };
    return (await api.post<{ steps: DeployStep[] }>(route, body)).steps;
  };
  let again = false;
  const show = (steps: readonly DeployStep[]) =>
    io.out(values.json ? JSON.stringify(steps, null, 2) : planText(steps, command === 'apply', again));

  if (command === 'plan') {
    const steps = await send('/deployments/plan');
    show(steps);
    if (steps.some((s) => s.action === 'refused')) return 1;
    return steps.some(isChange) ? 2 : 0;
  }
  const apply = async (): Promise<boolean> => {
    // Planned first, so that what is refused is shown with all there is to say of it.
    const steps = await send('/deployments/plan');
    show(steps);
    if (steps.some((s) => s.action === 'refused')) return false;
    if (steps.some(isChange)) await send('/deployments');
    return true;
  };
  const done = await apply();
  if (!values.watch) return done ? 0 : 1;
  again = true;
  io.err(`Watching ${path}; Ctrl-C ends it.`);
  for await (const _ of changes(path, io.signal)) {
    try {
      await apply();
    } catch (e) {
      io.err(`weir: ${messageOf(e)}`);
    }
  }
  return 0;
}

/** Yields after files under `path` have changed and been quiet for a moment. */
async function* changes(path: string, signal: AbortSignal): AsyncGenerator<void> {
  let changed: () => void = () => {};
  let pending = false;
  // An editor that writes a new file in the place of the old one is seen from the folder alone.
  const isFolder = statSync(path).isDirectory();
  const name = basename(path);
  const watcher = watch(isFolder ? path : dirname(path), { signal }, (_, file) => {
    if (file !== null && (isFolder ? !file.endsWith('.sql') : file !== name)) return;
    pending = true;
    changed();
  });
  watcher.on('error', (e) => {
    if (!signal.aborted) throw new WeirError('INTERNAL', `The files cannot be watched: ${e.message}`);
  });
  signal.addEventListener('abort', () => changed());
  while (!signal.aborted) {
    if (!pending) await new Promise<void>((resolve) => (changed = resolve));
    if (signal.aborted) return;
    while (pending) {
      pending = false;
      await sleep(SETTLE_MS);
    }
    yield;
  }
}

const isChange = (s: DeployStep): boolean => ['create', 'replace', 'drop'].includes(s.action);

const SIGNS: Record<DeployStep['action'], string> = {
  unchanged: ' ',
  create: '+',
  replace: '~',
  run: '>',
  refused: '!',
  extra: '?',
  drop: '-',
};

/**
 * A plan for people: a line a step with its sign, the old text beside the new, and a summary. `changesOnly`: what is as it
 * was is counted, and not named again.
 */
function planText(steps: readonly DeployStep[], applying = false, changesOnly = false): string {
  const lines: string[] = [];
  const indent = (mark: string, text: string) => {
    for (const line of text.trim().split('\n')) lines.push(`      ${mark} ${line}`.trimEnd());
  };
  let file: string | null | undefined;
  for (const step of steps) {
    if (changesOnly && !isChange(step) && step.action !== 'refused') continue;
    if (step.file !== file) {
      file = step.file;
      lines.push(file ?? 'in no file');
    }
    const place = step.action === 'refused' && step.line !== null ? `  (${step.file}:${step.line})` : '';
    lines.push(`  ${SIGNS[step.action]} ${step.action.padEnd(9)} ${step.subject}${place}`);
    if (step.action === 'create') indent('+', step.sql);
    if (step.action === 'replace') {
      indent('-', `${step.was};`);
      indent('+', step.sql);
    }
    if (step.action === 'refused') {
      if (step.reason !== null) indent('!', step.reason);
      if (step.hint !== null) indent(' ', `Hint: ${step.hint}`);
    }
  }
  const count = (action: DeployStep['action']) => steps.filter((s) => s.action === action).length;
  const told = (['create', 'replace', 'drop', 'refused', 'unchanged', 'extra'] as const)
    .filter((a) => count(a) > 0)
    .map((a) => `${count(a)} ${a === 'extra' ? 'in no file (--prune drops them)' : DONE[applying ? 1 : 0][a]}`);
  const refused = applying && count('refused') > 0 ? ' Nothing has been applied.' : '';
  return `${[...lines, told.length === 0 ? 'Nothing to do.' : `${told.join(', ')}.${refused}`].join('\n')}`;
}

const DONE: readonly [Record<string, string>, Record<string, string>] = [
  { create: 'to create', replace: 'to replace', drop: 'to drop', refused: 'refused', unchanged: 'unchanged' },
  { create: 'new', replace: 'changed', drop: 'dropped', refused: 'refused', unchanged: 'unchanged' },
];
