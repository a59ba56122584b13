/**
 * Splits a script at its semicolons and knows whether what was typed so far is complete: the shell reads lines with it.
 */
import { endOfBlockComment, endOfLineComment, endOfQuoted, isSpace } from './scan.js';
import { SourceText, type Span } from './source.js';

export interface StatementSlice {
  /** From the first token to the semicolon, which is included; comments before the first token are left out. */
  readonly text: string;
  readonly span: Span;
}

/** What is left after the last semicolon. `open` names what a quote or comment would still need to end. */
export interface Tail {
  /** Without leading white space and comments; empty if nothing was left. */
  readonly text: string;
  readonly span: Span;
  readonly open: 'nothing' | 'string' | 'name' | 'comment';
}

export interface SplitScript {
  readonly statements: readonly StatementSlice[];
  readonly tail: Tail;
  /** True where nothing but white space and comments follows the last semicolon. */
  readonly complete: boolean;
}

/** Never fails: text that is not SQL comes back in the tail or in a slice, for the parser to judge. Bare `;` are dropped. */
export function splitStatements(text: string): SplitScript {
  const source = new SourceText(text);
  const statements: StatementSlice[] = [];
  let open: Tail['open'] = 'nothing';
  let first = -1; // offset of the running statement's first token
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) {
      at++;
      continue;
    }
    if (code === 45 && text[at + 1] === '-') {
      at = endOfLineComment(text, at);
      continue;
    }
    if (code === 47 && text[at + 1] === '*') {
      const end = endOfBlockComment(text, at);
      if (end === -1) {
        open = 'comment';
        break;
      }
      at = end;
      continue;
    }
    if (code === 59) {
      if (first !== -1) statements.push({ text: text.slice(first, at + 1), span: source.span(first, at + 1) });
      first = -1;
      at++;
      continue;
    }
    if (first === -1) first = at;
    if (code === 39 || code === 34 || code === 96) {
      const end = endOfQuoted(text, at);
      if (end === -1) {
        open = code === 39 ? 'string' : 'name';
        break;
      }
      at = end;
      continue;
    }
    at++;
  }
  const start = first === -1 ? text.length : first;
  const tail = { text: text.slice(start).trimEnd(), span: source.span(start, text.length), open } as const;
  return { statements, tail, complete: first === -1 && open === 'nothing' };
}
