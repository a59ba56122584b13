import type { ColumnRef, Expression, Identifier, SelectItem } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import type { TypedExpr } from '../plan/expr.js';
import { printType, type SqlType } from '../values/sql-type.js';
import { fail } from './errors.js';
import { type Binding, RESERVED, type Scope } from './scope.js';
import { expressionText } from './text.js';
import type { Spelling } from './written-names.js';

/** An entry of the select list after `*` is written out. */
export interface ListedItem {
  readonly node: Expression;
  readonly alias: string | undefined;
  /** The alias as the statement has it. */
  readonly aliasNode?: Identifier | undefined;
  readonly span: Span;
  /** Written out of `*`. */
  readonly star: boolean;
}

const identifier = (name: string, span: Span): Identifier => ({ kind: 'Identifier', name, quoted: true, span });

const columnNode = (source: string, name: string, span: Span): ColumnRef => ({
  kind: 'ColumnRef',
  source: source === '' ? undefined : identifier(source, span),
  name: identifier(name, span),
  span,
});

export interface StarOptions {
  readonly scope: Scope;
  /** WINDOWSTART and WINDOWEND follow the key in `*`: push and pull queries. */
  readonly windowColumns: boolean;
  /** PARTITION BY: the new key's expressions, which come first. */
  readonly partitionBy: readonly Expression[] | undefined;
  typeOf(node: Expression): SqlType | null;
}

/** The select list with `*`, `source.*` and `expr->*` written out. */
export function listItems(items: readonly SelectItem[], options: StarOptions): readonly ListedItem[] {
  return items.flatMap((item) => listItem(item, options));
}

function listItem(item: SelectItem, options: StarOptions): readonly ListedItem[] {
  switch (item.kind) {
    case 'SelectExpression':
      return [{ node: item.expression, alias: item.alias?.name, aliasNode: item.alias, span: item.span, star: false }];
    case 'SelectStar':
      return star(item.source, item.span, options);
    case 'SelectStructStar': {
      const type = options.typeOf(item.base);
      if (type?.kind !== 'STRUCT') {
        return fail(
          `Star expansion is only supported for STRUCT types, not for ${type === null ? 'null' : printType(type)}.`,
          item.span,
          type === null ? undefined : `${expressionText(item.base)} is ${printType(type)}.`,
        );
      }
      return type.fields.map((f) => ({
        node: { kind: 'StructAccess', base: item.base, field: identifier(f.name, item.span), span: item.span },
        alias: undefined,
        span: item.span,
        star: true,
      }));
    }
  }
}

function star(source: Identifier | undefined, span: Span, options: StarOptions): readonly ListedItem[] {
  if (source !== undefined) options.scope.checkSource(source);
  const bindings = options.scope.bindings.filter((b) => source === undefined || b.source === source.name);
  const join = options.scope.aliases.length > 1;
  const item = (b: Binding): ListedItem => ({
    node: columnNode(b.source, b.name, span),
    // In a join the columns of `*` carry their source's name.
    alias: join && b.source !== '' ? `${b.source}_${b.name}` : undefined,
    span,
    star: true,
  });
  const of = (role: Binding['role'], owner?: string): readonly ListedItem[] =>
    bindings.filter((b) => b.role === role && (owner === undefined || b.source === owner)).map(item);
  if (options.partitionBy === undefined) {
    const windows = join || options.windowColumns;
    const owners = [...new Set(bindings.map((b) => b.source))];
    return owners.flatMap((o) => [...of('key', o), ...(windows ? of('window', o) : []), ...of('value', o)]);
  }
  // The new key first, then the values, then what was the key; in a join, as in ksqlDB, with ROWTIME and its like.
  const moved = options.partitionBy.filter((e) => e.kind !== 'NullLiteral');
  const owners = [...new Set(bindings.map((b) => b.source))];
  const rest = owners.flatMap((o) => [...of('value', o), ...(join ? of('pseudo', o) : []), ...of('key', o)]);
  const bindingOf = (e: Expression): Binding | undefined =>
    e.kind === 'ColumnRef' ? options.scope.find(e)[0] : undefined;
  const names = new Set(moved.map(bindingOf).map((b) => `${b?.source}\n${b?.name}`));
  return [
    ...moved.map((node): ListedItem => {
      const b = bindingOf(node);
      return b === undefined ? { node, alias: undefined, span, star: true } : { ...item(b), node };
    }),
    ...rest.filter((i) => {
      const ref = i.node as ColumnRef;
      return !names.has(`${ref.source?.name ?? ''}\n${ref.name.name}`);
    }),
  ];
}

