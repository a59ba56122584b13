import { BASIC_AGGREGATES } from './aggregate/basic.js';
import { COLLECTING_AGGREGATES } from './aggregate/collect.js';
import { DISTINCT_AGGREGATES } from './aggregate/count-distinct.js';
import { OFFSET_AGGREGATES } from './aggregate/offset.js';
import { STATISTICS_AGGREGATES } from './aggregate/statistics.js';
import { TOPK_AGGREGATES } from './aggregate/topk.js';
import type { FunctionDeclaration } from './function.js';
import { FunctionRegistry } from './registry.js';

/** Every built-in function, one list a family. */
export const BUILTIN_FUNCTIONS: readonly FunctionDeclaration[] = [
  ...BASIC_AGGREGATES,
  ...OFFSET_AGGREGATES,
  ...COLLECTING_AGGREGATES,
  ...TOPK_AGGREGATES,
  ...STATISTICS_AGGREGATES,
  ...DISTINCT_AGGREGATES,
];

let builtin: FunctionRegistry | undefined;

/** The registry of the built-in functions; built once. */
export function builtinFunctions(): FunctionRegistry {
  builtin ??= new FunctionRegistry(BUILTIN_FUNCTIONS);
  return builtin;
}
