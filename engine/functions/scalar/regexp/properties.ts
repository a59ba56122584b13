import { type CodePoints, complement, intersection, of, union, withProperty } from './code-points.js';

/* The character classes that java.util.regex knows by name. */

const DIGIT = of('0-9');
const WORD = of('a-zA-Z_0-9');
const SPACE = of(' \t\n\v\f\r');
const HORIZONTAL = of(' \t\u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000');
const VERTICAL = of('\n\v\f\r\u0085\u2028\u2029');

/** What `.` does not match. */
export const LINE_ENDS = of('\n\r\u0085\u2028\u2029');

/** `\d` and its like, by the letter; the upper-case letter is the rest. */
export function shorthand(letter: string): CodePoints | undefined {
  const set = { d: DIGIT, w: WORD, s: SPACE, h: HORIZONTAL, v: VERTICAL }[letter.toLowerCase()];
  return set === undefined || letter === letter.toLowerCase() ? set : complement(set);
}

const GRAPH = of('!-~');
const POSIX: Readonly<Record<string, CodePoints>> = {
  Lower: of('a-z'),
  Upper: of('A-Z'),
  ASCII: of('\0-\x7f'),
  Alpha: of('a-zA-Z'),
  Digit: DIGIT,
  Alnum: of('a-zA-Z0-9'),
  Punct: intersection(GRAPH, complement(of('a-zA-Z0-9'))),
  Graph: GRAPH,
  Print: of(' -~'),
  Blank: of(' \t'),
  Cntrl: of('\0-\x1f\x7f'),
  XDigit: of('0-9a-fA-F'),
  Space: SPACE,
  L1: of('\0-\u00ff'),
  all: complement([]),
};

/** Methods of java.lang.Character, by the ECMAScript properties that they stand for. */
const CHARACTER: Readonly<Record<string, readonly string[]>> = {
  LowerCase: ['Lowercase'],
  UpperCase: ['Uppercase'],
  TitleCase: ['Lt'],
  Alphabetic: ['Alphabetic'],
  Ideographic: ['Ideographic'],
  Letter: ['L'],
  Digit: ['Nd'],
  LetterOrDigit: ['L', 'Nd'],
  SpaceChar: ['Z'],
  ISOControl: ['Cc'],
  Defined: ['Assigned'],
};

/** Binary properties behind `Is`, without underscores. */
const BINARY: Readonly<Record<string, readonly string[]>> = {
  ALPHABETIC: ['Alphabetic'],
  IDEOGRAPHIC: ['Ideographic'],
  LETTER: ['L'],
  LOWERCASE: ['Lowercase'],
  UPPERCASE: ['Uppercase'],
  TITLECASE: ['Lt'],
  WHITESPACE: ['White_Space'],
  CONTROL: ['Cc'],
  PUNCTUATION: ['P'],
  HEXDIGIT: ['Nd', 'Hex_Digit'],
  ASSIGNED: ['Assigned'],
  NONCHARACTERCODEPOINT: ['Noncharacter_Code_Point'],
  DIGIT: ['Nd'],
  ALNUM: ['Alphabetic', 'Nd'],
  WORD: ['Alphabetic', 'M', 'Nd', 'Pc', 'Join_Control'],
  JOINCONTROL: ['Join_Control'],
};

const all = (names: readonly string[]): CodePoints => union(...names.map((n) => withProperty(n) ?? []));

const category = (name: string): CodePoints | undefined =>
  name === 'LC' ? all(['Lu', 'Ll', 'Lt']) : name === 'LD' ? all(['L', 'Nd']) : withProperty(`General_Category=${name}`);

/** Scripts are written in any case: `IsLATIN`, `script=old_italic`. */
const script = (name: string): CodePoints | undefined =>
  withProperty(`Script=${name.toLowerCase().replace(/(?:^|_)[a-z]/g, (c) => c.toUpperCase())}`);

/** The set behind `\p{…}`; undefined where there is none. Blocks (`InGreek`) are not known here. */
export function property(name: string): CodePoints | undefined {
  const pair = /^(\w+)=(\w+)$/.exec(name);
  if (pair !== null) {
    const key = pair[1]!.toLowerCase();
    if (key === 'sc' || key === 'script') return script(pair[2]!);
    return key === 'gc' || key === 'general_category' ? category(pair[2]!) : undefined;
  }
  if (Object.hasOwn(POSIX, name)) return POSIX[name];
  if (name.startsWith('java')) {
    const of = name.slice(4);
    if (of === 'Whitespace') {
      return union(
        [[9, 13]],
        [[28, 31]],
        intersection(
          all(['Z']),
          complement([
            [0xa0, 0xa0],
            [0x2007, 0x2007],
            [0x202f, 0x202f],
          ]),
        ),
      );
    }
    return Object.hasOwn(CHARACTER, of) ? all(CHARACTER[of]!) : undefined;
  }
  if (name.startsWith('Is')) {
    const of = name.slice(2);
    const binary = of.toUpperCase().replaceAll('_', '');
    return Object.hasOwn(BINARY, binary) ? all(BINARY[binary]!) : (category(of) ?? script(of));
  }
  return category(name);
}
