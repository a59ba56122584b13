import type { Properties } from '../base/properties.js';
import type { SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';

/**
 * What a function may ask of the world besides its arguments. One for each query; `random`, `now` and `uuid` come from
 * the composition root, so that tests own them.
 */
export interface FunctionConfig {
  /** What is set, for the readers of settings that functions have (`ksql.functions.…`). */
  readonly properties: Properties;
  /** Milliseconds since the epoch. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  uuid(): string;
}

/** Types of one call: arguments as cast (a lambda's is the type of its body), and the call's own type. */
export interface CallTypes {
  readonly args: readonly SqlType[];
  readonly result: SqlType;
}

/** A lambda as a function gets it: a plain function over values. */
export type LambdaValue = (...args: Value[]) => Value;

/** The function behind one call, its arguments in order (variadic ones spread). Throws to give an evaluation error. */
export type ScalarFn = (...args: never[]) => Value;

export interface Example {
  /** A SQL expression without columns. For a table function, the rows are the elements of `result`. */
  readonly sql: string;
  /** A SQL expression that is equal to it; null where the result is not fixed (RANDOM). */
  readonly result: string | null;
}

/** An aggregate over a few rows: each a list of SQL expressions, one for each row argument. */
export interface AggregateExample {
  /** The call as one writes it: `TOPK(amount, 2)`. */
  readonly sql: string;
  readonly rows: readonly (readonly string[])[];
  /** The constants behind the row arguments. */
  readonly init?: readonly string[];
  readonly result: string;
}

/** Where the signature's text cannot say the result's type: a DECIMAL's precision, a struct's fields. */
export type ReturnType = (args: readonly SqlType[], vars: ReadonlyMap<string, SqlType>) => SqlType;

interface OverloadBase {
  /** See signature.ts. */
  readonly signature: string;
  readonly description?: string;
  readonly returns?: ReturnType;
}

export interface ScalarOverload extends OverloadBase {
  /** `propagate`: null as soon as any argument is null, without a call. `pass`: the function gets the nulls. */
  readonly nulls: 'propagate' | 'pass';
  /** Called once for each call site when the query is built. */
  make(types: CallTypes, config: FunctionConfig): ScalarFn;
}

export interface TableOverload extends OverloadBase {
  /** Rows that one input row gives; null counts as none. The signature's result is the type of one row. */
  make(types: CallTypes, config: FunctionConfig): (...args: never[]) => readonly Value[] | null;
}

/**
 * One aggregate over one group. `S` is the state in memory, which `add`, `merge` and `undo` may change in place and must
 * return. `toState`/`fromState` turn it into a value of `stateType` for the store and back; without them S is that value.
 */
export interface AggregateImpl<S = Value> {
  readonly stateType: SqlType;
  /**
   * The type of the state in ksqlDB where it is another: ksqlDB keeps states in the value's format and refuses a function
   * whose state the format cannot carry ("has an intermediate type that the value format can not handle").
   */
  readonly intermediateType?: SqlType;
  init(): S;
  /**
   * `args` is the caller's array again after the call. Nulls reach it: each aggregate says what it does with them. With
   * `refuses`, throws an EvaluationError for a row that cannot be added.
   */
  add(state: S, args: readonly Value[]): S;
  /**
   * `add` and `merge` may throw an EvaluationError. The row is then left out of all aggregates of its group. So these two
   * give a new state, and leave the old ones as they are. Over a table they must not throw: a row that was left out could be
   * taken back later.
   */
  readonly refuses?: true;
  /** The result on `state`; does not change it. Throws an EvaluationError where it has none: the column is NULL then. */
  result(state: S): Value;
  /** Joins two sessions, `a` the earlier. Both are used up. */
  merge?(a: S, b: S): S;
  /** Takes back a row that was added: what makes the function usable on tables. */
  undo?(state: S, args: readonly Value[]): S;
  toState?(state: S): Value;
  fromState?(value: Value, more: Value): S;
  /**
   * The type of what a state holds that `stateType` has no room for. It is stored behind all states of a row. A row of an
   * earlier version has NULL there. A state that lies here as a whole may have NULL for `stateType`.
   */
  readonly moreType?: SqlType;
  toMore?(state: S): Value;
}

export interface AggregateTypes extends CallTypes {
  /** Types of the init constants. */
  readonly init: readonly SqlType[];
  /** The rows may be taken back, as those of a table are: `undo` is called, and is exact. */
  readonly undone: boolean;
}

/**
 * How an aggregate takes rows back, which a table asks for:
 *
 * - `exact`: its state is of a bounded size, and after `undo` it is as if the row had never been;
 * - `inputs`: so too, by keeping its distinct inputs or all of them: the state grows with the rows of the group;
 * - `none`: it cannot, and works over streams alone.
 */
export type Undo = 'exact' | 'inputs' | 'none';

export interface AggregateOverload extends OverloadBase {
  readonly undo: Undo;
  /** `init`: the values of the trailing constants. Throws on constants that make no sense (a negative K). */
  make(types: AggregateTypes, init: readonly Value[], config: FunctionConfig): AggregateImpl<never>;
}

/** Lets an implementation with a state of its own type stand where any state is expected. */
export const aggregate = <S>(impl: AggregateImpl<S>): AggregateImpl<never> => impl as unknown as AggregateImpl<never>;

interface FunctionBase {
  /** Upper case. */
  readonly name: string;
  /** As messages spell it; the lower-cased name (scalar, table) or the name itself (aggregate) by default. */
  readonly displayName?: string;
  readonly description: string;
  /** NUMERIC, STRING, REGULAR EXPRESSION, DATE / TIME, COLLECTION, LAMBDA, CONDITIONAL, JSON, URL, OTHER, AGGREGATE, TABLE… */
  readonly category: string;
}

export interface ScalarFunction extends FunctionBase {
  readonly kind: 'scalar';
  readonly examples: readonly Example[];
  readonly overloads: readonly ScalarOverload[];
}
export interface TableFunction extends FunctionBase {
  readonly kind: 'table';
  readonly examples: readonly Example[];
  readonly overloads: readonly TableOverload[];
}
export interface AggregateFunction extends FunctionBase {
  readonly kind: 'aggregate';
  readonly examples: readonly AggregateExample[];
  readonly overloads: readonly AggregateOverload[];
}
export type FunctionDeclaration = ScalarFunction | TableFunction | AggregateFunction;

export const scalar = (f: Omit<ScalarFunction, 'kind'>): ScalarFunction => ({ kind: 'scalar', ...f });
export const tableFunction = (f: Omit<TableFunction, 'kind'>): TableFunction => ({ kind: 'table', ...f });
export const aggregateFunction = (f: Omit<AggregateFunction, 'kind'>): AggregateFunction => ({
  kind: 'aggregate',
  ...f,
});

// --- Arguments as the analyzer hands them in --------------------------------------------------------------------------

/** A lambda argument: `resolve` types its body once its parameters' types are known (null: an untyped NULL). */
export interface LambdaArg {
  readonly kind: 'LAMBDA';
  readonly arity: number;
  resolve(params: readonly SqlType[]): SqlType | null;
}
/** A bare unit; it reaches the function as a STRING, upper-cased and plural. */
export interface UnitArg {
  readonly kind: 'INTERVALUNIT';
}
/** null: an untyped NULL. */
export type ArgType = SqlType | LambdaArg | UnitArg | null;

export interface ResolvedFunction {
  /** Into `CallExpr.overload`. */
  readonly overload: string;
  /** One an argument: the type to cast it to (STRING for a unit, for a lambda the type its body must have). */
  readonly paramTypes: readonly SqlType[];
  /** One an argument: the types of a lambda's parameters, null for other arguments. */
  readonly lambdaParams: readonly (readonly SqlType[] | null)[];
  readonly type: SqlType;
}

export interface ResolvedAggregate extends ResolvedFunction {
  /** Arguments from this position on are init constants: they must be literals. */
  readonly initFrom: number;
  /** Usable on a table source. */
  readonly table: boolean;
}
