import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { EvaluationError } from '../../../values/evaluation-error.js';
import { type Translated, translate } from './translate.js';

let library: typeof import('re2js') | undefined;

/** Loaded at the first regular expression: it takes a good part of a start. */
function re2(): typeof import('re2js') {
  library ??= createRequire(import.meta.url)('re2js') as typeof import('re2js');
  return library;
}

/** A match: where each group starts and ends, -1 for one that took no part. */
export interface Match {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** A pattern in Java's syntax, ready to match. */
export class Regexp {
  private readonly translated: Translated;
  private readonly re: RE2JS;

  /** Throws an EvaluationError on a pattern that Java refuses too, or that takes more than linear time. */
  constructor(pattern: string) {
    this.translated = translate(pattern);
    const { RE2JS: Engine, RE2JSException } = re2();
    try {
      this.re = Engine.compile(this.translated.source, this.translated.lookbehind ? Engine.LOOKBEHINDS : 0);
    } catch (e) {
      if (e instanceof RE2JSException) throw new EvaluationError(`Invalid regular expression: ${e.message}`);
      throw e;
    }
  }

  get groupCount(): number {
    return this.translated.groups.length - 1;
  }

  groupOf(name: string): number | undefined {
    return this.translated.names.get(name);
  }

  /** The first match that starts at `from` or later. */
  find(text: string, from: number): Match | undefined {
    const m = this.re.matcher(text);
    if (!m.find(from)) return undefined;
    const { groups, tails, insideTail } = this.translated;
    let end = Number.POSITIVE_INFINITY;
    for (const t of tails) if (m.start(t) >= 0) end = Math.min(end, m.start(t));
    const cut = (at: number, group: number): number => (insideTail.has(group) ? at : Math.min(at, end));
    return {
      starts: groups.map((g, i) => cut(m.start(g), i)),
      ends: groups.map((g, i) => cut(m.end(g), i)),
    };
  }

  /** All matches from the left, as Java's Matcher finds them: behind an empty one it goes a character further. */
  *all(text: string): Generator<Match> {
    for (let from = 0; from <= text.length; ) {
      const m = this.find(text, from);
      if (m === undefined) return;
      yield m;
      from = m.ends[0]!;
      if (from === m.starts[0]) from += text.codePointAt(from)! > 0xffff ? 2 : 1;
    }
  }

  matchesEmpty(): boolean {
    const m = this.find('', 0);
    return m !== undefined;
  }
}

/** The text of a group, or null where it took no part. */
export const groupText = (text: string, m: Match, group: number): string | null =>
  m.starts[group]! < 0 ? null : text.slice(m.starts[group], m.ends[group]);
