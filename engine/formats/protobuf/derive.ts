import { WeirError } from '../../types/errors.js';
import type { Column } from '../../types/schema.js';
import type { SqlType } from '../../types/sql-type.js';
import type { SchemaText } from '../registry/registry.js';
import { DATE_TYPE, DECIMAL_TYPE, TIME_TYPE, TIMESTAMP_TYPE } from './builtin.js';

/** How a NULL scalar is told from its default: not at all, by `optional`, by a message around it. */
export type Nullable = 'none' | 'optional' | 'wrapper';

/** The schema that ksqlDB registers for these columns, in its canonical text. `fullName`: of the message. */
export function deriveProto(columns: readonly Column[], nullable: Nullable, fullName?: string): SchemaText {
  const derivation = new Derivation(nullable);
  const dot = fullName?.lastIndexOf('.') ?? -1;
  const message = derivation.message(fullName?.slice(dot + 1) ?? derivation.nextName(), columns, 0);
  const parts = [
    'syntax = "proto3";\n',
    ...(dot > 0 ? [`package ${fullName!.slice(0, dot)};\n`] : []),
    ...(derivation.imports.size > 0
      ? [
          [...derivation.imports]
            .sort()
            .map((i) => `import "${i}";\n`)
            .join(''),
        ]
      : []),
    message,
  ];
  return { type: 'PROTOBUF', text: parts.join('\n'), references: [] };
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Throws WeirError BAD_STATEMENT where columns have no place in a Protobuf message. */
export function checkProto(columns: readonly Column[]): void {
  for (const { name, type } of columns) {
    if (!NAME.test(name)) {
      throw new WeirError('BAD_STATEMENT', `Schema is not compatible with Protobuf: illegal name: ${name}`);
    }
    checkType(type);
  }
}

function checkType(type: SqlType): void {
  switch (type.kind) {
    case 'MAP':
      if (type.key.kind !== 'STRING') {
        throw new WeirError('BAD_STATEMENT', 'PROTOBUF format only supports MAP types with STRING keys');
      }
      checkType(type.value);
      return;
    case 'ARRAY':
      if (type.element.kind === 'ARRAY' || type.element.kind === 'MAP') {
        throw new WeirError(
          'BAD_STATEMENT',
          `PROTOBUF format does not support ARRAY of ${type.element.kind}`,
          'Put a STRUCT between them.',
        );
      }
      checkType(type.element);
      return;
    case 'STRUCT':
      checkProto(type.fields);
  }
}

const SCALAR_NAMES: Partial<Record<SqlType['kind'], readonly [scalar: string, wrapper: string]>> = {
  BOOLEAN: ['bool', 'BoolValue'],
  INTEGER: ['int32', 'Int32Value'],
  BIGINT: ['int64', 'Int64Value'],
  DOUBLE: ['double', 'DoubleValue'],
  STRING: ['string', 'StringValue'],
  BYTES: ['bytes', 'BytesValue'],
};

class Derivation {
  readonly imports = new Set<string>();
  private count = 0;

  constructor(private readonly nullable: Nullable) {}

  nextName(): string {
    return `ConnectDefault${++this.count}`;
  }

  message(name: string, fields: readonly Column[], depth: number): string {
    const indent = '  '.repeat(depth);
    const nested: string[] = [];
    const lines = fields.map((f, i) => `${indent}  ${this.field(f, i + 1, nested, depth, true)}`);
    const body = [`${indent}message ${name} {`, ...lines].join('\n');
    return `${body}\n${nested.map((n) => `\n${n}`).join('')}${indent}}\n`;
  }

  /** `direct`: a field of the row or of a struct, where NULL can be told from a default. */
  private field({ name, type }: Column, number: number, nested: string[], depth: number, direct: boolean): string {
    switch (type.kind) {
      case 'ARRAY':
        return `repeated ${this.plain(type.element, nested, depth)} ${name} = ${number}${this.options(type.element)};`;
      case 'MAP': {
        const entry = `${this.nextName()}Entry`;
        const own: string[] = [];
        const indent = '  '.repeat(depth + 1);
        const lines = [
          `${indent}  string key = 1;`,
          `${indent}  ${this.field({ name: 'value', type: type.value }, 2, own, depth + 1, false)}`,
        ];
        nested.push(
          `${indent}message ${entry} {\n${lines.join('\n')}\n${own.map((n) => `\n${n}`).join('')}${indent}}\n`,
        );
        return `repeated ${entry} ${name} = ${number};`;
      }
      default: {
        const scalar = SCALAR_NAMES[type.kind];
        if (scalar !== undefined && direct && this.nullable === 'wrapper') {
          this.imports.add('google/protobuf/wrappers.proto');
          return `google.protobuf.${scalar[1]} ${name} = ${number};`;
        }
        const label = scalar !== undefined && direct && this.nullable === 'optional' ? 'optional ' : '';
        return `${label}${this.plain(type, nested, depth)} ${name} = ${number}${this.options(type)};`;
      }
    }
  }

  private plain(type: SqlType, nested: string[], depth: number): string {
    const scalar = SCALAR_NAMES[type.kind];
    if (scalar !== undefined) return scalar[0];
    switch (type.kind) {
      case 'STRUCT': {
        const name = this.nextName();
        nested.push(this.message(name, type.fields, depth + 1));
        return name;
      }
      case 'DECIMAL':
        this.imports.add('confluent/meta.proto');
        this.imports.add('confluent/type/decimal.proto');
        return DECIMAL_TYPE;
      case 'DATE':
        this.imports.add('google/type/date.proto');
        return DATE_TYPE;
      case 'TIME':
        this.imports.add('google/type/timeofday.proto');
        return TIME_TYPE;
      case 'TIMESTAMP':
        this.imports.add('google/protobuf/timestamp.proto');
        return TIMESTAMP_TYPE;
      default:
        throw new WeirError('BAD_STATEMENT', `PROTOBUF format does not support ${type.kind} here`);
    }
  }

  private options(type: SqlType): string {
    if (type.kind !== 'DECIMAL') return '';
    const param = (key: string, value: number, last: boolean): string =>
      `      {\n        value: "${value}",\n        key: "${key}"\n      }${last ? '' : ','}\n`;
    return ` [(confluent.field_meta) = {\n    params: [\n${param('precision', type.precision, false)}${param(
      'scale',
      type.scale,
      true,
    )}    ]\n  }]`;
  }
}
