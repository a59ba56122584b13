import type { Expression, Query } from '../../parser/ast.js';
import { printType } from '../types/sql-type.js';
import { fail, listed, tick } from './errors.js';
import type { QueryUse } from './query.js';
import type { QueryShape, ResolvedRelation, SelectColumn } from './resolved.js';
import type { ListedItem } from './select-list.js';
import { expressionText, identifierText } from './text.js';

interface Projection {
  readonly items: readonly ListedItem[];
  readonly names: readonly string[];
  readonly select: readonly SelectColumn[];
  readonly use: QueryUse;
  readonly shape: QueryShape;
  readonly query: Query;
  readonly relation: ResolvedRelation;
}

/** A persistent query's projection holds every key column exactly once, and at least one value column. */
export function checkKeys(p: Projection): void {
  const keys = keyTexts(p);
  const selected = keys.texts.map((_, i) => p.select.filter((s) => s.key === i).map((s) => s.name));
  if (selected.some((names) => names.length === 0) && p.use.kind === 'persistent') {
    const plural = keys.texts.length > 1 ? 's' : '';
    fail(
      'Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\n' +
        `The query used to build ${tick(p.use.sink)} must include the ${keys.what}${plural} ${listed(keys.texts)} ` +
        `in its projection (eg, SELECT ${keys.texts.join(', ')}...).`,
      p.query.select[0]?.span ?? p.query.span,
      'A key column is part of every record: select it, or PARTITION BY another.',
    );
  }
  selected.forEach((names, i) => {
    if (names.length < 2) return;
    fail(
      `The projection contains a key column (${tick(keys.names[i]!)}) more than once, aliased as: ${listed([...names].sort())}.\n` +
        'Each key column must only be in the projection once. If you intended to copy the key into the value, ' +
        'then consider using the AS_VALUE function to indicate which key reference should be copied.',
      p.items[p.select.findLastIndex((s) => s.key === i)]!.span,
    );
  });
  if (!p.select.some((s) => s.key === null))
    fail('The projection contains no value columns.', p.query.select[0]?.span ?? p.query.span);
}

/** What messages call the key columns: as grouped, partitioned or declared. */
function keyTexts(p: Projection): {
  readonly what: string;
  readonly texts: readonly string[];
  readonly names: readonly string[];
} {
  switch (p.shape.kind) {
    case 'plain': {
      const names = p.relation.schema.key.map((c) => c.name);
      return { what: 'key column', texts: names.map(identifierText), names };
    }
    case 'grouped':
      return {
        what: 'grouping expression',
        texts: (p.query.groupBy ?? []).map((e) => expressionText(e, (_, n) => identifierText(n.name))),
        names: keyNames(p.query.groupBy ?? []),
      };
    case 'partitioned': {
      const list = (p.query.partitionBy ?? []).filter((e) => e.kind !== 'NullLiteral');
      const qualified = (source: { readonly name: string } | undefined, name: { readonly name: string }): string =>
        `${identifierText(source?.name ?? aliasOf(p.relation))}.${identifierText(name.name)}`;
      return {
        what: 'partitioning expression',
        texts: list.map((e) => expressionText(e, qualified)),
        names: keyNames(list),
      };
    }
  }
}

const aliasOf = (relation: ResolvedRelation): string => relation.alias;

const keyNames = (list: readonly Expression[]): readonly string[] =>
  list.map((e, i) => (e.kind === 'ColumnRef' ? e.name.name : `KSQL_COL_${i}`));

/** No two columns of one name. */
export function checkNames(select: readonly SelectColumn[], items: readonly ListedItem[]): void {
  select.forEach((column, i) => {
    const twin = select.findIndex((other) => other.name === column.name);
    if (twin === i) return;
    const part = column.key !== null && select[twin]!.key !== null ? 'key' : 'value';
    fail(
      `Duplicate ${part} columns found in schema: ${tick(column.name)} ${printType(column.expr.type)}`,
      items[i]!.span,
      'Give one of them another name with AS.',
    );
  });
}
