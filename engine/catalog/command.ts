import { createHash } from 'node:crypto';
import { WeirError } from '../base/errors.js';
import type { ValueColumn } from '../values/schema.js';
import type { SqlType } from '../values/sql-type.js';
import {
  type Catalog,
  type ConnectorDef,
  type DataSource,
  dropObstacle,
  type QueryDef,
  type SourceKind,
} from './catalog.js';

/**
 * A change of the catalog as it is written to the command log: plain JSON. Whoever replays the log in order has the same
 * catalog; a command that does not apply (another node was faster) throws and changes nothing.
 */
export type Command =
  /** `query`: the query that keeps a CREATE SOURCE TABLE. */
  | {
      readonly kind: 'createSource';
      readonly source: DataSource;
      readonly query: QueryDef | null;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
    }
  /**
   * `replaces`: which version of the query it goes on from (`versionOf`); the query was planned for its state. Left out: the
   * query is new, or an older Weir has written the command.
   */
  | {
      readonly kind: 'createAs';
      readonly source: DataSource;
      readonly query: QueryDef;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
      readonly replaces?: string;
    }
  | { readonly kind: 'insertInto'; readonly query: QueryDef }
  | {
      readonly kind: 'alterSource';
      readonly name: string;
      readonly sourceKind: SourceKind;
      readonly columns: readonly ValueColumn[];
      readonly sql: string;
    }
  | {
      readonly kind: 'dropSource';
      readonly name: string;
      readonly sourceKind: SourceKind;
      readonly ifExists: boolean;
      readonly deleteTopic: boolean;
    }
  | { readonly kind: 'createType'; readonly name: string; readonly type: SqlType; readonly ifNotExists: boolean }
  | { readonly kind: 'dropType'; readonly name: string; readonly ifExists: boolean }
  /** `queryId` null: all of them. */
  | { readonly kind: 'terminate'; readonly queryId: string | null }
  | { readonly kind: 'pause'; readonly queryId: string | null }
  /** `from`: where to go on in partitions that no longer have the records that would come next; left out: nowhere. */
  | { readonly kind: 'resume'; readonly queryId: string | null; readonly from?: 'earliest' | 'latest' }
  | {
      readonly kind: 'createConnector';
      readonly connector: ConnectorDef;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
    }
  | { readonly kind: 'dropConnector'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'pauseConnector'; readonly name: string }
  | { readonly kind: 'resumeConnector'; readonly name: string; readonly from?: 'earliest' | 'latest' }
  | { readonly kind: 'alterSystem'; readonly name: string; readonly value: string };

/** The catalog after `command`. Throws WeirError BAD_STATEMENT, with ksqlDB's wording, where it does not apply. */
export function applyCommand(catalog: Catalog, command: Command): Catalog {
  switch (command.kind) {
    case 'createSource':
    case 'createAs':
      return addSource(catalog, command);
    case 'insertInto':
      return addQuery(catalog, command.query);
    case 'alterSource': {
      const source = existing(catalog, command.name, command.sourceKind);
      return {
        ...catalog,
        sources: with_(catalog.sources, source.name, {
          ...source,
          schema: { key: source.schema.key, value: [...source.schema.value, ...command.columns] },
          sql: command.sql,
        }),
      };
    }
    case 'dropSource':
      return dropSource(catalog, command);
    case 'createType':
      if (catalog.types.has(command.name)) {
        if (command.ifNotExists) return catalog;
        const was = catalog.types.get(command.name)!;
        throw refuse(
          `Cannot register custom type '${command.name}' since it is already registered with type: ${was.kind}`,
        );
      }
      return { ...catalog, types: with_(catalog.types, command.name, command.type) };
    case 'dropType':
      if (!catalog.types.has(command.name)) {
        if (command.ifExists) return catalog;
        throw refuse(`Type ${command.name} does not exist.`);
      }
      return { ...catalog, types: without(catalog.types, command.name) };
    case 'terminate':
      return terminate(catalog, command.queryId);
    case 'pause':
      return setState(catalog, command.queryId, 'PAUSED');
    case 'resume':
      return setState(catalog, command.queryId, 'RUNNING');
    case 'createConnector':
      return addConnector(catalog, command);
    case 'dropConnector':
      if (command.ifExists && !catalog.connectors.has(command.name)) return catalog;
      return { ...catalog, connectors: without(catalog.connectors, connectorOf(catalog, command.name).name) };
    case 'pauseConnector':
      return setConnector(catalog, { ...connectorOf(catalog, command.name), state: 'PAUSED' });
    case 'resumeConnector':
      return setConnector(catalog, { ...connectorOf(catalog, command.name), state: 'RUNNING' });
    case 'alterSystem':
      return { ...catalog, settings: with_(catalog.settings, command.name, command.value) };
  }
}

/** A query as it runs, in a few letters. */
export const versionOf = ({ topology }: QueryDef): string =>
  createHash('sha256').update(JSON.stringify(topology)).digest('base64url').slice(0, 16);

type AddSource = Extract<Command, { kind: 'createSource' | 'createAs' }>;

