/** Statements: CST to tree. */
import type { CstNode } from 'chevrotain';
import type {
  ColumnDef,
  ColumnRole,
  ConnectorKind,
  ControlConnector,
  ControlQuery,
  Identifier,
  List,
  ListSubject,
  Literal,
  Property,
  SourceKind,
  Statement,
} from '../ast.js';
import { joinSpans, type Span, SqlError } from '../source.js';
import { QuotedIdentifier, StringToken } from '../tokens.js';
import {
  choice,
  has,
  identifier,
  leaf,
  need,
  opt,
  spanOf,
  spanOfToken,
  sub,
  subs,
  syntaxError,
  toCount,
  toIdentifier,
  tok,
  toks,
  unquote,
} from './cst.js';
import { buildList, buildLiteral } from './expression.js';
import { buildDuration, buildLimit, buildQuery, maybe } from './query.js';
import { buildStructField, buildType } from './type.js';

/** The statement of a `singleStatement`; its span takes in the semicolon, as ksqlDB's statement texts do. */
export function buildSingleStatement(node: CstNode): Statement {
  const statement = buildStatement(sub(node, 'statement'));
  return { ...statement, span: spanOf(node) };
}

function buildStatement(wrapper: CstNode): Statement {
  const node = choice(wrapper);
  const span = spanOf(node);
  switch (node.name) {
    case 'query':
      return buildQuery(node);
    case 'create':
      return buildCreate(choice(node), span);
    case 'insert':
      return buildInsert(node, span);
    case 'drop':
      return buildDrop(node, span);
    case 'alter':
      return buildAlter(node, span);
    case 'list':
      return buildListStatement(node, span);
    case 'describe':
      return buildDescribe(node, span);
    case 'explain':
      return buildExplain(node, span);
    case 'print':
      return buildPrint(node, span);
    case 'control':
      return buildControl(node, span);
    case 'setProperty':
      return { kind: 'SetProperty', ...nameAndValue(node), span };
    case 'unsetProperty':
      return { kind: 'UnsetProperty', name: text(node), span };
    case 'define':
      return { kind: 'Define', name: name(node), value: text(node), span };
    case 'undefine':
      return { kind: 'Undefine', name: name(node), span };
    case 'runScript':
      return { kind: 'RunScript', path: text(node), span };
    case 'assert':
      return buildAssert(node, span);
    default:
      throw new Error(`syntax tree: no statement for ${node.name}`);
  }
}

// --- Parts -----------------------------------------------------------------------------------------------------------

function name(node: CstNode): Identifier {
  return identifier(sub(node, 'identifier'));
}

function text(node: CstNode): string {
  return unquote(need(node, 'StringToken').image);
}

function nameAndValue(node: CstNode): { readonly name: string; readonly value: string } {
  const [name, value] = toks(node, 'StringToken').map((token) => unquote(token.image)) as [string, string];
  return { name, value };
}

function sourceKind(node: CstNode): SourceKind {
  return has(sub(node, 'sourceKind'), 'STREAM') ? 'STREAM' : 'TABLE';
}

function connectorKind(node: CstNode): ConnectorKind {
  return has(node, 'SOURCE') ? 'SOURCE' : 'SINK';
}

/** A name as SQL folds it; a string counts as a quoted name. */
function externalIdentifier(node: CstNode): Identifier {
  const token = leaf(sub(node, 'externalName'));
  if (token.tokenType !== StringToken) return toIdentifier(token);
  return { kind: 'Identifier', name: unquote(token.image), quoted: true, span: spanOfToken(token) };
}

/** A name as written. */
function externalText(node: CstNode): { readonly text: string; readonly quoted: boolean } {
  const token = leaf(sub(node, 'externalName'));
  const quoted = token.tokenType === StringToken || token.tokenType === QuotedIdentifier;
  return { text: quoted ? unquote(token.image) : token.image, quoted };
}

export function buildColumnDefs(node: CstNode): ColumnDef[] {
  return subs(node, 'columnDef').map((column): ColumnDef => {
    const role: ColumnRole = has(column, 'PRIMARY')
      ? 'PRIMARY_KEY'
      : has(column, 'KEY')
        ? 'KEY'
        : has(column, 'HEADERS')
          ? 'HEADERS'
          : has(column, 'HEADER')
            ? 'HEADER'
            : has(column, 'PAYLOAD')
              ? 'PAYLOAD'
              : 'NONE';
    return {
      kind: 'ColumnDef',
      name: name(column),
      type: buildType(sub(column, 'type')),
      role,
      ...maybe('headerKey', role === 'HEADER' ? text(column) : undefined),
      span: spanOf(column),
    };
  });
}

function columnDefs(node: CstNode, kind: SourceKind): ColumnDef[] {
  const list = opt(node, 'columnDefs');
  const columns = list === undefined ? [] : buildColumnDefs(list);
  for (const column of columns) checkKeyKind(column, kind);
  return columns;
}

