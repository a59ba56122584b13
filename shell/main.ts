import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { splitStatements } from '../parser/split.js';
import { type Server, serverInfo } from './client.js';
import { HELP, type Output, Shell } from './shell.js';

const USAGE = `usage: weir shell [options] [server]

  server                   address (default http://localhost:8088)
  -e, --execute SQL        run statements and leave (may be given several times)
  -f, --file FILE          run a file of statements and leave
  -d, --define NAME=VALUE  define a variable (may be given several times)
  -u, --user USER          sign in
  -p, --password PASSWORD

Reads statements from standard input where that is no terminal. The exit status is 1 where a statement failed.`;

const MAX_HISTORY = 1000;

const terminal: Output = {
  print: (text) => process.stdout.write(`${text}\n`),
  error: (text) => process.stderr.write(`${text}\n`),
  get columns() {
    // 0: a terminal that does not know its size.
    return process.stdout.columns || Number(process.env.COLUMNS) || 120;
  },
};

/** Runs the shell; resolves with the exit status. */
export async function shell(args: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (e) {
    console.error(`${(e as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (positionals.length > 1 || (values.execute !== undefined && values.file !== undefined)) {
    console.error(USAGE);
    return 2;
  }
  const variables: Record<string, string> = {};
  for (const pair of values.define ?? []) {
    const at = pair.indexOf('=');
    if (at <= 0) {
      console.error(`--define takes NAME=VALUE, not '${pair}'.`);
      return 2;
    }
    variables[pair.slice(0, at).toLowerCase()] = pair.slice(at + 1);
  }
  const address = positionals[0] ?? 'http://localhost:8088';
  const server: Server = {
    base: (/^https?:\/\//.test(address) ? address : `http://${address}`).replace(/\/$/, ''),
    authorization:
      values.user === undefined
        ? undefined
        : `Basic ${Buffer.from(`${values.user}:${values.password ?? ''}`).toString('base64')}`,
  };
  const sh = new Shell(server, terminal, variables);
  const interrupt = new AbortController();
  if (values.execute !== undefined || values.file !== undefined || !process.stdin.isTTY) {
    process.once('SIGINT', () => interrupt.abort());
    // A reader that has seen enough (`| head`) ends the shell as it ends every filter.
    process.stdout.on('error', (e: NodeJS.ErrnoException) => {
      if (e.code !== 'EPIPE') throw e;
      process.exit(0);
    });
    let text: string;
    try {
      text =
        values.execute?.join('\n') ?? (values.file !== undefined ? readFileSync(values.file, 'utf8') : await input());
    } catch (e) {
      terminal.error(`The statements could not be read: ${(e as Error).message}`);
      return 1;
    }
    return (await sh.runScript(text, interrupt.signal)) ? 0 : 1;
  }
  return interactive(sh, server);
}

/** Standard input to its end. */
async function input(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) text += chunk as string;
  return text;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      execute: { type: 'string', short: 'e', multiple: true },
      file: { type: 'string', short: 'f' },
      define: { type: 'string', short: 'd', multiple: true },
      user: { type: 'string', short: 'u' },
      password: { type: 'string', short: 'p' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

async function interactive(sh: Shell, server: Server): Promise<number> {
  const historyFile = join(homedir(), '.weir_history');
  try {
    const info = await serverInfo(server);
    terminal.print(`Weir ${info.weirVersion ?? ''} at ${server.base} (ksqlDB ${info.version}). Type help for help.`);
  } catch (e) {
    terminal.error(`No Weir server answers at ${server.base} (${(e as Error).message}). Start one with npm start.`);
  }
  const history = existsSync(historyFile)
    ? readFileSync(historyFile, 'utf8').split('\n').filter(Boolean).reverse()
    : [];
  const rl = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: 'weir> ',
    history,
    historySize: MAX_HISTORY,
  });
  const lines: string[] = [];
  let typed = '';
  let running: AbortController | undefined;
  let wake: (() => void) | undefined;
  let closed = false;
  rl.on('history', (all: string[]) => {
    history.splice(0, history.length, ...all);
  });
  rl.on('line', (line) => {
    lines.push(line);
    wake?.();
  });
  rl.on('close', () => {
    closed = true;
    running?.abort();
    wake?.();
  });
  // Ctrl-C ends what runs, or drops what was typed; never the shell.
  rl.on('SIGINT', () => {
    if (running !== undefined) return running.abort();
    typed = '';
    // Readline keeps the line on Ctrl-C.
    rl.write(null, { ctrl: true, name: 'e' });
    rl.write(null, { ctrl: true, name: 'u' });
    process.stdout.write('^C\n');
    rl.setPrompt('weir> ');
    rl.prompt();
  });
  rl.prompt();
  for (;;) {
    while (lines.length === 0 && !closed) await new Promise<void>((resolve) => (wake = resolve));
    if (lines.length === 0) break;
    const line = lines.shift()!;
    const command = typed === '' ? line.trim().replace(/;$/, '').toLowerCase() : '';
    if (command === 'exit' || command === 'quit' || command === '\\q') break;
    if (command === 'help' || command === '\\?') terminal.print(HELP);
    else if (command === 'clear') process.stdout.write('\x1b[2J\x1b[H');
    else {
      typed += `${typed === '' ? '' : '\n'}${line}`;
      const split = splitStatements(typed);
      const vertical = /\\G\s*$/.test(typed) && split.tail.open === 'nothing';
      if (vertical || (split.complete && split.statements.length > 0)) {
        const text = typed;
        typed = '';
        running = new AbortController();
        await sh.runScript(text, running.signal);
        running = undefined;
      } else if (split.complete) typed = '';
    }
    if (closed) break;
    rl.setPrompt(typed === '' ? 'weir> ' : '   -> ');
    rl.prompt();
  }
  rl.close();
  try {
    writeFileSync(historyFile, `${[...history].reverse().slice(-MAX_HISTORY).join('\n')}\n`, { mode: 0o600 });
  } catch (e) {
    terminal.error(`The history could not be written: ${(e as Error).message}`);
  }
  return 0;
}
