import { type FormatRef, SCHEMA_ID, SCHEMA_REFERENCES, SCHEMA_TEXT } from '../../plan/format-ref.js';
import type { RegisteredSchema, SchemaReference, SchemaType } from './registry.js';

/** `ref`, written and first read with `schema`. */
export function pinSchema(ref: FormatRef, schema: RegisteredSchema): FormatRef {
  const { [SCHEMA_REFERENCES]: _, ...properties } = ref.properties;
  return {
    ...ref,
    properties: {
      ...properties,
      [SCHEMA_ID]: String(schema.id),
      [SCHEMA_TEXT]: schema.text,
      ...(schema.references.length === 0 ? {} : { [SCHEMA_REFERENCES]: JSON.stringify(schema.references) }),
    },
  };
}

/** The schema that `ref` carries. */
export function pinnedSchema(ref: FormatRef, type: SchemaType): RegisteredSchema | undefined {
  const text = ref.properties[SCHEMA_TEXT];
  if (text === undefined) return undefined;
  const references = ref.properties[SCHEMA_REFERENCES];
  return {
    id: Number(ref.properties[SCHEMA_ID]),
    type,
    text,
    references: references === undefined ? [] : (JSON.parse(references) as SchemaReference[]),
  };
}
