import { BASIC_AGGREGATES } from './aggregate/basic.js';
import type { FunctionDeclaration } from './function.js';
import { FunctionRegistry } from './registry.js';

/** Every built-in function, one list a family. */
export const BUILTIN_FUNCTIONS: readonly FunctionDeclaration[] = [...BASIC_AGGREGATES];

let builtin: FunctionRegistry | undefined;

/** The registry of the built-in functions; built once. */
export function builtinFunctions(): FunctionRegistry {
  builtin ??= new FunctionRegistry(BUILTIN_FUNCTIONS);
  return builtin;
}
