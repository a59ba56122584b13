import { readFile } from 'node:fs/promises';
import { WeirError } from '../base/errors.js';
import { AllowedPath } from './files/folders.js';

/** `${env:NAME}`, `${file:/path}`, `${file:/path:key}`. */
const SECRET = /\$\{(env|file):([^}]*)\}/g;

/** Whether a value names a secret. */
export const namesSecret = (value: string): boolean => new RegExp(SECRET.source).test(value);

export interface SecretPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Environment variables may be named whose names begin so. */
  readonly prefixes: readonly string[];
  /** Files below these folders may be named. */
  readonly folders: readonly string[];
}

/**
 * Puts secrets in the places of their names. No message says what a secret is.
 * @throws BAD_REQUEST for one that is not there, or that connectors may not have
 */
export async function fillSecrets(
  config: Readonly<Record<string, string>>,
  places: SecretPlaces,
): Promise<Readonly<Record<string, string>>> {
  const filled: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    let text = '';
    let at = 0;
    for (const found of value.matchAll(SECRET)) {
      const [whole, kind, what] = found as unknown as [string, string, string];
      text += value.slice(at, found.index);
      text += kind === 'env' ? variable(what.trim(), places) : await fromFile(what, places);
      at = found.index + whole.length;
    }
    filled[name] = text + value.slice(at);
  }
  return filled;
}

function variable(name: string, { env, prefixes }: SecretPlaces): string {
  if (!prefixes.some((prefix) => name.startsWith(prefix))) {
    throw bad(
      `Connectors may not read the environment variable ${name}.`,
      `Its name has to begin with ${prefixes.join(' or ') || 'nothing that is allowed'} (weir.connectors.secrets.env.prefixes).`,
    );
  }
  const value = env[name];
  if (value === undefined) throw bad(`The environment variable ${name} is not set on this node.`);
  return value;
}

async function fromFile(what: string, { folders }: SecretPlaces): Promise<string> {
  // The key stands behind the last colon, as Kafka's FileConfigProvider has it.
  const colon = what.lastIndexOf(':');
  const [path, key] = colon > 1 ? [what.slice(0, colon), what.slice(colon + 1).trim()] : [what, undefined];
  const allowed = await AllowedPath.of(path.trim(), folders).catch((e: unknown) => {
    throw bad(
      `Connectors may not read secrets from ${path}.`,
      'weir.connectors.secrets.file.dirs names the folders that have some.',
      e,
    );
  });
  const text = await readFile(allowed.path, 'utf8').catch((e: NodeJS.ErrnoException) => {
    throw bad(`The secret file ${path} cannot be read: ${e.code ?? e.message}.`, undefined, e);
  });
  if (key === undefined) return text.trim();
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^\s*([^#!=:\s]+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (name === key) return value!.trim();
  }
  throw bad(`The secret file ${path} has no key ${key}.`);
}

const bad = (message: string, hint?: string, cause?: unknown): WeirError =>
  new WeirError('BAD_REQUEST', message, hint, { cause });
