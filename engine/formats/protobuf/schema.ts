import protobuf from 'protobufjs';
import { messageOf, WeirError } from '../../types/errors.js';
import type { SchemaText } from '../registry/registry.js';
import { BUILT_IN } from './builtin.js';

export const SCALARS = [
  'double',
  'float',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
  'bool',
  'string',
  'bytes',
] as const;
export type Scalar = (typeof SCALARS)[number];

export type ProtoType =
  | { readonly kind: 'scalar'; readonly name: Scalar }
  | {
      readonly kind: 'enum';
      readonly names: ReadonlyMap<number, string>;
      readonly numbers: ReadonlyMap<string, number>;
    }
  | ProtoMessage;

/** A message type. `fields` may lead back to itself. */
export interface ProtoMessage {
  readonly kind: 'message';
  /** Full name, without a leading dot. */
  readonly name: string;
  readonly fields: readonly ProtoField[];
}

export interface ProtoField {
  readonly name: string;
  readonly number: number;
  readonly type: ProtoType;
  readonly repeated: boolean;
  /** Repeated scalars in one run of bytes: how they are written; both ways are read. */
  readonly packed: boolean;
  /** A field that is not there differs from one with its default value. */
  readonly presence: boolean;
  /** A map<key, value>, or what Connect writes for one: repeated messages with `key` and `value`. */
  readonly map: { readonly key: ProtoField; readonly value: ProtoField } | null;
  /** Precision and scale in the field's options; of decimals. */
  readonly decimal: { readonly precision: number; readonly scale: number } | null;
}

/** A file: its messages by full name, and by their place in it. */
export interface ProtoFile {
  message(fullName: string): ProtoMessage | undefined;
  /** By the message indexes of the wire format: a top-level message and then one nested in each. */
  at(path: readonly number[]): ProtoMessage | undefined;
  pathOf(message: ProtoMessage): readonly number[] | undefined;
  /** The file's first message. */
  readonly first: ProtoMessage;
}

/** Throws WeirError BAD_STATEMENT where the text is no Protobuf schema, has no message, or imports what is not there. */
export function parseProto(schema: SchemaText): ProtoFile {
  try {
    return read(schema);
  } catch (e) {
    if (e instanceof WeirError) throw e;
    throw new WeirError('BAD_STATEMENT', `Invalid Protobuf schema: ${messageOf(e)}`);
  }
}

function read(schema: SchemaText): ProtoFile {
  const root = new protobuf.Root();
  const references = new Map(schema.references.map((r) => [r.name, r.text]));
  const loaded = new Set<string>();
  const load = (text: string): void => {
    const parsed = protobuf.parse(text, root, { keepCase: true });
    for (const name of [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])]) {
      if (loaded.has(name)) continue;
      loaded.add(name);
      const own = references.get(name) ?? BUILT_IN.get(name);
      if (own !== undefined) load(own);
      else {
        const common = protobuf.common.get(name);
        if (common === null || common === undefined) throw new Error(`it imports ${name}, which is not there`);
        root.addJSON(common.nested ?? {});
      }
    }
  };
  load(schema.text);
  // Schemas are found that use the well-known types without importing them: protoc is stricter, registries are not.
  for (const file of ['google/protobuf/wrappers.proto', 'google/protobuf/timestamp.proto']) {
    const common = protobuf.common.get(file);
    if (!loaded.has(file) && common !== null) root.addJSON(common.nested ?? {});
  }
  root.resolveAll();
  // The order of messages in the file itself, without what it imports.
  const alone = protobuf.parse(schema.text, new protobuf.Root(), { keepCase: true });
  const scope = alone.package === undefined ? alone.root : alone.root.lookup(alone.package);
  return new File(root, scope as protobuf.NamespaceBase);
}

const messagesIn = (scope: protobuf.NamespaceBase): readonly protobuf.Type[] =>
  scope.nestedArray.filter((n): n is protobuf.Type => n instanceof protobuf.Type);

const nameOf = (type: protobuf.ReflectionObject): string => type.fullName.replace(/^\./, '');

class File implements ProtoFile {
  private readonly messages = new Map<string, ProtoMessage>();

  constructor(
    private readonly root: protobuf.Root,
    private readonly scope: protobuf.NamespaceBase,
  ) {
    if (messagesIn(scope).length === 0) throw new Error('it has no message');
  }

