import { messageOf, WeirError } from '../../types/errors.js';
import type { Column } from '../../types/schema.js';
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
  type SqlType,
  STRING,
  struct,
  TIME,
  TIMESTAMP,
} from '../../types/sql-type.js';
import type { InferOptions } from '../format.js';
import type { SchemaText } from '../registry/registry.js';

type Node = Readonly<Record<string, unknown>>;

/** What Connect takes for a decimal whose precision is not said. */
const DEFAULT_PRECISION = 64;
const MAX_DEPTH = 100;
const CONNECT = 'org.apache.kafka.connect.data.';

/** The columns of data that fits a JSON Schema: the properties of an object, or one column. */
export function inferJsonSchema(schema: SchemaText, { isKey, wrapped, exact }: InferOptions): Column[] {
  const root = parse(schema.text);
  const infer = new Inference(root, new Map(schema.references.map((r) => [r.name, r.text])), exact);
  const top = infer.plain(root, 0);
  if (!wrapped) return [{ name: isKey ? 'ROWKEY' : 'ROWVAL', type: infer.type(top, 0) }];
  if (!isObject(top.properties)) {
    throw new WeirError(
      'BAD_STATEMENT',
      'The schema of the topic is no object with properties.',
      'A single value that is in no object is read with WITH (WRAP_SINGLE_VALUE=false).',
    );
  }
  return infer.fields(top, 0);
}

function parse(text: string): Node {
  try {
    const node: unknown = JSON.parse(text);
    if (isObject(node)) return node;
  } catch (e) {
    throw new WeirError('BAD_STATEMENT', `Invalid JSON Schema: ${messageOf(e)}`);
  }
  throw new WeirError('BAD_STATEMENT', 'Invalid JSON Schema: it is no object.');
}

const isObject = (v: unknown): v is Node => v !== null && typeof v === 'object' && !Array.isArray(v);
const nodes = (v: unknown): readonly Node[] => (Array.isArray(v) ? v.filter(isObject) : []);

class Inference {
  constructor(
    private readonly root: Node,
    private readonly references: ReadonlyMap<string, string>,
    private readonly exact: boolean,
  ) {}

  /** A node without its references and without the null that it may be. */
  plain(node: Node, depth: number): Node {
    if (depth > MAX_DEPTH) throw refuse('it is nested too deep, or holds itself');
    if (typeof node.$ref === 'string') return this.plain(this.referenced(node.$ref), depth + 1);
    for (const word of ['oneOf', 'anyOf'] as const) {
      const some = nodes(node[word]).filter((n) => n.type !== 'null');
      if (some.length === 1) return this.plain({ ...some[0]!, ...without(node, word) }, depth + 1);
    }
    const all = nodes(node.allOf);
    if (all.length > 0) {
      const parts = all.map((n) => this.plain(n, depth + 1));
      const properties = Object.assign({}, ...[...parts, node].map((p) => p.properties ?? {}));
      const whole = Object.assign({}, ...parts, without(node, 'allOf')) as Node;
      return Object.keys(properties).length === 0 ? whole : { ...whole, type: 'object', properties };
    }
    return node;
  }

  fields(node: Node, depth: number): Column[] {
    const properties = Object.entries(node.properties as Node).filter((e): e is [string, Node] => isObject(e[1]));
    const index = ([, p]: readonly [string, Node]): number =>
      typeof p['connect.index'] === 'number' ? p['connect.index'] : Number.POSITIVE_INFINITY;
    return properties
      .map((e, i) => ({ e, i }))
      .sort((a, b) => (index(a.e) === index(b.e) ? a.i - b.i : index(a.e) - index(b.e)))
      .map(({ e: [name, p] }) => ({ name: this.name(name), type: this.type(this.plain(p, depth + 1), depth + 1) }));
  }

  type(node: Node, depth: number): SqlType {
    if (depth > MAX_DEPTH) throw refuse('it is nested too deep, or holds itself');
    const special = logicalType(node);
    if (special !== undefined) return special;
    const connect = node['connect.type'];
    switch (typeName(node)) {
      case 'boolean':
        return BOOLEAN;
      case 'integer':
        return connect === 'int8' || connect === 'int16' || connect === 'int32' ? INTEGER : BIGINT;
      case 'number':
        return DOUBLE;
      case 'string':
        return connect === 'bytes' ? BYTES : STRING;
      case 'array': {
        const items = isObject(node.items) ? this.plain(node.items, depth + 1) : undefined;
        if (items === undefined) throw refuse('an array does not say what its items are');
        if (connect !== 'map') return array(this.type(items, depth + 1));
        const [key, value] = ['key', 'value'].map((k) => (items.properties as Node | undefined)?.[k]);
        if (!isObject(key) || !isObject(value)) throw refuse('the items of a map have no key and value');
        return map(
          this.type(this.plain(key, depth + 1), depth + 1),
          this.type(this.plain(value, depth + 1), depth + 1),
        );
      }
      case 'object':
        if (isObject(node.additionalProperties) && (connect === 'map' || !isObject(node.properties))) {
          return map(STRING, this.type(this.plain(node.additionalProperties, depth + 1), depth + 1));
        }
        if (!isObject(node.properties)) throw refuse('an object does not say what its properties are');
        return struct(this.fields(node, depth));
      default: {
        // A choice is a struct with one field for each branch.
        const branches = [...nodes(node.oneOf), ...nodes(node.anyOf)].filter((n) => n.type !== 'null');
        if (branches.length === 0) throw refuse(`it has no type that is known: ${JSON.stringify(node.type)}`);
        return struct(
          branches.map((b, i) => ({
            name: this.name(`connect_union_field_${i}`),
            type: this.type(this.plain(b, depth + 1), depth + 1),
          })),
        );
      }
    }
  }

  private name(name: string): string {
    return this.exact ? name : name.toUpperCase();
  }

  private referenced(ref: string): Node {
    const [file = '', path = ''] = ref.split('#');
    const text = this.references.get(file);
    if (file !== '' && text === undefined) throw refuse(`it refers to ${file}, which is not there`);
    let node: unknown = file === '' ? this.root : parse(text!);
    for (const step of path.split('/').filter((s) => s !== '')) {
      node = isObject(node) ? node[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
    }
    if (!isObject(node)) throw refuse(`it refers to ${ref}, which is not there`);
    return node;
  }
}

function without(node: Node, key: string): Node {
  const { [key]: _, ...rest } = node;
  return rest;
}

function typeName(node: Node): string | undefined {
  if (Array.isArray(node.type)) return (node.type as unknown[]).filter((t) => t !== 'null').map(String)[0];
  if (typeof node.type === 'string') return node.type;
  if (Array.isArray(node.enum)) return 'string';
  return isObject(node.properties) ? 'object' : undefined;
}

function logicalType(node: Node): SqlType | undefined {
  switch (node.title) {
    case `${CONNECT}Decimal`: {
      const p = isObject(node['connect.parameters']) ? node['connect.parameters'] : {};
      return decimal(Number(p['connect.decimal.precision'] ?? DEFAULT_PRECISION), Number(p.scale ?? 0));
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

const refuse = (why: string): WeirError => new WeirError('BAD_STATEMENT', `The JSON Schema has no columns: ${why}.`);
