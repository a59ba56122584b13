export { compile, compileConstant, compilePredicate, compileSafe } from './compile.js';
export { type CompileContext, type Compiled, literalValue } from './compiler.js';
export { likeMatcher } from './like.js';
