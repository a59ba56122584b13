import type { ColumnRef, Expression, Identifier } from '../../parser/ast.js';
import type { DataSource } from '../catalog/index.js';
import type { TypedExpr } from '../plan/expr.js';
import { BIGINT, INTEGER, type SqlType } from '../values/sql-type.js';
import { at, didYouMean, fail, listed, tick } from './errors.js';
import { otherFunction } from './other-functions.js';
import type { ResolvedJoin, ResolvedRelation, ResolvedSourceRelation } from './resolved.js';
import { identifierText } from './text.js';

/** A column that a clause can name, and what it is. */
export interface Binding {
  /** Alias of the source it belongs to; empty for a join's own key. */
  readonly source: string;
  readonly name: string;
  /** As for a column. */
  readonly written?: string | undefined;
  readonly expr: TypedExpr;
  /** `pseudo`: found by name, left out of `*`. `window`: WINDOWSTART and WINDOWEND. */
  readonly role: 'key' | 'value' | 'pseudo' | 'window';
}

const PSEUDO_COLUMNS: readonly {
  readonly name: 'ROWTIME' | 'ROWPARTITION' | 'ROWOFFSET';
  readonly type: SqlType;
}[] = [
  { name: 'ROWTIME', type: BIGINT },
  { name: 'ROWPARTITION', type: INTEGER },
  { name: 'ROWOFFSET', type: BIGINT },
];
export const WINDOW_COLUMNS = ['WINDOWSTART', 'WINDOWEND'] as const;

/** Names that no column may have. */
export const RESERVED: readonly string[] = [...PSEUDO_COLUMNS.map((c) => c.name), ...WINDOW_COLUMNS];

export const windowPseudo = (name: (typeof WINDOW_COLUMNS)[number]): TypedExpr => ({
  kind: 'pseudo',
  name,
  type: BIGINT,
});

/** The columns that rows of a source have. */
export function sourceBindings(source: DataSource, alias: string): readonly Binding[] {
  return [
    ...source.schema.key.map(
      (c, index): Binding => ({
        source: alias,
        name: c.name,
        written: c.written,
        expr: { kind: 'column', from: 'key', index, name: c.name, type: c.type },
        role: 'key',
      }),
    ),
    ...source.schema.value.map(
      (c, index): Binding => ({
        source: alias,
        name: c.name,
        written: c.written,
        expr: { kind: 'column', from: 'value', index, name: c.name, type: c.type },
        role: 'value',
      }),
    ),
    ...PSEUDO_COLUMNS.map(
      (c): Binding => ({
        source: alias,
        name: c.name,
        expr: { kind: 'pseudo', name: c.name, type: c.type },
        role: 'pseudo',
      }),
    ),
    ...(source.window === null
      ? []
      : WINDOW_COLUMNS.map((name): Binding => ({ source: alias, name, expr: windowPseudo(name), role: 'window' }))),
  ];
}

/** What a side of a join contributes to the joined row, as expressions over the side's own rows. */
export function sideColumns(relation: ResolvedRelation): readonly Binding[] {
  return relation.kind === 'source'
    ? sourceBindings(relation.source, relation.alias)
    : joinBindings(relation).filter((b) => b.source !== '');
}

/** The columns that rows of a join have, and the join's own key where no source column is it. */
export function joinBindings(join: ResolvedJoin): readonly Binding[] {
  const sides = [...sideColumns(join.left), ...sideColumns(join.right)];
  const columns = sides.map((b, index): Binding => {
    const { name, type } = join.schema.value[index]!;
    return { ...b, expr: { kind: 'column', from: 'value', index, name, type } };
  });
  if (join.schema.key.length === 0 || join.keyChoices.some((c) => c.length > 0)) return columns;
  const { name, type } = join.schema.key[0]!;
  return [{ source: '', name, expr: { kind: 'column', from: 'key', index: 0, name, type }, role: 'key' }, ...columns];
}

/**
 * For each key column the expression that stands for it in a select list: in a join the first of the equal columns that is
 * selected.
 */
export function keyColumns(relation: ResolvedRelation, select: readonly TypedExpr[]): readonly TypedExpr[] {
  return relation.schema.key.map(({ name, type }, index): TypedExpr => {
    const key: TypedExpr = { kind: 'column', from: 'key', index, name, type };
    if (relation.kind === 'source') return key;
    const choices = relation.keyChoices[index]!.map((i) =>
      select.find((e) => e.kind === 'column' && e.from === 'value' && e.index === i),
    );
    return choices.find((c) => c !== undefined) ?? key;
  });
}

/** The sources of a relation, left to right. */
export function relationSources(relation: ResolvedRelation): readonly ResolvedSourceRelation[] {
  return relation.kind === 'source' ? [relation] : [...relationSources(relation.left), relation.right];
}

export type Clause = 'SELECT' | 'WHERE' | 'HAVING' | 'GROUP BY' | 'ORDER BY' | 'PARTITION BY' | 'JOIN ON';

