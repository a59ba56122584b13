import type { Relation } from '../../parser/ast.js';
import { type AnalyzerContext, sourceNamed } from './context.js';
import { notSupported } from './errors.js';
import type { ResolvedRelation } from './resolved.js';
import { type Binding, sourceBindings } from './scope.js';

/** FROM: what is read, and the columns that the other clauses can name. */
export function analyzeRelation(
  context: AnalyzerContext,
  from: Relation,
): { readonly relation: ResolvedRelation; readonly bindings: readonly Binding[] } {
  if (from.kind === 'Join') return notSupported(`${from.joinType} JOIN`, from.span);
  const source = sourceNamed(context, from.name.name, from.name.span);
  const alias = from.alias?.name ?? source.name;
  return {
    relation: { kind: 'source', source, alias, schema: source.schema, output: source.kind, window: source.window },
    bindings: sourceBindings(source, alias),
  };
}
