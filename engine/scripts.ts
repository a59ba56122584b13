import type { Statement } from '../parser/ast.js';
import { parseScript, SourceText, SqlError, splitStatements, substituteVariables } from '../parser/index.js';
import type { RequestContext } from './api.js';
import { applyCommand } from './catalog/index.js';
import { isApplied } from './commands/applied.js';
import type { EngineParts, RequestSession, StatementContext } from './commands/context.js';
import type { Entity } from './commands/entities.js';
import { StatementFailure } from './commands/failure.js';
import { prepare } from './commands/index.js';
import { maskedText } from './commands/masked.js';
import { checkSetting } from './settings.js';
import { messageOf, WeirError } from './types/errors.js';

/** A text of statements; `name` is its file, for errors. */
export interface Script {
  readonly name: string | null;
  readonly sql: string;
}

/** Reads scripts, checks them on a snapshot of the catalog and runs their statements one after the other. */
export class Scripts {
  constructor(
    private readonly parts: EngineParts,
    /** Resolves when the queries that run are those of the catalog. */
    private readonly settled: () => Promise<void>,
  ) {}

  async run(sql: string, session: RequestSession, skipApplied: boolean): Promise<Entity[]> {
    const entities: Entity[] = [];
    for (const { statement, text, source } of this.parse(sql, session)) {
      if (skipApplied && isApplied(this.parts.commandLog.catalog, statement)) continue;
      const entity = await this.guard(maskedText(statement, text), source, async () =>
        (await prepare(this.context(statement, source, text, session, new Map()))).run(),
      );
      if (entity !== undefined) entities.push(entity);
      await this.settled();
    }
    return entities;
  }

  /** Runs scripts on a snapshot of the catalog, which is then thrown away. */
  async check(scripts: readonly Script[], session: () => RequestSession, skipApplied: boolean): Promise<void> {
    let catalog = this.parts.commandLog.catalog;
    const planned = new Map<string, number>();
    for (const script of scripts) {
      const own = session();
      try {
        for (const { statement, text, source } of this.parse(script.sql, own)) {
          if (skipApplied && isApplied(catalog, statement)) continue;
          await this.guard(maskedText(statement, text), source, async () => {
            const prepared = await prepare({
              ...this.context(statement, source, text, own, planned),
              catalog,
            });
            if (prepared.command !== undefined) catalog = applyCommand(catalog, prepared.command);
          });
        }
      } catch (e) {
        if (script.name === null) throw e;
        const cause = e instanceof StatementFailure ? e.cause : e;
        throw new WeirError('BAD_STATEMENT', `${script.name}: ${messageOf(cause)}`, (cause as { hint?: string }).hint, {
          cause,
        });
      }
    }
  }

  /** Parses a script. With variables in it, a statement is read with those that the statements before it have left. */
  *parse(sql: string, session: RequestSession): Generator<ParsedStatement> {
    if (!sql.includes('${')) {
      yield* parsed(sql);
      return;
    }
    const split = splitStatements(sql);
    for (const slice of [...split.statements, split.tail]) {
      if (slice.text !== '') yield* parsed(substituteVariables(slice.text, Object.fromEntries(session.variables)).text);
    }
  }

  context(
    statement: Statement,
    source: SourceText,
    sql: string,
    session: RequestSession,
    plannedTopics: Map<string, number>,
  ): StatementContext {
    return {
      parts: this.parts,
      session,
      catalog: this.parts.commandLog.catalog,
      plannedTopics,
      statement,
      source,
      sql,
    };
  }

  /** Errors of a statement leave with its text. */
  async guard<T>(text: string, source: SourceText, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (e) {
      throw e instanceof StatementFailure
        ? e
        : new StatementFailure(text, e instanceof Error ? e : new Error(messageOf(e)), source);
    }
  }
}

export interface ParsedStatement {
  readonly statement: Statement;
  /** What its spans refer to. */
  readonly source: SourceText;
  /** Its own text. */
  readonly text: string;
}

function* parsed(sql: string): Generator<ParsedStatement> {
  const source = new SourceText(sql);
  let statements: readonly Statement[];
  try {
    statements = parseScript(sql);
  } catch (e) {
    throw e instanceof SqlError ? new StatementFailure(e.statement ?? sql, e, source) : e;
  }
  for (const statement of statements) {
    yield { statement, source, text: source.slice(statement.span).trim() };
  }
}

/** A request's session. Throws BAD_REQUEST for a property with a value that it cannot have. */
export function sessionOf(context: RequestContext): RequestSession {
  const properties = new Map<string, string>();
  for (const [name, value] of Object.entries(context.properties)) {
    checkSetting(name, String(value));
    properties.set(name, String(value));
  }
  const variables = new Map(Object.entries(context.variables).map(([k, v]) => [k.toLowerCase(), v]));
  return { properties, variables };
}
