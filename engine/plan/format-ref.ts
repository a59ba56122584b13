/** Format of a key or a value with what the WITH clause says of it. `properties`: VALUE_DELIMITER, schema names… */
export interface FormatRef {
  /** A name of `formats/index.ts`. */
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  /** Whether a single column is wrapped in a struct. Undefined: the format's own default. */
  readonly wrapSingle?: boolean;
}

/*
 * A format that names its schema carries it: `writerSchemaId`, `writerSchema` and `writerSchemaReferences` among the
 * properties of a FormatRef. So a query that was planned once writes on without a registry, after a restart too.
 */
export const SCHEMA_ID = 'writerSchemaId';
export const SCHEMA_TEXT = 'writerSchema';
export const SCHEMA_REFERENCES = 'writerSchemaReferences';

/** `ref` without its schema. */
export function unpinned(ref: FormatRef): FormatRef {
  const { [SCHEMA_ID]: _id, [SCHEMA_TEXT]: _text, [SCHEMA_REFERENCES]: _references, ...properties } = ref.properties;
  return { ...ref, properties };
}

/** The id of the schema that `ref` carries. */
export const pinnedId = (ref: FormatRef): string | undefined => ref.properties[SCHEMA_ID];
