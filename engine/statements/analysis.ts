import type { Statement } from '../../parser/ast.js';
import type { AnalyzerContext, ResolvedStatement } from '../analyzer/index.js';
import { WeirError } from '../base/errors.js';
import type { Command } from '../catalog/index.js';
import { commandOf } from './command-of.js';
import type { Prepared, StatementContext } from './context.js';
import { settingsIn } from './settings-in-force.js';
import { analyzeWithSchemas } from './statement-schemas.js';

/** What the analyzer needs to know of the world to resolve a statement. */
function analyzerContext(context: StatementContext): AnalyzerContext {
  return {
    catalog: context.catalog,
    functions: context.parts.functions,
    properties: settingsIn(context).overrides(),
    sourceText: context.source,
  };
}

/** A statement with everything decided; what it needs of the schema registry is fetched. */
export const analyzed = (context: StatementContext, statement: Statement): Promise<ResolvedStatement> =>
  analyzeWithSchemas(statement, analyzerContext(context), context.parts.registry);

/**
 * For `StatementFacts.prepare`: what is done with a statement once it is resolved, and with the change of the catalog that it
 * stands for; undefined for one that changes nothing.
 */
export const resolving =
  <K extends ResolvedStatement['kind']>(
    kind: K,
    make: (
      resolved: Extract<ResolvedStatement, { readonly kind: K }>,
      change: Command | undefined,
      context: StatementContext,
    ) => Promise<Prepared>,
  ) =>
  async (_statement: Statement, context: StatementContext): Promise<Prepared> => {
    const resolved = await analyzed(context, context.statement);
    if (resolved.kind !== kind) {
      throw new WeirError('INTERNAL', `A statement of kind ${context.statement.kind} was not recognised.`);
    }
    const change = commandOf(resolved, Object.fromEntries(context.session.properties), context.catalog);
    return make(resolved as Extract<ResolvedStatement, { readonly kind: K }>, change, context);
  };
