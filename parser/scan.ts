/**
 * The lowest layer of reading SQL: where quoted text and comments end. Used by the tokens and by the statement splitter,
 * so that both agree on what a `;` means; needs nothing else, so that the shell can split without loading the grammar.
 */

/**
 * `start` is at an opening quote; returns the offset after the closing one, or -1 if it never comes. A doubled quote
 * stands for itself.
 */
export function endOfQuoted(text: string, start: number): number {
  const quote = text[start];
  let at = start + 1;
  for (;;) {
    at = text.indexOf(quote!, at);
    if (at === -1) return -1;
    if (text[at + 1] !== quote) return at + 1;
    at += 2;
  }
}

/** `start` is at `--`; returns the offset of the line end. */
export function endOfLineComment(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end === -1 ? text.length : end;
}

/** `start` is at the opening of a block comment (they do not nest); the offset after it, or -1 if it never ends. */
export function endOfBlockComment(text: string, start: number): number {
  const end = text.indexOf('*/', start + 2);
  return end === -1 ? -1 : end + 2;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isNameStart(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
}

export function isNamePart(code: number): boolean {
  return isNameStart(code) || isDigit(code) || code === 64;
}

/** White space: the ASCII kinds, the no-break space and the byte order mark that editors leave behind. */
export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0xfeff;
}
