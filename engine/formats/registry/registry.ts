/** The kinds of schema that a registry keeps. */
export const SCHEMA_TYPES = ['AVRO', 'JSON', 'PROTOBUF'] as const;
export type SchemaType = (typeof SCHEMA_TYPES)[number];

/** A schema that another one names (an `import`, a `$ref`, a named type), with its text. */
export interface SchemaReference {
  /** What the naming schema calls it: a `.proto` path, a full Avro name, a URL. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
  readonly text: string;
}

/** A schema with all that it refers to, directly or not; what is referred to stands before what refers to it. */
export interface SchemaText {
  readonly type: SchemaType;
  readonly text: string;
  readonly references: readonly SchemaReference[];
}

export interface RegisteredSchema extends SchemaText {
  readonly id: number;
}

/** What is known of schema ids without asking anyone: what decoders work with. */
export interface KnownSchemas {
  /** Null: there is no such schema; undefined: nobody has asked yet (`fetch` does). */
  known(id: number): RegisteredSchema | null | undefined;
}

/**
 * Schemas by id and by subject (`<topic>-key`, `<topic>-value`), as Confluent's registry keeps them. Rejects with WeirError
 * REGISTRY_ERROR where it cannot be reached or refuses, NO_SCHEMA_REGISTRY where none is configured.
 */
export interface SchemaRegistry extends KnownSchemas {
  /** Adds a version of a subject, or finds the equal one that is there. Resolves to its id. */
  register(subject: string, schema: SchemaText): Promise<number>;
  /** The subject's latest version. */
  latest(subject: string): Promise<RegisteredSchema | undefined>;
  /** Asks anew whether there is a schema: of that subject, with that id, or both; of no subject: with the id anywhere. */
  has(subject: string | undefined, id: number | undefined): Promise<boolean>;
  /** By id; `known` has it afterwards. */
  fetch(id: number): Promise<RegisteredSchema | undefined>;
}

/** The subject of a topic's keys or values (TopicNameStrategy). */
export const subjectOf = (topic: string, isKey: boolean): string => `${topic}-${isKey ? 'key' : 'value'}`;

/** Thrown by a decoder that meets a schema id which nobody has fetched yet: fetch it and decode the same record again. */
export class SchemaNeeded extends Error {
  constructor(readonly id: number) {
    super(`Schema ${id} has to be fetched from the schema registry first`);
    this.name = 'SchemaNeeded';
  }
}

/** Equal schemas have equal text, but for the white space of JSON. */
export function sameSchema(a: SchemaText, b: SchemaText): boolean {
  return (
    a.type === b.type &&
    canonicalText(a) === canonicalText(b) &&
    a.references.length === b.references.length &&
    a.references.every((r, i) => r.name === b.references[i]!.name && r.text === b.references[i]!.text)
  );
}

function canonicalText({ type, text }: SchemaText): string {
  if (type === 'PROTOBUF') return text.trim();
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    // A bare Avro name (`int`) is no JSON text: equal where it is spelled equally.
    return JSON.stringify(text.trim());
  }
}
