import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runStatement } from './client.js';
import type { Clock } from './clock.js';
import { Catalog } from './complete/catalog.js';
import { complete, type Language } from './complete/complete.js';
import { Editor } from './editor/editor.js';
import { History } from './editor/history.js';
import { Keyboard } from './editor/keyboard.js';
import { highlight } from './highlight.js';
import type { Output } from './output.js';
import type { Shell } from './shell.js';
import { commandMidway, unitsOf } from './units.js';

/** A process that is still running after this has not been stopped. */
const SUSPEND_MS = 100;

const NO_SESSION = { properties: {}, variables: {} };

interface Extras {
  readonly runRc: boolean;
  /** Words that completion offers. */
  language(): Promise<Language>;
}

/** A person at a terminal: reads what is typed and runs it, until they leave. Gives the exit status. */
export async function interactive(shell: Shell, out: Output, clock: Clock, extras: Extras): Promise<number> {
  const history = openHistory(out);
  let running: AbortController | undefined;
  let closed = false;
  const { stdin, stdout } = process;
  const keyboard = new Keyboard(
    stdin,
    (text) => out.raw(text),
    () => {
      closed = true;
      running?.abort();
      editor.end();
    },
  );
  const catalog = new Catalog((sql, signal) => runStatement(shell.server, sql, NO_SESSION, signal), clock);
  shell.onChange = () => catalog.forget();
  const variables = () => Object.keys(shell.session.variables);
  const names = { get: catalog.get.bind(catalog), variables, language: extras.language };
  const editor = new Editor({
    keyboard,
    history,
    theme: out.theme,
    prompt: 'weir> ',
    continuation: '   -> ',
    write: (text) => out.raw(text),
    size: () => ({ columns: out.columns, rows: out.rows }),
    onResize: (call) => {
      stdout.on('resize', call);
      return () => stdout.off('resize', call);
    },
    highlight: out.theme.colours ? highlight : () => [],
    complete: (text, cursor) => complete(text, cursor, names),
    isComplete: (text) => unitsOf(text).tail === undefined || commandMidway(text) !== undefined,
    clearScreen: () => shell.clear(),
    suspend: () => suspend(keyboard, clock),
  });
  shell.person = {
    pager: { command: process.env.PAGER || 'less', release: () => keyboard.release() },
    history: () => history.entries,
    onKey: (call) =>
      keyboard.listen((key) => {
        if (key.ctrl || key.meta) return false;
        if (key.text !== undefined && key.text !== 'q') return false;
        call(key.text ?? key.name);
        if (key.text === 'q') return true;
        return /^(up|down|pageup|pagedown|home|end)$/.test(key.name);
      }),
  };

  const leave = (signal: 'SIGTERM' | 'SIGHUP') => {
    out.fullScreen(false);
    keyboard.close();
    process.exit(signal === 'SIGTERM' ? 143 : 129);
  };
  const interrupt = () => running?.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', leave).on('SIGHUP', leave);
  keyboard.open();
  shell.state.expanded = 'auto';

  /** False: the shell is to be left. */
  const run = async (work: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> => {
    const controller = new AbortController();
    running = controller;
    // Ctrl-C ends what runs, never the shell.
    const stopKeys = keyboard.listen((key) => {
      if (!(key.ctrl && key.name === 'c')) return false;
      controller.abort();
      return true;
    });
    try {
      return (await work(controller.signal)) !== 'exit';
    } finally {
      stopKeys();
      running = undefined;
    }
  };

  try {
    await run((signal) => shell.showVersion(signal).catch((e: unknown) => shell.tell(e)));
    out.print('Type help for help.');
    const rc = join(homedir(), '.weirrc');
    if (extras.runRc && existsSync(rc)) {
      await run((signal) => shell.runFile(rc, signal).catch((e: unknown) => shell.tell(e)));
    }
    let idle = false;
    // A statement that was being typed when a command came between its lines.
    let begun = '';
    while (!closed) {
      const line = await editor.read(begun);
      begun = '';
      if (line.kind === 'end') break;
      if (line.kind === 'interrupt') {
        // Who wants to leave tries this more than once.
        if (line.text === '' && idle) out.print(out.theme.paint('dim', 'exit or Ctrl-D leaves the shell.'));
        idle = line.text === '' && !idle;
        continue;
      }
      idle = false;
      if (line.text.trim() === '') continue;
      try {
        history.add(line.text);
      } catch (e) {
        out.error(`The history could not be written: ${(e as Error).message}`);
      }
      const midway = commandMidway(line.text);
      if (midway !== undefined) {
        if (!(await run((signal) => shell.runScript(midway.command, signal)))) break;
        begun = `${midway.rest}\n`;
        out.print(out.theme.paint('dim', 'A statement is being typed: a semicolon ends it, Ctrl-C drops it.'));
        continue;
      }
      if (!(await run((signal) => shell.runScript(line.text, signal)))) break;
    }
    return 0;
  } finally {
    keyboard.close();
    process.off('SIGINT', interrupt).off('SIGTERM', leave).off('SIGHUP', leave);
  }
}

/** Ctrl-Z: the shell stops until somebody lets it go on. */
function suspend(keyboard: Keyboard, clock: Clock): void {
  const takeBack = keyboard.release();
  const goOn = () => {
    process.off('SIGCONT', goOn);
    cancel();
    takeBack();
  };
  process.on('SIGCONT', goOn);
  // Where nobody could let it go on (a container's first process), the system does not stop it: this time then passes.
  const cancel = clock.after(SUSPEND_MS, goOn);
  process.kill(process.pid, 'SIGTSTP');
}

function openHistory(out: Output): History {
  try {
    return new History(join(homedir(), '.weir_history'));
  } catch (e) {
    out.error(`The history could not be read: ${(e as Error).message}`);
    return new History(undefined);
  }
}
