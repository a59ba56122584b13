import type { Identifier, Relation } from '../../parser/ast.js';
import type { SourceText } from '../../parser/source.js';
import type { Column } from '../values/schema.js';
import type { SqlType } from '../values/sql-type.js';

/** Gives a name as the statement has it, quotes left out. */
export type Spelling = (id: Identifier) => string;

export const spellingIn =
  (text: SourceText): Spelling =>
  (id) =>
    id.quoted ? id.name : text.slice(id.span);

/** `name`, and how it is written: no other name than it, but for its case. */
export function spelled(
  name: string,
  written: string | undefined,
): { readonly name: string; readonly written?: string } {
  return written === undefined || written.toUpperCase() !== name.toUpperCase() ? { name } : { name, written };
}

/** How the sources of a query are called, by their aliases. */
export function spelledAliases(relation: Relation, spelling: Spelling): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (let at: Relation | undefined = relation; at !== undefined; at = at.kind === 'Join' ? at.left : undefined) {
    const { alias, name } = at.kind === 'Join' ? at.right : at;
    const id = alias ?? name;
    aliases.set(id.name, spelling(id));
  }
  return aliases;
}

/** Columns in upper case, with the case that the same columns have in a schema of others. */
export function spelledAs(columns: readonly Column[], exact: readonly Column[]): readonly Column[] {
  return columns.map((c, i) => {
    const other = exact[i];
    return other === undefined ? c : { ...c, ...spelled(c.name, other.name), type: typeAs(c.type, other.type) };
  });
}

function typeAs(type: SqlType, exact: SqlType): SqlType {
  if (type.kind === 'ARRAY' && exact.kind === 'ARRAY') return { ...type, element: typeAs(type.element, exact.element) };
  if (type.kind === 'MAP' && exact.kind === 'MAP') return { ...type, value: typeAs(type.value, exact.value) };
  if (type.kind !== 'STRUCT' || exact.kind !== 'STRUCT') return type;
  return {
    kind: 'STRUCT',
    fields: type.fields.map((f, i) => {
      const other = exact.fields[i];
      return other === undefined ? f : { ...spelled(f.name, other.name), type: typeAs(f.type, other.type) };
    }),
  };
}
