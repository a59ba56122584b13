/**
 * Lookahead for a grammar that is LL(1) nearly everywhere. Chevrotain's own strategy enumerates token paths for each
 * decision when the parser is made, most of which a process never meets; this one computes FIRST sets once per rule
 * and builds a decision's table when it is first met. Decisions marked MAX_LOOKAHEAD 2 go to Chevrotain's strategy.
 */
import type { ILookaheadStrategy, IOrAlt, IToken, TokenType } from 'chevrotain';
import * as c from '../chevrotain.js';

type Rule = Parameters<ILookaheadStrategy['buildLookaheadForAlternation']>[0]['rule'];
type Production = Rule['definition'][number];
type AlternationOptions = Parameters<ILookaheadStrategy['buildLookaheadForAlternation']>[0];
type OptionalOptions = Parameters<ILookaheadStrategy['buildLookaheadForOptional']>[0];
type AlternationLookahead = ReturnType<ILookaheadStrategy['buildLookaheadForAlternation']>;
type OptionalLookahead = ReturnType<ILookaheadStrategy['buildLookaheadForOptional']>;
interface Reader {
  LA(ahead: number): IToken;
}

/** Token types, by their index, that can begin a stretch of grammar; `empty` if it can be skipped. */
interface First {
  readonly tokens: ReadonlySet<number>;
  readonly empty: boolean;
}

const PROD_CLASSES = {
  Option: c.Option,
  Repetition: c.Repetition,
  RepetitionMandatory: c.RepetitionMandatory,
  RepetitionMandatoryWithSeparator: c.RepetitionMandatoryWithSeparator,
  RepetitionWithSeparator: c.RepetitionWithSeparator,
} as const;

export class LazyLookahead extends c.LLkLookaheadStrategy implements ILookaheadStrategy {
  readonly #firstOfRule = new Map<string, First>();

  override buildLookaheadForAlternation(options: AlternationOptions): AlternationLookahead {
    if (options.maxLookahead > 1) {
      const full = (): AlternationLookahead => super.buildLookaheadForAlternation(options);
      let built: AlternationLookahead | undefined;
      return function (this: Reader, alts?: IOrAlt<unknown>[]): number | undefined {
        built ??= full();
        return (built as (this: Reader, alts?: IOrAlt<unknown>[]) => number | undefined).call(this, alts);
      } as AlternationLookahead;
    }
    const build = (): Map<number, number[]> => {
      const alternation = find(options.rule, c.Alternation, options.prodOccurrence);
      const table = new Map<number, number[]>();
      alternation.definition.forEach((alternative, index) => {
        for (const token of this.#firstOf([alternative]).tokens) {
          const choices = table.get(token);
          if (choices === undefined) table.set(token, [index]);
          else choices.push(index);
        }
      });
      return table;
    };
    let table: Map<number, number[]> | undefined;
    return function (this: Reader, alts?: IOrAlt<unknown>[]): number | undefined {
      table ??= build();
      const choices = table.get(this.LA(1).tokenTypeIdx);
      if (choices === undefined) return undefined;
      for (const choice of choices) {
        const gate = alts?.[choice]?.GATE;
        if (gate === undefined || gate.call(this)) return choice;
      }
      return undefined;
    } as AlternationLookahead;
  }

  override buildLookaheadForOptional(options: OptionalOptions): OptionalLookahead {
    if (options.maxLookahead > 1) {
      const full = (): OptionalLookahead => super.buildLookaheadForOptional(options);
      let built: OptionalLookahead | undefined;
      return function (this: Reader): boolean {
        built ??= full();
        return (built as (this: Reader) => boolean).call(this);
      };
    }
    let tokens: ReadonlySet<number> | undefined;
    const build = (): ReadonlySet<number> => {
      const production = find(options.rule, PROD_CLASSES[options.prodType], options.prodOccurrence);
      return this.#firstOf(production.definition).tokens;
    };
    return function (this: Reader): boolean {
      tokens ??= build();
      return tokens.has(this.LA(1).tokenTypeIdx);
    };
  }

  #firstOf(sequence: readonly Production[]): First {
    const tokens = new Set<number>();
    for (const production of sequence) {
      const first = this.#firstOfOne(production);
      for (const token of first.tokens) tokens.add(token);
      if (!first.empty) return { tokens, empty: false };
    }
    return { tokens, empty: true };
  }

  #firstOfOne(production: Production): First {
    if (production instanceof c.Terminal) return { tokens: withMembers(production.terminalType), empty: false };
    if (production instanceof c.NonTerminal) {
      const rule = production.referencedRule;
      let first = this.#firstOfRule.get(rule.name);
      if (first === undefined) {
        first = this.#firstOf(rule.definition);
        this.#firstOfRule.set(rule.name, first);
      }
      return first;
    }
    if (production instanceof c.Alternation) {
      const tokens = new Set<number>();
      let empty = false;
      for (const alternative of production.definition) {
        const first = this.#firstOfOne(alternative);
        for (const token of first.tokens) tokens.add(token);
        empty ||= first.empty;
      }
      return { tokens, empty };
    }
    const inner = this.#firstOf((production as unknown as { readonly definition: readonly Production[] }).definition);
    const skippable =
      production instanceof c.Option ||
      production instanceof c.Repetition ||
      production instanceof c.RepetitionWithSeparator;
    return skippable ? { tokens: inner.tokens, empty: true } : inner;
  }
}

/** A token type and those that belong to it as their category. */
function withMembers(type: TokenType): Set<number> {
  return new Set([type.tokenTypeIdx as number, ...(type.categoryMatches ?? [])]);
}

function find<T extends { readonly idx: number }>(
  rule: Rule,
  kind: abstract new (options: never) => T,
  occurrence: number,
): T {
  const search = (sequence: readonly Production[]): T | undefined => {
    for (const production of sequence) {
      if (production instanceof kind && production.idx === occurrence) return production;
      const inner = (production as { readonly definition?: readonly Production[] }).definition;
      if (inner === undefined || production instanceof c.NonTerminal) continue;
      const found = search(inner);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found = search(rule.definition);
  if (found === undefined) throw new Error(`no ${kind.name} ${occurrence} in rule ${rule.name}`);
  return found;
}
