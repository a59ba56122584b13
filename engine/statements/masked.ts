import type { Statement } from '../../parser/ast.js';

const quoted = (name: string): string => `\`${name}\``;

/**
 * A statement's text as answers and logs may show it: the values of INSERT … VALUES are the user's data, and stay out.
 */
export function maskedText(statement: Statement, text: string): string {
  if (statement.kind !== 'InsertValues') return text;
  const columns = statement.columns.length === 0 ? '' : ` (${statement.columns.map((c) => quoted(c.name)).join(', ')})`;
  const values = statement.values.map(() => "'[value]'").join(', ');
  return `INSERT INTO ${quoted(statement.target.name)}${columns} VALUES (${values});`;
}
