/** SELECT and its clauses. */
import type { Expression, TimeUnit } from './expression.js';
import type { Identifier, NodeBase } from './type.js';

/** `5 MINUTES`; singular units are read as plural. */
export interface Duration extends NodeBase {
  readonly kind: 'Duration';
  readonly value: number;
  readonly unit: TimeUnit;
}

/** `expr [AS alias]`. */
export interface SelectExpression extends NodeBase {
  readonly kind: 'SelectExpression';
  readonly expression: Expression;
  readonly alias?: Identifier | undefined;
}
/** `*`, or `source.*`. */
export interface SelectStar extends NodeBase {
  readonly kind: 'SelectStar';
  readonly source?: Identifier | undefined;
}
/** `expr->*`: each field of a struct. */
export interface SelectStructStar extends NodeBase {
  readonly kind: 'SelectStructStar';
  readonly base: Expression;
}
export type SelectItem = SelectExpression | SelectStar | SelectStructStar;

export interface SourceRef extends NodeBase {
  readonly kind: 'SourceRef';
  readonly name: Identifier;
  readonly alias?: Identifier | undefined;
}
/** `WITHIN 5 SECONDS` has `before` equal to `after`. */
export interface Within extends NodeBase {
  readonly kind: 'Within';
  readonly before: Duration;
  readonly after: Duration;
  readonly grace?: Duration | undefined;
}
export type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';
/** Joins lean to the left: `a JOIN b JOIN c` is `(a JOIN b) JOIN c`. */
export interface Join extends NodeBase {
  readonly kind: 'Join';
  readonly joinType: JoinType;
  readonly left: Relation;
  readonly right: SourceRef;
  readonly within?: Within | undefined;
  readonly on: Expression;
}
export type Relation = SourceRef | Join;

export interface TumblingWindow extends NodeBase {
  readonly kind: 'TumblingWindow';
  readonly size: Duration;
  readonly retention?: Duration | undefined;
  readonly grace?: Duration | undefined;
}
export interface HoppingWindow extends NodeBase {
  readonly kind: 'HoppingWindow';
  readonly size: Duration;
  readonly advance: Duration;
  readonly retention?: Duration | undefined;
  readonly grace?: Duration | undefined;
}
export interface SessionWindow extends NodeBase {
  readonly kind: 'SessionWindow';
  readonly gap: Duration;
  readonly retention?: Duration | undefined;
  readonly grace?: Duration | undefined;
}
export type WindowClause = TumblingWindow | HoppingWindow | SessionWindow;

export interface OrderItem extends NodeBase {
  readonly kind: 'OrderItem';
  readonly expression: Expression;
  readonly descending: boolean;
  /** Left out: NULLs are larger than every value. */
  readonly nulls?: 'FIRST' | 'LAST' | undefined;
}

/** A SELECT; without `emit` it is a pull query where it stands alone. */
export interface Query extends NodeBase {
  readonly kind: 'Query';
  readonly distinct?: true | undefined;
  readonly select: readonly SelectItem[];
  readonly from: Relation;
  readonly window?: WindowClause | undefined;
  readonly where?: Expression | undefined;
  readonly groupBy?: readonly Expression[] | undefined;
  readonly partitionBy?: readonly Expression[] | undefined;
  readonly having?: Expression | undefined;
  readonly orderBy?: readonly OrderItem[] | undefined;
  readonly emit?: 'CHANGES' | 'FINAL' | undefined;
  /** Negative where it was written so; executing it is an error. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}
