import type { Expression, Identifier, TypeNode } from '../../parser/ast.js';
import { unreachable } from './unreachable.js';

/** How a column reference is shown: as in the statement, or with its source's name. */
export type ColumnText = (source: Identifier | undefined, name: Identifier) => string;

/** The text of an expression in messages. */
export type TextOf = (node: Expression) => string;

const plainName = /^[A-Z_@][A-Z0-9_@]*$/;

/** A name as messages show it: back-quoted only where it must be. */
export const identifierText = (name: string): string =>
  plainName.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;

const asWritten: ColumnText = (source, name) =>
  source === undefined ? identifierText(name.name) : `${identifierText(source.name)}.${identifierText(name.name)}`;

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** An expression in the form that ksqlDB's messages have: operators in parentheses, names in upper case. */
export function expressionText(e: Expression, column: ColumnText = asWritten): string {
  const text = (x: Expression): string => expressionText(x, column);
  const all = (xs: readonly Expression[]): string => xs.map(text).join(', ');
  switch (e.kind) {
    case 'StringLiteral':
      return quote(e.value);
    case 'IntegerLiteral':
    case 'BigintLiteral':
      return String(e.value);
    case 'DecimalLiteral':
    case 'DoubleLiteral':
      return e.text;
    case 'BooleanLiteral':
      return String(e.value);
    case 'NullLiteral':
      return 'null';
    case 'TemporalLiteral':
      return `${e.type} ${quote(e.text)}`;
    case 'ColumnRef':
      return column(e.source, e.name);
    case 'StructAccess':
      return `${text(e.base)}->${identifierText(e.field.name)}`;
    case 'Subscript':
      return `${text(e.base)}[${text(e.index)}]`;
    case 'Arithmetic':
    case 'Logical':
      return `(${text(e.left)} ${e.operator} ${text(e.right)})`;
    case 'Comparison':
      return `(${text(e.left)} ${e.operator === '!=' ? '<>' : e.operator} ${text(e.right)})`;
    case 'Unary':
      return `${e.operator}${text(e.operand)}`;
    case 'Concat':
      return `CONCAT(${text(e.left)}, ${text(e.right)})`;
    case 'Not':
      return `(NOT ${text(e.operand)})`;
    case 'IsNull':
      return `(${text(e.operand)} IS ${e.negated ? 'NOT ' : ''}NULL)`;
    case 'Between':
      return `(${text(e.operand)} ${e.negated ? 'NOT ' : ''}BETWEEN ${text(e.low)} AND ${text(e.high)})`;
    case 'In':
      return `(${text(e.operand)} ${e.negated ? 'NOT ' : ''}IN (${all(e.list)}))`;
    case 'Like': {
      const ending = e.escape === undefined ? '' : ` ESCAPE ${quote(e.escape)}`;
      return `(${text(e.operand)} ${e.negated ? 'NOT ' : ''}LIKE ${text(e.pattern)}${ending})`;
    }
    case 'SearchedCase':
    case 'SimpleCase': {
      const head = e.kind === 'SimpleCase' ? ` ${text(e.operand)}` : '';
      const whens = e.whens.map((w) => ` WHEN ${text(w.operand)} THEN ${text(w.result)}`).join('');
      const otherwise = e.otherwise === undefined ? '' : ` ELSE ${text(e.otherwise)}`;
      return `(CASE${head}${whens}${otherwise} END)`;
    }
    case 'Cast':
      return `CAST(${text(e.operand)} AS ${typeNodeText(e.type)})`;
    case 'FunctionCall':
      return `${e.name.name}(${e.star ? '*' : all(e.args)})`;
    case 'IntervalUnit':
      return e.unit;
    case 'Lambda': {
      const params = e.params.map((p) => p.name).join(', ');
      return `${e.params.length === 1 ? params : `(${params})`} => ${text(e.body)}`;
    }
    case 'ArrayConstructor':
      return `ARRAY[${all(e.elements)}]`;
    case 'MapConstructor':
      return `MAP(${e.entries.map((x) => `${text(x.key)}:=${text(x.value)}`).join(', ')})`;
    case 'StructConstructor':
      return `STRUCT(${e.entries.map((x) => `${identifierText(x.name.name)}:=${text(x.value)}`).join(', ')})`;
    case 'AtTimeZone':
      return `${text(e.operand)} AT TIME ZONE ${text(e.zone)}`;
    default:
      return unreachable(e);
  }
}

function typeNodeText(t: TypeNode): string {
  switch (t.kind) {
    case 'PrimitiveType':
      return t.name;
    case 'DecimalType':
      return `DECIMAL(${t.precision}, ${t.scale})`;
    case 'ArrayType':
      return `ARRAY<${typeNodeText(t.element)}>`;
    case 'MapType':
      return `MAP<${typeNodeText(t.key)}, ${typeNodeText(t.value)}>`;
    case 'StructType':
      return `STRUCT<${t.fields.map((f) => `${identifierText(f.name.name)} ${typeNodeText(f.type)}`).join(', ')}>`;
    case 'CustomType':
      return t.name.name;
    default:
      return unreachable(t);
  }
}
