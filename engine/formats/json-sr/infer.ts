import { WeirError } from '../../base/errors.js';
import type { Column } from '../../values/schema.js';
import {
  array,
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  printType,
  type SqlType,
  STRING,
  struct,
  TIME,
  TIMESTAMP,
} from '../../values/sql-type.js';
import type { InferOptions } from '../format.js';
import type { SchemaText } from '../registry/registry.js';
import { Documents, isNode, type Node, type Place, refuse } from './documents.js';

/** What Connect takes for a decimal whose precision is not said. */
const DEFAULT_PRECISION = 64;
const MAX_DEPTH = 100;
const CONNECT = 'org.apache.kafka.connect.data.';

/** The columns of data that fits a JSON Schema: the properties of an object, or one column. */
export function inferJsonSchema(schema: SchemaText, { isKey, wrapped, exact }: InferOptions): Column[] {
  const documents = new Documents(schema);
  const infer = new Inference(documents, exact);
  const top = infer.plain(documents.top, 0);
  if (!wrapped) return [{ name: isKey ? 'ROWKEY' : 'ROWVAL', type: infer.type(top, 0) }];
  if (top.properties === null || top.properties.size === 0) {
    throw new WeirError(
      'BAD_STATEMENT',
      'The schema of the topic is no object with properties.',
      'A single value that is in no object is read with WITH (WRAP_SINGLE_VALUE=false).',
    );
  }
  return infer.fields(top.properties, 0);
}

/** A schema without references, without the null that it may be, and with what `allOf` adds. */
interface Plain extends Place {
  /** Each where it stands, which may be another document. Null: it has none. */
  readonly properties: ReadonlyMap<string, Place> | null;
}

class Inference {
  constructor(
    private readonly documents: Documents,
    private readonly exact: boolean,
  ) {}

  plain(place: Place, depth: number): Plain {
    const { node, path } = place;
    if (depth > MAX_DEPTH) throw refuse(path, 'it is nested too deep, or holds itself');
    if (typeof node.$ref === 'string') return this.plain(this.documents.referenced(node.$ref, place), depth + 1);
    for (const word of ['oneOf', 'anyOf'] as const) {
      const some = this.branches(place, word);
      // What stands beside the choice holds for its branch too.
      if (some.length === 1) return this.together([some[0]!, { ...place, node: without(node, word) }], place, depth);
    }
    const all = children(place, 'allOf');
    if (all.length > 0) return this.together([...all, { ...place, node: without(node, 'allOf') }], place, depth);
    return { ...place, properties: propertiesOf(place) };
  }

  /** All parts hold at once: what a later one says counts. */
  private together(parts: readonly Place[], { document, path }: Place, depth: number): Plain {
    const plain = parts.map((p) => this.plain(p, depth + 1));
    const node = Object.assign({}, ...plain.map((p) => p.node)) as Node;
    const some = plain.filter((p) => p.properties !== null);
    const properties = some.length === 0 ? null : new Map(some.flatMap((p) => [...p.properties!]));
    // Items and the like are looked at where they stand; of several parts the last that says something has them.
    const last = plain.findLast((p) => Object.keys(p.node).some((k) => HOLDS_OTHERS.has(k)));
    return { node, document: last?.document ?? document, path, properties };
  }

  /** The branches of a choice but for null. */
  private branches(place: Place, word: 'oneOf' | 'anyOf'): readonly Place[] {
    return children(place, word).filter(
      ({ node }) => node.type !== 'null' && !('const' in node && node.const === null),
    );
  }

  fields(properties: ReadonlyMap<string, Place>, depth: number): Column[] {
    const index = ({ node }: Place): number =>
      typeof node['connect.index'] === 'number' ? node['connect.index'] : Number.POSITIVE_INFINITY;
    return [...properties]
      .map(([name, place], i) => ({ name, place, i, at: index(place) }))
      .sort((a, b) => (a.at === b.at ? a.i - b.i : a.at - b.at))
      .map(({ name, place }) => ({ name: this.name(name), type: this.typeAt(place, depth) }));
  }

  private typeAt(place: Place, depth: number): SqlType {
    return this.type(this.plain(place, depth + 1), depth + 1);
  }

  type(plain: Plain, depth: number): SqlType {
    const { node, path } = plain;
    if (depth > MAX_DEPTH) throw refuse(path, 'it is nested too deep, or holds itself');
    const special = logicalType(node, path);
    if (special !== undefined) return special;
    const names = typeNames(node, plain.properties !== null);
    if (names.length > 1) {
      return this.choice(
        names.map((type) => ({ ...plain, node: { ...node, type } })),
        depth,
      );
    }
    const connect = node['connect.type'];
    switch (names[0]) {
      case 'boolean':
        return BOOLEAN;
      case 'integer':
        return connect === 'int8' || connect === 'int16' || connect === 'int32' ? INTEGER : BIGINT;
      case 'number':
        return DOUBLE;
      case 'string':
        return connect === 'bytes' ? BYTES : STRING;
      case 'array':
        return this.array(plain, depth);
      case 'object':
        return this.object(plain, depth);
      case undefined: {
        const branches = [...this.branches(plain, 'oneOf'), ...this.branches(plain, 'anyOf')];
        // Nothing is said of the value: its JSON text is.
        return branches.length === 0 ? STRING : this.choice(branches, depth);
      }
      case 'null':
        throw refuse(path, 'it is null and nothing else, which no type is');
      default:
        throw refuse(path, `it has no type that is known: ${JSON.stringify(node.type)}`);
    }
  }