  get first(): ProtoMessage {
    return this.at([0])!;
  }

  message(fullName: string): ProtoMessage | undefined {
    const found = this.find(fullName) ?? this.find(`${nameOf(this.scope)}.${fullName}`);
    return found === undefined ? undefined : this.convert(found);
  }

  at(path: readonly number[]): ProtoMessage | undefined {
    let scope: protobuf.NamespaceBase = this.scope;
    for (const i of path) {
      const type = messagesIn(scope)[i];
      if (type === undefined) return undefined;
      scope = type;
    }
    return this.message(nameOf(scope));
  }

  pathOf(message: ProtoMessage): readonly number[] | undefined {
    const search = (scope: protobuf.NamespaceBase, path: readonly number[]): readonly number[] | undefined => {
      for (const [i, type] of messagesIn(scope).entries()) {
        if (nameOf(type) === message.name) return [...path, i];
        const below = search(type, [...path, i]);
        if (below !== undefined) return below;
      }
      return undefined;
    };
    return search(this.scope, []);
  }

  private find(fullName: string): protobuf.Type | undefined {
    const found = this.root.lookup(fullName.replace(/^\./, ''));
    return found instanceof protobuf.Type ? found : undefined;
  }

  private convert(type: protobuf.Type): ProtoMessage {
    const name = nameOf(type);
    const made = this.messages.get(name);
    if (made !== undefined) return made;
    const fields: ProtoField[] = [];
    const message: ProtoMessage = { kind: 'message', name, fields };
    // Known before its fields are: they may lead back to it.
    this.messages.set(name, message);
    for (const f of type.fieldsArray) fields.push(this.field(f));
    return message;
  }

  private field(f: protobuf.Field): ProtoField {
    const base = { name: f.name, number: f.id, presence: Boolean(f.hasPresence), decimal: decimalOf(f) };
    if (f instanceof protobuf.MapField) {
      const key: ProtoField = {
        ...PLAIN_FIELD,
        name: 'key',
        number: 1,
        type: { kind: 'scalar', name: f.keyType as Scalar },
      };
      const value: ProtoField = { ...PLAIN_FIELD, name: 'value', number: 2, type: this.type(f) };
      const entry: ProtoMessage = { kind: 'message', name: `${f.name}Entry`, fields: [key, value] };
      return { ...base, type: entry, repeated: true, packed: false, presence: false, map: { key, value } };
    }
    const type = this.type(f);
    return { ...base, type, repeated: f.repeated, packed: f.packed, map: f.repeated ? entryOf(type) : null };
  }

  private type(f: protobuf.Field): ProtoType {
    const resolved = f.resolvedType;
    if (resolved === null) return { kind: 'scalar', name: f.type as Scalar };
    if (resolved instanceof protobuf.Type) return this.convert(resolved);
    const numbers = new Map(Object.entries(resolved.values));
    return { kind: 'enum', numbers, names: new Map([...numbers].map(([name, n]) => [n, name])) };
  }
}

const PLAIN_FIELD = { repeated: false, packed: false, presence: false, map: null, decimal: null } as const;

function entryOf(type: ProtoType): ProtoField['map'] {
  if (type.kind !== 'message' || !type.name.endsWith('Entry') || type.fields.length !== 2) return null;
  const key = type.fields.find((f) => f.name === 'key' && f.number === 1);
  const value = type.fields.find((f) => f.name === 'value' && f.number === 2);
  return key === undefined || value === undefined ? null : { key, value };
}

/** `[(confluent.field_meta) = { params: [{ key: "precision", value: "4" }, …] }]`. */
function decimalOf(f: protobuf.Field): ProtoField['decimal'] {
  for (const option of f.parsedOptions ?? []) {
    const meta = (option as Record<string, { readonly params?: unknown } | undefined>)['(confluent.field_meta)'];
    const params = meta?.params;
    const list = (Array.isArray(params) ? params : [params]) as ({ key?: string; value?: string } | undefined)[];
    const param = (key: string): number => Number(list.find((p) => p?.key === key)?.value ?? Number.NaN);
    const precision = param('precision');
    const scale = param('scale');
    if (Number.isInteger(scale)) return { precision: Number.isInteger(precision) ? precision : 64, scale };
  }
  return null;
}
