import type { Statement } from '../../parser/ast.js';
import { fillVariables, parseScript, SourceText, SqlError } from '../../parser/index.js';
import type { RequestContext } from '../api/engine-api.js';
import type { Entity } from '../api/entities.js';
import { messageOf, WeirError } from '../base/errors.js';
import { applyCommand, type Catalog } from '../catalog/index.js';
import { checkSetting, ownName } from '../settings.js';
import type { EngineParts, Prepared, RequestSession, StatementContext } from './context.js';
import { StatementFailure } from './failure.js';
import { factsOf, maskedText, prepare } from './index.js';

/** Reads scripts, checks them on a snapshot of the catalog and runs their statements one after the other. */
export class Scripts {
  constructor(
    private readonly parts: EngineParts,
    /** Resolves when the queries that run are those of the catalog. */
    private readonly settled: () => Promise<void>,
  ) {}

  /** Runs a script's statements one after the other. What it cannot do it throws as StatementFailure. */
  async run(sql: string, session: RequestSession): Promise<Entity[]> {
    const entities: Entity[] = [];
    for (const parsed of this.parse(sql, session)) {
      const entity = await this.runOne(parsed, session);
      if (entity !== undefined) entities.push(entity);
    }
    return entities;
  }

  async runOne(
    { statement, text, source }: ParsedStatement,
    session: RequestSession,
    prepared?: Prepared,
  ): Promise<Entity | undefined> {
    const entity = await this.guard(maskedText(statement, text), source, async () =>
      (prepared ?? (await prepare(this.context(statement, source, text, session, new Map())))).run(),
    );
    await this.settled();
    return entity;
  }

  /** Runs a script on a snapshot of the catalog, which is then thrown away. */
  async check(sql: string, session: RequestSession, readOnly = false): Promise<readonly Checked[]> {
    let catalog = this.parts.commandLog.catalog;
    const topics = new Map<string, number>();
    const checked: Checked[] = [];
    for (const parsed of this.parse(sql, session)) {
      const { statement, text, source } = parsed;
      const before = copyOf(session);
      await this.guard(maskedText(statement, text), source, async () => {
        if (readOnly && factsOf(statement).effect === 'writes') throw forbidden();
        // What reads its session later reads it as it is here.
        const own = factsOf(statement).effect === 'session' ? session : before;
        const prepared = await prepare({ ...this.context(statement, source, text, own, topics), catalog });
        checked.push({ parsed, session: before, catalog, prepared });
        if (prepared.command !== undefined) catalog = applyCommand(catalog, prepared.command);
      });
    }
    return checked;
  }

  /** Runs what `check` gave. A statement whose catalog is still the one that it was checked on is not looked at again. */
  async runChecked(checked: readonly Checked[]): Promise<Entity[]> {
    const entities: Entity[] = [];
    for (const { parsed, session, catalog, prepared } of checked) {
      const isCurrent = catalog === this.parts.commandLog.catalog;
      const entity = await this.runOne(parsed, session, isCurrent ? prepared : undefined);
      if (entity !== undefined) entities.push(entity);
    }
    return entities;
  }

  /** Parses a script. With variables in it, a statement is read with those that the statements before it have left. */
  *parse(sql: string, session: RequestSession): Generator<ParsedStatement> {
    for (const text of fillVariables(sql, session.variables)) yield* parsed(text);
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

/** A statement that has been checked. */
export interface Checked {
  readonly parsed: ParsedStatement;
  /** Before it. */
  readonly session: RequestSession;
  /** That it was checked on. */
  readonly catalog: Catalog;
  readonly prepared: Prepared;
}

const copyOf = ({ properties, variables }: RequestSession): RequestSession => ({
  properties: new Map(properties),
  variables: new Map(variables),
});

const forbidden = (): WeirError =>
  new WeirError(
    'FORBIDDEN',
    'The server is headless: statements that change anything are refused.',
    'Change the deployed files (ksql.queries.file), or set weir.headless=false.',
  );

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
    throw e instanceof SqlError ? new StatementFailure(e.statement ?? sql.trim(), e, source) : e;
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
    properties.set(ownName(name), String(value));
  }
  const variables = new Map(Object.entries(context.variables).map(([k, v]) => [k.toLowerCase(), v]));
  return { properties, variables };
}
