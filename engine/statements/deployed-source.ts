import type { CreateAs, CreateSource } from '../../parser/ast.js';
import type { Catalog } from '../catalog/index.js';
import type { Decision, Definition } from './kind.js';
import { sameStatement } from './same-statement.js';

/** How streams and tables are deployed: one that has changed is replaced. */
export const deployedSource = {
  deploy(statement: CreateSource | CreateAs, catalog: Catalog): Decision {
    const source = catalog.sources.get(statement.name.name);
    if (source === undefined) return { action: 'create', statement };
    if (statement.ifNotExists || sameStatement(statement, source.sql)) return { action: 'unchanged', statement };
    return { action: 'replace', statement: { ...statement, orReplace: true } };
  },
  defines: ({ name, orReplace, ifNotExists }: CreateSource | CreateAs): Definition => ({
    kind: 'source',
    name: name.name,
    mayExist: orReplace || ifNotExists,
  }),
} as const;
