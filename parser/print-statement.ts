/** Statements back to SQL (see print.ts). */
import type { ColumnDef, Identifier, List, Property, Statement } from './ast.js';
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
  unreachable,
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

function printBody(s: Statement): string {
  switch (s.kind) {
    case 'Query':
      return printQuery(s);
    case 'CreateSource':
    case 'CreateAs': {
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
    case 'InsertInto':
      return `${words('INSERT INTO', printIdentifier(s.target), printProperties(s.properties))}\n${printQuery(s.query)}`;
    case 'InsertValues':
      return words('INSERT INTO', printIdentifier(s.target), printNames(s.columns), `VALUES (${printList(s.values)})`);
    case 'AlterSource': {
      const added = s.columns.map((c) => `ADD COLUMN ${printIdentifier(c.name)} ${printType(c.type)}`);
      return words('ALTER', s.sourceKind, printIdentifier(s.name), added.join(', '));
    }
    case 'DropSource':
      return words(
        'DROP',
        s.sourceKind,
        s.ifExists && IF_EXISTS,
        printIdentifier(s.name),
        s.deleteTopic && 'DELETE TOPIC',
      );
    case 'CreateType':
      return words('CREATE TYPE', s.ifNotExists && IF_NOT_EXISTS, printIdentifier(s.name), 'AS', printType(s.type));
    case 'DropType':
      return words('DROP TYPE', s.ifExists && IF_EXISTS, printIdentifier(s.name));
    case 'CreateConnector':
      return words(
        'CREATE',
        s.connectorKind,
        'CONNECTOR',
        s.ifNotExists && IF_NOT_EXISTS,
        printIdentifier(s.name),
        printProperties(s.properties) || 'WITH ()',
      );
    case 'DropConnector':
      return words('DROP CONNECTOR', s.ifExists && IF_EXISTS, printIdentifier(s.name));
    case 'Terminate':
    case 'Pause':
    case 'Resume':
      return words(
        s.kind.toUpperCase(),
        s.queryId === undefined ? 'ALL' : printQueryId(s.queryId),
        s.from !== undefined && `FROM ${s.from}`,
      );
    case 'List':
      return printShow(s);
    case 'DescribeSource':
      return words('DESCRIBE', printIdentifier(s.name), s.extended && 'EXTENDED');
    case 'DescribeSources':
      return words('DESCRIBE', `${s.sourceKind}S`, s.extended && 'EXTENDED');
    case 'DescribeFunction':
      return words('DESCRIBE FUNCTION', printIdentifier(s.name));
    case 'DescribeConnector':
      return words('DESCRIBE CONNECTOR', printIdentifier(s.name));
    case 'Explain':
      return words(
        'EXPLAIN',
        s.analyze && 'ANALYZE',
        s.queryId && printIdentifier(s.queryId),
        s.statement && printBody(s.statement),
      );
    case 'Print':
      return words(
        'PRINT',
        printExternal(s.topic, s.quoted),
        s.fromBeginning && 'FROM BEGINNING',
        s.interval !== undefined && `INTERVAL ${s.interval}`,
        s.limit !== undefined && `LIMIT ${s.limit}`,
      );
    case 'SetProperty':
      return `SET ${printText(s.name)}=${printText(s.value)}`;
    case 'UnsetProperty':
      return `UNSET ${printText(s.name)}`;
    case 'AlterSystem':
      return `ALTER SYSTEM ${printText(s.name)}=${printText(s.value)}`;
    case 'Define':
      return `DEFINE ${printIdentifier(s.name)} = ${printText(s.value)}`;
    case 'Undefine':
      return `UNDEFINE ${printIdentifier(s.name)}`;
    case 'RunScript':
      return `RUN SCRIPT ${printText(s.path)}`;
    case 'AssertTopic':
      return words(
        'ASSERT',
        !s.exists && 'NOT EXISTS',
        'TOPIC',
        printExternal(s.topic, s.quoted),
        printProperties(s.properties),
        s.timeout && `TIMEOUT ${printDuration(s.timeout)}`,
      );
    case 'AssertSchema':
      return words(
        'ASSERT',
        !s.exists && 'NOT EXISTS',
        'SCHEMA',
        s.subject !== undefined && `SUBJECT ${printText(s.subject)}`,
        s.id !== undefined && `ID ${s.id}`,
        s.timeout && `TIMEOUT ${printDuration(s.timeout)}`,
      );
    case 'AssertValues':
    case 'AssertNullValues':
      return words(
        s.kind === 'AssertValues' ? 'ASSERT VALUES' : 'ASSERT NULL VALUES',
        printIdentifier(s.source),
        printNames(s.columns),
        s.kind === 'AssertValues' ? 'VALUES' : 'KEY',
        `(${printList(s.values)})`,
      );
    case 'AssertStream':
    case 'AssertTable':
      return words(
        s.kind === 'AssertStream' ? 'ASSERT STREAM' : 'ASSERT TABLE',
        printIdentifier(s.name),
        printColumns(s.columns),
        printProperties(s.properties),
      );
    default:
      return unreachable(s);
  }
}

/** A query called ALL, unlikely as it is, must not end all of them. */
function printQueryId(id: Identifier): string {
  return id.name === 'ALL' ? '`ALL`' : printIdentifier(id);
}

function printShow(list: List): string {
  const subject = list.subject === 'CONNECTOR_PLUGINS' ? 'CONNECTOR PLUGINS' : list.subject;
  return words('SHOW', list.all && 'ALL', list.connectorKind, subject, list.extended && 'EXTENDED');
}
