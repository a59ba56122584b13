import type { Join, Relation, SourceRef } from '../../parser/ast.js';
import { type AnalyzerContext, sourceNamed } from './context.js';
import { analyzeJoin, readCriteria } from './join.js';
import { analyzePullJoin } from './pull-join.js';
import type { ResolvedRelation, ResolvedSourceRelation } from './resolved.js';
import { type Binding, joinBindings, sourceBindings } from './scope.js';

/** FROM: what is read, and the columns that the other clauses can name. `pull`: for a query that reads once. */
export function analyzeRelation(
  context: AnalyzerContext,
  from: Relation,
  pull: boolean,
): { readonly relation: ResolvedRelation; readonly bindings: readonly Binding[] } {
  const relation = resolve(context, from, pull);
  return {
    relation,
    bindings: relation.kind === 'source' ? sourceBindings(relation.source, relation.alias) : joinBindings(relation),
  };
}

function resolve(context: AnalyzerContext, from: Relation, pull: boolean): ResolvedRelation {
  const joins: Join[] = [];
  let node = from;
  for (; node.kind === 'Join'; node = node.left) joins.unshift(node);
  const first = resolveSource(context, node);
  if (pull) {
    return joins.reduce<ResolvedRelation>(
      (left, join) => analyzePullJoin(context, join, left, resolveSource(context, join.right)),
      first,
    );
  }
  // All conditions are read before the first join is looked at more closely: what names a wrong source is the larger mistake.
  const sources = [first];
  const criteria = joins.map((join) => {
    const right = resolveSource(context, join.right);
    const read = readCriteria(join, sources, right);
    sources.push(right);
    return read;
  });
  return joins.reduce<ResolvedRelation>(
    (left, join, i) => analyzeJoin(context, join, criteria[i]!, left, sources[i + 1]!),
    first,
  );
}

function resolveSource(context: AnalyzerContext, from: SourceRef): ResolvedSourceRelation {
  const { name, span } = from.name;
  const source = sourceNamed(context, name, span, `Exception while preparing statement: ${name} does not exist.`);
  const alias = from.alias?.name ?? source.name;
  return { kind: 'source', source, alias, schema: source.schema, output: source.kind, window: source.window };
}
