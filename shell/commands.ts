import { ServerError } from './client.js';
import { FORMATS, type Format, formatOf } from './formats.js';

/** What the shell's own commands may ask of the shell. */
export interface ShellControls {
  readonly state: ShellState;
  print(text: string): void;
  /** Runs text as if it had been typed. False: a statement failed. */
  runText(text: string, signal: AbortSignal): Promise<boolean>;
  runFile(file: string, signal: AbortSignal): Promise<boolean>;
  live(sql: string, signal: AbortSignal): Promise<void>;
  watch(seconds: number, sql: string, signal: AbortSignal): Promise<boolean>;
  help(topic: string, signal: AbortSignal): Promise<boolean>;
  /** Connects to another server, or tells which one it is. */
  useServer(address: string, signal: AbortSignal): Promise<void>;
  showVersion(signal: AbortSignal): Promise<void>;
  spool(file: string | undefined): void;
  /** Results go into a file; undefined: to the screen again. */
  writeInto(file: string | undefined): void;
  /** Runs the last query again, into a file where one is named. */
  again(file: string | undefined, signal: AbortSignal): Promise<boolean>;
  /** Runs what the editor leaves behind of a file, or of the last statement. */
  edit(file: string | undefined, signal: AbortSignal): Promise<CommandResult>;
  /** Runs a command of the system, or the user's own shell. */
  system(command: string, signal: AbortSignal): Promise<boolean>;
  showConnection(signal: AbortSignal): Promise<void>;
  clear(): void;
  history(): readonly string[];
  /** The last query; undefined: there was none. */
  readonly lastQuery: string | undefined;
}

export interface ShellState {
  format: Format;
  /** Rows of a table stand vertically: never, always, or when they are wider than the screen. */
  expanded: 'off' | 'on' | 'auto';
  timing: boolean;
  pager: boolean;
  /** Bounds of windows and ROWTIME stand as times, and not as milliseconds. */
  times: boolean;
}

/** `exit`: the shell is left. */
export type CommandResult = boolean | 'exit';

export interface ShellCommand {
  /** The first is the one that help shows; those without a backslash are words. */
  readonly names: readonly string[];
  readonly argument: string;
  readonly help: string;
  run(shell: ShellControls, argument: string, signal: AbortSignal): CommandResult | Promise<CommandResult>;
}

const refuse = (message: string, hint?: string): never => {
  throw new ServerError(message, hint);
};

const onOff = (argument: string, now: boolean, name: string): boolean =>
  argument === ''
    ? !now
    : /^on$/i.test(argument)
      ? true
      : /^off$/i.test(argument)
        ? false
        : refuse(`${name} takes on or off, not '${argument}'.`);

/** A file's name, in quotes or not. */
export const fileName = (argument: string, command: string): string => {
  const quoted = /^'((?:[^']|'')*)'$/.exec(argument);
  const name = quoted === null ? argument : quoted[1]!.replaceAll("''", "'");
  return name === '' ? refuse(`${command} takes the name of a file.`) : name;
};

/** A statement that stands for a command without arguments. */
const show = (name: string, sql: string): ShellCommand => ({
  names: [name],
  argument: '',
  help: sql,
  run: (shell, argument, signal) =>
    argument === '' ? shell.runText(`${sql};`, signal) : refuse(`${name} takes no argument.`),
});

