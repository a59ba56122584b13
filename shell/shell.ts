import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { substituteVariables } from '../parser/index.js';
import { queryLines, runStatement, type Server, ServerError, type SessionState, serverInfo } from './client.js';
import { type Clock, pause } from './clock.js';
import { type CommandResult, commandOf, fileName, type ShellControls, type ShellState } from './commands.js';
import { isNotice, renderEntity, type TableText, tableOf } from './entities.js';
import { type Format, isMachineFormat, renderTexts } from './formats.js';
import { helpText, statementHelp } from './help.js';
import { type LiveKeys, runLive } from './live.js';
import type { Output } from './output.js';
import { Pager, type PagerOptions } from './pager.js';
import { isPush, type QueryContext, runQuery } from './query.js';
import { changeSession, shownVariables } from './session.js';
import { edited, type Release, runProgram } from './system.js';
import { printable } from './table.js';
import { paintError } from './theme.js';
import { scriptUnits, type Unit } from './units.js';

const MAX_SCRIPT_DEPTH = 8;

export interface ShellOptions {
  readonly clock: Clock;
  readonly variables: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  readonly format: Format;
  readonly rowLimit: number;
  readonly timeoutMs: number;
}

/** What only a shell with a person in front of it has. */
export interface Person extends LiveKeys {
  readonly pager: PagerOptions;
  history(): readonly string[];
}

/** Runs statements and commands against a server and prints what comes; keeps the session's settings and variables. */
export class Shell implements ShellControls {
  readonly session: SessionState;
  readonly state: ShellState;
  person: Person | undefined;
  lastQuery: string | undefined;
  /** The last statement, of whatever kind. */
  private lastStatement = '';
  /** Where `\\o` sends results. */
  private resultFile: string | undefined;
  /** Called when a statement may have changed what there is on the server. */
  onChange: () => void = () => {};
  /** Of the scripts that are being run, the innermost last. */
  private readonly folders: string[] = [];

  constructor(
    public server: Server,
    private readonly out: Output,
    private readonly options: ShellOptions,
  ) {
    this.session = { properties: { ...options.properties }, variables: { ...options.variables } };
    this.state = { format: options.format, expanded: 'off', timing: false, pager: true, times: false };
  }

  /**
   * Runs a script. False where something failed: what is behind it is not run. `from` is what errors call it, `line` where
   * in it the text begins.
   */
  async runScript(text: string, signal: AbortSignal, from?: string, line = 1): Promise<CommandResult> {
    for (const unit of scriptUnits(text)) {
      if (signal.aborted) return false;
      const result = await this.runUnit(unit, signal);
      if (result === true) continue;
      if (result === false && from !== undefined)
        this.out.error(`in ${from}, at line ${text.slice(0, unit.start).split('\n').length + line - 1}`);
      return result;
    }
    return true;
  }

  async runText(text: string, signal: AbortSignal): Promise<boolean> {
    return (await this.runScript(text, signal)) !== false;
  }

  /** A relative name that is not there from where the shell was started is looked for beside the script that says it. */
  async runFile(file: string, signal: AbortSignal): Promise<boolean> {
    if (this.folders.length >= MAX_SCRIPT_DEPTH)
      throw new ServerError(`RUN SCRIPT is nested more than ${MAX_SCRIPT_DEPTH} deep.`, undefined);
    const folder = this.folders.at(-1);
    const beside = folder === undefined ? file : resolve(folder, file);
    const path = !existsSync(file) && existsSync(beside) ? beside : file;
    const text = scriptText(path);
    this.folders.push(dirname(path));
    try {
      return (await this.runScript(text, signal, path)) !== false;
    } finally {
      this.folders.pop();
    }
  }

  private async runUnit(unit: Unit, signal: AbortSignal): Promise<CommandResult> {
    const { out, options } = this;
    const began = options.clock.now();
    out.toSpool(`weir> ${unit.text}`);
    try {
      if (unit.kind === 'command') {
        const { command, argument } = commandOf(unit.text);
        return await command.run(this, argument, signal);
      }
      this.lastStatement = unit.text;
      const file = unit.file === undefined ? undefined : fileName(unit.file, '\\g');
      await this.toFile(file, () => this.runStatement(unit.text, unit.vertical, signal));
      if (this.state.timing) this.say(`Time: ${(options.clock.now() - began).toFixed(1)} ms`);
      return true;
    } catch (e) {
      out.setStatus('');
      if (signal.aborted) {
        this.say('Query terminated');
        return true;
      }
      this.tell(e);
      return false;
    } finally {
      await out.drained();
    }
  }

  /** Runs `work` with its results going into a file, where one is named. */
  private async toFile<T>(file: string | undefined, work: () => Promise<T>): Promise<T> {
    if (file === undefined) return work();
    const before = this.resultFile;
    this.writeInto(file);
    try {
      return await work();
    } finally {
      this.out.into(undefined);
      // What \o began goes on: its file is written on, and not anew.
      if (before !== undefined) this.out.into(before, true);
      this.resultFile = before;
    }
  }