/**
 * The columns' names: aliases, names of plain columns (with their source's name where two sources have it), names of
 * struct fields (with a number where a source has a column of that name), `KSQL_COL_n` for the rest. `persistent`: names that every source has are refused.
 */
export function columnNames(items: readonly ListedItem[], scope: Scope, persistent: boolean): readonly string[] {
  if (persistent) for (const item of items) checkReserved(item, scope);
  const taken = new Set(scope.bindings.map((b) => b.name));
  const used = new Set<string>();
  for (const item of items) {
    const fixed = item.alias ?? (item.node.kind === 'ColumnRef' ? plainName(item.node, scope) : undefined);
    if (fixed !== undefined) used.add(fixed);
  }
  let next = 0;
  const generated = (): string => {
    let name = `KSQL_COL_${next++}`;
    while (taken.has(name) || used.has(name)) name = `KSQL_COL_${next++}`;
    return name;
  };
  return items.map((item) => {
    if (item.alias !== undefined) return item.alias;
    if (item.node.kind === 'ColumnRef') return plainName(item.node, scope);
    if (item.node.kind === 'StructAccess') {
      const field = item.node.field.name;
      let name = field;
      for (let n = 1; used.has(name) || taken.has(name); n++) name = `${field}_${n}`;
      used.add(name);
      return name;
    }
    const name = generated();
    used.add(name);
    return name;
  });
}

/**
 * The same names in the case that they are written in: an alias as it stands; a column as the source that it comes from has
 * it, else as it stands. Undefined for names that nobody wrote.
 */
export function spelledNames(
  items: readonly ListedItem[],
  exprs: readonly TypedExpr[],
  scope: Scope,
  aliases: ReadonlyMap<string, string>,
  spelling: Spelling,
): readonly (string | undefined)[] {
  return items.map(({ node, aliasNode, alias }, i) => {
    if (aliasNode !== undefined) return spelling(aliasNode);
    if (node.kind === 'StructAccess') return fieldOf(exprs[i]!) ?? spelling(node.field);
    if (node.kind !== 'ColumnRef') return undefined;
    const binding = scope.find(node)[0];
    const own = binding?.written ?? spelling(node.name);
    const isQualified = (alias ?? plainName(node, scope)) !== node.name.name;
    return isQualified ? `${aliases.get(node.source?.name ?? '') ?? ''}_${own}` : own;
  });
}

/** How the field that an expression takes out of a struct is written there. */
const fieldOf = (expr: TypedExpr): string | undefined =>
  expr.kind === 'field' && expr.operand.type.kind === 'STRUCT'
    ? expr.operand.type.fields[expr.index]?.written
    : undefined;

function plainName(ref: ColumnRef, scope: Scope): string {
  const name = ref.name.name;
  if (scope.aliases.length < 2) return name;
  const owners = new Set(scope.bindings.filter((b) => b.name === name).map((b) => b.source));
  return owners.size > 1 && ref.source !== undefined ? `${ref.source.name}_${name}` : name;
}

function checkReserved(item: ListedItem, scope: Scope): void {
  const own = item.node.kind === 'ColumnRef' ? item.node.name.name : undefined;
  const name = item.alias ?? (item.node.kind === 'ColumnRef' ? plainName(item.node, scope) : undefined);
  if (name === undefined || item.star || !RESERVED.includes(name)) return;
  // In a join it is ambiguous first of all.
  if (item.node.kind === 'ColumnRef' && item.node.source === undefined && scope.find(item.node).length > 1) return;
  if (own === name) {
    fail(
      `Reserved column name in select: \`${name}\`. Please remove or alias the column.`,
      item.span,
      `Write ${name} AS another name.`,
    );
  }
  fail(`\`${name}\` is a reserved column name. You cannot use it as an alias for a column.`, item.span);
}
