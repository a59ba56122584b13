/** Colours out of the terminal's own sixteen, so that they fit its background; and none at all where they are not wanted. */

export type Style =
  | 'plain'
  | 'keyword'
  | 'name'
  | 'function'
  | 'type'
  | 'string'
  | 'number'
  | 'comment'
  | 'variable'
  | 'command'
  | 'error'
  | 'caret'
  | 'hint'
  | 'dim'
  | 'bold'
  | 'selected'
  | 'prompt';

const SGR: Readonly<Record<Style, string>> = {
  plain: '',
  keyword: '34;1',
  name: '',
  function: '36',
  type: '35',
  string: '32',
  number: '33',
  comment: '90',
  variable: '35',
  command: '36;1',
  error: '31',
  caret: '31;1',
  hint: '36',
  dim: '2',
  bold: '1',
  selected: '7',
  prompt: '32;1',
};

export interface Theme {
  readonly colours: boolean;
  paint(style: Style, text: string): string;
}

export function theme(colours: boolean): Theme {
  return {
    colours,
    paint: (style, text) =>
      !colours || SGR[style] === '' || text === '' ? text : `\u001b[${SGR[style]}m${text}\u001b[0m`,
  };
}

/** The terminal is to be spared: https://no-color.org, `--no-color`, a dumb terminal, or none at all. */
export const wantsColours = (isTerminal: boolean, env: NodeJS.ProcessEnv, noColour: boolean): boolean =>
  isTerminal && !noColour && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';

/** ksqlDB's wording, which its clients compare, sends to pages of ksqlDB's; people are not sent there. */
const LINKS =
  / ?\([Ss]ee https?:\/\/(?:cnfl\.io|github\.com\/confluentinc)\S*\)| ?[Ss]ee https?:\/\/(?:cnfl\.io|github\.com\/confluentinc)\S*(?: for more(?: info)?\.)?/g;

export const withoutLinks = (message: string): string => message.replace(LINKS, '');

/** An error's text as the server gives it: what is wrong, then maybe the line of SQL and a line with carets under it. */
export function paintError(message: string, hint: string | undefined, { paint }: Theme): string {
  const lines = withoutLinks(message).split('\n');
  const isCaret = (line: string | undefined) => line !== undefined && /^\s*\^+\s*$/.test(line);
  const painted = lines.map((line, i) =>
    isCaret(line) ? paint('caret', line) : isCaret(lines[i + 1]) ? line : paint('error', line),
  );
  if (hint !== undefined) painted.push(paint('hint', `Hint: ${hint}`));
  return painted.join('\n');
}
