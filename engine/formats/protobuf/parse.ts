import { createRequire } from 'node:module';
import type protobufjs from 'protobufjs';
import { messageOf, WeirError } from '../../base/errors.js';
import type { SchemaText } from '../registry/registry.js';
import {
  DECIMAL_TYPE,
  type EnumType,
  isPackable,
  type MessageType,
  type ProtoField,
  type ProtoType,
  type Scalar,
} from './schema.js';

/** The messages of a `.proto` text. */
export interface ProtoFile {
  /** Empty where there is none. */
  readonly package: string;
  /** In the order of the text; those that are in other messages are behind these, by `nested`. */
  readonly messages: readonly ProtoMessage[];
}

export interface ProtoMessage {
  readonly type: MessageType;
  /** Its place among the file's messages, or among those of the message that it is in, from the outermost on. */
  readonly indexes: readonly number[];
  readonly nested: readonly ProtoMessage[];
}

type Library = typeof protobufjs;

/** The parser is loaded with the first schema: most processes never see one. */
const library = (): Library => createRequire(import.meta.url)('protobufjs') as Library;

/** Files that schemas import without a reference: only those whose types have a meaning here. */
const BUILT_IN: Readonly<Record<string, string>> = {
  'confluent/meta.proto': 'syntax = "proto3"; package confluent;',
  'confluent/type/decimal.proto':
    'syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
  'google/type/date.proto':
    'syntax = "proto3"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }',
  'google/type/timeofday.proto':
    'syntax = "proto3"; package google.type; message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
};

/** Nothing in these is a type of a field. */
const OPTIONS_ONLY = ['google/protobuf/descriptor.proto', 'google/api/'];

/** A longer text is no schema. */
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_FILES = 1000;

/** Reads a schema with all that it imports. Throws WeirError BAD_STATEMENT for a text that is no schema. */
export function parseProtobuf(schema: SchemaText): ProtoFile {
  try {
    return parse(schema, library());
  } catch (e) {
    throw new WeirError('BAD_STATEMENT', `The Protobuf schema is not valid: ${messageOf(e)}`, undefined, { cause: e });
  }
}

function parse(schema: SchemaText, lib: Library): ProtoFile {
  if (schema.text.length > MAX_TEXT) throw new Error(`a text of more than ${MAX_TEXT} characters`);
  const root = new lib.Root();
  const sources = new Map(schema.references.map((r) => [r.name, r.text]));
  const seen = new Set<string>();
  const waiting = [...(lib.parse(schema.text, root, { keepCase: true }).imports ?? [])];
  for (;;) {
    const name = waiting.pop();
    if (name === undefined) break;
    if (seen.has(name)) continue;
    seen.add(name);
    if (seen.size > MAX_FILES) throw new Error(`more than ${MAX_FILES} imports`);
    waiting.push(...load(name, sources, root, lib));
  }
  // Registries take schemas that use these without an import.
  for (const name of ['google/protobuf/wrappers.proto', 'google/protobuf/timestamp.proto']) {
    if (!seen.has(name)) load(name, sources, root, lib);
  }
  root.resolveAll();
  // The order of the messages is that of the file alone: what it imports may share its package.
  const own = new lib.Root();
  const prefix = lib.parse(schema.text, own, { keepCase: true }).package ?? '';
  const space = prefix === '' ? own : own.lookup(prefix);
  const types = new Types(lib);
  const described = (parent: protobufjs.NamespaceBase, at: readonly number[]): ProtoMessage[] =>
    messagesIn(parent, lib).map((t, i) => {
      const indexes = [...at, i];
      const full = root.lookupType(t.fullName);
      return { type: types.message(full), indexes, nested: described(t, indexes) };
    });
  return { package: prefix, messages: space === null ? [] : described(space as protobufjs.NamespaceBase, []) };
}

function load(name: string, sources: ReadonlyMap<string, string>, root: protobufjs.Root, lib: Library): string[] {
  const text = sources.get(name) ?? BUILT_IN[name];
  if (text !== undefined) return lib.parse(text, root, { keepCase: true }).imports ?? [];
  const common = lib.common.get(name);
  if (common?.nested !== undefined) {
    root.addJSON(common.nested);
    return [];
  }
  if (OPTIONS_ONLY.some((o) => name.startsWith(o))) return [];
  throw new Error(`it imports "${name}", and has no reference of that name`);
}

const messagesIn = (parent: protobufjs.NamespaceBase, lib: Library): protobufjs.Type[] =>
  parent.nestedArray.filter((o): o is protobufjs.Type => o instanceof lib.Type && !isGroup(o));

/** A group of proto2 is a message that is declared with its field, and wire types of its own. */
const isGroup = (type: object): boolean => 'group' in type && type.group === true;

