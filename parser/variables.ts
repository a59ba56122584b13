/** Substitution of `${name}` in text, before parsing, as ksqlDB does it. */
import type { Span } from './source.js';
import { splitStatements } from './split.js';

export interface Substitution {
  readonly text: string;
  /** Where a stretch of the new text came from: inside a value, the whole `${name}` it stands for. */
  originalSpan(span: Span): { readonly start: number; readonly end: number };
}

interface Replacement {
  /** In the new text. */
  readonly start: number;
  readonly end: number;
  /** In the old text. */
  readonly from: number;
  readonly to: number;
}

const VARIABLE = /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Replaces `${name}` by the value of `name`, in literals and outside of them. Names are compared ignoring case, values
 * are taken as they are and not substituted again, unknown variables stay, `$${name}` becomes `${name}`.
 */
export function substituteVariables(
  text: string,
  variables: ReadonlyMap<string, string> | Readonly<Record<string, string>>,
): Substitution {
  const values = new Map<string, string>();
  const entries = variables instanceof Map ? variables : Object.entries(variables as Record<string, string>);
  for (const [name, value] of entries) values.set(name.toUpperCase(), value);

  const replacements: Replacement[] = [];
  let result = '';
  let copied = 0;
  for (const match of text.matchAll(VARIABLE)) {
    const [whole, escaped = '', name = ''] = match;
    const value = escaped === '' ? values.get(name.toUpperCase()) : whole.slice(1);
    if (value === undefined) continue;
    result += text.slice(copied, match.index);
    replacements.push({
      start: result.length,
      end: result.length + value.length,
      from: match.index,
      to: match.index + whole.length,
    });
    result += value;
    copied = match.index + whole.length;
  }
  result += text.slice(copied);

  const originalStart = (offset: number): number => {
    const last = replacements.findLast(({ start }) => start <= offset);
    if (last === undefined) return offset;
    return offset < last.end ? last.from : offset + last.to - last.end;
  };
  const originalEnd = (offset: number): number => {
    const last = replacements.findLast(({ start }) => start < offset);
    if (last === undefined) return offset;
    return offset <= last.end ? last.to : offset + last.to - last.end;
  };
  return {
    text: result,
    originalSpan: ({ start, end }) => {
      const from = originalStart(start);
      return { start: from, end: end > start ? originalEnd(end) : from };
    },
  };
}

/**
 * The statements of a script with its variables filled in, each when it is asked for: with what `variables` holds then. Each is
 * moved to where it stands in the script, so that errors name the script's lines. A script without variables comes as a whole.
 */
export function* fillVariables(script: string, variables: ReadonlyMap<string, string>): Generator<string> {
  if (!script.includes('${')) {
    yield script;
    return;
  }
  const { statements, tail } = splitStatements(script);
  for (const { text, span } of [...statements, tail]) {
    if (text === '') continue;
    const place = '\n'.repeat(span.line - 1) + ' '.repeat(span.column - 1);
    yield place + substituteVariables(text, variables).text;
  }
}
