import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseScript } from '../../parser/index.js';
import { COMMANDS, commandOf } from '../../shell/commands.js';
import { FORMATS } from '../../shell/formats.js';
import { commandLines, helpText, KEYS, statementHelp } from '../../shell/help.js';
import { USAGE } from '../../shell/options.js';
import { SYNTAX } from '../../shell/syntax.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/shell.md', import.meta.url)), 'utf8');
const row = ([left, right]: readonly [string, string]) =>
  `| ${left.replaceAll('|', '\\|').replace(/^(.*)$/, '`$1`')} | ${right.replaceAll('|', '\\|')} |`;

describe('docs/shell.md', () => {
  it('has every command and key as help shows them', () => {
    const missing = [...commandLines().map(row), ...KEYS.map(([keys, what]) => `| ${keys} | ${what} |`)].filter(
      (line) => !page.includes(line),
    );
    expect(missing).toEqual([]);
  });

  it('has every option and format', () => {
    const options = [...USAGE.matchAll(/--[a-z-]+/g)].map((m) => m[0]);
    expect(options.filter((o) => !page.includes(o))).toEqual([]);
    expect(FORMATS.filter((f) => !page.includes(`\`${f}\``))).toEqual([]);
  });
});

describe('help', () => {
  it('fits a terminal and names all commands', () => {
    const help = helpText();
    for (const c of COMMANDS) for (const name of c.names) expect(help).toContain(name);
    expect(help.split('\n').filter((l) => l.length > 120)).toEqual([]);
  });

  it('tells how statements are written, by their first words', () => {
    expect(statementHelp('print')).toContain('FROM BEGINNING');
    expect(statementHelp('create')?.match(/^CREATE .*:/gm)?.length).toBeGreaterThan(4);
    expect(statementHelp('ucase')).toBeUndefined();
    expect(statementHelp('statements')).toContain('ALTER SYSTEM');
  });

  it('names statements that the grammar has', () => {
    // What stands behind the words is missing: the error is then never at the first of them.
    for (const { name } of SYNTAX) {
      const message = (() => {
        try {
          parseScript(`${name.replace(' AS SELECT', '').replace(/ (SELECT|VALUES)$/, '')} ;`, { runScript: true });
          return '';
        } catch (e) {
          return (e as Error).message;
        }
      })();
      expect([name, message.includes('Unknown statement')]).toEqual([name, false]);
    }
  });
});

describe('commands are found', () => {
  const found = (text: string) => {
    const { command, argument } = commandOf(text);
    return [command.names[0], argument];
  };
  it.each([
    ['EXIT;', 'exit', ''],
    ['\\q', 'exit', ''],
    ['output JSON ;', 'output', 'JSON'],
    ["Run   Script 'a b.sql';", 'run script', "'a b.sql'"],
    ['\\dt', '\\dt', ''],
    ['\\dT', '\\dT', ''],
    ['\\d+ a', '\\d+', 'a'],
    ['\\?', 'help', ''],
    ['\\watch 2 SELECT 1;', '\\watch', '2 SELECT 1'],
  ])('%s', (text, name, argument) => {
    expect(found(text)).toEqual([name, argument]);
  });

  it('or refused', () => {
    expect(() => commandOf('\\foo bar')).toThrow("There is no command '\\foo'.");
  });
});
