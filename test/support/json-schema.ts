/** As much of JSON Schema 2020-12 as /openapi.json uses. Members that no schema names are faults: a document must name them. */

type Schema =
  | true
  | {
      readonly $ref?: string;
      readonly type?: string | readonly string[];
      readonly enum?: readonly unknown[];
      readonly anyOf?: readonly Schema[];
      readonly allOf?: readonly Schema[];
      readonly items?: Schema;
      readonly minItems?: number;
      readonly properties?: Readonly<Record<string, Schema>>;
      readonly required?: readonly string[];
      readonly additionalProperties?: Schema;
    };

const typeOf = (v: unknown): string =>
  v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v;

export class Schemas {
  constructor(private readonly named: Readonly<Record<string, unknown>>) {}

  /** What is wrong with a value, with its place; empty where it fits. */
  faults(schema: unknown, v: unknown, at = '$'): readonly string[] {
    return this.check(schema as Schema, v, at, new Set());
  }

  /** `known`: members that a schema around this one names. */
  private check(schema: Schema, v: unknown, at: string, known: ReadonlySet<string>): readonly string[] {
    if (schema === true) return [];
    if (schema.$ref !== undefined) {
      const name = schema.$ref.replace('#/components/schemas/', '');
      if (!(name in this.named)) return [`${at}: there is no schema ${schema.$ref}`];
      return this.check(this.named[name] as Schema, v, at, known);
    }
    const own = new Set([...known, ...Object.keys(schema.properties ?? {})]);
    const found: string[] = [];
    if (schema.type !== undefined) {
      const is = typeOf(v);
      const types = [schema.type].flat();
      if (!types.includes(is) && !(is === 'integer' && types.includes('number'))) {
        return [`${at}: ${is} where ${types.join(' or ')} belongs`];
      }
    }
    if (schema.enum !== undefined && !schema.enum.includes(v))
      found.push(`${at}: ${JSON.stringify(v)} is none of the values`);
    if (schema.anyOf !== undefined) {
      const tries = schema.anyOf.map((s) => this.check(s, v, at, own));
      if (!tries.some((t) => t.length === 0)) found.push(...tries.flat());
    }
    for (const s of schema.allOf ?? []) found.push(...this.check(s, v, at, own));
    if (Array.isArray(v)) {
      if (v.length < (schema.minItems ?? 0)) found.push(`${at}: ${v.length} items`);
      const { items } = schema;
      if (items !== undefined) v.forEach((x, i) => void found.push(...this.check(items, x, `${at}[${i}]`, new Set())));
    } else if (typeof v === 'object' && v !== null && schema.type === 'object') {
      for (const name of schema.required ?? []) if (!(name in v)) found.push(`${at}: ${name} is missing`);
      const inherited = new Set((schema.allOf ?? []).flatMap((s) => this.members(s)));
      for (const [name, x] of Object.entries(v)) {
        const member = schema.properties?.[name] ?? schema.additionalProperties;
        if (member !== undefined) found.push(...this.check(member, x, `${at}.${name}`, new Set()));
        else if (!known.has(name) && !inherited.has(name)) found.push(`${at}.${name} is not described`);
      }
    }
    return found;
  }

  private members(schema: Schema): readonly string[] {
    if (schema === true) return [];
    if (schema.$ref !== undefined)
      return this.members(this.named[schema.$ref.replace('#/components/schemas/', '')] as Schema);
    return Object.keys(schema.properties ?? {});
  }
}
