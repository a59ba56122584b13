import { ExpressionAnalyzer } from '../../engine/analyzer/expression.js';
import { emptyCatalog } from '../../engine/catalog/index.js';
import { type CompileContext, compileConstant } from '../../engine/expression/index.js';
import type { AggregateImpl, FunctionConfig } from '../../engine/functions/function.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import type { TypedExpr } from '../../engine/plan/expr.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import { RowCodec } from '../../engine/records/row-codec.js';
import type { Value } from '../../engine/values/value.js';
import { parseExpression } from '../../parser/index.js';

export const REGISTRY = new FunctionRegistry(BUILT_IN_FUNCTIONS);

/** The world as tests own it: it is always 1970-01-02, and chance has its favourite. */
export const CONFIG: FunctionConfig = {
  properties: {},
  now: () => 86_400_000,
  random: () => 0.25,
  uuid: () => '00000000-0000-4000-8000-000000000000',
};

const catalog = emptyCatalog();

/** The typed form of an expression without columns. */
export function typed(sql: string, registry = REGISTRY): TypedExpr {
  const analyzer = new ExpressionAnalyzer(catalog, registry, {
    column: (ref) => {
      throw new Error(`no column ${ref.name.name} here`);
    },
  });
  return analyzer.analyze(parseExpression(sql));
}

export const context: Omit<CompileContext, 'onError'> = { functions: REGISTRY, config: CONFIG };

/** The value of an expression without columns. Throws an EvaluationError where there is none. */
export const evaluate = (sql: string): Value => compileConstant(typed(sql), context);

/** The state as a store gives it back: it shares nothing with what it was given. */
export function throughStore(impl: AggregateImpl<unknown>, state: unknown): unknown {
  const codec = new RowCodec([impl.stateType, ...(impl.moreType === undefined ? [] : [impl.moreType])]);
  const out = new ByteWriter();
  codec.encode(
    [impl.toState === undefined ? (state as Value) : impl.toState(state), impl.toMore?.(state) ?? null],
    out,
  );
  const [stored, more] = codec.decode(out.toBuffer());
  return impl.fromState === undefined ? stored : impl.fromState(stored!, more ?? null);
}
