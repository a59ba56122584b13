import { messageOf } from '../base/errors.js';
import type { TypedExpr } from '../plan/expr.js';
import { emptyRecord, NO_WINDOW, type StreamRecord } from '../records/record.js';
import { arithmetic, negateLong } from '../values/arithmetic.js';
import { castFunction } from '../values/cast.js';
import type { Decimal } from '../values/decimal.js';
import { EvaluationError } from '../values/evaluation-error.js';
import type { SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import { callFunction } from './call.js';
import { compileComparison } from './comparison.js';
import {
  type CompileContext,
  type Compiled,
  type Compiler,
  constantValue,
  type Frame,
  literalValue,
} from './compiler.js';
import { compileBetween, compileIn, compileLike, compileLogic } from './predicates.js';

/**
 * Turns a typed expression into a closure. The closure throws an EvaluationError where the expression as a whole cannot be
 * computed; a failed call of a function, argument of a call or element of a constructor is reported to `onError` and is NULL
 * where it stands (as in ksqlDB, where MAP('a' := fails(), 'b' := 1) keeps its `b`).
 */
export function compile(expr: TypedExpr, context: CompileContext): Compiled {
  return new ExpressionCompiler(context, []).compile(expr);
}

/** A column of a projection: reports an evaluation error and gives NULL. */
export function compileSafe(expr: TypedExpr, context: CompileContext): Compiled {
  return new ExpressionCompiler(context, []).guarded(expr);
}

/** A condition: NULL and an evaluation error (reported) count as false. */
export function compilePredicate(expr: TypedExpr, context: CompileContext): (record: StreamRecord) => boolean {
  const run = compileSafe(expr, context);
  return (r) => run(r) === true;
}

/** The value of an expression without columns. Throws an EvaluationError where there is none. */
export function compileConstant(expr: TypedExpr, context: Omit<CompileContext, 'onError'>): Value {
  let failed: string | undefined;
  const onError = (message: string) => {
    failed ??= message;
  };
  const value = compile(expr, { ...context, onError })(emptyRecord());
  if (failed !== undefined) throw new EvaluationError(failed);
  return value;
}

/** Whether evaluation can throw: calls report their own errors. */
function mayThrow(expr: TypedExpr): boolean {
  switch (expr.kind) {
    case 'literal':
    case 'column':
    case 'pseudo':
    case 'param':
    case 'lambda':
    case 'call':
    case 'array':
    case 'map':
    case 'struct':
      return false;
    case 'field':
    case 'isNull':
      return mayThrow(expr.operand);
    case 'compare':
      return mayThrow(expr.left) || mayThrow(expr.right);
    default:
      return true;
  }
}

class ExpressionCompiler implements Compiler {
  constructor(
    readonly context: CompileContext,
    readonly frames: readonly Frame[],
  ) {}

  within(frame: Frame): Compiler {
    return new ExpressionCompiler(this.context, [frame, ...this.frames]);
  }

  guarded(expr: TypedExpr): Compiled {
    const run = this.compile(expr);
    if (!mayThrow(expr)) return run;
    const { onError } = this.context;
    return (r) => {
      try {
        return run(r);
      } catch (e) {
        onError(messageOf(e), r);
        return null;
      }
    };
  }

  compile(expr: TypedExpr): Compiled {
    switch (expr.kind) {
      case 'literal': {
        const value = literalValue(expr);
        return () => value;
      }
      case 'column':
        return column(expr.from, expr.index);
      case 'pseudo':
        return pseudo(expr.name);
      case 'param': {
        const frame = this.frames[expr.depth]!;
        const { index } = expr;
        return () => frame[index]!;
      }
      case 'arith':
        return this.arithmetic(expr);
      case 'negate':
        return negate(this.compile(expr.operand), expr.type);
      case 'compare':
        return compileComparison(expr, this);
      case 'logic':
        return compileLogic(expr, this);
      case 'not': {
        const operand = this.compile(expr.operand);
        return (r) => {
          const v = operand(r);
          return v === null ? null : !v;
        };
      }
      case 'isNull': {
        const operand = this.compile(expr.operand);
        return expr.negated ? (r) => operand(r) !== null : (r) => operand(r) === null;
      }
      case 'in':
        return compileIn(expr, this);
      case 'between':
        return compileBetween(expr, this);
      case 'like':
        return compileLike(expr, this);
      case 'case':
        return this.caseOf(expr);
      case 'cast': {
        const operand = this.compile(expr.operand);
        const cast = castFunction(expr.operand.type, expr.type);
        if (cast === undefined) throw new Error(`no cast from ${expr.operand.type.kind} to ${expr.type.kind}`);
        if (cast === null) return operand;
        return (r) => cast(operand(r));
      }
      case 'call':
        return callFunction(expr, this);
      case 'field': {
        const operand = this.compile(expr.operand);
        const { index } = expr;
        return (r) => {
          const v = operand(r) as Value[] | null;
          return v === null ? null : (v[index] ?? null);
        };
      }
      case 'subscript':
        return subscript(this.compile(expr.operand), this.compile(expr.index), expr.operand.type);
      case 'array': {
        const elements = expr.elements.map((e) => this.guarded(e));
        return (r) => elements.map((e) => e(r));
      }
      case 'struct': {
        const fields = expr.fields.map((e) => this.guarded(e));
        return (r) => fields.map((e) => e(r));
      }
      case 'map': {
        const entries = expr.entries.map((e) => [this.guarded(e.key), this.guarded(e.value)] as const);
        return (r) => {
          const out = new Map<Value, Value>();
          for (const [k, v] of entries) out.set(k(r), v(r));
          return out;
        };
      }
      case 'lambda':
        throw new Error('a lambda stands only as an argument of a call');
    }
  }

  private arithmetic(expr: TypedExpr & { kind: 'arith' }): Compiled {
    const left = this.compile(expr.left);
    const right = this.compile(expr.right);
    const apply = (expr.type.kind === 'STRING' ? (a: string, b: string) => a + b : arithmetic(expr.op, expr.type)) as (
      a: Value,
      b: Value,
    ) => Value;
    // ksqlDB: inside a lambda NULL is an error, so that TRANSFORM(ARRAY[5, NULL], x => x + 1) as a whole is NULL.
    if (this.frames.length > 0) {
      return (r) => {
        const a = left(r);
        const b = right(r);
        if (a === null || b === null) throw new EvaluationError(`NULL as an operand of ${expr.op} in a lambda`);
        return apply(a, b);
      };
    }
    const constant = constantValue(expr.right, this)?.value;
    if (expr.type.kind === 'DOUBLE' && typeof constant === 'number') {
      const fast = doubleByConstant(left, expr.op, constant);
      if (fast !== undefined) return fast;
    }
    return (r) => {
      const a = left(r);
      if (a === null) return null;
      const b = right(r);
      return b === null ? null : apply(a, b);
    };
  }

  private caseOf(expr: TypedExpr & { kind: 'case' }): Compiled {
    const whens = expr.branches.map((b) => this.compile(b.when));
    const thens = expr.branches.map((b) => this.compile(b.then));
    const otherwise = expr.otherwise === null ? () => null : this.compile(expr.otherwise);
    return (r) => {
      for (let i = 0; i < whens.length; i++) if (whens[i]!(r) === true) return thens[i]!(r);
      return otherwise(r);
    };
  }
}

function column(from: 'key' | 'value', index: number): Compiled {
  return from === 'key'
    ? (r) => (r.key === null ? null : r.key[index]!)
    : (r) => (r.value === null ? null : r.value[index]!);
}

function pseudo(name: (TypedExpr & { kind: 'pseudo' })['name']): Compiled {
  switch (name) {
    case 'ROWTIME':
      return (r) => r.timestamp;
    case 'ROWPARTITION':
      return (r) => r.partition;
    case 'ROWOFFSET':
      return (r) => r.offset;
    case 'WINDOWSTART':
      return (r) => (r.windowStart === NO_WINDOW ? null : r.windowStart);
    case 'WINDOWEND':
      return (r) => (r.windowEnd === NO_WINDOW ? null : r.windowEnd);
  }
}

function negate(operand: Compiled, type: SqlType): Compiled {
  const apply = (
    type.kind === 'DECIMAL'
      ? (v: Decimal) => v.negate()
      : type.kind === 'BIGINT'
        ? negateLong
        : type.kind === 'INTEGER'
          ? (v: number) => -v | 0
          : (v: number) => -v
  ) as (v: Value) => Value;
  return (r) => {
    const v = operand(r);
    return v === null ? null : apply(v);
  };
}

function doubleByConstant(left: Compiled, op: string, c: number): Compiled | undefined {
  switch (op) {
    case '*':
      return (r) => {
        const a = left(r);
        return a === null ? null : (a as number) * c;
      };
    case '+':
      return (r) => {
        const a = left(r);
        return a === null ? null : (a as number) + c;
      };
    default:
      return undefined;
  }
}

/** Arrays count from 1, and from -1 backwards; beyond either end, and for a missing key, NULL. */
function subscript(operand: Compiled, index: Compiled, type: SqlType): Compiled {
  if (type.kind === 'MAP') {
    return (r) => {
      const m = operand(r) as Map<Value, Value> | null;
      return m === null ? null : (m.get(index(r)) ?? null);
    };
  }
  return (r) => {
    const a = operand(r) as Value[] | null;
    const i = index(r);
    if (a === null || i === null) return null;
    const n = Number(i);
    return (n > 0 ? a[n - 1] : n < 0 ? a[a.length + n] : null) ?? null;
  };
}
