import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify';
import { WeirError } from '../../engine/index.js';
import { type NamedSchema, referring, type Schema } from '../wire/json-schema.js';

/** Node's decoder skips characters that are no base64: the value would be another than was meant. */
const isBase64 = (v: string): boolean => /^[A-Za-z0-9+/]*={0,2}$/.test(v) && v.replace(/=+$/, '').length % 4 !== 1;

// Nothing is coerced, filled in or taken away: a value is as it was sent, or it is refused. That the schemas are schemas is
// for the tests to say, not for each start.
const ajv = new Ajv({
  allowUnionTypes: true,
  verbose: true,
  meta: false,
  validateSchema: false,
  formats: { base64: isBase64 },
  keywords: ['x-refused'],
});

/** Where a value is in a request: what messages call it. */
type Place = 'body' | 'querystring';

/** Schemas by what they were made of. They are compiled when the first value comes: most of a server's are never asked for. */
const compiled = new WeakMap<Schema, ValidateFunction>();

/** Makes a named schema known to those that refer to it. */
function know(schema: NamedSchema): void {
  if (ajv.schemas[schema.$id] === undefined) ajv.addSchema(schema);
}

function faultOf(schema: Schema, value: unknown, place: Place): WeirError | undefined {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(referring(schema, know));
    compiled.set(schema, validate);
  }
  return validate(value) ? undefined : refusal(validate.schema as Schema, validate.errors![0]!, place);
}

/** The value, which fits. @throws BAD_REQUEST, or LIMIT_EXCEEDED */
export function checked(schema: Schema, value: unknown): unknown {
  const fault = faultOf(schema, value, 'body');
  if (fault !== undefined) throw fault;
  return value;
}

/** How fastify checks what comes with a request; it gives the named schemas that its routes refer to. */
const buildValidator = (schemas: Readonly<Record<string, NamedSchema>>): FastifySchemaCompiler<Schema> => {
  for (const schema of Object.values(schemas)) know(schema);
  return ({ schema, httpPart }) => {
    const place = httpPart === 'querystring' ? httpPart : 'body';
    return (value: unknown) => {
      const error = faultOf(schema, value, place);
      return error === undefined ? { value } : { error };
    };
  };
};

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>;

/** What fastify does with schemas. Answers go out as handlers gave them: their schemas are for those who read. */
export const SCHEMA_COMPILERS = {
  compilersFactory: { buildValidator, buildSerializer: () => () => JSON.stringify },
} as unknown as SchemaController; // the types of its own compilers have other arguments

/** ksqlDB's form is given to it where all errors get theirs (`sendError`). */
function refusal(root: Schema, error: ErrorObject, place: Place): WeirError {
  const path = error.instancePath.split('/').slice(1).map(unescaped);
  const { params, parentSchema, keyword, data } = error;
  const bad = (message: string) => new WeirError('BAD_REQUEST', message);
  if (keyword === 'maxItems') {
    const one = (parentSchema as { items?: Schema }).items?.title ?? 'item';
    return new WeirError('LIMIT_EXCEEDED', `At most ${params.limit} ${one}s go in one request.`);
  }
  if (keyword === 'required') {
    return bad(`${nameOf(root, [...path, params.missingProperty as string], place)} is missing.`);
  }
  const name = nameOf(root, path, place);
  if (place === 'querystring' && Array.isArray(data)) return bad(`${name} is given more than once.`);
  const schema = parentSchema as Schema;
  const refused = schema['x-refused'] as string | Readonly<Record<string, string>> | undefined;
  const words = typeof refused === 'string' ? refused : refused?.[keyword];
  if (words !== undefined) return bad(`${name} ${words}.`);
  if (keyword === 'format') return bad(`${name} is no ${params.format}.`);
  if (path.length === 0) return bad('The request needs a JSON object as its body.');
  return bad(`${name} must be ${expected(schema)}.`);
}

/** JSON Pointer's way with what it separates by (RFC 6901 §3). */
const unescaped = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');

const capital = (words: string): string => words.replace(/^./, (c) => c.toUpperCase());

/** `Member 'value' of record 3`: how people call the place that a path leads to. */
function nameOf(root: Schema, path: readonly string[], place: Place): string {
  if (place === 'querystring') return `Parameter '${path[0]}'`;
  let owner = 'the request';
  let members: string[] = [];
  let schema: Schema = root;
  let inMap = false;
  for (const step of path) {
    const { items, properties, additionalProperties } = resolved(schema) as {
      readonly items?: Schema;
      readonly properties?: Readonly<Record<string, Schema>>;
      readonly additionalProperties?: Schema;
    };
    if (items === undefined) {
      inMap = properties?.[step] === undefined && additionalProperties !== undefined;
      schema = properties?.[step] ?? additionalProperties ?? {};
      members.push(step);
    } else {
      const item = items.title === undefined ? `item ${step} of '${members.join('.')}'` : `${items.title} ${step}`;
      owner = owner === 'the request' ? item : `${item} of ${owner}`;
      schema = items;
      members = [];
    }
  }
  if (members.length === 0) return capital(owner);
  if (inMap) return `Value of '${members.pop()}' in '${members.join('.')}'`;
  return `Member '${members.join('.')}' of ${owner}`;
}

const resolved = (schema: Schema): Schema =>
  typeof schema.$ref === 'string' ? (ajv.getSchema(schema.$ref)!.schema as Schema) : schema;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'a boolean',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

/** `a whole number from 1 to 10 or null` */
function expected({ enum: values, type, minimum, maximum }: Schema): string {
  if (Array.isArray(values)) return `one of ${values.join(', ')}`;
  // Where any exact number will do, the bounds are not told.
  const bounded = [minimum, maximum].every((b) => typeof b === 'number' && Math.abs(b) < Number.MAX_SAFE_INTEGER);
  const names = [type].flat().map((t) => {
    const name = TYPE_NAMES[t as string] ?? String(t);
    return bounded && (t === 'integer' || t === 'number') ? `${name} from ${minimum} to ${maximum}` : name;
  });
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