  /** An error, for people. */
  tell(e: unknown): void {
    this.out.error(
      paintError(printable((e as Error).message), e instanceof ServerError ? e.hint : undefined, this.out.errorTheme),
    );
  }

  private async runStatement(statement: string, vertical: boolean, signal: AbortSignal): Promise<void> {
    const own = substituteVariables(statement, this.session.variables).text;
    const remarks = /^SET\b/i.test(own) ? await this.checkSetting(own, signal) : [];
    const changed = changeSession(own, this.session);
    if (changed !== undefined) {
      if (changed !== '') this.say(changed);
      await this.show(remarks);
    } else if (/^SELECT\b/i.test(statement)) {
      this.lastQuery = statement;
      await this.query(statement, vertical, signal);
    } else if (/^PRINT\b/i.test(statement)) {
      await this.printTopic(statement, signal);
    } else {
      const variables = shownVariables(statement, this.session);
      const entities =
        variables === undefined ? await runStatement(this.server, statement, this.session, signal) : [variables];
      await this.show(entities);
      if (!/^(SHOW|LIST|DESCRIBE|EXPLAIN)\b/i.test(statement)) this.onChange();
    }
  }

  private async printTopic(statement: string, signal: AbortSignal): Promise<void> {
    const { clock, timeoutMs } = this.options;
    const stop = new AbortController();
    const noTimeout = timeoutMs === Number.POSITIVE_INFINITY ? () => {} : clock.after(timeoutMs, () => stop.abort());
    try {
      const ends = AbortSignal.any([signal, stop.signal]);
      for await (const lines of queryLines(this.server, statement, this.session, ends)) {
        this.out.print(lines.map(printable).join('\n'));
        await this.out.drained();
      }
    } catch (e) {
      if (signal.aborted || !stop.signal.aborted) throw e;
    } finally {
      noTimeout();
    }
  }

  /**
   * A setting that the server does not know is refused at once, and not with every statement from then on. Gives what the
   * server has to say of it.
   */
  private async checkSetting(statement: string, signal: AbortSignal): Promise<readonly Record<string, unknown>[]> {
    try {
      return await runStatement(this.server, statement, { properties: {}, variables: {} }, signal);
    } catch (e) {
      // Where no server answers, nothing is known against the setting.
      if (signal.aborted || (e instanceof ServerError && e.code !== undefined)) throw e;
      return [];
    }
  }

  private query(sql: string, vertical: boolean, signal: AbortSignal): Promise<void> {
    const { state, options, person } = this;
    return runQuery(
      this.context,
      sql,
      {
        format: vertical || (state.expanded === 'on' && state.format === 'table') ? 'vertical' : state.format,
        verticalWhenWide: state.expanded === 'auto',
        pager: this.pagerOptions,
        status: person !== undefined,
        times: state.times,
        rowLimit: options.rowLimit,
        timeoutMs: options.timeoutMs,
      },
      signal,
    );
  }

  private get context(): QueryContext {
    return { server: this.server, session: this.session, out: this.out, clock: this.options.clock };
  }

  private get pagerOptions(): PagerOptions | undefined {
    return this.state.pager && this.out.isScreen ? this.person?.pager : undefined;
  }

  /** Entities of /ksql in the chosen format. */
  private async show(entities: readonly Record<string, unknown>[]): Promise<void> {
    const { out } = this;
    const { format } = this.state;
    const safe = out.isScreen ? printable : (text: string) => text;
    const pager = new Pager(out, this.pagerOptions);
    for (const e of entities) {
      if (format === 'json') pager.write(`${safe(JSON.stringify(e, null, 2))}\n`);
      else if (format === 'ndjson') pager.write(`${safe(JSON.stringify(e))}\n`);
      else if (isMachineFormat(format) && isNotice(e)) this.tellNotice(renderEntity(e, () => ''));
      else {
        // What SHOW gives stands as a table also where rows are to stand vertically.
        const tables = format === 'vertical' ? 'table' : format;
        // A name that was broken could not be copied: what does not fit stands vertically, as rows do.
        const write = {
          width: out.lineWidth,
          verticalWhenWide: this.state.expanded === 'auto',
          escape: out.isScreen,
        };
        const table: TableText = (names, rows) => renderTexts(tables, names, rows, write);
        const text = (isMachineFormat(format) ? tableOf(e, table) : undefined) ?? renderEntity(e, table);
        pager.write(`${isMachineFormat(format) ? safe(text) : printable(text)}\n`);
      }
    }
    await pager.finish();
  }

  /** What was done, beside rows that a program reads. */
  private tellNotice(text: string): void {
    if (this.out.isTerminal) this.out.tell(text.trim());
    else this.out.error(text.trim());
  }

  /** What is no row; where rows go to a program it would be in the way. */
  private say(text: string): void {
    if (this.out.isTerminal) this.out.tell(text);
    else if (!isMachineFormat(this.state.format)) this.out.print(text);
  }

  // --- What commands ask for -------------------------------------------------------------------------------------

  print(text: string): void {
    this.say(text);
  }

