/** Types: CST to tree. */
import type { CstNode } from 'chevrotain';
import type { PrimitiveTypeName, StructField, TypeNode } from '../ast.js';
import { otherType } from '../dialects.js';
import { QuotedIdentifier } from '../tokens.js';
import { choice, identifier, need, opt, spanOf, sub, subs, syntaxError, toCount, toIdentifier, toks } from './cst.js';

const PRIMITIVES: ReadonlyMap<string, PrimitiveTypeName> = new Map([
  ['BOOLEAN', 'BOOLEAN'],
  ['INT', 'INTEGER'],
  ['INTEGER', 'INTEGER'],
  ['BIGINT', 'BIGINT'],
  ['DOUBLE', 'DOUBLE'],
  ['STRING', 'STRING'],
  ['VARCHAR', 'STRING'],
  ['BYTES', 'BYTES'],
  ['TIME', 'TIME'],
  ['DATE', 'DATE'],
  ['TIMESTAMP', 'TIMESTAMP'],
]);

/** What an unquoted type name lacks when it stands alone. */
const INCOMPLETE: ReadonlyMap<string, string> = new Map([
  ['ARRAY', 'ARRAY<element>'],
  ['MAP', 'MAP<key, value>'],
  ['STRUCT', 'STRUCT<name type, …>'],
]);

export function buildType(node: CstNode): TypeNode {
  const type = choice(node);
  const span = spanOf(type);
  switch (type.name) {
    case 'arrayType':
      return { kind: 'ArrayType', element: buildType(sub(type, 'type')), span };
    case 'mapType': {
      const [key, value] = subs(type, 'type');
      return { kind: 'MapType', key: buildType(key!), value: buildType(value!), span };
    }
    case 'structType':
      return { kind: 'StructType', fields: subs(type, 'structField').map(buildStructField), span };
    case 'decimalType': {
      const [precision, scale] = toks(type, 'IntegerToken');
      return { kind: 'DecimalType', precision: toCount(precision!), scale: toCount(scale!), span };
    }
    default:
      return buildNamedType(type);
  }
}

function buildNamedType(node: CstNode): TypeNode {
  const token = need(node, 'Name');
  const span = spanOf(node);
  const name = toIdentifier(token);
  if (token.tokenType === QuotedIdentifier) return { kind: 'CustomType', name, span };
  const primitive = PRIMITIVES.get(name.name);
  if (primitive !== undefined) return { kind: 'PrimitiveType', name: primitive, span };
  const whole = INCOMPLETE.get(name.name);
  if (whole !== undefined) throw syntaxError(span, `${name.name} alone is not a type: write ${whole}.`);
  const parameter = opt(node, 'typeParameter');
  if (parameter !== undefined)
    throw syntaxError(spanOf(parameter), `Type ${name.name} takes no parameters.`, otherType(name.name));
  return { kind: 'CustomType', name, span };
}

export function buildStructField(node: CstNode): StructField {
  return {
    kind: 'StructField',
    name: identifier(sub(node, 'identifier')),
    type: buildType(sub(node, 'type')),
    span: spanOf(node),
  };
}
