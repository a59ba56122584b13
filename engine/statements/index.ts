import { WeirError } from '../base/errors.js';
import { alterSource } from './alter-source.js';
import { analyzed } from './analysis.js';
import { assertSchema } from './assert-schema.js';
import { assertTopic } from './assert-topic.js';
import { commandOf } from './command-of.js';
import type { Prepared, StatementContext } from './context.js';
import { controlQuery, terminatePush } from './control-query.js';
import { createAs } from './create-as.js';
import { createSource } from './create-source.js';
import { createType, dropType } from './custom-types.js';
import { describeFunction } from './describe-function.js';
import { describe, describeAll } from './describe-source.js';
import { dropSource } from './drop-source.js';
import { explain } from './explain.js';
import { insertInto } from './insert-into.js';
import { insertValues } from './insert-values.js';
import { list } from './list.js';
import { notSupported } from './not-supported.js';
import { alterSystem, sessionStatement } from './session.js';

/** Checks a statement against the context's catalog and says what it does. One file a statement kind. */
export async function prepare(context: StatementContext): Promise<Prepared> {
  const { statement } = context;
  switch (statement.kind) {
    case 'List':
      return list(statement, context);
    case 'DescribeSource':
      return describe(statement, context);
    case 'DescribeSources':
      return describeAll(statement, context);
    case 'DescribeFunction':
      return describeFunction(statement, context);
    case 'Explain':
      return explain(statement, context);
    case 'SetProperty':
    case 'UnsetProperty':
    case 'Define':
    case 'Undefine':
      return sessionStatement(statement, context);
    case 'AlterSystem':
      return alterSystem(statement, context);
    case 'Terminate':
      return terminatePush(statement, context) ?? prepareResolved(context);
    case 'AssertTopic':
      return assertTopic(statement, context);
    case 'AssertSchema':
      return assertSchema(statement, context);
    case 'Query':
    case 'Print':
      throw new WeirError(
        'WRONG_ENDPOINT',
        `The following statement types should be issued to the websocket endpoint '/query': ${statement.kind === 'Print' ? 'PRINT' : 'SELECT'}`,
        'Send queries to /query, /query-stream or /ws/query.',
      );
    case 'CreateConnector':
      throw notSupported(`CREATE ${statement.connectorKind} CONNECTOR`, statement.span);
    case 'DropConnector':
      throw notSupported('DROP CONNECTOR', statement.span);
    case 'DescribeConnector':
      throw notSupported('DESCRIBE CONNECTOR', statement.span);
    case 'RunScript':
      throw notSupported('RUN SCRIPT on the server (the shell runs scripts itself)', statement.span);
    case 'AssertValues':
    case 'AssertNullValues':
    case 'AssertStream':
    case 'AssertTable':
      throw notSupported('ASSERT of rows and sources outside the test runner', statement.span);
    default:
      return prepareResolved(context);
  }
}

async function prepareResolved(context: StatementContext): Promise<Prepared> {
  const resolved = await analyzed(context, context.statement);
  const change = commandOf(resolved, Object.fromEntries(context.session.properties), context.catalog);
  switch (resolved.kind) {
    case 'createSource':
      return createSource(resolved, change, context);
    case 'createAs':
      return createAs(resolved, change, context);
    case 'insertInto':
      return insertInto(resolved, change!, context);
    case 'insertValues':
      return insertValues(resolved, context);
    case 'alterSource':
      return alterSource(resolved, change!, context);
    case 'dropSource':
      return dropSource(resolved, change!, context);
    case 'createType':
      return createType(resolved, change!, context);
    case 'dropType':
      return dropType(resolved, change!, context);
    case 'controlQuery':
      return controlQuery(resolved, change!, context);
    case 'select':
    case 'other':
      throw new WeirError('INTERNAL', `A statement of kind ${context.statement.kind} was not recognised.`);
  }
}
