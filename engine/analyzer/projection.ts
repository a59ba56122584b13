import type { Expression, Query } from '../../parser/ast.js';
import { printType } from '../values/sql-type.js';
import { fail, listed, tick } from './errors.js';
import type { QueryUse } from './query-use.js';
import type { QueryShape, ResolvedJoin, ResolvedRelation, SelectColumn } from './resolved.js';
import { joinBindings, relationSources } from './scope.js';
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
  const selected = keys.names.map((_, i) => p.select.filter((s) => s.key === i).map((s) => s.name));
  const missing = selected.flatMap((names, i) => (names.length === 0 ? [i] : []));
  if (missing.length > 0) {
    fail(
      missingKey(p, keys, missing),
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

interface KeyTexts {
  readonly what: string;
  /** How the key columns (in a join: what may stand for its one key column) are shown. */
  readonly texts: readonly string[];
  /** One a key column. */
  readonly names: readonly string[];
  readonly word: 'and' | 'or';
}

function missingKey(p: Projection, keys: KeyTexts, missing: readonly number[]): string {
  const sink = p.use.kind === 'persistent' ? p.use.sink : '';
  const { relation } = p;
  if (p.shape.kind === 'plain' && relation.kind === 'join' && relation.flavour === 'foreignKey') {
    const columns = missing.map((i) => tick(relation.schema.key[i]!.name));
    const word = columns.length > 1 ? 'columns' : 'column';
    return (
      `Primary key ${word} missing in projection. For foreign-key table-table joins, the projection must include all primary ` +
      `key columns from the left input table (${tick(relationSources(relation)[0]!.alias)}). ` +
      `Missing ${word}: ${columns.join(', ')}.`
    );
  }
  const plural = keys.texts.length > 1 ? 's' : '';
  const example = keys.word === 'or' ? keys.texts[0]! : keys.texts.join(', ');
  const text =
    'Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\n' +
    `The query used to build ${tick(sink)} must include the ${keys.what}${plural} ${listed(keys.texts, keys.word)} ` +
    `in its projection (eg, SELECT ${example}...).`;
  const madeUp = p.shape.kind === 'plain' && relation.kind === 'join' && relation.keyChoices[0]!.length === 0;
  return madeUp
    ? `${text}\n${keys.texts[0]} was added as a synthetic key column because the join criteria did not match any source column. ` +
        'This expression must be included in the projection and may be aliased.'
    : text;
}

/** What messages call the key columns: as declared, joined, grouped or partitioned. */
function keyTexts(p: Projection): KeyTexts {
  switch (p.shape.kind) {
    case 'plain':
      return p.relation.kind === 'join'
        ? joinKeys(p.relation)
        : { what: 'key column', ...declaredKeys(p.relation), word: 'and' };
    case 'grouped':
      return {
        what: 'grouping expression',
        texts: (p.query.groupBy ?? []).map((e) => expressionText(e, (_, n) => identifierText(n.name))),
        names: keyNames(p.query.groupBy ?? []),
        word: 'and',
      };
    case 'partitioned': {
      const list = (p.query.partitionBy ?? []).filter((e) => e.kind !== 'NullLiteral');
      const qualified = (source: { readonly name: string } | undefined, name: { readonly name: string }): string =>
        `${identifierText(source?.name ?? aliasOf(p.relation))}.${identifierText(name.name)}`;
      return {
        what: 'partitioning expression',
        texts: list.map((e) => expressionText(e, qualified)),
        names: keyNames(list),
        word: 'and',
      };
    }
  }
}

function declaredKeys(relation: ResolvedRelation): Pick<KeyTexts, 'texts' | 'names'> {
  const names = relation.schema.key.map((c) => c.name);
  return { texts: names.map(identifierText), names };
}

function joinKeys(join: ResolvedJoin): KeyTexts {
  const bindings = joinBindings(join);
  const [choices = []] = join.keyChoices;
  const column = (i: number): string => {
    const b = bindings.find((x) => x.expr.kind === 'column' && x.expr.from === 'value' && x.expr.index === i)!;
    return `${identifierText(b.source)}.${identifierText(b.name)}`;
  };
  const names = join.keyChoices.map((c, i) =>
    c.length > 0 ? join.schema.value[c[0]!]!.name : join.schema.key[i]!.name,
  );
  const texts = choices.length === 0 ? join.schema.key.map((c) => identifierText(c.name)) : choices.map(column);
  return { what: 'join expression', texts, names, word: 'or' };
}

/** The source that an unqualified name in a query over one source belongs to. */
const aliasOf = (relation: ResolvedRelation): string => relationSources(relation)[0]!.alias;

const keyNames = (list: readonly Expression[]): readonly string[] =>
  list.map((e, i) => (e.kind === 'ColumnRef' ? e.name.name : `KSQL_COL_${i}`));

/** No two columns of one name. */
export function checkNames(select: readonly SelectColumn[], items: readonly ListedItem[]): void {
  const first = new Map<string, SelectColumn>();
  select.forEach((column, i) => {
    const twin = first.get(column.name);
    if (twin === undefined) {
      first.set(column.name, column);
      return;
    }
    const part = column.key !== null && twin.key !== null ? 'key' : 'value';
    fail(
      `Duplicate ${part} columns found in schema: ${tick(column.name)} ${printType(column.expr.type)}`,
      items[i]!.span,
      'Give one of them another name with AS.',
    );
  });
}
