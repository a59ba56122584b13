import type { Statement } from '../../parser/ast.js';
import { ALTER_SOURCE } from './alter-source.js';
import { ASSERT_SCHEMA } from './assert-schema.js';
import { ASSERT_TOPIC } from './assert-topic.js';
import { CONNECTOR_STATEMENTS } from './connectors.js';
import type { Prepared, StatementContext } from './context.js';
import { CONTROL_QUERY } from './control-query.js';
import { CREATE_AS } from './create-as.js';
import { CREATE_SOURCE } from './create-source.js';
import { CUSTOM_TYPES } from './custom-types.js';
import { DESCRIBE_FUNCTION } from './describe-function.js';
import { DESCRIBE_SOURCE } from './describe-source.js';
import { DROP_SOURCE } from './drop-source.js';
import { EXPLAIN } from './explain.js';
import { INSERT_INTO } from './insert-into.js';
import { INSERT_VALUES } from './insert-values.js';
import type { KindsOf, StatementFacts } from './kind.js';
import { LIST } from './list.js';
import { ROWS } from './rows.js';
import { SESSION } from './session.js';
import { UNSUPPORTED } from './unsupported.js';

/** What each kind of statement is. A family is a file of this folder. */
export const STATEMENTS: KindsOf<Statement['kind']> = {
  ...CREATE_SOURCE,
  ...CREATE_AS,
  ...INSERT_INTO,
  ...INSERT_VALUES,
  ...ALTER_SOURCE,
  ...DROP_SOURCE,
  ...CUSTOM_TYPES,
  ...CONTROL_QUERY,
  ...CONNECTOR_STATEMENTS,
  ...SESSION,
  ...LIST,
  ...DESCRIBE_SOURCE,
  ...DESCRIBE_FUNCTION,
  ...EXPLAIN,
  ...ASSERT_TOPIC,
  ...ASSERT_SCHEMA,
  ...ROWS,
  ...UNSUPPORTED,
};

/** The facts of a statement's kind. */
export const factsOf = <S extends Statement>(statement: S): StatementFacts<S> =>
  STATEMENTS[statement.kind] as unknown as StatementFacts<S>;

/** Checks a statement against the context's catalog and says what it does. */
export const prepare = (context: StatementContext): Promise<Prepared> =>
  factsOf(context.statement).prepare(context.statement, context);

/** A statement's text as answers and logs may show it. */
export const maskedText = (statement: Statement, text: string): string =>
  factsOf(statement).masked?.(statement) ?? text;
