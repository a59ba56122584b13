/** Bounds on what the parser takes, each with an error of its own. */

/** Longest script, in UTF-16 code units. */
export const MAX_SOURCE_LENGTH = 1024 * 1024;

/**
 * Most tokens of one statement: parsing takes some ten microseconds a token, during which a server does nothing else.
 */
export const MAX_TOKENS = 150_000;

/** Most statements in one script. */
export const MAX_STATEMENTS = 10_000;

/**
 * Deepest nesting of brackets, CASE and lambdas. The parser, and all that walks the tree after it, recurse this deep
 * on Node's default stack: a cold parser fills it with some 180 nested calls, and may be called with half of it gone.
 */
export const MAX_NESTING = 80;

/** Longest path from a statement's root to a leaf: bounds `a + a + a + …`, which nests without brackets. */
export const MAX_TREE_DEPTH = 1_000;