/** Finds columns by name among those of all sources of a query. */
export class Scope {
  readonly aliases: readonly string[];

  constructor(readonly bindings: readonly Binding[]) {
    this.aliases = [...new Set(bindings.map((b) => b.source))].filter((a) => a !== '');
  }

  /** The column that `ref` names. Throws ksqlDB's wording for names that are unknown or ambiguous. */
  resolve(ref: ColumnRef, clause: Clause): Binding {
    if (ref.source !== undefined) this.checkSource(ref.source);
    const found = this.find(ref);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      const options = found.map((b) => `${identifierText(b.source)}.${identifierText(b.name)}`);
      fail(
        `Exception while preparing statement: ${at(ref.span)}Column '${identifierText(ref.name.name)}' is ambiguous. Could be ${listed(options.sort(), 'or')}.`,
        ref.span,
        "Write the source's name before it.",
      );
    }
    const shown = `${ref.source === undefined ? '' : `${identifierText(ref.source.name)}.`}${identifierText(ref.name.name)}`;
    fail(`${at(ref.span)}${clause} column '${shown}' cannot be resolved.`, ref.span, this.#hint(ref));
  }

  find(ref: ColumnRef): readonly Binding[] {
    return this.bindings.filter(
      (b) => b.name === ref.name.name && (ref.source === undefined || b.source === ref.source.name),
    );
  }

  checkSource(source: Identifier): void {
    if (this.aliases.includes(source.name)) return;
    const column = this.bindings.find((b) => b.name === source.name);
    fail(
      `'${identifierText(source.name)}' is not a valid stream/table name or alias.`,
      source.span,
      column?.expr.type.kind === 'STRUCT'
        ? `It is a column: its fields are read with ->, as in ${identifierText(source.name)}->${column.expr.type.fields[0]?.name ?? 'FIELD'}.`
        : (didYouMean(source.name, this.aliases) ?? `The query reads ${listed(this.aliases)}.`),
    );
  }

  #hint(ref: ColumnRef): string | undefined {
    const columns = this.bindings.filter((b) => ref.source === undefined || b.source === ref.source.name);
    const name = ref.name.name;
    const quoted = columns.find((b) => b.name !== name && b.name.toUpperCase() === name.toUpperCase());
    if (quoted !== undefined) return `Names are case-sensitive in quotes: \`${quoted.name}\` exists.`;
    const near = didYouMean(
      name,
      columns.map((b) => b.name),
    );
    if (near !== undefined) return near;
    if (ref.name.quoted) return "Back quotes and double quotes make a name: text goes in single quotes, 'text'.";
    const other = ref.source === undefined ? otherFunction(name) : undefined;
    const names = columns.filter((b) => b.role === 'key' || b.role === 'value').map((b) => tick(b.name));
    return (
      other ??
      `There ${names.length === 1 ? 'is' : 'are'} ${listed(names.length > 6 ? [...names.slice(0, 5), 'others'] : names)}.`
    );
  }
}

/** Column references in an expression, lambda parameters left out, in the order of writing. */
export function columnRefs(e: Expression, hidden: readonly string[] = []): readonly ColumnRef[] {
  const all = (list: readonly Expression[]): readonly ColumnRef[] => list.flatMap((x) => columnRefs(x, hidden));
  switch (e.kind) {
    case 'ColumnRef':
      return e.source === undefined && hidden.includes(e.name.name) ? [] : [e];
    case 'StructAccess':
      return columnRefs(e.base, hidden);
    case 'Subscript':
      return all([e.base, e.index]);
    case 'Arithmetic':
    case 'Concat':
    case 'Comparison':
    case 'Logical':
      return all([e.left, e.right]);
    case 'Unary':
    case 'Not':
    case 'IsNull':
    case 'Cast':
      return columnRefs(e.operand, hidden);
    case 'Between':
      return all([e.operand, e.low, e.high]);
    case 'In':
      return all([e.operand, ...e.list]);
    case 'Like':
      return all([e.operand, e.pattern]);
    case 'SearchedCase':
    case 'SimpleCase':
      return all([
        ...(e.kind === 'SimpleCase' ? [e.operand] : []),
        ...e.whens.flatMap((w) => [w.operand, w.result]),
        ...(e.otherwise === undefined ? [] : [e.otherwise]),
      ]);
    case 'FunctionCall':
      return all(e.args);
    case 'Lambda':
      return columnRefs(e.body, [...hidden, ...e.params.map((p) => p.name)]);
    case 'ArrayConstructor':
      return all(e.elements);
    case 'MapConstructor':
      return all(e.entries.flatMap((x) => [x.key, x.value]));
    case 'StructConstructor':
      return all(e.entries.map((x) => x.value));
    case 'AtTimeZone':
      return all([e.operand, e.zone]);
    default:
      return [];
  }
}
