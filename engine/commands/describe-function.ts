import type { DescribeFunction } from '../../parser/ast.js';
import type { Prepared, StatementContext } from './context.js';

/** DESCRIBE FUNCTION name. */
export async function describeFunction(statement: DescribeFunction, context: StatementContext): Promise<Prepared> {
  const f = context.parts.functions.describe(statement.name.name);
  const examples = f.examples.map((e) => `${e.sql}${e.result === null ? '' : ` => ${e.result}`}`);
  return {
    run: async () => ({
      '@type': 'describe_function',
      statementText: context.sql,
      name: f.name,
      description: examples.length === 0 ? f.description : `${f.description}\nExamples:\n  ${examples.join('\n  ')}`,
      author: 'Weir',
      version: '',
      path: 'internal',
      functions: f.overloads.map((o) => ({
        arguments: o.arguments.map((a) => ({ name: a.name, type: a.type, description: '', isVariadic: a.variadic })),
        returnType: o.returnType,
        description: o.description,
      })),
      type: f.kind.toUpperCase(),
      warnings: [],
    }),
  };
}
