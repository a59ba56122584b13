import { readFileSync } from 'node:fs';
import { splitStatements } from '../parser/split.js';
import { type QueryHeader, queryLines, runStatement, type Server, ServerError, type SessionState } from './client.js';
import { renderEntity } from './entities.js';
import { cellText, splitArray } from './row-text.js';
import { fitWidths, printable, renderVertical, ruler, tableRow } from './table.js';

export interface Output {
  /** Line by line, without line ends. */
  print(text: string): void;
  error(text: string): void;
  /** Characters a line. */
  readonly columns: number;
}

/** Rows that are waited for, and how long after the first, before the widths of the columns are fixed. */
const SAMPLE_ROWS = 50;
const SAMPLE_MS = 150;
const MAX_SCRIPT_DEPTH = 8;

export const HELP = `Statements end with ; (or with \\G to see rows vertically). They may go over several lines.

  SHOW STREAMS; SHOW TABLES; SHOW TOPICS; SHOW QUERIES; SHOW FUNCTIONS;
  DESCRIBE name;  EXPLAIN query;  PRINT 'topic' FROM BEGINNING LIMIT 3;
  SELECT … FROM … EMIT CHANGES;   push query: rows as they come, until Ctrl-C
  SELECT … FROM table WHERE …;    pull query: the answer now
  SET 'auto.offset.reset'='earliest';   read from the beginning
  DEFINE name = 'value';  then \${name} in statements
  RUN SCRIPT 'file.sql';

  help     this text            clear    clear the screen
  exit     leave (also Ctrl-D)  Ctrl-C   end the running query, or drop what was typed`;

/** Runs statements against a server and prints what comes; keeps the session's settings and variables. */
export class Shell {
  readonly session: SessionState;

  constructor(
    private readonly server: Server,
    private readonly out: Output,
    variables: Readonly<Record<string, string>> = {},
  ) {
    this.session = { properties: {}, variables: { ...variables } };
  }

  /** Runs a script. False where a statement failed: those behind it are not run. */
  async runScript(text: string, signal: AbortSignal, depth = 0): Promise<boolean> {
    for (const { statement, vertical } of statementsOf(text)) {
      if (signal.aborted) return false;
      if (!(await this.runOne(statement, vertical, signal, depth))) return false;
    }
    return true;
  }

