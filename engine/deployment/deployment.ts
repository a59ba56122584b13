import type { Statement } from '../../parser/ast.js';
import { SqlError } from '../../parser/index.js';
import type { DeployAction, Deployed, DeployOptions, DeployStep, Script } from '../api/deployment.js';
import { EMPTY_CONTEXT } from '../api/engine-api.js';
import type { Entity } from '../api/entities.js';
import { messageOf, WeirError } from '../base/errors.js';
import { applyCommand, type Catalog } from '../catalog/index.js';
import { StatementFailure } from '../statements/failure.js';
import { factsOf, maskedText, prepare } from '../statements/index.js';
import type { Decision, Definition } from '../statements/kind.js';
import { type Scripts, sessionOf } from '../statements/scripts.js';

interface Planned {
  readonly steps: readonly DeployStep[];
  /** What there is when they have been taken. */
  readonly catalog: Catalog;
  /** Sources that the files speak of. */
  readonly named: ReadonlySet<string>;
  /** INSERT queries that they speak of. */
  readonly inserts: ReadonlySet<string>;
  /** Connectors that they speak of. */
  readonly connectors: ReadonlySet<string>;
}

/** How the subject of a step about a query begins. */
const QUERY = 'QUERY ';
const CONNECTOR = 'CONNECTOR ';

/**
 * Makes the catalog that of a set of files. The whole set is tried on a snapshot first: what has been applied is
 * recognised, what has changed is replaced where that keeps its state and its readers right, and nothing is applied where
 * anything is refused.
 */
export class Deployment {
  constructor(
    private readonly scripts: Scripts,
    private readonly catalog: () => Catalog,
  ) {}

  /** The steps in their order. Nothing is done, and what is refused is among them with its reason. */
  async plan(files: readonly Script[], { prune = false }: DeployOptions = {}): Promise<readonly DeployStep[]> {
    const now = this.catalog();
    const planned = await this.planFiles(now, files);
    const extra = [...now.queries.values()].filter((q) => q.kind === 'INSERT' && !planned.inserts.has(q.id));
    const idle = ({ catalog, connectors }: Planned) =>
      [...catalog.connectors.values()].filter((c) => !connectors.has(c.name));
    const unnamed = ({ catalog, named }: Planned) => [...catalog.sources.values()].filter((s) => !named.has(s.name));
    if (!prune) {
      return [
        ...planned.steps,
        ...extra.map((q) => stepOf('extra', null, `${QUERY}${q.id}`, q.sql)),
        ...unnamed(planned).map((s) => stepOf('extra', null, `${s.kind} ${s.name}`, s.sql)),
        ...idle(planned).map((c) => stepOf('extra', null, `${CONNECTOR}${c.name}`, c.sql)),
      ];
    }
    // Queries that go, go first: with two queries that write into it a stream could not be replaced.
    const ended = await this.drops(
      now,
      extra.map((q) => ({ subject: `${QUERY}${q.id}`, sql: `TERMINATE ${q.id};` })),
    );
    const then = extra.length === 0 ? planned : await this.planFiles(ended.catalog, files);
    const dropped = await this.drops(then.catalog, [
      ...idle(then).map((c) => ({ subject: `${CONNECTOR}${c.name}`, sql: `DROP CONNECTOR \`${c.name}\`;` })),
      ...unnamed(then).map((s) => ({ subject: `${s.kind} ${s.name}`, sql: `DROP ${s.kind} \`${s.name}\`;` })),
    ]);
    return [...ended.steps, ...then.steps, ...dropped.steps];
  }

  private async planFiles(start: Catalog, files: readonly Script[]): Promise<Planned> {
    const steps: DeployStep[] = [];
    const named = new Set<string>();
    const inserts = new Set<string>();
    const connectors = new Set<string>();
    const topics = new Map<string, number>();
    const defined = new Map<string, string>();
    let catalog = start;
    for (const file of files) {
      const session = sessionOf(EMPTY_CONTEXT);
      try {
        for (const parsed of this.scripts.parse(file.sql, session)) {
          const facts = factsOf(parsed.statement);
          const subject = facts.subject(parsed.statement);
          const definition = facts.defines?.(parsed.statement);
          const { line } = parsed.statement.span;
          const sql = maskedText(parsed.statement, parsed.text);
          const source = definition?.kind === 'source' ? definition.name : undefined;
          const was = (source === undefined ? undefined : catalog.sources.get(source))?.sql ?? null;
          if (source !== undefined) named.add(source);
          if (definition?.kind === 'connector') connectors.add(definition.name);
          try {
            if (definition !== undefined) once(defined, definition, file.name);
            const { action, statement } = decide(catalog, parsed.statement);
            if (action !== 'unchanged') {
              const prepared = await this.scripts.guard(sql, parsed.source, () =>
                prepare({
                  ...this.scripts.context(statement, parsed.source, parsed.text, session, topics),
                  catalog,
                }),
              );
              if (prepared.command !== undefined) catalog = applyCommand(catalog, prepared.command);
            }
            const queryId = statement.kind === 'InsertInto' ? decide(catalog, statement).queryId : undefined;
            if (queryId !== undefined) inserts.add(queryId);
            steps.push(stepOf(action, file.name, subject, sql, { line, ...(action === 'replace' ? { was } : {}) }));
          } catch (e) {
            steps.push(stepOf('refused', file.name, subject, sql, { line, was, ...why(e) }));
          }
        }
      } catch (e) {
        // The file cannot be read as SQL: there are no statements to speak of.
        steps.push(stepOf('refused', file.name, 'FILE', '', why(e)));
      }
    }
    return { steps, catalog, named, inserts, connectors };
  }

