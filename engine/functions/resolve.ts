import { asDecimalType, canImplicitlyCast } from '../values/cast-rules.js';
import { array, DOUBLE, map, printType, type SqlType, STRING, typeEquals } from '../values/sql-type.js';
import type { ArgType, LambdaArg, ReturnType, UnitArg } from './function.js';
import type { Signature, SigParam, SigType } from './signature.js';

/** An overload that fits a call. */
export interface Match {
  readonly signature: Signature;
  readonly paramTypes: readonly SqlType[];
  readonly lambdaParams: readonly (readonly SqlType[] | null)[];
  readonly type: SqlType;
  /** How many arguments stand before the init constants. */
  readonly initFrom: number;
  /** Widening steps over all arguments. */
  readonly cost: number;
}

type Binding = Map<string, SqlType>;

const isLambda = (a: ArgType): a is LambdaArg => a !== null && a.kind === 'LAMBDA';
const isUnit = (a: ArgType): a is UnitArg => a !== null && a.kind === 'INTERVALUNIT';

/** `INTEGER`, `null`, `LAMBDA`: an argument's type as messages show it. */
export function printArgType(a: ArgType): string {
  if (a === null) return 'null';
  if (a.kind === 'LAMBDA' || a.kind === 'INTERVALUNIT') return a.kind;
  return printType(a);
}

/** One parameter for each argument, or undefined where their numbers do not fit. */
function spread(s: Signature, count: number): SigParam[] | undefined {
  const at = s.params.findIndex((p) => p.variadic);
  if (at < 0) return count === s.params.length ? [...s.params] : undefined;
  const repeats = count - (s.params.length - 1);
  if (repeats < 0) return undefined;
  return [...s.params.slice(0, at), ...Array<SigParam>(repeats).fill(s.params[at]!), ...s.params.slice(at + 1)];
}

/** Binds the variables of `p` so that it equals `t`; false where it cannot. */
function unify(p: SigType, t: SqlType, vars: Binding): boolean {
  switch (p.kind) {
    case 'type':
      return typeEquals(p.type, t);
    case 'any':
      return true;
    case 'anyDecimal':
      return t.kind === 'DECIMAL';
    case 'anyStruct':
      return t.kind === 'STRUCT';
    case 'var': {
      const bound = vars.get(p.name);
      if (bound !== undefined) return typeEquals(bound, t);
      vars.set(p.name, t);
      return true;
    }
    case 'array':
      return t.kind === 'ARRAY' && unify(p.element, t.element, vars);
    case 'map':
      return t.kind === 'MAP' && unify(p.key, t.key, vars) && unify(p.value, t.value, vars);
    case 'lambda':
    case 'unit':
      return false;
  }
}

/** The type that `t` is cast to in order to fit `p`, where no exact fit is asked for. */
function widen(p: SigType, t: SqlType): SqlType | undefined {
  if (p.kind === 'type') return canImplicitlyCast(t, p.type) ? p.type : undefined;
  if (p.kind === 'anyDecimal' && (t.kind === 'INTEGER' || t.kind === 'BIGINT')) return asDecimalType(t);
  return undefined;
}

/** `p` with its variables filled in; undefined where one is unbound or there is no one type. */
function substitute(p: SigType, vars: Binding): SqlType | undefined {
  switch (p.kind) {
    case 'type':
      return p.type;
    case 'var':
      return vars.get(p.name);
    case 'array': {
      const element = substitute(p.element, vars);
      return element && array(element);
    }
    case 'map': {
      const key = substitute(p.key, vars);
      const value = substitute(p.value, vars);
      return key && value && map(key, value);
    }
    default:
      return undefined;
  }
}

const WIDTH: Readonly<Record<string, number>> = { INTEGER: 0, BIGINT: 1, DECIMAL: 2, DOUBLE: 3 };
const steps = (from: SqlType, to: SqlType): number => Math.abs((WIDTH[to.kind] ?? 1) - (WIDTH[from.kind] ?? 0));