  private async runOne(statement: string, vertical: boolean, signal: AbortSignal, depth: number): Promise<boolean> {
    try {
      const local = this.runLocal(statement);
      if (local !== undefined) {
        if (local !== '') this.out.print(local);
        return true;
      }
      const script = /^RUN\s+SCRIPT\s+'((?:[^']|'')*)'\s*;$/i.exec(statement);
      if (script !== null) {
        if (depth >= MAX_SCRIPT_DEPTH)
          throw new ServerError(`RUN SCRIPT is nested more than ${MAX_SCRIPT_DEPTH} deep.`, undefined);
        return await this.runScript(readFileSync(script[1]!.replaceAll("''", "'"), 'utf8'), signal, depth + 1);
      }
      if (/^SELECT\b/i.test(statement)) await this.runQuery(statement, vertical, signal);
      else if (/^PRINT\b/i.test(statement)) {
        for await (const line of queryLines(this.server, statement, this.session, signal)) {
          this.out.print(printable(line));
        }
      } else {
        for (const e of await runStatement(this.server, statement, this.session, signal)) {
          this.out.print(renderEntity(e, this.out.columns));
        }
      }
      return true;
    } catch (e) {
      if (signal.aborted) {
        this.out.print('Query terminated');
        return true;
      }
      this.out.error((e as Error).message);
      if (e instanceof ServerError && e.hint !== undefined) this.out.error(`Hint: ${e.hint}`);
      return false;
    }
  }

  /** SET, UNSET, DEFINE, UNDEFINE, SHOW VARIABLES live in the session. Undefined: not one of them. */
  private runLocal(statement: string): string | undefined {
    const text = (s: string) => s.replaceAll("''", "'");
    const { properties, variables } = this.session;
    let m = /^SET\s+'((?:[^']|'')+)'\s*=\s*'((?:[^']|'')*)'\s*;$/i.exec(statement);
    if (m !== null) {
      const [name, value] = [text(m[1]!), text(m[2]!)];
      const before = properties[name];
      properties[name] = value;
      return `Successfully changed local property '${name}' ${before === undefined ? '' : `from '${before}' `}to '${value}'.${
        before === undefined ? ' Use the UNSET command to revert your change.' : ''
      }`;
    }
    m = /^UNSET\s+'((?:[^']|'')+)'\s*;$/i.exec(statement);
    if (m !== null) {
      const name = text(m[1]!);
      if (properties[name] === undefined)
        throw new ServerError(`Cannot unset local property '${name}' which was never set.`, undefined);
      const before = properties[name];
      delete properties[name];
      return `Successfully unset local property '${name}' (value was '${before}').`;
    }
    m = /^DEFINE\s+([A-Za-z_][A-Za-z0-9_]*)\s*=\s*'((?:[^']|'')*)'\s*;$/i.exec(statement);
    if (m !== null) {
      variables[m[1]!.toLowerCase()] = text(m[2]!);
      return '';
    }
    m = /^UNDEFINE\s+([A-Za-z_][A-Za-z0-9_]*)\s*;$/i.exec(statement);
    if (m !== null) {
      if (variables[m[1]!.toLowerCase()] === undefined)
        throw new ServerError(`Cannot undefine variable '${m[1]}' which was never defined.`, undefined);
      delete variables[m[1]!.toLowerCase()];
      return '';
    }
    if (/^(SHOW|LIST)\s+VARIABLES\s*;$/i.test(statement)) {
      const entity = {
        '@type': 'variables',
        variables: Object.entries(variables).map(([name, value]) => ({ name, value })),
      };
      return renderEntity(entity, this.out.columns);
    }
    return undefined;
  }

  private async runQuery(sql: string, vertical: boolean, signal: AbortSignal): Promise<void> {
    let header: QueryHeader | undefined;
    let widths: number[] | undefined;
    let sample: string[][] = [];
    let count = 0;
    let timer: NodeJS.Timeout | undefined;
    const begin = () => {
      clearTimeout(timer);
      timer = undefined;
      if (widths !== undefined || header === undefined) return;
      widths = fitWidths(header.columnNames, sample, this.out.columns);
      const line = ruler(widths);
      this.out.print(`${line}\n${tableRow(header.columnNames, widths)}\n${line}`);
      for (const row of sample) this.out.print(tableRow(row, widths));
      sample = [];
    };
    try {
      for await (const line of queryLines(this.server, sql, this.session, signal)) {
        if (header === undefined) {
          header = JSON.parse(line) as QueryHeader;
          continue;
        }
        if (line.startsWith('{')) {
          const failure = JSON.parse(line) as { message?: string; hint?: string };
          throw new ServerError(failure.message ?? line, failure.hint);
        }
        const row = splitArray(line).map(cellText);
        count++;
        if (vertical) this.out.print(renderVertical(header.columnNames, row, count));
        else if (widths !== undefined) this.out.print(tableRow(row, widths));
        else if (sample.push(row) >= SAMPLE_ROWS) begin();
        else timer ??= setTimeout(begin, SAMPLE_MS);
      }
    } finally {
      if (!vertical) {
        begin();
        if (widths !== undefined) this.out.print(ruler(widths));
      }
    }
    this.out.print(count === 0 ? 'No rows.' : count === 1 ? '1 row.' : `${count} rows.`);
  }
}

interface ShellStatement {
  readonly statement: string;
  /** It ended with `\G`: its rows are shown vertically. */
  readonly vertical: boolean;
}

/** The statements of a text; each ends with `;` or `\G`, the last one with either or nothing. */
export function statementsOf(text: string): ShellStatement[] {
  const out: ShellStatement[] = [];
  let from = 0;
  for (const m of text.matchAll(/\\G/g)) {
    const piece = splitStatements(text.slice(from, m.index));
    if (piece.tail.open !== 'nothing') continue; // inside quotes or a comment
    out.push(...piece.statements.map((s) => ({ statement: s.text, vertical: false })));
    if (piece.tail.text !== '') out.push({ statement: `${piece.tail.text};`, vertical: true });
    from = m.index + 2;
  }
  const rest = splitStatements(text.slice(from));
  out.push(...rest.statements.map((s) => ({ statement: s.text, vertical: false })));
  if (rest.tail.text !== '') out.push({ statement: `${rest.tail.text};`, vertical: false });
  return out;
}
