import type { AnalyzerContext } from '../analyzer/index.js';
import type { StatementContext } from './context.js';
import { settingsIn } from './settings-of.js';

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
