import type { Statement } from '../../parser/ast.js';
import type { AnalyzerContext, ResolvedStatement } from '../analyzer/index.js';
import type { StatementContext } from './context.js';
import { settingsIn } from './settings-in-force.js';
import { analyzeWithSchemas } from './statement-schemas.js';

/** What the analyzer needs to know of the world to resolve a statement. */
export function analyzerContext(context: StatementContext): AnalyzerContext {
  return {
    catalog: context.catalog,
    functions: context.parts.functions,
    formats: context.parts.formats,
    properties: settingsIn(context).overrides(),
    sourceText: context.source,
  };
}

/** A statement with everything decided; what it needs of the schema registry is fetched. */
export const analyzed = (context: StatementContext, statement: Statement): Promise<ResolvedStatement> =>
  analyzeWithSchemas(statement, analyzerContext(context), context.parts.registry);
