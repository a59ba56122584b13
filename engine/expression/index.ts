export {
  type CompileContext,
  type Compiled,
  compile,
  compileConstant,
  compilePredicate,
  compileSafe,
  literalValue,
} from './compile.js';
export { likeMatcher } from './like.js';
