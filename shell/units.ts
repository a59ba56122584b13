import { endOfBlockComment, endOfLineComment, endOfQuoted, isSpace } from '../parser/scan.js';

/** What a text given to the shell consists of: its own commands, a line each, and statements. */
export type Unit =
  | { readonly kind: 'command'; readonly text: string; readonly start: number }
  | {
      readonly kind: 'statement';
      /** With its semicolon. */
      readonly text: string;
      /** It ended with `\G`: its rows are shown vertically. */
      readonly vertical: boolean;
      /** It ended with `\g FILE`: its rows go into that file. */
      readonly file?: string;
      readonly start: number;
    };

export interface Units {
  readonly units: readonly Unit[];
  /** What follows the last end of a statement, and so is not complete; undefined where nothing does. */
  readonly tail: { readonly text: string; readonly start: number; readonly open: boolean } | undefined;
}

/** The commands that are words, as `OUTPUT JSON`; they need no semicolon. */
const WORDS = /^(?:RUN\s+SCRIPT|OUTPUT|SPOOL|SERVER|HISTORY|CLEAR|EXIT|QUIT|VERSION|HELP)(?=[\s;]|$)/i;

/** Splits a text. A command goes to the end of its line; a word's ends at a semicolon as well. */
export function unitsOf(text: string): Units {
  const units: Unit[] = [];
  let at = 0;
  for (;;) {
    at = skipBlank(text, at, true);
    if (at >= text.length) return { units, tail: undefined };
    const start = at;
    if (text[at] === '\\') {
      at = endOfLineComment(text, at);
      units.push({ kind: 'command', text: text.slice(start, at).trim(), start });
      continue;
    }
    if (WORDS.test(text.slice(at, at + 64))) {
      at = endOfWordCommand(text, at);
      units.push({ kind: 'command', text: text.slice(start, at).trim(), start });
      if (text[at] === ';') at++;
      continue;
    }
    const end = endOfStatement(text, at);
    if (end.kind === 'none') return { units, tail: { text: text.slice(start), start, open: end.open } };
    at = end.next;
    const body = text.slice(start, end.at).trimEnd();
    if (body === '') continue;
    const vertical = end.kind === 'vertical';
    const file = end.kind === 'go' && end.file !== '' ? { file: end.file } : {};
    units.push({ kind: 'statement', text: `${body};`, vertical, ...file, start });
  }
}

/** All of a text that is a script: its last statement needs no end. */
export function scriptUnits(text: string): Unit[] {
  const { units, tail } = unitsOf(text);
  if (tail === undefined) return [...units];
  // The end of a line comment may be in the tail: on a line of its own the semicolon is none of it.
  const body = stripComments(tail.text);
  return [...units, { kind: 'statement', text: `${body};`, vertical: false, start: tail.start }];
}

/** Without the comment that a text ends with. */
function stripComments(text: string): string {
  let end = 0;
  for (let at = 0; at < text.length; ) {
    const next = skipBlank(text, at);
    if (next > at) {
      at = next;
      continue;
    }
    const c = text[at];
    const quoted = c === "'" || c === '"' || c === '`' ? endOfQuoted(text, at) : at + 1;
    at = end = quoted === -1 ? text.length : quoted;
  }
  return text.slice(0, end);
}

/** The offset behind white space and comments, and bare semicolons where those are blank as well. */
function skipBlank(text: string, from: number, semicolons = false): number {
  let at = from;
  for (;;) {
    if (at < text.length && (isSpace(text.charCodeAt(at)) || (semicolons && text[at] === ';'))) at++;
    else if (text.startsWith('--', at)) at = endOfLineComment(text, at);
    else if (text.startsWith('/*', at)) {
      const end = endOfBlockComment(text, at);
      if (end === -1) return at;
      at = end;
    } else return at;
  }
}

function endOfWordCommand(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '\n' && text[at] !== ';') {
    const end = text[at] === "'" ? endOfQuoted(text, at) : -1;
    at = end === -1 ? at + 1 : end;
  }
  return at;
}

type End =
  | { readonly kind: 'semicolon' | 'vertical'; readonly at: number; readonly next: number }
  | { readonly kind: 'go'; readonly at: number; readonly next: number; readonly file: string }
  | { readonly kind: 'none'; readonly open: boolean };

function endOfStatement(text: string, from: number): End {
  let at = from;
  while (at < text.length) {
    const c = text[at]!;
    if (c === ';') return { kind: 'semicolon', at, next: at + 1 };
    if (c === '\\' && text[at + 1] === 'G') return { kind: 'vertical', at, next: at + 2 };
    if (c === '\\' && /^g(?=\s|;|$)/.test(text.slice(at + 1, at + 3))) {
      const next = endOfLineComment(text, at);
      return {
        kind: 'go',
        at,
        next,
        file: text
          .slice(at + 2, next)
          .trim()
          .replace(/\s*;$/, ''),
      };
    }
    if (c === "'" || c === '"' || c === '`') {
      const end = endOfQuoted(text, at);
      if (end === -1) return { kind: 'none', open: true };
      at = end;
    } else if (text.startsWith('--', at)) at = endOfLineComment(text, at);
    else if (text.startsWith('/*', at)) {
      const end = endOfBlockComment(text, at);
      if (end === -1) return { kind: 'none', open: true };
      at = end;
    } else at++;
  }
  return { kind: 'none', open: false };
}

/** What is understood as a command on a line of its own also where a statement is being typed. */
const MIDWAY = /^\s*(\\\S[^\n]*|(?:help|exit|quit)\s*;?)\s*$/i;

/**
 * The command on the last line of a statement that is not complete, and the statement without it. Undefined: there is none, or
 * the line is inside of quotes or of a comment.
 */
export function commandMidway(text: string): { readonly command: string; readonly rest: string } | undefined {
  const at = text.lastIndexOf('\n');
  if (at < 0) return undefined;
  const line = text.slice(at + 1);
  const rest = text.slice(0, at);
  const { tail } = unitsOf(rest);
  if (!MIDWAY.test(line) || /^\s*\\[gG](\s|;|$)/.test(line) || tail === undefined || tail.open) return undefined;
  return { command: line.trim(), rest };
}
