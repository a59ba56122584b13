import { WeirError } from '../../base/errors.js';
import type { Column } from '../../values/schema.js';
import type { SqlType } from '../../values/sql-type.js';
import {
  DATE_TYPE,
  DECIMAL_TYPE,
  isPackable,
  type MessageType,
  type ProtoField,
  type ProtoType,
  type Scalar,
  TIME_TYPE,
  TIMESTAMP_TYPE,
} from './schema.js';

/** How a NULL scalar is told from its default: not at all, by `optional`, or by a wrapper message. */
export type Nullable = 'none' | 'optional' | 'wrapper';

export const nullableOf = (property: string | undefined): Nullable =>
  property === 'optional' || property === 'wrapper' ? property : 'none';

/** Throws WeirError BAD_STATEMENT where Protobuf has no form for a column. `names`: they become names of fields. */
export function checkProtobuf(format: string, columns: readonly Column[], names: boolean): void {
  for (const { name, type } of columns) {
    if (names && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new WeirError(
        'BAD_STATEMENT',
        `Schema is not compatible with Protobuf: "${name}" is not a valid identifier.`,
        'Names in Protobuf are of letters, digits and _, and begin with no digit.',
      );
    }
    checkType(format, type, names);
  }
}

function checkType(format: string, type: SqlType, names: boolean): void {
  switch (type.kind) {
    case 'MAP':
      if (type.key.kind !== 'STRING') {
        throw new WeirError('BAD_STATEMENT', `${format} format only supports MAP types with STRING keys`);
      }
      checkType(format, type.value, names);
      return;
    case 'ARRAY':
      if (type.element.kind === 'ARRAY' || type.element.kind === 'MAP') {
        const what = type.element.kind === 'ARRAY' ? 'Array' : 'Map';
        throw new WeirError(
          'BAD_STATEMENT',
          `Schema is not compatible with Protobuf: ${what} cannot be nested`,
          'A list in Protobuf holds no lists: put a STRUCT around the inner one.',
        );
      }
      checkType(format, type.element, names);
      return;
    case 'STRUCT':
      checkProtobuf(format, type.fields, names);
  }
}

const SCALARS: Readonly<Record<string, { readonly scalar: Scalar; readonly wrapper: string }>> = {
  BOOLEAN: { scalar: 'bool', wrapper: 'BoolValue' },
  INTEGER: { scalar: 'int32', wrapper: 'Int32Value' },
  BIGINT: { scalar: 'int64', wrapper: 'Int64Value' },
  DOUBLE: { scalar: 'double', wrapper: 'DoubleValue' },
  STRING: { scalar: 'string', wrapper: 'StringValue' },
  BYTES: { scalar: 'bytes', wrapper: 'BytesValue' },
};

/** Messages that are not of this schema; what they hold is known by their names. */
const MESSAGES: Readonly<Record<string, string>> = {
  TIMESTAMP: TIMESTAMP_TYPE,
  DATE: DATE_TYPE,
  TIME: TIME_TYPE,
  DECIMAL: DECIMAL_TYPE,
};

const IMPORTS: Readonly<Record<string, string>> = {
  [TIMESTAMP_TYPE]: 'google/protobuf/timestamp.proto',
  [DATE_TYPE]: 'google/type/date.proto',
  [TIME_TYPE]: 'google/type/timeofday.proto',
  [DECIMAL_TYPE]: 'confluent/type/decimal.proto',
};

const isOwn = (name: string): boolean => IMPORTS[name] === undefined && !name.startsWith('google.protobuf.');

/**
 * The message type that ksqlDB writes columns with. Messages without a name are `ConnectDefault1`, `ConnectDefault2`… in
 * the order in which they are met; a message's name here is not that of the message around it and its own.
 */
