/**
 * LIKE without backtracking: `%` stands for any text, `_` for one character (a UTF-16 unit), and the character after
 * `escapeChar` for itself. The pattern is cut at each `%`; its first and last piece are tied to the ends of the text and each
 * piece in between is found at its leftmost place, which is enough. Time is at most text × pattern.
 */
export function likeMatcher(pattern: string, escapeChar: string | null): (text: string) => boolean {
  const pieces = cut(pattern, escapeChar);
  if (pieces.length === 1) {
    const [only] = pieces;
    if (only!.wildcards === null) return (text) => text === only!.text;
    return (text) => text.length === only!.text.length && matchesAt(text, only!, 0);
  }
  const first = pieces[0]!;
  const last = pieces[pieces.length - 1]!;
  const middle = pieces.slice(1, -1).filter((p) => p.text.length > 0);
  const least = pieces.reduce((n, p) => n + p.text.length, 0);
  return (text) => {
    if (text.length < least || !matchesAt(text, first, 0)) return false;
    const end = text.length - last.text.length;
    if (!matchesAt(text, last, end)) return false;
    let at = first.text.length;
    for (const piece of middle) {
      at = find(text, piece, at, end);
      if (at < 0) return false;
      at += piece.text.length;
    }
    return at <= end;
  };
}

interface Piece {
  readonly text: string;
  /** Positions that match any character, or null. */
  readonly wildcards: ReadonlySet<number> | null;
}

function cut(pattern: string, escapeChar: string | null): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  let wildcards = new Set<number>();
  const push = () => {
    pieces.push({ text, wildcards: wildcards.size === 0 ? null : wildcards });
    text = '';
    wildcards = new Set();
  };
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (c === escapeChar && i + 1 < pattern.length) text += pattern[++i];
    else if (c === '%') push();
    else {
      if (c === '_') wildcards.add(text.length);
      text += c;
    }
  }
  push();
  return pieces;
}

function matchesAt(text: string, piece: Piece, at: number): boolean {
  if (piece.wildcards === null) return text.startsWith(piece.text, at);
  for (let i = 0; i < piece.text.length; i++) {
    if (!piece.wildcards.has(i) && text.charCodeAt(at + i) !== piece.text.charCodeAt(i)) return false;
  }
  return true;
}

/** Leftmost place of the piece in text[from, end), or -1. */
function find(text: string, piece: Piece, from: number, end: number): number {
  const lastStart = end - piece.text.length;
  if (piece.wildcards === null) {
    const at = text.indexOf(piece.text, from);
    return at < 0 || at > lastStart ? -1 : at;
  }
  for (let at = from; at <= lastStart; at++) if (matchesAt(text, piece, at)) return at;
  return -1;
}