function addSource(catalog: Catalog, command: AddSource): Catalog {
  const { source, query } = command;
  const was = catalog.sources.get(source.name);
  let base = catalog;
  let replaced: string | undefined;
  if (command.kind === 'createAs' && command.replaces !== undefined) {
    const current = catalog.queries.get(command.query.id);
    if (current === undefined || versionOf(current) !== command.replaces) {
      throw refuse(
        `Cannot upgrade query ${command.query.id}: another statement has changed it in the meantime. Try again.`,
      );
    }
  }
  if (was !== undefined) {
    if (command.ifNotExists) return catalog;
    const word = source.kind.toLowerCase();
    if (!command.orReplace) {
      throw refuse(
        `Cannot add ${word} '${source.name}': A ${was.kind.toLowerCase()} with the same name already exists`,
      );
    }
    if (was.kind !== source.kind) {
      throw refuse(
        `Cannot add ${word} '${source.name}': A ${was.kind.toLowerCase()} with the same name already exists`,
      );
    }
    if (was.createdBy !== null) base = { ...base, queries: without(base.queries, was.createdBy) };
    // A query keeps its id when it is replaced, be it one of CREATE … AS or of INSERT INTO.
    if (query !== null && catalog.queries.get(query.id)?.sink === source.name) replaced = query.id;
    else if (was.createdBy !== null && catalog.queries.has(was.createdBy)) replaced = was.createdBy;
  }
  const next = { ...base, sources: with_(base.sources, source.name, source) };
  if (query === null) return next;
  // A replaced query keeps its place in the order.
  if (replaced !== undefined) {
    const queries = new Map<string, QueryDef>();
    for (const [id, q] of catalog.queries) {
      if (id === replaced) queries.set(query.id, query);
      else queries.set(id, q);
    }
    return { ...next, queries, nextQueryNumber: Math.max(next.nextQueryNumber, numberOf(query.id) + 1) };
  }
  return addQuery(next, query);
}

function addQuery(catalog: Catalog, query: QueryDef): Catalog {
  if (catalog.queries.has(query.id)) throw refuse(`A query with id ${query.id} already exists.`);
  for (const name of [query.sink, ...query.sources]) {
    if (!catalog.sources.has(name)) throw refuse(`Source \`${name}\` does not exist.`);
  }
  return {
    ...catalog,
    queries: with_(catalog.queries, query.id, query),
    nextQueryNumber: Math.max(catalog.nextQueryNumber, numberOf(query.id) + 1),
  };
}

function dropSource(catalog: Catalog, command: Extract<Command, { kind: 'dropSource' }>): Catalog {
  if (command.ifExists && !catalog.sources.has(command.name)) return catalog;
  const source = existing(catalog, command.name, command.sourceKind);
  const obstacle = dropObstacle(catalog, source.name);
  if (obstacle !== undefined) throw refuse(obstacle);
  const own = [...catalog.queries.values()].filter((q) => q.sink === source.name).map((q) => q.id);
  let queries = catalog.queries;
  for (const id of own) queries = without(queries, id);
  return { ...catalog, sources: without(catalog.sources, source.name), queries };
}

function terminate(catalog: Catalog, queryId: string | null): Catalog {
  if (queryId === null) {
    return {
      ...catalog,
      queries: new Map([...catalog.queries].filter(([, q]) => q.kind === 'CST')),
      sources: new Map([...catalog.sources].map(([name, s]) => [name, { ...s, createdBy: null }])),
    };
  }
  const query = queryOf(catalog, queryId);
  const sink = catalog.sources.get(query.sink);
  return {
    ...catalog,
    queries: without(catalog.queries, queryId),
    sources:
      sink?.createdBy === queryId ? with_(catalog.sources, sink.name, { ...sink, createdBy: null }) : catalog.sources,
  };
}

function setState(catalog: Catalog, queryId: string | null, state: QueryDef['state']): Catalog {
  if (queryId === null) {
    return { ...catalog, queries: new Map([...catalog.queries].map(([id, q]) => [id, { ...q, state }])) };
  }
  return { ...catalog, queries: with_(catalog.queries, queryId, { ...queryOf(catalog, queryId), state }) };
}

function existing(catalog: Catalog, name: string, kind: SourceKind): DataSource {
  const source = catalog.sources.get(name);
  if (source === undefined) throw refuse(`${kind === 'STREAM' ? 'Stream' : 'Table'} ${name} does not exist.`);
  if (source.kind !== kind) {
    throw refuse(`Incompatible data source type is ${source.kind}, but statement was DROP ${kind}`);
  }
  return source;
}

function addConnector(catalog: Catalog, command: Extract<Command, { kind: 'createConnector' }>): Catalog {
  const { connector, orReplace, ifNotExists } = command;
  const was = catalog.connectors.get(connector.name);
  if (was === undefined) return setConnector(catalog, connector);
  if (ifNotExists) return catalog;
  if (!orReplace) throw refuse(`Connector ${connector.name} already exists`);
  // One of another kind does not know what this one has kept.
  const goesOn = was.kind === connector.kind && was.config['connector.class'] === connector.config['connector.class'];
  return setConnector(catalog, goesOn ? { ...connector, id: was.id } : connector);
}

const setConnector = (catalog: Catalog, connector: ConnectorDef): Catalog => ({
  ...catalog,
  connectors: with_(catalog.connectors, connector.name, connector),
});

function connectorOf(catalog: Catalog, name: string): ConnectorDef {
  const connector = catalog.connectors.get(name);
  if (connector === undefined) throw refuse(`Connector ${name} does not exist.`);
  return connector;
}

function queryOf(catalog: Catalog, id: string): QueryDef {
  const query = catalog.queries.get(id);
  if (query === undefined) throw refuse(`Unknown queryId: ${id}`);
  return query;
}

/** The number at the end of a query's id. */
function numberOf(id: string): number {
  const n = Number(id.slice(id.lastIndexOf('_') + 1));
  return Number.isSafeInteger(n) ? n : -1;
}

const refuse = (message: string): WeirError => new WeirError('BAD_STATEMENT', message);

function with_<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value);
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  const next = new Map(map);
  next.delete(key);
  return next;
}
