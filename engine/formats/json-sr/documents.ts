import { messageOf, WeirError } from '../../base/errors.js';
import type { SchemaText } from '../registry/registry.js';

export type Node = Readonly<Record<string, unknown>>;

export const isNode = (v: unknown): v is Node => v !== null && typeof v === 'object' && !Array.isArray(v);

/** A schema where it stands: what it refers to is looked for from there. `true`, which lets everything pass, is `{}`. */
export interface Place {
  readonly node: Node;
  readonly document: Document;
  /** Of whoever wrote the schema: the properties on the way, for messages. */
  readonly path: string;
}

/** One JSON document of a schema. */
interface Document {
  readonly root: Node;
  /** Its own name, or what others call it: relative references begin there. */
  readonly base: string;
}

const MAX_WALK = 100_000;

/** A schema and the documents that it refers to. */
export class Documents {
  readonly top: Place;
  private readonly byName = new Map<string, Document>();
  private readonly anchors = new Map<Document, ReadonlyMap<string, Node>>();

  /** @throws WeirError BAD_STATEMENT where one of them is no JSON object */
  constructor(schema: SchemaText) {
    for (const { name, text } of schema.references) {
      const root = parse(text, `the schema ${name} that it refers to`);
      const document = { root, base: idOf(root) ?? name };
      this.byName.set(name, document);
      this.byName.set(document.base, document);
    }
    const root = parse(schema.text, 'it');
    const document = { root, base: idOf(root) ?? '' };
    if (document.base !== '') this.byName.set(document.base, document);
    this.top = { node: root, document, path: '' };
  }

  /** @throws WeirError BAD_STATEMENT for what is not there */
  referenced(ref: string, from: Place): Place {
    const at = ref.indexOf('#');
    const file = at < 0 ? ref : ref.slice(0, at);
    const fragment = at < 0 ? '' : decodeURIComponent(ref.slice(at + 1));
    const found = file === '' ? from.document : this.document(file, from.document);
    if (found === undefined) throw refuse(from.path, `it refers to ${file}, which is not there`);
    const node =
      fragment === '' || fragment.startsWith('/') ? step(found.root, fragment) : this.anchor(found, fragment);
    if (node === undefined) throw refuse(from.path, `it refers to ${ref}, which is not there`);
    return { node, document: found, path: from.path };
  }

  /** By its name as it stands, and from the place where the document that says it lies. */
  private document(file: string, from: Document): Document | undefined {
    const relative = resolved(file, from.base);
    const found = this.byName.get(file) ?? this.byName.get(relative);
    if (found !== undefined) return found;
    // A schema inside of a document may have a name of its own.
    for (const document of new Set([from, ...this.byName.values()])) {
      const node = this.names(document).get(relative) ?? this.names(document).get(file);
      if (node !== undefined) return { root: node, base: relative };
    }
    return undefined;
  }

  private anchor(document: Document, name: string): Node | undefined {
    return this.names(document).get(`#${name}`);
  }

  /** Anchors (`#name`) and ids of a document's schemas. */
  private names(document: Document): ReadonlyMap<string, Node> {
    let names = this.anchors.get(document);
    if (names === undefined) {
      names = namesIn(document);
      this.anchors.set(document, names);
    }
    return names;
  }
}

const idOf = (node: Node): string | undefined => {
  const id = node.$id ?? node.id;
  return typeof id === 'string' && id !== '' && !id.startsWith('#') ? id.replace(/#$/, '') : undefined;
};

function parse(text: string, what: string): Node {
  try {
    const node: unknown = JSON.parse(text);
    if (isNode(node)) return node;
    if (node === true) return {};
  } catch (e) {
    throw new WeirError('BAD_STATEMENT', `Invalid JSON Schema: ${what}: ${messageOf(e)}`);
  }
  throw new WeirError('BAD_STATEMENT', `Invalid JSON Schema: ${what} is no object.`);
}

/** `country.json` from `schemas/address.json` is `schemas/country.json`; URLs as the web has it. */
function resolved(file: string, base: string): string {
  if (URL.canParse(file)) return file;
  if (URL.canParse(base)) return new URL(file, base).href;
  // Only the path of it counts.
  return new URL(file, new URL(base, 'x://x/')).href.replace(/^x:\/\/x\/?/, '');
}

/** JSON Pointer (RFC 6901). */
function step(root: Node, pointer: string): Node | undefined {
  let node: unknown = root;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    node = Array.isArray(node) ? node[Number(name)] : isNode(node) ? node[name] : undefined;
  }
  return node === true ? {} : isNode(node) ? node : undefined;
}

function namesIn({ root, base }: Document): ReadonlyMap<string, Node> {
  const names = new Map<string, Node>();
  const open: unknown[] = [root];
  for (let n = 0; open.length > 0 && n < MAX_WALK; n++) {
    const node = open.pop();
    if (Array.isArray(node)) open.push(...(node as unknown[]));
    else if (isNode(node)) {
      if (typeof node.$anchor === 'string') names.set(`#${node.$anchor}`, node);
      // Up to draft-07 an anchor is an id that begins with #.
      const id = node.$id ?? node.id;
      if (typeof id === 'string' && id.startsWith('#')) names.set(id, node);
      else if (typeof id === 'string' && node !== root) names.set(resolved(id, base), node);
      open.push(...Object.values(node));
    }
  }
  return names;
}

/** `why` says what is wrong with the property. */
export const refuse = (path: string, why: string): WeirError =>
  new WeirError(
    'BAD_STATEMENT',
    `The JSON Schema has no columns: ${path === '' ? '' : `property ${path}: `}${why}.`,
    path === ''
      ? undefined
      : 'Declare the columns yourself, without that one or as another type; all of them are then read by name.',
  );
