import type { ResolvedQuery } from './resolved.js';

/** What the query is for: `sink` names what a persistent query builds, for messages. */
export type QueryUse =
  | {
      readonly kind: 'persistent';
      readonly sink: string;
      readonly statement: string;
      /** The statement's own checks, which come before those of the key. */
      check?(query: ResolvedQuery): void;
    }
  | { readonly kind: 'push' }
  | { readonly kind: 'pull' };
