import type { ArithOp } from '../values/arithmetic.js';
import type { SqlType } from '../values/sql-type.js';

/**
 * A typed expression: what the analyzer makes of an AST expression and `engine/expression` compiles to a closure.
 * Plain data, so that a topology that holds it can be written to the command log and read back without planning again.
 * Every implicit cast is explicit here: both sides of an operator already have the operator's operand type.
 */
export type TypedExpr =
  | LiteralExpr
  | ColumnExpr
  | PseudoExpr
  | {
      readonly kind: 'arith';
      readonly op: ArithOp;
      readonly left: TypedExpr;
      readonly right: TypedExpr;
      readonly type: SqlType;
    }
  | { readonly kind: 'negate'; readonly operand: TypedExpr; readonly type: SqlType }
  | {
      readonly kind: 'compare';
      readonly op: CompareOp;
      /** Both sides have this type (or STRING against a time type already cast). */
      readonly left: TypedExpr;
      readonly right: TypedExpr;
      readonly type: SqlType;
    }
  | {
      readonly kind: 'logic';
      readonly op: 'AND' | 'OR';
      readonly left: TypedExpr;
      readonly right: TypedExpr;
      readonly type: SqlType;
    }
  | { readonly kind: 'not'; readonly operand: TypedExpr; readonly type: SqlType }
  | { readonly kind: 'isNull'; readonly operand: TypedExpr; readonly negated: boolean; readonly type: SqlType }
  | {
      readonly kind: 'in';
      readonly operand: TypedExpr;
      readonly list: readonly TypedExpr[];
      readonly negated: boolean;
      readonly type: SqlType;
    }
  | {
      readonly kind: 'between';
      readonly operand: TypedExpr;
      readonly low: TypedExpr;
      readonly high: TypedExpr;
      readonly negated: boolean;
      readonly type: SqlType;
    }
  | {
      readonly kind: 'like';
      readonly operand: TypedExpr;
      readonly pattern: TypedExpr;
      readonly escape: string | null;
      readonly negated: boolean;
      readonly type: SqlType;
    }
  /** Searched CASE; a simple CASE is rewritten to it. Lazy: a branch is evaluated only when its condition holds. */
  | {
      readonly kind: 'case';
      readonly branches: readonly { readonly when: TypedExpr; readonly then: TypedExpr }[];
      readonly otherwise: TypedExpr | null;
      readonly type: SqlType;
    }
  | { readonly kind: 'cast'; readonly operand: TypedExpr; readonly type: SqlType }
  | CallExpr
  | {
      readonly kind: 'field';
      readonly operand: TypedExpr;
      readonly index: number;
      readonly name: string;
      readonly type: SqlType;
    }
  | { readonly kind: 'subscript'; readonly operand: TypedExpr; readonly index: TypedExpr; readonly type: SqlType }
  | { readonly kind: 'array'; readonly elements: readonly TypedExpr[]; readonly type: SqlType }
  | {
      readonly kind: 'map';
      readonly entries: readonly { readonly key: TypedExpr; readonly value: TypedExpr }[];
      readonly type: SqlType;
    }
  | { readonly kind: 'struct'; readonly fields: readonly TypedExpr[]; readonly type: SqlType }
  /** Only as an argument of a call. `type` is the type of the body. */
  | { readonly kind: 'lambda'; readonly params: readonly string[]; readonly body: TypedExpr; readonly type: SqlType }
  /** A lambda's parameter; `depth` 0 is the innermost lambda. */
  | {
      readonly kind: 'param';
      readonly depth: number;
      readonly index: number;
      readonly name: string;
      readonly type: SqlType;
    };

export type CompareOp = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IS DISTINCT FROM' | 'IS NOT DISTINCT FROM';

/** BIGINT and DECIMAL literals are their decimal text, BYTES base64, TIME/DATE/TIMESTAMP their number; NULL is null. */
export interface LiteralExpr {
  readonly kind: 'literal';
  readonly value: string | number | boolean | null;
  readonly type: SqlType;
}

export interface ColumnExpr {
  readonly kind: 'column';
  readonly from: 'key' | 'value';
  readonly index: number;
  readonly name: string;
  readonly type: SqlType;
}

/** Columns that every record has: ROWTIME BIGINT, ROWPARTITION INTEGER, ROWOFFSET BIGINT, WINDOWSTART/WINDOWEND BIGINT. */
export interface PseudoExpr {
  readonly kind: 'pseudo';
  readonly name: 'ROWTIME' | 'ROWPARTITION' | 'ROWOFFSET' | 'WINDOWSTART' | 'WINDOWEND';
  readonly type: SqlType;
}

/** `overload` is the signature's text, unique in the registry, e.g. `UCASE(STRING) -> STRING`. */
export interface CallExpr {
  readonly kind: 'call';
  readonly name: string;
  readonly overload: string;
  readonly args: readonly TypedExpr[];
  readonly type: SqlType;
}

/** A call of an aggregate function. `args` are evaluated a row; `init` are constants fixed when the query starts. */
export interface AggregateCall {
  readonly name: string;
  readonly overload: string;
  readonly args: readonly TypedExpr[];
  readonly init: readonly LiteralExpr[];
  readonly type: SqlType;
}
