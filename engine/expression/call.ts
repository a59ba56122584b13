import { messageOf } from '../base/errors.js';
import type { LambdaValue } from '../functions/function.js';
import type { CallExpr, TypedExpr } from '../plan/expr.js';
import type { StreamRecord } from '../records/record.js';
import { fitCheck } from '../values/fit.js';
import type { Value } from '../values/value.js';
import type { Compiled, Compiler, Frame } from './compiler.js';

/** Runs a function over its arguments; it may throw. */
type Invoke = (record: StreamRecord) => Value;

/** A call of a scalar function: a failure is reported and gives NULL. */
export function callFunction(expr: CallExpr, c: Compiler): Compiled {
  const { functions, config, onError } = c.context;
  const types = expr.args.map((a) => a.type);
  const { fn, nulls } = functions.scalarImpl(expr.name, expr.overload, types, expr.type, config);
  const args = expr.args.map((a) => (a.kind === 'lambda' ? lambda(a, c) : c.guarded(a)));
  const apply = fn as (...args: Value[]) => Value;
  const run = nulls === 'propagate' ? withoutNulls(apply, args) : withNulls(apply, args);
  const check = fitCheck(expr.type);
  return (r) => {
    try {
      const v = run(r);
      if (check !== null) check(v);
      return v;
    } catch (e) {
      onError(`${expr.name}: ${messageOf(e)}`, r);
      return null;
    }
  };
}

function withoutNulls(fn: (...args: Value[]) => Value, args: readonly Compiled[]): Invoke {
  const [a, b, d] = args;
  switch (args.length) {
    case 0:
      return () => fn();
    case 1:
      return (r) => {
        const x = a!(r);
        return x === null ? null : fn(x);
      };
    case 2:
      return (r) => {
        const x = a!(r);
        if (x === null) return null;
        const y = b!(r);
        return y === null ? null : fn(x, y);
      };
    case 3:
      return (r) => {
        const x = a!(r);
        if (x === null) return null;
        const y = b!(r);
        if (y === null) return null;
        const z = d!(r);
        return z === null ? null : fn(x, y, z);
      };
    default:
      return (r) => {
        const values: Value[] = new Array(args.length);
        for (let i = 0; i < args.length; i++) {
          const v = args[i]!(r);
          if (v === null) return null;
          values[i] = v;
        }
        return fn(...values);
      };
  }
}

function withNulls(fn: (...args: Value[]) => Value, args: readonly Compiled[]): Invoke {
  const [a, b, d] = args;
  switch (args.length) {
    case 0:
      return () => fn();
    case 1:
      return (r) => fn(a!(r));
    case 2:
      return (r) => fn(a!(r), b!(r));
    case 3:
      return (r) => fn(a!(r), b!(r), d!(r));
    default:
      return (r) => fn(...args.map((x) => x(r)));
  }
}

/**
 * The function that a lambda's argument is. One object for all records: evaluation is synchronous and a lambda never runs
 * inside itself, so its parameters can stand in one frame.
 */
function lambda(expr: TypedExpr & { kind: 'lambda' }, c: Compiler): Compiled {
  const frame: Frame = new Array(expr.params.length).fill(null);
  const body = c.within(frame).compile(expr.body);
  let record: StreamRecord | undefined;
  const run: LambdaValue = (...args) => {
    for (let i = 0; i < frame.length; i++) frame[i] = args[i]!;
    return body(record!);
  };
  return (r) => {
    record = r;
    return run as unknown as Value;
  };
}