function checkKeyKind(column: ColumnDef, kind: SourceKind): void {
  const wrong = kind === 'STREAM' ? 'PRIMARY_KEY' : 'KEY';
  if (column.role !== wrong) return;
  const { line, column: at } = column.span;
  const [is, please, whose] = kind === 'STREAM' ? ['PRIMARY KEY', 'KEY', 'streams'] : ['KEY', 'PRIMARY KEY', 'tables'];
  throw new SqlError({
    code: 'WRONG_KEY_KIND',
    message: `Line: ${line}, Col: ${at}: Column \`${column.name.name}\` is a '${is}' column: please use '${please}' for ${whose}.`,
    span: column.span,
  });
}

function columnNames(node: CstNode): Identifier[] {
  const list = opt(node, 'columnNames');
  return list === undefined ? [] : subs(list, 'identifier').map(identifier);
}

function properties(node: CstNode): Property[] {
  const list = opt(node, 'properties');
  return list === undefined ? [] : subs(list, 'property').map(buildProperty);
}

function buildProperty(node: CstNode): Property {
  const { text: written, quoted } = externalText(node);
  return {
    kind: 'Property',
    name: quoted ? written : written.toUpperCase(),
    quoted,
    value: propertyValue(sub(node, 'propertyValue')),
    span: spanOf(node),
  };
}

function propertyValue(node: CstNode): Literal {
  const literal = sub(node, 'literal');
  const sign = opt(node, 'sign');
  if (sign === undefined) return buildLiteral(literal);
  const token = leaf(literal);
  if (!/^[.0-9]/.test(token.image)) throw syntaxError(spanOfToken(token), 'A sign can only stand before a number.');
  const value = buildLiteral(literal, leaf(sign).image === '-' ? leaf(sign) : undefined);
  return { ...value, span: joinSpans(spanOf(sign), value.span) };
}

// --- Definitions -----------------------------------------------------------------------------------------------------

function buildCreate(node: CstNode, span: Span): Statement {
  const ifNotExists = has(node, 'ifNotExists');
  if (node.name === 'createType') {
    return { kind: 'CreateType', ifNotExists, name: name(node), type: buildType(sub(node, 'type')), span };
  }
  if (node.name === 'createConnector') {
    return {
      kind: 'CreateConnector',
      connectorKind: connectorKind(sub(node, 'connectorKind')),
      orReplace: has(node, 'REPLACE'),
      ifNotExists,
      name: externalIdentifier(node),
      properties: properties(node),
      span,
    };
  }
  const kind = sourceKind(node);
  const common = { sourceKind: kind, orReplace: has(node, 'REPLACE'), ifNotExists, name: name(node) } as const;
  const query = opt(node, 'query');
  if (query === undefined) {
    return {
      kind: 'CreateSource',
      ...common,
      isSource: has(node, 'SOURCE'),
      columns: columnDefs(node, kind),
      properties: properties(node),
      span,
    };
  }
  if (has(node, 'SOURCE')) {
    throw syntaxError(
      spanOfToken(need(node, 'AS')),
      `CREATE SOURCE ${kind} reads a topic: it has columns, not a query.`,
    );
  }
  if (has(node, 'columnDefs')) {
    throw syntaxError(
      spanOfToken(need(node, 'AS')),
      'The columns of CREATE … AS SELECT come from its query: leave the list in parentheses out.',
    );
  }
  return { kind: 'CreateAs', ...common, properties: properties(node), query: buildQuery(query), span };
}

function buildInsert(node: CstNode, span: Span): Statement {
  const target = name(node);
  const query = opt(node, 'query');
  if (query !== undefined) {
    return { kind: 'InsertInto', target, properties: properties(node), query: buildQuery(query), span };
  }
  return {
    kind: 'InsertValues',
    target,
    columns: columnNames(node),
    values: buildList(sub(node, 'values')),
    span,
  };
}

function buildDrop(node: CstNode, span: Span): Statement {
  const ifExists = has(node, 'ifExists');
  if (has(node, 'TYPE')) return { kind: 'DropType', ifExists, name: name(node), span };
  if (has(node, 'CONNECTOR')) return { kind: 'DropConnector', ifExists, name: externalIdentifier(node), span };
  return {
    kind: 'DropSource',
    sourceKind: sourceKind(node),
    ifExists,
    name: name(node),
    deleteTopic: has(node, 'DELETE'),
    span,
  };
}

function buildAlter(node: CstNode, span: Span): Statement {
  if (has(node, 'SYSTEM')) return { kind: 'AlterSystem', ...nameAndValue(node), span };
  return {
    kind: 'AlterSource',
    sourceKind: sourceKind(node),
    name: name(node),
    columns: subs(node, 'addColumn').map((add) => buildStructField(sub(add, 'structField'))),
    span,
  };
}

// --- Looking and control ---------------------------------------------------------------------------------------------

