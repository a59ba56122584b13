import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseScript, printStatement } from '../../parser/index.js';
import { bare, syntaxErrorOf } from './support.js';

const FOLDER = '../shared/conformance/query';
const here = existsSync(FOLDER);

interface Case {
  readonly name: string;
  readonly statements: readonly string[];
  readonly format?: readonly string[];
  readonly expectedException?: { readonly type?: string; readonly message?: string };
}

/** Errors that parsing itself has to find. */
function failsToParse({ expectedException: expected }: Case): boolean {
  return expected?.type?.endsWith('.ParseFailedException') === true;
}

describe.skipIf(!here)(`ksqlDB's cases in ${FOLDER}`, () => {
  for (const file of here ? readdirSync(FOLDER).filter((name) => name.endsWith('.json')) : []) {
    test(file, () => {
      const { tests } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { readonly tests: readonly Case[] };
      for (const found of tests) {
        const script = found.statements.join('\n').replaceAll('{FORMAT}', found.format?.[0] ?? 'JSON');
        if (failsToParse(found)) {
          const error = syntaxErrorOf(script);
          const texts = [error.message, `${error.brief}\nStatement: ${error.statement}`].join('\n');
          expect(texts, `${found.name}: ${script}`).toContain(found.expectedException?.message ?? '');
          continue;
        }
        const statements = parseScript(script);
        expect(statements.length, found.name).toBeGreaterThan(0);
        const printed = statements.map(printStatement).join('\n');
        expect(bare(parseScript(printed)), found.name).toEqual(bare(statements));
      }
    });
  }
});
