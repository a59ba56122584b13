import { COMMANDS } from './commands.js';
import { SYNTAX } from './syntax.js';

/** A line for each key that does something beyond what keys do anyway. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['Tab', 'completes; again: the next of several'],
  ['Enter', 'runs what is complete, else begins a new line (Alt-Enter always does)'],
  ['Up, Down', 'lines, then statements of the history'],
  ['Ctrl-R', 'searches the history; again: an older one'],
  ['Ctrl-C', 'ends the running query, or drops what was typed'],
  ['Ctrl-D', 'leaves, on an empty line'],
  ['Ctrl-A, E, K, U, W, Y', 'start and end of the line; delete behind, before, a word; bring it back'],
  ['Alt-B, F, D', 'words: back, forward, delete'],
  ['Ctrl-L', 'clears the screen'],
];

/** The commands as lines of two columns. */
export function commandLines(): readonly (readonly [string, string])[] {
  return COMMANDS.map((c) => [`${c.names.join(', ')}${c.argument === '' ? '' : ` ${c.argument}`}`, c.help] as const);
}

const column = (pairs: readonly (readonly [string, string])[], width: number): string[] =>
  pairs.map(([left, right]) =>
    left.length > width ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`,
  );

export function helpText(): string {
  return [
    'Statements end with ; (or with \\G to see rows vertically, \\g file to write them into a file).',
    'Commands are a line of their own and need no semicolon:',
    '',
    ...column(commandLines(), 30),
    '',
    'In front of a server these are good beginnings:',
    '',
    '  SHOW STREAMS;  DESCRIBE name;  EXPLAIN query;',
    "  PRINT 'topic' FROM BEGINNING LIMIT 3;",
    '  SELECT … FROM … EMIT CHANGES;           push query: rows as they come, until Ctrl-C',
    '  SELECT … FROM table WHERE …;            pull query: the answer now',
    "  SET 'auto.offset.reset'='earliest';     read from the beginning",
    "  DEFINE name = 'value';                  then $" + '{name} in statements',
    "  RUN SCRIPT 'file.sql';                  SHOW VARIABLES;  UNDEFINE name;",
    '',
    'Keys:',
    '',
    ...column(KEYS, 30),
  ].join('\n');
}

/** How a statement is written, by its first words in any case; undefined: no statement begins so. */
export function statementHelp(topic: string): string | undefined {
  const words = topic.trim().replace(/\s+/g, ' ').toUpperCase();
  if (words === 'STATEMENTS') {
    return `Help is there for\n${SYNTAX.map((s) => `  ${s.name}`).join('\n')}\nand for each function: \\h name`;
  }
  const found = SYNTAX.filter((s) => s.name === words);
  const all = found.length > 0 ? found : SYNTAX.filter((s) => s.name.startsWith(`${words} `));
  if (all.length === 0) return undefined;
  return all.map((s) => `${s.name}: ${s.what}\n\n${s.syntax.replace(/^/gm, '  ')}`).join('\n\n');
}
