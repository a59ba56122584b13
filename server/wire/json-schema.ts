/**
 * A JSON Schema (draft 2020-12, as OpenAPI 3.1 has it). Bodies are checked by it, and `/openapi.json` shows it. Two words are
 * Weir's own: `title` of a list's items is what messages call one of them, and `x-refused` is what they say of a value that
 * does not fit, or has that by the keyword that it does not fit.
 */
export type Schema = Readonly<Record<string, unknown>>;

/** One that `/openapi.json` lists by its name, and others refer to. */
export type NamedSchema = Schema & { readonly $id: string };

export const named = (name: string, schema: Schema): NamedSchema => ({ $id: name, ...schema });

export const anything: Schema = {};
export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const integer: Schema = { type: 'integer' };
/** One that a double holds exactly: what is computed with must be what was sent. */
export const exactInteger: Schema = {
  type: 'integer',
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
};
export const oneOf = (...values: readonly unknown[]): Schema => ({ enum: values });
export const list = (items: Schema): Schema => ({ type: 'array', items });

/** An object whose members have names of their own. */
export const map = (values: Schema, description?: string): Schema => ({
  type: 'object',
  ...(description === undefined ? {} : { description }),
  additionalProperties: values,
});

/** All members are there but those of `optional`. Others are tolerated. */
export function object(members: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(members).filter((name) => !optional.includes(name));
  return { type: 'object', properties: members, ...(required.length === 0 ? {} : { required }) };
}

/** An object whose members may all be left out. */
export const optional = (members: Readonly<Record<string, Schema>>): Schema => object(members, Object.keys(members));

export const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'].flat() });
export const described = (schema: Schema, description: string): Schema => ({ ...schema, description });

const isNamed = (schema: Schema): schema is NamedSchema => typeof schema.$id === 'string';

/** The schema with references in place of the named ones in it, which `tell` hears of, the innermost first. */
export function referring(schema: Schema, tell: (named: NamedSchema) => void): Schema {
  const visit = (v: unknown): unknown => {
    if (Array.isArray(v)) return v.map(visit);
    if (typeof v !== 'object' || v === null) return v;
    const inside = Object.fromEntries(Object.entries(v).map(([k, x]) => [k, visit(x)]));
    if (!isNamed(inside)) return inside;
    tell(inside);
    return { $ref: `${inside.$id}#` };
  };
  return visit(schema) as Schema;
}
