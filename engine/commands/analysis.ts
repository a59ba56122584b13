import type { AnalyzerContext } from '../analyzer/index.js';
import type { StatementContext } from './context.js';

/** What the analyzer needs to know of the world to resolve a statement. */
export function analyzerContext(context: StatementContext): AnalyzerContext {
  return {
    catalog: context.catalog,
    functions: context.parts.functions,
    formats: context.parts.formats,
    properties: context.parts.settings.with(context.session.properties).overrides(),
    sourceText: context.source,
  };
}
