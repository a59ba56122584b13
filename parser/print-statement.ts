/** Statements back to SQL (see print.ts). */
import type { ColumnDef, Identifier, List, Property, Statement, StatementOf } from './ast.js';
import {
  PLAIN_NAME,
  printDuration,
  printExpression,
  printExternal,
  printIdentifier,
  printList,
  printQuery,
  printText,
  printType,
} from './print.js';
import { isReserved } from './tokens.js';

/** With its semicolon. */
export function printStatement(statement: Statement): string {
  return `${printBody(statement)};`;
}

function words(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== false && part !== undefined && part !== '').join(' ');
}

function printColumns(columns: readonly ColumnDef[]): string | false {
  return columns.length > 0 && `(${columns.map(printColumnDef).join(', ')})`;
}

function printColumnDef(column: ColumnDef): string {
  const roles = {
    NONE: '',
    KEY: 'KEY',
    PRIMARY_KEY: 'PRIMARY KEY',
    HEADERS: 'HEADERS',
    PAYLOAD: 'PAYLOAD',
    HEADER: `HEADER(${printText(column.headerKey ?? '')})`,
  } as const;
  return words(printIdentifier(column.name), printType(column.type), roles[column.role]);
}

function printProperties(properties: readonly Property[]): string | false {
  return properties.length > 0 && `WITH (${properties.map(printProperty).join(', ')})`;
}

function printProperty({ name, quoted, value }: Property): string {
  return `${quoted || !PLAIN_NAME.test(name) || isReserved(name) ? printText(name) : name}=${printExpression(value)}`;
}

function printNames(names: readonly Identifier[]): string | false {
  return names.length > 0 && `(${names.map(printIdentifier).join(', ')})`;
}

const IF_NOT_EXISTS = 'IF NOT EXISTS';
const IF_EXISTS = 'IF EXISTS';

const PRINTERS: { readonly [K in Statement['kind']]: (statement: StatementOf<K>) => string } = {
  Query: printQuery,
  CreateSource: printCreate,
  CreateAs: printCreate,
  InsertInto: (s) =>
    `${words('INSERT INTO', printIdentifier(s.target), printProperties(s.properties))}\n${printQuery(s.query)}`,
  InsertValues: (s) =>
    words('INSERT INTO', printIdentifier(s.target), printNames(s.columns), `VALUES (${printList(s.values)})`),
  AlterSource: (s) => {
    const added = s.columns.map((c) => `ADD COLUMN ${printIdentifier(c.name)} ${printType(c.type)}`);
    return words('ALTER', s.sourceKind, printIdentifier(s.name), added.join(', '));
  },
  DropSource: (s) =>
    words('DROP', s.sourceKind, s.ifExists && IF_EXISTS, printIdentifier(s.name), s.deleteTopic && 'DELETE TOPIC'),
  CreateType: (s) =>
    words('CREATE TYPE', s.ifNotExists && IF_NOT_EXISTS, printIdentifier(s.name), 'AS', printType(s.type)),
  DropType: (s) => words('DROP TYPE', s.ifExists && IF_EXISTS, printIdentifier(s.name)),
  CreateConnector: (s) =>
    words(
      'CREATE',
      s.orReplace && 'OR REPLACE',
      s.connectorKind,
      'CONNECTOR',
      s.ifNotExists && IF_NOT_EXISTS,
      printIdentifier(s.name),
      printProperties(s.properties) || 'WITH ()',
    ),
  DropConnector: (s) => words('DROP CONNECTOR', s.ifExists && IF_EXISTS, printIdentifier(s.name)),
  PauseConnector: (s) => words('PAUSE CONNECTOR', printIdentifier(s.name)),
  ResumeConnector: (s) => words('RESUME CONNECTOR', printIdentifier(s.name), s.from !== undefined && `FROM ${s.from}`),
  Terminate: printControl,
  Pause: printControl,
  Resume: printControl,
  List: printShow,
  DescribeSource: (s) => words('DESCRIBE', printIdentifier(s.name), s.extended && 'EXTENDED'),
  DescribeSources: (s) => words('DESCRIBE', `${s.sourceKind}S`, s.extended && 'EXTENDED'),
  DescribeFunction: (s) => words('DESCRIBE FUNCTION', printIdentifier(s.name)),
  DescribeConnector: (s) => words('DESCRIBE CONNECTOR', printIdentifier(s.name)),
  Explain: (s) =>
    words(
      'EXPLAIN',
      s.analyze && 'ANALYZE',
      s.queryId && printIdentifier(s.queryId),
      s.statement && printBody(s.statement),
    ),
  Print: (s) =>
    words(
      'PRINT',
      printExternal(s.topic, s.quoted),
      s.fromBeginning && 'FROM BEGINNING',
      s.interval !== undefined && `INTERVAL ${s.interval}`,
      s.limit !== undefined && `LIMIT ${s.limit}`,
    ),
  SetProperty: (s) => `SET ${printText(s.name)}=${printText(s.value)}`,
  UnsetProperty: (s) => `UNSET ${printText(s.name)}`,
  AlterSystem: (s) => `ALTER SYSTEM ${printText(s.name)}=${printText(s.value)}`,
  Define: (s) => `DEFINE ${printIdentifier(s.name)} = ${printText(s.value)}`,
  Undefine: (s) => `UNDEFINE ${printIdentifier(s.name)}`,
  RunScript: (s) => `RUN SCRIPT ${printText(s.path)}`,
  AssertTopic: (s) =>
    words(
      'ASSERT',
      !s.exists && 'NOT EXISTS',
      'TOPIC',
      printExternal(s.topic, s.quoted),
      printProperties(s.properties),
      s.timeout && `TIMEOUT ${printDuration(s.timeout)}`,
    ),
  AssertSchema: (s) =>
    words(
      'ASSERT',
      !s.exists && 'NOT EXISTS',
      'SCHEMA',
      s.subject !== undefined && `SUBJECT ${printText(s.subject)}`,
      s.id !== undefined && `ID ${s.id}`,
      s.timeout && `TIMEOUT ${printDuration(s.timeout)}`,
    ),
  AssertValues: printAssertValues,
  AssertNullValues: printAssertValues,
  AssertStream: printAssertSource,
  AssertTable: printAssertSource,
};

