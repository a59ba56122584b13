import type { DescribeFunction } from '../../parser/ast.js';
import { SqlError } from '../../parser/index.js';
import { functionHint } from '../analyzer/other-functions.js';
import type { Prepared, StatementContext } from './context.js';
import type { KindsOf } from './kind.js';

/** DESCRIBE FUNCTION name. */
async function describeFunction(statement: DescribeFunction, context: StatementContext): Promise<Prepared> {
  const { name, span } = statement.name;
  const { functions } = context.parts;
  if (!functions.has(name)) {
    throw new SqlError({
      code: 'BAD_STATEMENT',
      message: `Can't find any functions with the name '${name}'`,
      span,
      hint: functionHint(name, functions),
    });
  }
  const f = functions.describe(name);
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

export const DESCRIBE_FUNCTION: KindsOf<'DescribeFunction'> = {
  DescribeFunction: { effect: 'reads', subject: () => 'DESCRIBE FUNCTION', prepare: describeFunction },
};
