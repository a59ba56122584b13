/** Literals and expressions. */
import type { Identifier, NodeBase, TypeNode } from './type.js';

export type TimeUnit = 'MILLISECONDS' | 'SECONDS' | 'MINUTES' | 'HOURS' | 'DAYS' | 'WEEKS' | 'MONTHS' | 'YEARS';

export interface StringLiteral extends NodeBase {
  readonly kind: 'StringLiteral';
  readonly value: string;
}
/** Fits 32 bits. */
export interface IntegerLiteral extends NodeBase {
  readonly kind: 'IntegerLiteral';
  readonly value: number;
}
/** Beyond 32 bits, within 64. */
export interface BigintLiteral extends NodeBase {
  readonly kind: 'BigintLiteral';
  readonly value: bigint;
}
/** `1.50`: exact; `text` is plain notation as written, with the sign if negative. */
export interface DecimalLiteral extends NodeBase {
  readonly kind: 'DecimalLiteral';
  readonly text: string;
}
/** `1.5E2`. */
export interface DoubleLiteral extends NodeBase {
  readonly kind: 'DoubleLiteral';
  readonly value: number;
  /** As written, exponent letter in upper case. */
  readonly text: string;
}
export interface BooleanLiteral extends NodeBase {
  readonly kind: 'BooleanLiteral';
  readonly value: boolean;
}
export interface NullLiteral extends NodeBase {
  readonly kind: 'NullLiteral';
}
/** `DATE '2020-01-31'`, `TIME '10:00'`, `TIMESTAMP '2020-01-31T10:00:00.000'`; the text is not checked here. */
export interface TemporalLiteral extends NodeBase {
  readonly kind: 'TemporalLiteral';
  readonly type: 'DATE' | 'TIME' | 'TIMESTAMP';
  readonly text: string;
}
export type Literal =
  | StringLiteral
  | IntegerLiteral
  | BigintLiteral
  | DecimalLiteral
  | DoubleLiteral
  | BooleanLiteral
  | NullLiteral
  | TemporalLiteral;

/** `name` or `source.name`; inside a lambda it may also mean one of the lambda's parameters. */
export interface ColumnRef extends NodeBase {
  readonly kind: 'ColumnRef';
  readonly source?: Identifier | undefined;
  readonly name: Identifier;
}
/** `base->field`. */
export interface StructAccess extends NodeBase {
  readonly kind: 'StructAccess';
  readonly base: Expression;
  readonly field: Identifier;
}
/** `base[index]`, on arrays and maps. */
export interface Subscript extends NodeBase {
  readonly kind: 'Subscript';
  readonly base: Expression;
  readonly index: Expression;
}
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export interface Arithmetic extends NodeBase {
  readonly kind: 'Arithmetic';
  readonly operator: ArithmeticOperator;
  readonly left: Expression;
  readonly right: Expression;
}
/** A sign; a sign right before a number is part of the literal instead. */
export interface Unary extends NodeBase {
  readonly kind: 'Unary';
  readonly operator: '+' | '-';
  readonly operand: Expression;
}
/** `left || right`. */
export interface Concat extends NodeBase {
  readonly kind: 'Concat';
  readonly left: Expression;
  readonly right: Expression;
}
/** `<>` is read as `!=`. */
export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'IS DISTINCT FROM' | 'IS NOT DISTINCT FROM';
export interface Comparison extends NodeBase {
  readonly kind: 'Comparison';
  readonly operator: ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
}
export interface Logical extends NodeBase {
  readonly kind: 'Logical';
  readonly operator: 'AND' | 'OR';
  readonly left: Expression;
  readonly right: Expression;
}
export interface Not extends NodeBase {
  readonly kind: 'Not';
  readonly operand: Expression;
}
export interface IsNull extends NodeBase {
  readonly kind: 'IsNull';
  readonly operand: Expression;
  readonly negated: boolean;
}
export interface Between extends NodeBase {
  readonly kind: 'Between';
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly negated: boolean;
}
export interface In extends NodeBase {
  readonly kind: 'In';
  readonly operand: Expression;
  readonly list: readonly Expression[];
  readonly negated: boolean;
}
export interface Like extends NodeBase {
  readonly kind: 'Like';
  readonly operand: Expression;
  readonly pattern: Expression;
  /** The text after ESCAPE; one character in valid SQL, not checked here. */
  readonly escape?: string | undefined;
  readonly negated: boolean;
}
export interface WhenClause extends NodeBase {
  readonly kind: 'WhenClause';
  /** A condition in a searched CASE, a value in a simple one. */
  readonly operand: Expression;
  readonly result: Expression;
}
export interface SearchedCase extends NodeBase {
  readonly kind: 'SearchedCase';
  readonly whens: readonly WhenClause[];
  readonly otherwise?: Expression | undefined;
}
export interface SimpleCase extends NodeBase {
  readonly kind: 'SimpleCase';
  readonly operand: Expression;
  readonly whens: readonly WhenClause[];
  readonly otherwise?: Expression | undefined;
}
export interface Cast extends NodeBase {
  readonly kind: 'Cast';
  readonly operand: Expression;
  readonly type: TypeNode;
}
export interface FunctionCall extends NodeBase {
  readonly kind: 'FunctionCall';
  readonly name: Identifier;
  readonly args: readonly Expression[];
  /** `COUNT(*)`: then `args` is empty. */
  readonly star: boolean;
}
/** A bare unit as a function's argument: `DATEADD(DAYS, 1, d)`. If a column has that name, `name` finds it. */
export interface IntervalUnit extends NodeBase {
  readonly kind: 'IntervalUnit';
  readonly unit: TimeUnit;
  readonly name: Identifier;
}
export interface Lambda extends NodeBase {
  readonly kind: 'Lambda';
  readonly params: readonly Identifier[];
  readonly body: Expression;
}
export interface ArrayConstructor extends NodeBase {
  readonly kind: 'ArrayConstructor';
  readonly elements: readonly Expression[];
}
export interface MapEntry extends NodeBase {
  readonly kind: 'MapEntry';
  readonly key: Expression;
  readonly value: Expression;
}
export interface MapConstructor extends NodeBase {
  readonly kind: 'MapConstructor';
  readonly entries: readonly MapEntry[];
}
export interface StructEntry extends NodeBase {
  readonly kind: 'StructEntry';
  readonly name: Identifier;
  readonly value: Expression;
}
export interface StructConstructor extends NodeBase {
  readonly kind: 'StructConstructor';
  readonly entries: readonly StructEntry[];
}
export interface AtTimeZone extends NodeBase {
  readonly kind: 'AtTimeZone';
  readonly operand: Expression;
  readonly zone: Expression;
}
export type Expression =
  | Literal
  | ColumnRef
  | StructAccess
  | Subscript
  | Arithmetic
  | Unary
  | Concat
  | Comparison
  | Logical
  | Not
  | IsNull
  | Between
  | In
  | Like
  | SearchedCase
  | SimpleCase
  | Cast
  | FunctionCall
  | IntervalUnit
  | Lambda
  | ArrayConstructor
  | MapConstructor
  | StructConstructor
  | AtTimeZone;
