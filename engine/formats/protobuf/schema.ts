/** A message type, out of a `.proto` text or derived from columns. Types may hold themselves, so that fields come later. */
export interface MessageType {
  /** With its package and the messages around it: `io.test.Order.Line`. */
  readonly name: string;
  /** In the order in which they are written. */
  readonly fields: readonly ProtoField[];
}

export type Scalar =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes';

export interface EnumType {
  readonly name: string;
  readonly byNumber: ReadonlyMap<number, string>;
  readonly byName: ReadonlyMap<string, number>;
}

export type ProtoType =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'enum'; readonly type: EnumType }
  | { readonly kind: 'message'; readonly type: MessageType }
  /** `map<K, V>`; on the wire a list of messages of a key, 1, and a value, 2. */
  | { readonly kind: 'map'; readonly key: ProtoType; readonly value: ProtoType };

export interface ProtoField {
  readonly name: string;
  readonly number: number;
  readonly type: ProtoType;
  readonly repeated: boolean;
  /** Numbers of a list are written as one run of bytes. Both are read. */
  readonly packed: boolean;
  /** Absent is not the same as the default: messages, `optional`, members of a oneof. */
  readonly presence: boolean;
  /** Written as `optional` in a derived schema. */
  readonly optional?: true;
  /** proto2: written where it is the default too, which may be another than zero. */
  readonly explicit?: true;
  readonly fallback?: string | number | boolean;
  /** The oneof that it is a member of, with its place among the oneofs of the message. */
  readonly oneof: { readonly name: string; readonly index: number } | null;
  /** Of a confluent.type.Decimal, as `(confluent.field_meta)` says. */
  readonly decimal?: { readonly precision: number; readonly scale: number };
}

/** What a message of Google's or Confluent's stands for. */
export type KnownType =
  | { readonly kind: 'wrapper'; readonly scalar: Scalar }
  | { readonly kind: 'timestamp' | 'date' | 'time' | 'decimal' };

const WRAPPERS: Readonly<Record<string, Scalar>> = {
  DoubleValue: 'double',
  FloatValue: 'float',
  Int64Value: 'int64',
  UInt64Value: 'uint64',
  Int32Value: 'int32',
  UInt32Value: 'uint32',
  BoolValue: 'bool',
  StringValue: 'string',
  BytesValue: 'bytes',
};

export const TIMESTAMP_TYPE = 'google.protobuf.Timestamp';
export const DATE_TYPE = 'google.type.Date';
export const TIME_TYPE = 'google.type.TimeOfDay';
export const DECIMAL_TYPE = 'confluent.type.Decimal';

const KNOWN: ReadonlyMap<string, KnownType> = new Map<string, KnownType>([
  ...Object.entries(WRAPPERS).map(([name, scalar]): [string, KnownType] => [
    `google.protobuf.${name}`,
    { kind: 'wrapper', scalar },
  ]),
  [TIMESTAMP_TYPE, { kind: 'timestamp' }],
  [DATE_TYPE, { kind: 'date' }],
  [TIME_TYPE, { kind: 'time' }],
  [DECIMAL_TYPE, { kind: 'decimal' }],
]);

/** The value that a message of this name is, rather than a struct. */
export const knownType = (type: ProtoType): KnownType | undefined =>
  type.kind === 'message' ? KNOWN.get(type.type.name) : undefined;

const ENTRY = 'Entry';

/**
 * Key and value of a field that is a map: `map<K, V>`, or a list of messages `…Entry` with the fields `key` and `value`, as
 * which Kafka Connect's converter writes maps.
 */
export function entryOf(field: ProtoField): { readonly key: ProtoField; readonly value: ProtoField } | null {
  const { type } = field;
  if (type.kind === 'map') {
    const part = (name: string, number: number, of: ProtoType): ProtoField => {
      return { name, number, type: of, repeated: false, packed: false, presence: of.kind === 'message', oneof: null };
    };
    return { key: part('key', 1, type.key), value: part('value', 2, type.value) };
  }
  if (type.kind !== 'message' || !field.repeated || !type.type.name.endsWith(ENTRY)) return null;
  const { fields } = type.type;
  const key = fields.find((f) => f.name === 'key');
  const value = fields.find((f) => f.name === 'value');
  return fields.length === 2 && key !== undefined && value !== undefined ? { key, value } : null;
}

/** A field as a struct or a row has it: one of the message's, or the members of a oneof as one struct. */
export type Member =
  | { readonly kind: 'field'; readonly name: string; readonly field: ProtoField }
  | { readonly kind: 'oneof'; readonly name: string; readonly fields: readonly ProtoField[] };

/** A message's fields as SQL sees them: oneofs come first, each as `name_index`, as Kafka Connect's converter has them. */
export function membersOf(type: MessageType): readonly Member[] {
  const oneofs = new Map<string, { readonly index: number; readonly fields: ProtoField[] }>();
  const plain: Member[] = [];
  for (const field of type.fields) {
    if (field.oneof === null) {
      plain.push({ kind: 'field', name: field.name, field });
      continue;
    }
    const { name, index } = field.oneof;
    const group = oneofs.get(name) ?? { index, fields: [] };
    group.fields.push(field);
    oneofs.set(name, group);
  }
  const unions = [...oneofs].sort(([, a], [, b]) => a.index - b.index);
  return [
    ...unions.map(([name, { index, fields }]): Member => ({ kind: 'oneof', name: `${name}_${index}`, fields })),
    ...plain,
  ];
}

/** Numbers and booleans: what can be packed. */
export const isPackable = (type: ProtoType): boolean =>
  type.kind === 'enum' || (type.kind === 'scalar' && type.scalar !== 'string' && type.scalar !== 'bytes');