/** Whether the call fits the overload: exactly, or (`implicit`) with widening of single arguments. */
function match(
  s: Signature,
  returns: ReturnType | undefined,
  args: readonly ArgType[],
  implicit: boolean,
): Match | undefined {
  const params = spread(s, args.length);
  if (params === undefined) return undefined;
  const vars: Binding = new Map();
  const types: (SqlType | undefined)[] = new Array(args.length);
  const lambdaParams: (readonly SqlType[] | null)[] = new Array(args.length).fill(null);
  let cost = 0;
  for (let i = 0; i < args.length; i++) {
    const a = args[i]!;
    const p = params[i]!.type;
    if (a === null) {
      if (p.kind === 'lambda' || p.kind === 'unit') return undefined;
    } else if (isLambda(a)) {
      if (p.kind !== 'lambda' || p.params.length !== a.arity) return undefined;
    } else if (isUnit(a)) {
      if (p.kind !== 'unit') return undefined;
      types[i] = STRING;
    } else if (unify(p, a, vars)) types[i] = a;
    else {
      const wide = implicit ? widen(p, a) : undefined;
      if (wide === undefined) return undefined;
      types[i] = wide;
      cost += steps(a, wide);
    }
  }
  // Lambdas come last: their parameters' types follow from the other arguments.
  for (let i = 0; i < args.length; i++) {
    const a = args[i]!;
    const p = params[i]!.type;
    if (!isLambda(a) || p.kind !== 'lambda') continue;
    const inputs = p.params.map((x) => substitute(x, vars));
    if (inputs.some((x) => x === undefined)) return undefined;
    const body = a.resolve(inputs as SqlType[]);
    if (body === null) types[i] = substitute(p.result, vars) ?? STRING;
    else if (unify(p.result, body, vars)) types[i] = body;
    else {
      const wanted = substitute(p.result, vars);
      if (wanted === undefined || !canImplicitlyCast(body, wanted)) return undefined;
      types[i] = wanted;
    }
    lambdaParams[i] = inputs as SqlType[];
  }
  // An untyped NULL takes the parameter's own type, or the type of another argument of the same parameter.
  for (let i = 0; i < args.length; i++) {
    if (types[i] !== undefined) continue;
    const p = params[i]!.type;
    types[i] =
      substitute(p, vars) ??
      (p.kind === 'any' ? STRING : types.find((t, j) => t !== undefined && params[j] === params[i]));
    if (types[i] === undefined) types[i] = p.kind === 'anyDecimal' ? asDecimalType({ kind: 'BIGINT' }) : DOUBLE;
  }
  const paramTypes = types as SqlType[];
  const type = returns === undefined ? substitute(s.returns, vars) : returns(paramTypes, vars);
  if (type === undefined) return undefined;
  return {
    signature: s,
    paramTypes,
    lambdaParams,
    type,
    initFrom: params.filter((p) => !p.init).length,
    cost,
  };
}

function genericity(t: SigType): number {
  switch (t.kind) {
    case 'any':
      return 100;
    case 'var':
      return 1;
    case 'array':
      return genericity(t.element);
    case 'map':
      return genericity(t.key) + genericity(t.value);
    case 'lambda':
      return t.params.reduce((n, p) => n + genericity(p), genericity(t.result));
    default:
      return 0;
  }
}

const isVariadic = (s: Signature): boolean => s.params.some((p) => p.variadic);
const genericityOf = (s: Signature): number => s.params.reduce((n, p) => n + genericity(p.type), 0);

export type Choice<T> =
  | { readonly kind: 'one'; readonly overload: T; readonly match: Match }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' };

export interface Candidate {
  readonly signature: Signature;
  readonly returns: ReturnType | undefined;
}

/**
 * Picks the overload: an exact fit first, then one with widening; without variadics before with, concrete before generic,
 * fewer widening steps before more. Two variadic overloads that fit by widening alone are ambiguous, as in ksqlDB:
 * GREATEST(INTEGER, BIGINT) asks for a CAST.
 */
export function choose<T extends Candidate>(overloads: readonly T[], args: readonly ArgType[]): Choice<T> {
  for (const implicit of [false, true]) {
    const fits: { overload: T; match: Match }[] = [];
    for (const overload of overloads) {
      const m = match(overload.signature, overload.returns, args, implicit);
      if (m !== undefined) fits.push({ overload, match: m });
    }
    if (fits.length === 0) continue;
    const plain = fits.filter((f) => !isVariadic(f.overload.signature));
    const left = plain.length > 0 ? plain : fits;
    const least = Math.min(...left.map((f) => genericityOf(f.overload.signature)));
    const concrete = left.filter((f) => genericityOf(f.overload.signature) === least);
    if (plain.length === 0 && concrete.length > 1) return { kind: 'ambiguous' };
    const best = concrete.reduce((a, b) => (b.match.cost < a.match.cost ? b : a));
    return { kind: 'one', ...best };
  }
  return { kind: 'none' };
}
