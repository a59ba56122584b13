import { expressionText, identifierText } from '../../engine/analyzer/text.js';
import type { CreateAs, Expression, SelectItem, Statement } from '../../parser/ast.js';
import { printIdentifier } from '../../parser/index.js';

/**
 * CREATE … AS SELECT as ksqlDB's planner rewrites it, which is what its errors show behind `Statement:`: columns with their
 * source's name, an alias for each expression and source, EMIT CHANGES. Null for what the suite has no example of.
 */
export function rewrittenText(statement: Statement): string | null {
  if (statement.kind !== 'CreateAs') return null;
  const { query } = statement;
  const { from, window, partitionBy, having } = query;
  if (from.kind !== 'SourceRef' || window !== undefined || partitionBy !== undefined || having !== undefined)
    return null;
  const alias = from.alias ?? from.name;
  const text = (e: Expression): string =>
    expressionText(e, (source, name) => `${identifierText((source ?? alias).name)}.${identifierText(name.name)}`);
  let generated = 0;
  const item = (s: SelectItem): string | null => {
    if (s.kind !== 'SelectExpression') return null;
    const own = s.expression.kind === 'ColumnRef' ? s.expression.name : undefined;
    const name = (s.alias ?? own)?.name ?? `KSQL_COL_${generated++}`;
    return `  ${text(s.expression)} ${identifierText(name)}`;
  };
  const items = query.select.map(item);
  if (items.includes(null)) return null;
  return [
    `${head(statement)} AS SELECT`,
    items.join(',\n'),
    `FROM ${printIdentifier(from.name)} ${printIdentifier(alias)}`,
    ...(query.where === undefined ? [] : [`WHERE ${text(query.where)}`]),
    ...(query.groupBy === undefined ? [] : [`GROUP BY ${query.groupBy.map(text).join(', ')}`]),
    'EMIT CHANGES',
  ].join('\n');
}

function head(s: CreateAs): string {
  const properties = s.properties.map((p) => `${p.name.toUpperCase()}=${expressionText(p.value)}`);
  const given = properties.length === 0 ? '' : ` WITH (${properties.join(', ')})`;
  return `CREATE ${s.orReplace ? 'OR REPLACE ' : ''}${s.sourceKind} ${printIdentifier(s.name)}${given}`;
}
