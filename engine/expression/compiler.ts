import type { FunctionConfig } from '../functions/function.js';
import type { FunctionRegistry } from '../functions/registry.js';
import type { LiteralExpr, TypedExpr } from '../plan/expr.js';
import { emptyRecord, type StreamRecord } from '../records/record.js';
import { Decimal } from '../values/decimal.js';
import { EvaluationError } from '../values/evaluation-error.js';
import { bigintValue, type Value } from '../values/value.js';

/** What expressions are compiled against. */
export interface CompileContext {
  readonly functions: FunctionRegistry;
  readonly config: FunctionConfig;
  /** An evaluation error on one record: to be counted and logged. */
  readonly onError: (message: string, record: StreamRecord) => void;
}

export type Compiled = (record: StreamRecord) => Value;

/** A lambda's parameters while it runs; the innermost lambda's frame stands first. */
export type Frame = Value[];

/** What one node needs to compile its operands. */
export interface Compiler {
  readonly context: CompileContext;
  readonly frames: readonly Frame[];
  /** The operand's value; throws on an evaluation error. */
  compile(expr: TypedExpr): Compiled;
  /** The operand's value, NULL with a report on an evaluation error. */
  guarded(expr: TypedExpr): Compiled;
  /** The same compiler inside a lambda. */
  within(frame: Frame): Compiler;
}

/** A literal's value in its run-time form. */
export function literalValue(e: LiteralExpr): Value {
  if (e.value === null) return null;
  switch (e.type.kind) {
    case 'BIGINT':
      return bigintValue(BigInt(e.value));
    case 'DECIMAL':
      return Decimal.of(String(e.value)).setScale(e.type.scale);
    case 'BYTES':
      return Buffer.from(String(e.value), 'base64');
    default:
      return e.value;
  }
}

/** The value of an expression that is known now: a literal, or operators on such. Undefined where it is not. */
export function constantValue(expr: TypedExpr, c: Compiler): { readonly value: Value } | undefined {
  if (!isConstant(expr)) return undefined;
  try {
    return { value: c.compile(expr)(emptyRecord()) };
  } catch (e) {
    // It fails on every record; there it is reported as any other evaluation error.
    if (e instanceof EvaluationError) return undefined;
    throw e;
  }
}

function isConstant(expr: TypedExpr): boolean {
  switch (expr.kind) {
    case 'literal':
      return true;
    case 'cast':
    case 'negate':
      return isConstant(expr.operand);
    case 'arith':
      return isConstant(expr.left) && isConstant(expr.right);
    case 'array':
      return expr.elements.every(isConstant);
    case 'struct':
      return expr.fields.every(isConstant);
    case 'map':
      return expr.entries.every((e) => isConstant(e.key) && isConstant(e.value));
    default:
      return false;
  }
}
