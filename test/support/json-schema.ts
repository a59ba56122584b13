import { Ajv2020 } from 'ajv/dist/2020.js';

type Json = Readonly<Record<string, unknown>>;

const REF = '#/components/schemas/';

/** The schemas of an OpenAPI document. Members that no schema names are faults: a document must name them. */
export class Schemas {
  private readonly ajv = new Ajv2020({
    allowUnionTypes: true,
    allErrors: true,
    keywords: ['x-refused'],
    formats: { base64: true },
  });

  /** @throws where one of them is no JSON Schema (2020-12), or refers to one that is not there */
  constructor(named: Json) {
    for (const [name, schema] of Object.entries(named)) {
      this.ajv.addSchema(strict(schema) as Json, name);
      this.ajv.addSchema(strict(schema, true) as Json, openly(name));
    }
    for (const name of Object.keys(named)) this.ajv.getSchema(name);
  }

  /** What is wrong with a value, with its place; empty where it fits. */
  faults(schema: object, v: unknown): readonly string[] {
    const validate = this.ajv.compile(strict(schema) as Json);
    if (validate(v)) return [];
    return validate.errors!.map(({ instancePath, message, params }) =>
      [instancePath, message, params.unevaluatedProperty].filter((part) => part !== undefined && part !== '').join(' '),
    );
  }
}

const openly = (name: string): string => `${name}.open`;

/** Objects take no members but those that they name; a part of an `allOf` is `open`: the whole names them. */
function strict(schema: unknown, open = false): unknown {
  if (Array.isArray(schema)) return schema.map((s) => strict(s, open));
  if (typeof schema !== 'object' || schema === null) return schema;
  const own = schema as Json;
  if (typeof own.$ref === 'string') {
    const name = own.$ref.replace(REF, '');
    return { $ref: open ? openly(name) : name };
  }
  const inside = Object.fromEntries(Object.entries(own).map(([k, v]) => [k, strict(v, k === 'allOf')]));
  const closed =
    !open && own.type === 'object' && own.properties !== undefined && own.additionalProperties === undefined;
  return closed ? { ...inside, unevaluatedProperties: false } : inside;
}