const LIST_SUBJECTS: readonly ListSubject[] = [
  'STREAMS',
  'TABLES',
  'QUERIES',
  'TOPICS',
  'PROPERTIES',
  'FUNCTIONS',
  'CONNECTORS',
  'TYPES',
  'VARIABLES',
  'ERRORS',
];

function buildListStatement(node: CstNode, span: Span): List {
  const kind = opt(node, 'connectorKind');
  return {
    kind: 'List',
    subject: LIST_SUBJECTS.find((subject) => has(node, subject)) ?? 'CONNECTOR_PLUGINS',
    extended: has(node, 'EXTENDED'),
    all: has(node, 'ALL'),
    ...maybe('connectorKind', kind && connectorKind(kind)),
    span,
  };
}

function buildDescribe(node: CstNode, span: Span): Statement {
  const extended = has(node, 'EXTENDED');
  const sources = opt(node, 'sourcesKind');
  if (sources !== undefined) {
    return { kind: 'DescribeSources', sourceKind: has(sources, 'STREAMS') ? 'STREAM' : 'TABLE', extended, span };
  }
  if (has(node, 'FUNCTION')) return { kind: 'DescribeFunction', name: name(node), span };
  if (has(node, 'CONNECTOR')) return { kind: 'DescribeConnector', name: externalIdentifier(node), span };
  return { kind: 'DescribeSource', name: name(node), extended, span };
}

function buildExplain(node: CstNode, span: Span): Statement {
  const statement = opt(node, 'statement');
  const analyze = has(node, 'ANALYZE');
  if (statement === undefined) return { kind: 'Explain', analyze, queryId: name(node), span };
  if (has(statement, 'explain')) {
    throw syntaxError(spanOf(statement), 'EXPLAIN explains one statement, and not another EXPLAIN.');
  }
  return { kind: 'Explain', analyze, statement: buildStatement(statement), span };
}

function buildPrint(node: CstNode, span: Span): Statement {
  const { text: topic, quoted } = externalText(node);
  const interval = tok(node, 'IntegerToken');
  const limit = opt(node, 'limitClause');
  return {
    kind: 'Print',
    topic,
    quoted,
    fromBeginning: has(node, 'BEGINNING'),
    ...maybe('interval', interval && toCount(interval)),
    ...maybe('limit', limit && buildLimit(limit)),
    span,
  };
}

function buildControl(node: CstNode, span: Span): ControlQuery | ControlConnector {
  const kind = has(node, 'TERMINATE') ? 'Terminate' : has(node, 'PAUSE') ? 'Pause' : 'Resume';
  const target = sub(node, 'controlled');
  const from = has(node, 'EARLIEST') ? 'EARLIEST' : has(node, 'LATEST') ? 'LATEST' : undefined;
  if (has(target, 'CONNECTOR')) {
    if (kind === 'Terminate') {
      throw syntaxError(
        spanOfToken(need(target, 'CONNECTOR')),
        'A connector is dropped, not terminated: DROP CONNECTOR.',
      );
    }
    return { kind: `${kind}Connector`, name: externalIdentifier(target), ...maybe('from', from), span };
  }
  return {
    kind,
    ...maybe('queryId', has(target, 'ALL') ? undefined : name(target)),
    ...maybe('from', from),
    span,
  };
}

// --- Assertions ------------------------------------------------------------------------------------------------------

function buildAssert(node: CstNode, span: Span): Statement {
  const timeoutNode = opt(node, 'duration');
  const timeout = maybe('timeout', timeoutNode && buildDuration(timeoutNode));
  const exists = !has(node, 'NOT');
  const topic = opt(node, 'assertTopic');
  if (topic !== undefined) {
    const { text: name, quoted } = externalText(topic);
    return { kind: 'AssertTopic', exists, topic: name, quoted, properties: properties(topic), ...timeout, span };
  }
  const schema = opt(node, 'assertSchema');
  if (schema !== undefined) {
    const subject = has(schema, 'externalName') ? externalText(schema).text : undefined;
    const id = tok(schema, 'IntegerToken');
    if (subject === undefined && id === undefined) {
      throw syntaxError(spanOf(schema), 'ASSERT SCHEMA needs a SUBJECT, an ID, or both.');
    }
    return {
      kind: 'AssertSchema',
      exists,
      ...maybe('subject', subject),
      ...maybe('id', id && toCount(id)),
      ...timeout,
      span,
    };
  }
  const source = opt(node, 'assertSource');
  if (source !== undefined) {
    const kind = sourceKind(source);
    return {
      kind: kind === 'STREAM' ? 'AssertStream' : 'AssertTable',
      name: name(source),
      columns: columnDefs(source, kind),
      properties: properties(source),
      span,
    };
  }
  const values = opt(node, 'assertValues');
  const row = values ?? sub(node, 'assertNullValues');
  return {
    kind: values === undefined ? 'AssertNullValues' : 'AssertValues',
    source: name(row),
    columns: columnNames(row),
    values: buildList(sub(row, 'values')),
    span,
  };
}