export const COMMANDS: readonly ShellCommand[] = [
  {
    names: ['help', '\\?'],
    argument: '[name]',
    help: 'this text; with a name as \\h',
    run: (shell, argument, signal) => shell.help(argument, signal),
  },
  {
    names: ['\\h'],
    argument: '[FUNCTION|STATEMENT]',
    help: 'what a function does, or how a statement is written',
    run: (shell, argument, signal) => shell.help(argument === '' ? 'statements' : argument, signal),
  },
  {
    names: ['output'],
    argument: `[${FORMATS.join('|')}]`,
    help: 'how rows are shown',
    run: (shell, argument) => {
      const name = argument.replace(/^'(.*)'$/, '$1');
      if (name !== '') {
        shell.state.format =
          formatOf(name) ?? refuse(`There is no output format '${name}'.`, `There are ${FORMATS.join(', ')}.`);
      }
      shell.print(`Output format is ${shell.state.format}.`);
      return true;
    },
  },
  {
    names: ['\\o'],
    argument: '[file]',
    help: 'rows go into a file; without one to the screen again',
    run: (shell, argument) => {
      const format = formatOf(argument);
      if (format !== undefined) {
        refuse(
          `\\o takes a file, and ${argument} is a format.`,
          `output ${format} sets the format; ./${argument} is a file.`,
        );
      }
      shell.writeInto(argument === '' ? undefined : fileName(argument, '\\o'));
      return true;
    },
  },
  {
    names: ['\\g'],
    argument: '[file]',
    help: 'at the end of a statement: runs it, its rows into a file; alone: the last query again',
    run: (shell, argument, signal) => shell.again(argument === '' ? undefined : fileName(argument, '\\g'), signal),
  },
  {
    names: ['\\e'],
    argument: '[file]',
    help: 'the last statement, or a file, in $EDITOR; runs what it leaves',
    run: (shell, argument, signal) => shell.edit(argument === '' ? undefined : fileName(argument, '\\e'), signal),
  },
  {
    names: ['\\!'],
    argument: '[command]',
    help: 'a command of the system, or its shell',
    run: (shell, argument, signal) => shell.system(argument, signal),
  },
  {
    names: ['\\x'],
    argument: '[on|off|auto]',
    help: 'rows vertically: always, never, or when they are too wide',
    run: (shell, argument) => {
      const wanted = argument.toLowerCase();
      const { state } = shell;
      if (wanted === '') state.expanded = state.expanded === 'on' ? 'off' : 'on';
      else if (wanted === 'on' || wanted === 'off' || wanted === 'auto') state.expanded = wanted;
      else refuse(`\\x takes on, off or auto, not '${argument}'.`);
      shell.print(`Vertical display is ${state.expanded}.`);
      return true;
    },
  },
  {
    names: ['\\live'],
    argument: '[TABLE|SELECT … EMIT CHANGES]',
    help: 'a table kept up to date on the screen, until q; without one the last query',
    run: async (shell, argument, signal) => {
      const given = /^(?:\w+|`[^`]+`)$/.test(argument) ? `SELECT * FROM ${argument} EMIT CHANGES` : argument;
      const sql = given || shell.lastQuery || refuse('\\live takes a table or a SELECT … EMIT CHANGES.');
      await shell.live(sql.replace(/;?\s*$/, ';'), signal);
      return true;
    },
  },
  {
    names: ['\\watch'],
    argument: '[seconds] [SELECT …]',
    help: 'a pull query again and again (every 2 s); without one the last',
    run: (shell, argument, signal) => {
      const m = /^(\d+(?:\.\d+)?)?\s*([\s\S]*)$/.exec(argument)!;
      const seconds = Number(m[1] ?? '2');
      if (!(seconds >= 0.1 && seconds <= 86_400)) refuse('\\watch takes seconds between 0.1 and 86400.');
      const sql = m[2] || shell.lastQuery || refuse('\\watch takes a query.');
      return shell.watch(seconds, sql.replace(/;?\s*$/, ';'), signal);
    },
  },
  {
    names: ['\\timing'],
    argument: '[on|off]',
    help: 'how long each statement takes',
    run: (shell, argument) => {
      shell.state.timing = onOff(argument, shell.state.timing, '\\timing');
      shell.print(`Timing is ${shell.state.timing ? 'on' : 'off'}.`);
      return true;
    },
  },
  {
    names: ['\\time'],
    argument: '[on|off]',
    help: 'bounds of windows and ROWTIME as times (UTC)',
    run: (shell, argument) => {
      shell.state.times = onOff(argument, shell.state.times, '\\time');
      shell.print(`Times of windows are ${shell.state.times ? 'shown as times' : 'milliseconds'}.`);
      return true;
    },
  },
  {
    names: ['\\pager'],
    argument: '[on|off]',
    help: 'long answers through $PAGER (less)',
    run: (shell, argument) => {
      shell.state.pager = onOff(argument, shell.state.pager, '\\pager');
      shell.print(`Pager is ${shell.state.pager ? 'on' : 'off'}.`);
      return true;
    },
  },
  {
    names: ['\\d'],
    argument: '[name]',
    help: 'DESCRIBE name; without a name all streams and tables',
    run: (shell, argument, signal) =>
      shell.runText(argument === '' ? 'SHOW STREAMS; SHOW TABLES;' : `DESCRIBE ${argument};`, signal),
  },
  {
    names: ['\\d+'],
    argument: 'name',
    help: 'DESCRIBE name EXTENDED',
    run: (shell, argument, signal) =>
      shell.runText(
        argument === '' ? 'SHOW STREAMS EXTENDED; SHOW TABLES EXTENDED;' : `DESCRIBE ${argument} EXTENDED;`,
        signal,
      ),
  },
  show('\\ds', 'SHOW STREAMS'),
  show('\\dt', 'SHOW TABLES'),
  show('\\dq', 'SHOW QUERIES'),
  show('\\dp', 'SHOW TOPICS'),
  {
    names: ['\\df'],
    argument: '[name]',
    help: 'SHOW FUNCTIONS, or DESCRIBE FUNCTION name',
    run: (shell, argument, signal) =>
      shell.runText(argument === '' ? 'SHOW FUNCTIONS;' : `DESCRIBE FUNCTION ${argument};`, signal),
  },
  show('\\dT', 'SHOW TYPES'),
  show('\\dc', 'SHOW CONNECTORS'),
  show('\\dv', 'SHOW VARIABLES'),
  show('\\de', 'SHOW ERRORS'),
  show('\\dset', 'SHOW PROPERTIES'),
  {
    names: ['run script', '\\i'],
    argument: "'file'",
    help: 'runs a file',
    run: (shell, argument, signal) => shell.runFile(fileName(argument, 'RUN SCRIPT'), signal),
  },
  {
    names: ['spool'],
    argument: "'file'|OFF",
    help: 'writes all that is typed and shown into a file as well',
    run: (shell, argument) => {
      shell.spool(/^off$/i.test(argument) ? undefined : fileName(argument, 'SPOOL'));
      return true;
    },
  },
  {
    names: ['server'],
    argument: '[address]',
    help: 'connects to another server, or tells which one it is',
    run: async (shell, argument, signal) => {
      await shell.useServer(argument.replace(/^'(.*)'$/, '$1'), signal);
      return true;
    },
  },
  {
    names: ['\\conninfo'],
    argument: '',
    help: 'which server, as whom, and its version',
    run: async (shell, _, signal) => {
      await shell.showConnection(signal);
      return true;
    },
  },
  {
    names: ['version'],
    argument: '',
    help: 'of the server',
    run: async (shell, _, signal) => {
      await shell.showVersion(signal);
      return true;
    },
  },
  {
    names: ['history'],
    argument: '',
    help: 'what was typed',
    run: (shell) => {
      shell.history().forEach((entry, i) => {
        shell.print(`${String(i + 1).padStart(5)}  ${entry.replaceAll('\n', '\n       ')}`);
      });
      return true;
    },
  },
  {
    names: ['clear'],
    argument: '',
    help: 'clears the screen',
    run: (shell) => {
      shell.clear();
      return true;
    },
  },
  { names: ['exit', 'quit', '\\q'], argument: '', help: 'leaves the shell', run: () => 'exit' },
];

/** The command that a text is, with its argument. Throws where a backslash begins none. */
export function commandOf(text: string): { readonly command: ShellCommand; readonly argument: string } {
  const system = /^\\!\s*([\s\S]*)$/.exec(text);
  if (system !== null) return { command: COMMANDS.find((c) => c.names.includes('\\!'))!, argument: system[1]!.trim() };
  const m = /^(\\\S*?|run\s+script|\w+)(?:;?\s*$|[\s;]+([\s\S]*))$/i.exec(text);
  const word = (m?.[1] ?? text).replace(/\s+/, ' ');
  // \dt and \dT are two.
  const name = word.startsWith('\\') ? word : word.toLowerCase();
  const command = COMMANDS.find((c) => c.names.includes(name));
  if (command === undefined) return refuse(`There is no command '${word}'.`, 'help lists them.');
  const argument = (m?.[2] ?? '').trim().replace(/\s*;$/, '');
  return { command, argument };
}
