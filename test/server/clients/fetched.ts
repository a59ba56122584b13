import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRequired } from '../../kafka/support/broker.js';
import { run } from '../support-process.js';

/** Clients of a language as they are in its registry, and how they are brought into a folder. */
export interface Fetch {
  readonly language: 'node' | 'python' | 'go' | 'rust';
  /** Of the folder: what is there with its version. */
  readonly name: string;
  /** By their path in the folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Commands that run in the folder, one behind the other. */
  readonly steps: readonly (readonly [command: string, ...args: string[]])[];
  /** Of each step. */
  readonly timeoutMs: number;
}

/** Whether WEIR_REQUIRE names the clients of a language, by `clients` or e.g. `clients-go`. */
export const requiresClients = (language: Fetch['language']): boolean =>
  isRequired('clients') || isRequired(`clients-${language}`);

/**
 * The folder with the clients, beside the system's temporary files, where it is kept for the next run. Where a step fails
 * (no such tool here, or no registry) it is undefined and the reason is printed, so that the tests are skipped by name.
 * @throws Error instead where WEIR_REQUIRE names them
 */
export async function fetchClients({
  language,
  name,
  files = {},
  steps,
  timeoutMs,
}: Fetch): Promise<string | undefined> {
  const recipe = createHash('sha256')
    .update(JSON.stringify([files, steps]))
    .digest('hex')
    .slice(0, 8);
  const folder = join(tmpdir(), `weir-client-${name}-${recipe}`);
  const done = join(folder, 'fetched');
  if (existsSync(done)) return folder;
  mkdirSync(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  for (const [command, ...args] of steps) {
    const { status, err } = await run(command, args, { cwd: folder, timeout: timeoutMs });
    if (status === 0) continue;
    const why = `${[command, ...args].join(' ')}: ${err.trim().split('\n').at(-1)}`;
    if (requiresClients(language)) throw new Error(`WEIR_REQUIRE asks for clients, but ${why}\n${err}`);
    console.warn(`SKIPPED: clients of ksqlDB for ${language} (${name}): ${why}`);
    return undefined;
  }
  writeFileSync(done, '');
  return folder;
}