function printBody(s: Statement): string {
  const print = PRINTERS[s.kind] as (statement: Statement) => string;
  return print(s);
}

function printCreate(s: StatementOf<'CreateSource'> | StatementOf<'CreateAs'>): string {
  const head = words(
    'CREATE',
    s.orReplace && 'OR REPLACE',
    s.kind === 'CreateSource' && s.isSource && 'SOURCE',
    s.sourceKind,
    s.ifNotExists && IF_NOT_EXISTS,
    printIdentifier(s.name),
    s.kind === 'CreateSource' && printColumns(s.columns),
    printProperties(s.properties),
  );
  return s.kind === 'CreateAs' ? `${head} AS\n${printQuery(s.query)}` : head;
}

function printControl(s: StatementOf<'Terminate'> | StatementOf<'Pause'> | StatementOf<'Resume'>): string {
  return words(
    s.kind.toUpperCase(),
    s.queryId === undefined ? 'ALL' : printQueryId(s.queryId),
    s.from !== undefined && `FROM ${s.from}`,
  );
}

function printAssertValues(s: StatementOf<'AssertValues'> | StatementOf<'AssertNullValues'>): string {
  return words(
    s.kind === 'AssertValues' ? 'ASSERT VALUES' : 'ASSERT NULL VALUES',
    printIdentifier(s.source),
    printNames(s.columns),
    s.kind === 'AssertValues' ? 'VALUES' : 'KEY',
    `(${printList(s.values)})`,
  );
}

function printAssertSource(s: StatementOf<'AssertStream'> | StatementOf<'AssertTable'>): string {
  return words(
    s.kind === 'AssertStream' ? 'ASSERT STREAM' : 'ASSERT TABLE',
    printIdentifier(s.name),
    printColumns(s.columns),
    printProperties(s.properties),
  );
}

/** A query called ALL, unlikely as it is, must not end all of them. */
function printQueryId(id: Identifier): string {
  return id.name === 'ALL' ? '`ALL`' : printIdentifier(id);
}

function printShow(list: List): string {
  const subject = list.subject === 'CONNECTOR_PLUGINS' ? 'CONNECTOR PLUGINS' : list.subject;
  return words('SHOW', list.all && 'ALL', list.connectorKind, subject, list.extended && 'EXTENDED');
}
