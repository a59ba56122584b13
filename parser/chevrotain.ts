/**
 * Chevrotain, loaded from the single file that its package ships. The package's own entry point pulls in several
 * hundred modules (about 350 ms where this takes 17 ms), and time to start is a feature of Weir.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

type Chevrotain = typeof import('chevrotain');

async function load(): Promise<Chevrotain> {
  const entry = createRequire(import.meta.url).resolve('chevrotain');
  // The entry is lib/src/api.js; the bundle lies beside src. A package without it still works, only slower.
  const bundle = join(dirname(entry), '..', 'chevrotain.min.mjs');
  if (!existsSync(bundle)) return await import('chevrotain');
  return (await import(pathToFileURL(bundle).href)) as Chevrotain;
}

const chevrotain = await load();

export const CstParser: Chevrotain['CstParser'] = chevrotain.CstParser;
export const Lexer: Chevrotain['Lexer'] = chevrotain.Lexer;
export const createToken: Chevrotain['createToken'] = chevrotain.createToken;
export const EOF: Chevrotain['EOF'] = chevrotain.EOF;
export const tokenMatcher: Chevrotain['tokenMatcher'] = chevrotain.tokenMatcher;
export const LLkLookaheadStrategy: Chevrotain['LLkLookaheadStrategy'] = chevrotain.LLkLookaheadStrategy;
export const Alternation: Chevrotain['Alternation'] = chevrotain.Alternation;
export const NonTerminal: Chevrotain['NonTerminal'] = chevrotain.NonTerminal;
export const Option: Chevrotain['Option'] = chevrotain.Option;
export const Repetition: Chevrotain['Repetition'] = chevrotain.Repetition;
export const RepetitionMandatory: Chevrotain['RepetitionMandatory'] = chevrotain.RepetitionMandatory;
export const RepetitionMandatoryWithSeparator: Chevrotain['RepetitionMandatoryWithSeparator'] =
  chevrotain.RepetitionMandatoryWithSeparator;
export const RepetitionWithSeparator: Chevrotain['RepetitionWithSeparator'] = chevrotain.RepetitionWithSeparator;
export const Terminal: Chevrotain['Terminal'] = chevrotain.Terminal;