class Types {
  private readonly messages = new Map<protobufjs.Type, MessageType>();
  private readonly enums = new Map<protobufjs.Enum, EnumType>();

  constructor(private readonly lib: Library) {}

  message(type: protobufjs.Type): MessageType {
    const known = this.messages.get(type);
    if (known !== undefined) return known;
    const fields: ProtoField[] = [];
    const made: MessageType = { name: type.fullName.replace(/^\./, ''), fields };
    this.messages.set(type, made);
    const oneofs = type.oneofsArray.filter((o) => !o.isProto3Optional);
    // Groups are stepped over.
    for (const f of type.fieldsArray)
      if (f.resolvedType === null || !isGroup(f.resolvedType)) fields.push(this.field(f, oneofs));
    return made;
  }

  private field(field: protobufjs.Field, oneofs: readonly protobufjs.OneOf[]): ProtoField {
    const type = this.typeOf(field);
    const at = field.partOf === null ? -1 : oneofs.indexOf(field.partOf);
    const repeated = field.repeated || field.map;
    const decimal = type.kind === 'message' && type.type.name === DECIMAL_TYPE ? decimalOf(field) : undefined;
    const presence = !repeated && (type.kind === 'message' || field.partOf !== null);
    const fallback: unknown = field.options?.default;
    return {
      name: field.name,
      number: field.id,
      type,
      repeated,
      packed: field.repeated && isPackable(type) && field.packed,
      presence,
      oneof: at < 0 ? null : { name: oneofs[at]!.name, index: at },
      ...(decimal === undefined ? {} : { decimal }),
      ...(field.required || (field.hasPresence && !presence) ? { explicit: true } : {}),
      ...(typeof fallback === 'string' || typeof fallback === 'number' || typeof fallback === 'boolean'
        ? { fallback }
        : {}),
    };
  }

  private typeOf(field: protobufjs.Field): ProtoType {
    if (field instanceof this.lib.MapField) {
      return { kind: 'map', key: scalar(field.keyType), value: this.valueOf(field) };
    }
    return this.valueOf(field);
  }

  private valueOf({ resolvedType, type }: protobufjs.Field): ProtoType {
    if (resolvedType instanceof this.lib.Enum) return { kind: 'enum', type: this.enum(resolvedType) };
    if (resolvedType instanceof this.lib.Type) return { kind: 'message', type: this.message(resolvedType) };
    return scalar(type);
  }

  private enum(type: protobufjs.Enum): EnumType {
    let made = this.enums.get(type);
    if (made === undefined) {
      const byName = new Map(Object.entries(type.values));
      const byNumber = new Map<number, string>();
      // Of several names for a number the first counts.
      for (const [name, n] of byName) if (!byNumber.has(n)) byNumber.set(n, name);
      made = { name: type.name, byName, byNumber };
      this.enums.set(type, made);
    }
    return made;
  }
}

const scalar = (name: string): ProtoType => ({ kind: 'scalar', scalar: name as Scalar });

/** What Kafka Connect takes where a Decimal says nothing of its digits, and ksqlDB of that. */
const UNKNOWN_DECIMAL = { precision: 64, scale: 0 };

function decimalOf(field: protobufjs.Field): { readonly precision: number; readonly scale: number } {
  const params = new Map<string, number>();
  for (const option of field.parsedOptions ?? []) {
    const meta: unknown = option['(confluent.field_meta)'] ?? option['confluent.field_meta'];
    const list = (meta as { params?: unknown } | undefined)?.params;
    for (const p of Array.isArray(list) ? list : [list]) {
      const { key, value } = (p ?? {}) as { key?: unknown; value?: unknown };
      if (typeof key === 'string' && /^\d{1,4}$/.test(String(value))) params.set(key, Number(value));
    }
  }
  const scale = params.get('scale') ?? UNKNOWN_DECIMAL.scale;
  return { precision: Math.max(params.get('precision') ?? UNKNOWN_DECIMAL.precision, scale, 1), scale };
}

/** A message of a file by its full name, or by its name inside the file's package. */
export function messageNamed(file: ProtoFile, name: string): ProtoMessage | undefined {
  const all = (messages: readonly ProtoMessage[]): readonly ProtoMessage[] =>
    messages.flatMap((m) => [m, ...all(m.nested)]);
  const messages = all(file.messages);
  return messages.find((m) => m.type.name === name) ?? messages.find((m) => m.type.name === `${file.package}.${name}`);
}

/** The message that indexes lead to. */
export function messageAt(file: ProtoFile, indexes: readonly number[]): ProtoMessage | undefined {
  let messages = file.messages;
  let found: ProtoMessage | undefined;
  for (const i of indexes) {
    found = messages[i];
    if (found === undefined) return undefined;
    messages = found.nested;
  }
  return found;
}