  /** Plans and applies. Throws BAD_STATEMENT, naming the files, where anything is refused: then nothing has been done. */
  async apply(files: readonly Script[], options: DeployOptions = {}): Promise<Deployed> {
    const steps = await this.plan(files, options);
    const refused = steps.filter((s) => s.action === 'refused');
    if (refused.length > 0) {
      throw new WeirError(
        'BAD_STATEMENT',
        refused.map((s) => `${placeOf(s) ?? s.subject}: ${s.reason}`).join('\n'),
        refused.find((s) => s.hint !== null)?.hint ?? undefined,
      );
    }
    const entities: Entity[] = [];
    const drops = steps.filter((s) => s.action === 'drop');
    const drop = async (some: readonly DeployStep[]) => {
      for (const { sql } of some) entities.push(...(await this.scripts.run(sql, sessionOf(EMPTY_CONTEXT))));
    };
    await drop(drops.filter((s) => s.subject.startsWith(QUERY)));
    for (const file of files) {
      const session = sessionOf(EMPTY_CONTEXT);
      for (const parsed of this.scripts.parse(file.sql, session)) {
        const { action, statement } = decide(this.catalog(), parsed.statement);
        if (action === 'unchanged') continue;
        try {
          const entity = await this.scripts.runOne({ ...parsed, statement }, session);
          if (entity !== undefined) entities.push(entity);
        } catch (e) {
          // Another node of the service may be deploying the same files: what it was faster with stands.
          if (decide(this.catalog(), parsed.statement).action !== 'unchanged') throw e;
        }
      }
    }
    await drop(drops.filter((s) => !s.subject.startsWith(QUERY)));
    return { steps, entities };
  }

  /** Drops in an order that goes: what reads a source goes before it. */
  private async drops(
    snapshot: Catalog,
    what: readonly { readonly subject: string; readonly sql: string }[],
  ): Promise<{ readonly steps: readonly DeployStep[]; readonly catalog: Catalog }> {
    let catalog = snapshot;
    let left = what;
    const steps: DeployStep[] = [];
    for (;;) {
      const before = left.length;
      const refused: { subject: string; sql: string; error: unknown }[] = [];
      for (const { subject, sql } of left) {
        try {
          for (const parsed of this.scripts.parse(sql, sessionOf(EMPTY_CONTEXT))) {
            const { statement, source, text } = parsed;
            const context = this.scripts.context(statement, source, text, sessionOf(EMPTY_CONTEXT), new Map());
            const { command } = await prepare({ ...context, catalog });
            if (command !== undefined) catalog = applyCommand(catalog, command);
          }
          steps.push(stepOf('drop', null, subject, sql));
        } catch (error) {
          refused.push({ subject, sql, error });
        }
      }
      if (refused.length === 0) return { steps, catalog };
      if (refused.length === before) {
        const stay = refused.map(({ subject, sql, error }) => stepOf('refused', null, subject, sql, why(error)));
        return { steps: [...steps, ...stay], catalog };
      }
      left = refused;
    }
  }
}

const stepOf = (
  action: DeployAction,
  file: string | null,
  subject: string,
  sql: string,
  more: Partial<Pick<DeployStep, 'line' | 'was' | 'reason' | 'hint'>> = {},
): DeployStep => ({ action, file, line: null, subject, sql, was: null, reason: null, hint: null, ...more });

/** `02_rides.sql:14`; undefined for what is in no file. */
const placeOf = ({ file, line }: DeployStep): string | undefined =>
  file === null ? undefined : line === null ? file : `${file}:${line}`;

const why = (e: unknown): Pick<DeployStep, 'reason' | 'hint'> & { readonly line?: number } => {
  const error = cause(e);
  return {
    reason: messageOf(e),
    hint: (error as { hint?: string }).hint ?? null,
    ...(error instanceof SqlError && error.span !== undefined ? { line: error.span.line } : {}),
  };
};

const cause = (e: unknown): unknown => (e instanceof StatementFailure ? e.cause : e);

/** What is to be done for a statement, given what there is. */
const decide = (catalog: Catalog, statement: Statement): Decision =>
  factsOf(statement).deploy?.(statement, catalog) ?? { action: 'run', statement };

const KIND_WORDS = { source: '', type: 'Type ', connector: 'Connector ' } as const;

/** A name that two statements of the set define would change at every deployment. */
function once(defined: Map<string, string>, definition: Definition, file: string): void {
  const name = `${KIND_WORDS[definition.kind]}${definition.name}`;
  if (defined.has(name) && !definition.mayExist) {
    const other = defined.get(name);
    throw new WeirError(
      'BAD_STATEMENT',
      `${name} is made twice: ${other === file ? 'in this file' : `in ${other} as well`}.`,
      'One name, one statement: the second would replace the first at every deployment.',
    );
  }
  defined.set(name, file);
}