  async live(sql: string, signal: AbortSignal): Promise<void> {
    if (!isPush(sql)) throw new ServerError('\\live takes a query that ends with EMIT CHANGES.', undefined);
    this.lastQuery = sql;
    const none: LiveKeys = { onKey: () => () => {} };
    const { rowLimit } = this.options;
    await runLive(this.context, sql, this.person ?? none, { rowLimit, times: this.state.times }, signal);
  }

  async watch(seconds: number, sql: string, signal: AbortSignal): Promise<boolean> {
    if (isPush(sql)) throw new ServerError('\\watch takes a pull query.', 'A push query is up to date by itself.');
    this.lastQuery = sql;
    while (!signal.aborted) {
      if (this.person !== undefined) this.clear();
      this.say(this.out.theme.paint('dim', `every ${seconds} s: ${sql}  (Ctrl-C ends)`));
      await this.query(sql, false, signal);
      await pause(this.options.clock, seconds * 1000, signal);
    }
    return true;
  }

  async help(topic: string, signal: AbortSignal): Promise<boolean> {
    const pager = new Pager(this.out, this.pagerOptions);
    const text = topic === '' ? helpText() : statementHelp(topic);
    if (text !== undefined) {
      pager.write(`${text}\n`);
      await pager.finish();
      return true;
    }
    if (!/^[\w`"]+$/.test(topic))
      throw new ServerError(
        `There is no help for '${topic}'.`,
        '\\h lists the statements, SHOW FUNCTIONS; the functions.',
      );
    return this.runText(`DESCRIBE FUNCTION ${topic};`, signal);
  }

  async useServer(address: string, signal: AbortSignal): Promise<void> {
    if (address === '') {
      this.print(`The server is ${this.server.base}.`);
      return;
    }
    const server = { ...this.server, base: serverAddress(address) };
    await serverInfo(server, signal);
    this.server = server;
    this.onChange();
    await this.showVersion(signal);
  }

  async showVersion(signal: AbortSignal): Promise<void> {
    const info = await serverInfo(this.server, signal);
    this.print(`Weir ${info.weirVersion ?? ''} at ${this.server.base} (ksqlDB ${info.version}).`);
  }

  spool(file: string | undefined): void {
    let was: boolean;
    try {
      was = this.out.spool(file);
    } catch (e) {
      throw new ServerError(`The file could not be opened: ${(e as Error).message}`, undefined);
    }
    if (file !== undefined) this.print(`Session will be spooled to ${file}`);
    else this.print(was ? 'Session is no longer spooled.' : 'There was no spooling.');
  }

  writeInto(file: string | undefined): void {
    try {
      this.out.into(file);
    } catch (e) {
      throw new ServerError(`The file could not be opened: ${(e as Error).message}`, undefined);
    }
    this.resultFile = file;
  }

  async again(file: string | undefined, signal: AbortSignal): Promise<boolean> {
    const sql = this.lastQuery;
    if (sql === undefined) throw new ServerError('There was no query that could be run again.', undefined);
    await this.toFile(file, () => this.query(sql, false, signal));
    return true;
  }

  async edit(file: string | undefined, signal: AbortSignal): Promise<CommandResult> {
    const text = await edited(this.lastStatement, file, process.env, this.release('\\e'));
    if (text.trim() === '') return true;
    this.say(text.trimEnd());
    return this.runScript(text, signal, file);
  }

  async system(command: string, signal: AbortSignal): Promise<boolean> {
    const line = command === '' ? process.env.SHELL || 'sh' : command;
    const status = await runProgram(line, this.person?.pager.release ?? (() => () => {}));
    if (status === 0 || signal.aborted) return true;
    throw new ServerError(`The command ended with ${status}.`, undefined);
  }

  async showConnection(signal: AbortSignal): Promise<void> {
    const info = await serverInfo(this.server, signal);
    const { authorization, base } = this.server;
    const user =
      authorization === undefined
        ? 'nobody (no user was given)'
        : Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
            .toString('utf8')
            .replace(/:.*$/s, '');
    const lines = [
      ['server', base],
      ['user', user],
      ['version', `Weir ${info.weirVersion ?? '?'} (ksqlDB ${info.version})`],
      ['service', info.ksqlServiceId ?? '?'],
      ['cluster', info.kafkaClusterId ?? '?'],
    ];
    this.print(lines.map(([name, value]) => `${name!.padEnd(8)} ${printable(value!)}`).join('\n'));
  }

  private release(command: string): Release {
    const { person } = this;
    if (person === undefined) throw new ServerError(`${command} needs a terminal.`, undefined);
    return () => person.pager.release();
  }

  clear(): void {
    if (this.out.isTerminal) this.out.raw('\u001b[2J\u001b[H');
  }

  history(): readonly string[] {
    return this.person?.history() ?? [];
  }
}

export const serverAddress = (address: string): string =>
  (/^https?:\/\//.test(address) ? address : `http://${address}`).replace(/\/+$/, '');

function scriptText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (e) {
    const { code, message } = e as NodeJS.ErrnoException;
    throw new ServerError(
      code === 'ENOENT'
        ? `There is no file ${path}.`
        : code === 'EISDIR'
          ? `${path} is a folder.`
          : `The file could not be read: ${message}`,
      undefined,
    );
  }
}
