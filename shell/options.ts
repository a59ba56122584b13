import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FORMATS, type Format, formatOf } from './formats.js';

export const USAGE = `usage: weir shell [options] [server]

  server                   address (default $WEIR_SERVER, else http://localhost:8088)
  -e, --execute SQL        run statements and leave
  -f, --file FILE          run a file of statements and leave (-e and -f: any number of them, in their order)
  -d, --define NAME=VALUE  define a variable (may be given several times)
  -u, --user USER          sign in
  -p, --password PASSWORD  (or WEIR_PASSWORD in the environment; a terminal is asked for it)
      --output FORMAT      ${FORMATS.join(', ')} (or ksqlDB's TABULAR, JSON)
      --config-file FILE   settings of the session, name=value a line
      --query-row-limit N  end a query after so many rows
      --query-timeout MS   end a query after so many milliseconds
      --no-color           no colours (nor with NO_COLOR set)
      --no-rc              do not run ~/.weirrc

Reads statements from standard input where that is no terminal. The exit status is 1 where a statement failed, 2 for wrong
use. At a terminal, help tells what can be typed.`;

export interface Options {
  /** What is run, in this order; empty: what is typed, or standard input. */
  readonly work: readonly Work[];
  readonly variables: Record<string, string>;
  /** Settings of the session. */
  readonly properties: Record<string, string>;
  readonly address: string;
  readonly user: string | undefined;
  /** Undefined: none was given. */
  readonly password: string | undefined;
  readonly format: Format | undefined;
  readonly rowLimit: number;
  readonly timeoutMs: number;
  readonly noColour: boolean;
  readonly noRc: boolean;
  readonly help: boolean;
}

export interface Work {
  readonly kind: 'execute' | 'file';
  /** The statements, or the file's name. */
  readonly text: string;
}

/** Wrong use: for stderr, exit status 2. */
export class WrongUse extends Error {}

const wrongUse = (message: string): WrongUse => new WrongUse(`${message}\nweir shell --help tells more.`);

/** `parseArgs` explains at length how a dash could begin something else. */
const plainMessage = (e: Error): string => e.message.replace(/^(Unknown option '[^']*')[\s\S]*$/, '$1.');

export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (e) {
    throw wrongUse(plainMessage(e as Error));
  }
  const { values, positionals, tokens } = parsed;
  if (positionals.length > 1)
    throw wrongUse(`The shell takes one server, not ${positionals.map((p) => `'${p}'`).join(', ')}.`);
  const variables: Record<string, string> = {};
  for (const pair of values.define ?? []) {
    const at = pair.indexOf('=');
    if (at <= 0) throw new WrongUse(`--define takes NAME=VALUE, not '${pair}'.`);
    variables[pair.slice(0, at).toLowerCase()] = pair.slice(at + 1);
  }
  const format = values.output === undefined ? undefined : formatOf(values.output);
  if (values.output !== undefined && format === undefined)
    throw new WrongUse(`--output takes one of ${FORMATS.join(', ')}, not '${values.output}'.`);
  return {
    work: tokens.flatMap((t) =>
      t.kind === 'option' && (t.name === 'execute' || t.name === 'file') ? [{ kind: t.name, text: t.value! }] : [],
    ),
    variables,
    properties: values['config-file'] === undefined ? {} : readProperties(values['config-file']),
    address: positionals[0] ?? (env.WEIR_SERVER || 'http://localhost:8088'),
    user: values.user,
    password: values.password ?? env.WEIR_PASSWORD,
    format,
    rowLimit: positive(values['query-row-limit'], '--query-row-limit'),
    timeoutMs: positive(values['query-timeout'], '--query-timeout'),
    noColour: values['no-color'] === true,
    noRc: values['no-rc'] === true,
    help: values.help === true,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: joinedStatements(args),
    allowPositionals: true,
    strict: true,
    tokens: true,
    options: {
      execute: { type: 'string', short: 'e', multiple: true },
      file: { type: 'string', short: 'f', multiple: true },
      define: { type: 'string', short: 'd', multiple: true },
      user: { type: 'string', short: 'u' },
      password: { type: 'string', short: 'p' },
      output: { type: 'string' },
      'config-file': { type: 'string' },
      'query-row-limit': { type: 'string' },
      'query-timeout': { type: 'string' },
      'no-color': { type: 'boolean' },
      'no-rc': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

/** What follows -e is a statement also where it begins with `--`, as a script does that begins with a comment. */
function joinedStatements(args: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--') return [...out, ...args.slice(i)];
    const takesText = (args[i] === '-e' || args[i] === '--execute') && i + 1 < args.length;
    out.push(takesText ? `--execute=${args[++i]}` : args[i]!);
  }
  return out;
}

function positive(text: string | undefined, name: string): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const n = Number(text);
  if (!Number.isInteger(n) || n <= 0) throw new WrongUse(`${name} takes a whole number above 0, not '${text}'.`);
  return n;
}

/** `name=value` or `name: value` a line; `#` and `!` begin comments. */
function readProperties(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (e) {
    throw new WrongUse(`The settings could not be read: ${(e as Error).message}`);
  }
  const properties: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#!]|$)/.test(line)) continue;
    const m = /^\s*([^\s=:]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (m === null) throw new WrongUse(`${file} has a line that is no name=value: ${line}`);
    properties[m[1]!] = m[2]!;
  }
  return properties;
}
