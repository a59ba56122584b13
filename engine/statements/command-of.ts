import type { ResolvedStatement } from '../analyzer/index.js';
import { type Catalog, type Command, versionOf } from '../catalog/index.js';
import { planPersistent, planReplacement } from '../planner/index.js';

/**
 * The change of the catalog that a resolved statement stands for, planned where it starts a query; undefined for one that
 * changes nothing. Pure. `properties`: the settings made with SET, which go with a query for good. Throws BAD_STATEMENT for a CREATE OR
 * REPLACE whose query cannot go on where the one that it replaces stands.
 */
export function commandOf(
  resolved: ResolvedStatement,
  properties: Readonly<Record<string, string>>,
  catalog: Catalog,
): Command | undefined {
  switch (resolved.kind) {
    case 'createSource': {
      if (resolved.exists) return undefined;
      const { source, orReplace, ifNotExists, queryId } = resolved;
      const query = queryId === null ? null : planPersistent({ ...resolved, queryId }, properties).query;
      return { kind: 'createSource', source, query, orReplace, ifNotExists };
    }
    case 'createAs': {
      if (resolved.exists) return undefined;
      const { sink, orReplace, ifNotExists } = resolved;
      const { query } = planPersistent(resolved, properties);
      const create = { kind: 'createAs', source: sink, orReplace, ifNotExists } as const;
      const was = catalog.queries.get(query.id);
      if (was === undefined) return { ...create, query };
      return { ...create, query: planReplacement(was, query), replaces: versionOf(was) };
    }
    case 'insertInto':
      return { kind: 'insertInto', query: planPersistent(resolved, properties).query };
    case 'alterSource': {
      const { source, columns, sql } = resolved;
      return { kind: 'alterSource', name: source.name, sourceKind: source.kind, columns, sql };
    }
    case 'dropSource': {
      const { name, sourceKind, ifExists, deleteTopic } = resolved;
      return { kind: 'dropSource', name, sourceKind, ifExists, deleteTopic };
    }
    case 'createType': {
      const { name, type, ifNotExists } = resolved;
      return { kind: 'createType', name, type, ifNotExists };
    }
    case 'dropType': {
      const { name, ifExists } = resolved;
      return { kind: 'dropType', name, ifExists };
    }
    case 'controlQuery':
      return resolved.from === undefined
        ? { kind: resolved.action, queryId: resolved.queryId }
        : { kind: 'resume', queryId: resolved.queryId, from: resolved.from };
    case 'insertValues':
    case 'select':
    case 'other':
      return undefined;
  }
}