  private array(plain: Plain, depth: number): SqlType {
    const { node, path } = plain;
    const inside = `${path}[]`;
    const tuple = [...children(plain, 'prefixItems', inside), ...children(plain, 'items', inside)];
    const single = asSchema(node.items);
    if (single !== undefined) tuple.push({ ...plain, node: single, path: inside });
    if (node['connect.type'] === 'map' && single !== undefined) {
      const entry = this.plain({ ...plain, node: single, path: inside }, depth + 1);
      const [key, value] = [entry.properties?.get('key'), entry.properties?.get('value')];
      if (key === undefined || value === undefined) throw refuse(path, 'the items of a map have no key and value');
      return map(this.typeAt(key, depth), this.typeAt(value, depth));
    }
    // Items that differ, or of which nothing is said, are their JSON text.
    return array(common(tuple.map((item) => this.typeAt(item, depth))) ?? STRING);
  }

  private object(plain: Plain, depth: number): SqlType {
    const { node, path, properties } = plain;
    const more = asSchema(node.additionalProperties);
    const hasFields = properties !== null && properties.size > 0;
    if (hasFields && !(node['connect.type'] === 'map' && more !== undefined))
      return struct(this.fields(properties, depth));
    const values = Object.values(isNode(node.patternProperties) ? node.patternProperties : {}).map(asSchema);
    if (more !== undefined && Object.keys(more).length > 0) values.push(more);
    if (values.length === 0 && node.additionalProperties === false) {
      throw refuse(path, 'an object that may have no properties has no fields');
    }
    const types = values.map((v) => this.typeAt({ ...plain, node: v ?? {}, path: `${path}{}` }, depth));
    return map(STRING, common(types) ?? STRING);
  }

  /** A struct with one field for each branch, as Connect has it; branches that are one scalar type are that type. */
  private choice(branches: readonly Place[], depth: number): SqlType {
    const types = branches.map((b) => this.typeAt(b, depth));
    const one = common(types);
    if (one !== undefined && !['STRUCT', 'ARRAY', 'MAP'].includes(one.kind)) return one;
    return struct(types.map((type, i) => ({ name: this.name(`connect_union_field_${i}`), type })));
  }

  private name(name: string): string {
    return this.exact ? name : name.toUpperCase();
  }
}

const HOLDS_OTHERS = new Set(['items', 'prefixItems', 'additionalProperties', 'patternProperties', 'oneOf', 'anyOf']);

/** A schema: `true` is one that lets everything pass, `false` none. */
const asSchema = (v: unknown): Node | undefined => (v === true ? {} : isNode(v) ? v : undefined);

/** The schemas of a list. */
function children({ node, document, path }: Place, word: string, at = path): Place[] {
  const list = node[word];
  if (!Array.isArray(list)) return [];
  return list.flatMap((n: unknown) => {
    const schema = asSchema(n);
    return schema === undefined ? [] : [{ node: schema, document, path: at }];
  });
}

function propertiesOf({ node, document, path }: Place): ReadonlyMap<string, Place> | null {
  if (!isNode(node.properties)) return null;
  const out = new Map<string, Place>();
  for (const [name, value] of Object.entries(node.properties)) {
    const schema = asSchema(value);
    // `false`: there is no such property.
    if (schema !== undefined) out.set(name, { node: schema, document, path: path === '' ? name : `${path}.${name}` });
  }
  return out;
}

/** The type that all of them are; undefined: they differ, or there is none. */
function common(types: readonly SqlType[]): SqlType | undefined {
  const [first] = types;
  return first !== undefined && types.every((t) => printType(t) === printType(first)) ? first : undefined;
}

function without(node: Node, key: string): Node {
  const { [key]: _, ...rest } = node;
  return rest;
}

/** The types that a schema says, but for null: by `type`, by its values, or by what it has to say of one. */
function typeNames(node: Node, hasProperties: boolean): readonly string[] {
  const said = Array.isArray(node.type) ? (node.type as unknown[]).map(String) : [];
  const named = typeof node.type === 'string' ? [node.type] : said.filter((t) => t !== 'null' || said.length === 1);
  if (named.length > 0) return numbers(named);
  const values = 'const' in node ? [node.const] : Array.isArray(node.enum) ? (node.enum as unknown[]) : [];
  if (values.length > 0) {
    const kinds = new Set(values.filter((v) => v !== null).map(kindOf));
    return kinds.size === 0 ? ['null'] : numbers([...kinds]);
  }
  if (hasProperties || isNode(node.additionalProperties) || isNode(node.patternProperties)) return ['object'];
  return node.items !== undefined || node.prefixItems !== undefined ? ['array'] : [];
}

/** Integers are numbers. */
const numbers = (names: readonly string[]): readonly string[] =>
  names.includes('number') ? names.filter((n) => n !== 'integer') : names;

function kindOf(v: unknown): string {
  if (typeof v === 'number') return Number.isInteger(v) ? 'integer' : 'number';
  return Array.isArray(v) ? 'array' : typeof v;
}

function logicalType(node: Node, path: string): SqlType | undefined {
  switch (node.title) {
    case `${CONNECT}Decimal`: {
      const p = isNode(node['connect.parameters']) ? node['connect.parameters'] : {};
      const [precision, scale] = [Number(p['connect.decimal.precision'] ?? DEFAULT_PRECISION), Number(p.scale ?? 0)];
      if (!Number.isInteger(precision) || !Number.isInteger(scale) || scale < 0 || precision < Math.max(1, scale)) {
        throw refuse(path, 'its precision and scale make no DECIMAL');
      }
      return decimal(precision, scale);
    }
    case `${CONNECT}Date`:
      return DATE;
    case `${CONNECT}Time`:
      return TIME;
    case `${CONNECT}Timestamp`:
      return TIMESTAMP;
    default:
      return undefined;
  }
}
