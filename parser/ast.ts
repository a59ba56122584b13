/**
 * The syntax tree of ksqlDB's SQL: plain, immutable values, unions on `kind`, a span on every node.
 * Names are already folded as ksqlDB does it: unquoted ones in upper case, quoted ones as written.
 */
import type { Expression, MapEntry, StructEntry, WhenClause } from './ast/expression.js';
import type { Duration, OrderItem, Relation, SelectItem, WindowClause, Within } from './ast/query.js';
import type { ColumnDef, Property, Statement } from './ast/statement.js';
import type { Identifier, StructField, TypeNode } from './ast/type.js';

export type * from './ast/expression.js';
export type * from './ast/query.js';
export type * from './ast/statement.js';
export type * from './ast/type.js';

export type Node =
  | Statement
  | Expression
  | SelectItem
  | Relation
  | WindowClause
  | TypeNode
  | Identifier
  | StructField
  | WhenClause
  | MapEntry
  | StructEntry
  | Duration
  | Within
  | OrderItem
  | Property
  | ColumnDef;
