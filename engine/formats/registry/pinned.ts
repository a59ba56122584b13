import type { FormatRef } from '../../plan/topology.js';
import type { RegisteredSchema, SchemaReference, SchemaType } from './registry.js';

/*
 * A format that names its schema carries it: `writerSchemaId`, `writerSchema` and `writerSchemaReferences` among the
 * properties of a FormatRef. So a query that was planned once writes on without a registry, after a restart too.
 */

const ID = 'writerSchemaId';
const TEXT = 'writerSchema';
const REFERENCES = 'writerSchemaReferences';

/** `ref`, written and first read with `schema`. */
export function pinSchema(ref: FormatRef, schema: RegisteredSchema): FormatRef {
  const { [REFERENCES]: _, ...properties } = ref.properties;
  return {
    ...ref,
    properties: {
      ...properties,
      [ID]: String(schema.id),
      [TEXT]: schema.text,
      ...(schema.references.length === 0 ? {} : { [REFERENCES]: JSON.stringify(schema.references) }),
    },
  };
}

/** `ref` without its schema. */
export function unpinned(ref: FormatRef): FormatRef {
  const { [ID]: _id, [TEXT]: _text, [REFERENCES]: _references, ...properties } = ref.properties;
  return { ...ref, properties };
}

/** The id of the schema that `ref` carries. */
export const pinnedId = (ref: FormatRef): string | undefined => ref.properties[ID];

/** The schema that `ref` carries. */
export function pinnedSchema(ref: FormatRef, type: SchemaType): RegisteredSchema | undefined {
  const text = ref.properties[TEXT];
  if (text === undefined) return undefined;
  const references = ref.properties[REFERENCES];
  return {
    id: Number(ref.properties[ID]),
    type,
    text,
    references: references === undefined ? [] : (JSON.parse(references) as SchemaReference[]),
  };
}
