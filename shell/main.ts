import { basicAuthorization } from '../client/http.js';
import { type Server, ServerError, serverInfo } from './client.js';
import { systemClock } from './clock.js';
import type { CommandResult } from './commands.js';
import type { Language } from './complete/complete.js';
import { interactive } from './interactive.js';
import { type Options, readOptions, USAGE, WrongUse } from './options.js';
import { Output } from './output.js';
import { askPassword } from './password.js';
import { Shell, serverAddress } from './shell.js';
import { theme, wantsColours } from './theme.js';
import { unitsOf } from './units.js';

/** Runs the shell; `language`: words that completion offers, asked for when they are. Resolves with the exit status: 0 done, 1 a statement failed, 2 wrong use. */
export async function shell(args: readonly string[], language: () => Promise<Language>): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args, process.env);
  } catch (e) {
    if (!(e instanceof WrongUse)) throw e;
    console.error(e.message);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const { stdin, stdout, stderr, env } = process;
  const colours = (stream: { readonly isTTY?: boolean }) =>
    theme(wantsColours(stream.isTTY === true, env, options.noColour));
  const out = new Output(
    stdout,
    stderr,
    stdout.isTTY === true,
    colours(stdout),
    colours(stderr),
    // Into a file or a pipe a table is as wide as it is.
    Number(env.COLUMNS) || (stdout.isTTY ? 120 : Number.POSITIVE_INFINITY),
  );
  let { password } = options;
  if (options.user !== undefined && password === undefined && stdin.isTTY && stderr.isTTY) {
    password = await askPassword(options.user, stdin, stderr);
    if (password === undefined) return 1;
  }
  const server: Server = {
    base: serverAddress(options.address),
    authorization: options.user === undefined ? undefined : basicAuthorization(options.user, password ?? ''),
  };
  const sh = new Shell(server, out, {
    clock: systemClock,
    variables: options.variables,
    properties: options.properties,
    format: options.format ?? 'table',
    rowLimit: options.rowLimit,
    timeoutMs: options.timeoutMs,
  });
  // A dumb terminal can move no cursor: it is read as a file is.
  if (options.work.length === 0 && stdin.isTTY && stdout.isTTY && env.TERM !== 'dumb') {
    if (!(await signIn(sh, options.user))) return 1;
    return interactive(sh, out, systemClock, { runRc: !options.noRc, language });
  }
  return script(sh, options);
}

/** Passwords that are asked for before the shell gives up. */
const ATTEMPTS = 3;

/** At a terminal, where the server refuses the password it is asked for again. False: the person has given up. */
async function signIn(sh: Shell, user: string | undefined): Promise<boolean> {
  const { stdin, stderr } = process;
  if (user === undefined) return true;
  for (let attempt = 1; ; attempt++) {
    try {
      await serverInfo(sh.server, AbortSignal.timeout(10_000));
      return true;
    } catch (e) {
      // Where no server answers the shell says so, and can be given another.
      if (!(e instanceof ServerError) || e.code !== 'UNAUTHORIZED') return true;
    }
    stderr.write(`The server does not take this password of ${user}.\n`);
    if (attempt > ATTEMPTS) return false;
    const password = await askPassword(user, stdin, stderr);
    if (password === undefined) return false;
    sh.server = { ...sh.server, authorization: basicAuthorization(user, password) };
  }
}

/** Runs what the command line or standard input has. */
async function script(sh: Shell, options: Options): Promise<number> {
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  // A reader that has seen enough (`| head`) ends the shell as it ends every filter.
  process.stdout.on('error', (e: NodeJS.ErrnoException) => {
    if (e.code !== 'EPIPE') throw e;
    process.exit(0);
  });
  const { signal } = interrupt;
  try {
    if (options.work.length === 0) return (await runInput(sh, signal)) ? 0 : 1;
    for (const { kind, text } of options.work) {
      const result = kind === 'file' ? await sh.runFile(text, signal) : await sh.runScript(text, signal);
      if (result !== true) return result === 'exit' ? 0 : 1;
    }
    return 0;
  } catch (e) {
    sh.tell(e);
    return 1;
  }
}

/** Runs what comes from standard input as soon as it is whole: who writes there may wait for the answer. */
async function runInput(sh: Shell, signal: AbortSignal): Promise<CommandResult> {
  const from = 'standard input';
  let rest = '';
  let line = 1;
  process.stdin.setEncoding('utf8');
  // Who waits for input is ended by Ctrl-C as well.
  signal.addEventListener('abort', () => process.stdin.destroy(), { once: true });
  try {
    for await (const chunk of process.stdin) {
      rest += chunk as string;
      // A command ends with its line, so that what is behind the last line end may not be all of one.
      const lines = rest.slice(0, rest.lastIndexOf('\n') + 1);
      const whole = lines.slice(0, unitsOf(lines).tail?.start ?? lines.length);
      const result = await sh.runScript(whole, signal, from, line);
      if (result !== true) return result;
      line += whole.split('\n').length - 1;
      rest = rest.slice(whole.length);
    }
  } catch (e) {
    if (!signal.aborted) throw e;
  }
  return sh.runScript(rest, signal, from, line);
}