export function deriveMessage(columns: readonly Column[], nullable: Nullable, fullName?: string): MessageType {
  let unnamed = 0;
  const message = (fields: readonly Column[], name: string): MessageType => ({
    name,
    fields: fields.map((c, i) => field(c, i + 1)),
  });
  const field = ({ name, type }: Column, number: number): ProtoField => {
    const repeated = type.kind === 'ARRAY' || type.kind === 'MAP';
    const of = typeOf(type.kind === 'ARRAY' ? type.element : type);
    return {
      name,
      number,
      type: of,
      repeated,
      packed: type.kind === 'ARRAY' && isPackable(of),
      presence: !repeated && (of.kind === 'message' || nullable === 'optional'),
      oneof: null,
      ...(nullable === 'optional' && !repeated ? { optional: true } : {}),
      ...(of.kind === 'message' && of.type.name === DECIMAL_TYPE ? { decimal: digitsOf(type) } : {}),
    };
  };
  const typeOf = (type: SqlType): ProtoType => {
    const s = SCALARS[type.kind];
    if (s !== undefined) {
      if (nullable !== 'wrapper') return { kind: 'scalar', scalar: s.scalar };
      return { kind: 'message', type: { name: `google.protobuf.${s.wrapper}`, fields: [] } };
    }
    if (type.kind === 'STRUCT') return { kind: 'message', type: message(type.fields, `ConnectDefault${++unnamed}`) };
    if (type.kind === 'MAP') {
      const entry = [
        { name: 'key', type: type.key },
        { name: 'value', type: type.value },
      ];
      return { kind: 'message', type: message(entry, `ConnectDefault${++unnamed}Entry`) };
    }
    return { kind: 'message', type: { name: MESSAGES[type.kind]!, fields: [] } };
  };
  return message(columns, fullName ?? `ConnectDefault${++unnamed}`);
}

function digitsOf(type: SqlType): { readonly precision: number; readonly scale: number } {
  const of = type.kind === 'ARRAY' ? type.element : type;
  return of.kind === 'DECIMAL' ? { precision: of.precision, scale: of.scale } : { precision: 64, scale: 0 };
}

/** The text of a derived message type, in the form that the schema registry gives all schemas. */
export function printProtobuf(type: MessageType): string {
  const dot = type.name.lastIndexOf('.');
  const imports = new Set<string>();
  collectImports(type, imports);
  const lines = ['syntax = "proto3";'];
  if (dot >= 0) lines.push(`package ${type.name.slice(0, dot)};`);
  if (imports.size > 0) lines.push('', ...[...imports].sort().map((i) => `import "${i}";`));
  lines.push('', ...printMessage(type, type.name.slice(dot + 1)));
  return `${lines.join('\n')}\n`;
}

function collectImports(type: MessageType, into: Set<string>): void {
  for (const f of type.fields) {
    if (f.decimal !== undefined) into.add('confluent/meta.proto');
    if (f.type.kind !== 'message') continue;
    const { name } = f.type.type;
    if (isOwn(name)) collectImports(f.type.type, into);
    else into.add(IMPORTS[name] ?? 'google/protobuf/wrappers.proto');
  }
}

function printMessage(type: MessageType, name: string): string[] {
  const nested = type.fields.flatMap((f) =>
    f.type.kind === 'message' && isOwn(f.type.type.name) ? [f.type.type] : [],
  );
  return [
    `message ${name} {`,
    ...type.fields.flatMap((f) => indent(printField(f))),
    ...(nested.length === 0 ? [] : ['']),
    ...nested.flatMap((m) => indent(printMessage(m, m.name))),
    '}',
  ];
}

function printField(f: ProtoField): string[] {
  const type = f.type.kind === 'scalar' ? f.type.scalar : f.type.kind === 'message' ? f.type.type.name : '';
  const label = f.repeated ? 'repeated ' : f.optional === true ? 'optional ' : '';
  const declared = `${label}${type} ${f.name} = ${f.number}`;
  if (f.decimal === undefined) return [`${declared};`];
  const param = (key: string, value: number): string[] => ['    {', `      value: "${value}",`, `      key: "${key}"`];
  return [
    `${declared} [(confluent.field_meta) = {`,
    '  params: [',
    ...param('precision', f.decimal.precision),
    '    },',
    ...param('scale', f.decimal.scale),
    '    }',
    '  ]',
    '}];',
  ];
}

const indent = (lines: readonly string[]): string[] => lines.map((l) => (l === '' ? l : `  ${l}`));
