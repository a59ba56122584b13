import { describe, expect, test } from 'vitest';
import { groupText, Regexp } from '../../engine/functions/scalar/regexp/matcher.js';
import { evaluate } from './support.js';

/** All matches, each with its groups. */
const matches = (pattern: string, text: string): (string | null)[][] => {
  const re = new Regexp(pattern);
  return Array.from(re.all(text), (m) => Array.from({ length: re.groupCount + 1 }, (_, g) => groupText(text, m, g)));
};

/** What java.util.regex (Java 17) finds. */
describe("Java's syntax", () => {
  test.each<[string, string, ...string[]]>([
    ['[a-z&&[^aeiou]]+', 'aeioxyz', 'xyz'],
    ['[a-d[m-p]]+', 'xmnoa', 'mnoa'],
    ['[a-z&&b-y&&[^c]]+', 'abcd', 'b', 'd'],
    ['[^a-z&&[def]]', 'ab,cde', 'a', 'b', ',', 'c'],
    ['(?i)[a-c&&[^b]]+', 'aBcC', 'a', 'cC'],
    ['[\\w&&[^\\d]]+', 'ab1_c', 'ab', '_c'],
    ['[]a]+', ']ab', ']a'],
    ['[a&&b]', 'ab&'],
    ['\\p{Upper}+', 'abCD', 'CD'],
    ['\\p{Punct}', 'a.b-c', '.', '-'],
    ['\\p{IsLatin}+', 'abc αβγ', 'abc'],
    ['\\p{script=Greek}+', 'abc αβγ', 'αβγ'],
    ['\\p{javaLowerCase}+', 'aBé', 'a', 'é'],
    ['\\P{L}+', 'a1 b', '1 '],
    ['\\h+', 'a \t\u00a0b', ' \t\u00a0'],
    ['\\s+', 'a\v\u00a0b', '\v'],
    ['\\R', 'a\r\nb\nc\u2028', '\r\n', '\n', '\u2028'],
    ['.+', 'ab\rcd\u0085e', 'ab', 'cd', 'e'],
    ['(?s).+', 'a\nb', 'a\nb'],
    ['(?d).+', 'a\rb\nc', 'a\rb', 'c'],
    ['a$', 'a\n', 'a'],
    ['a$', 'a\r\n', 'a'],
    ['a\\z', 'a\n'],
    ['a\\Z', 'a\n', 'a'],
    ['.*$', 'a\n', 'a', '', ''],
    ['a++', 'baaab', 'aaa'],
    ['\\d++px', '12px', '12px'],
    ['(?>ab|a)', 'ab', 'ab'],
    ['a(?=b)', 'acab', 'a'],
    ['(?<=a)b', 'bab', 'b'],
    ['(?<!a)b', 'bab', 'b'],
    ['\\Qa.b\\E+', 'a.bb', 'a.bb'],
    ['\\x61\\u0062\\0143', 'abc', 'abc'],
    ['(?i)k', 'kK\u212a', 'k', 'K'],
    ['(?iu)é', 'éÉ', 'é', 'É'],
    ['(?x) a b # two', 'ab', 'ab'],
    ['(?i:a)B', 'AB Ab', 'AB'],
    ['x*', 'axx', '', 'xx', ''],
  ])('%j in %j', (pattern, text, ...wanted) => {
    expect(matches(pattern, text).map((m) => m[0])).toEqual(wanted);
  });

  test('groups are those of the pattern', () => {
    expect(matches('(?<first>a$|b)(c)?', 'bca\n')).toEqual([
      ['bc', 'b', 'c'],
      ['a', 'a', null],
    ]);
    expect(matches('(a)(?=(b))', 'ab')).toEqual([['a', 'a', 'b']]);
  });
});

describe('what cannot be is named', () => {
  test.each([
    ['(a)\\1', 'back-reference \\1'],
    ['(?<n>a)\\k<n>', 'back-reference'],
    ['a(?!b)', 'negative look-ahead'],
    ['(?=a)b', 'look-ahead (?=…) but at the end'],
    ['a++ab', 'possessive'],
    ['(?>a|ab)c', 'atomic group'],
    ['(?<=(a))b', 'capturing group within a look-behind'],
    ['\\p{InGreek}', 'block'],
    ['\\X', '\\X'],
    ['a{1001}', 'more than 1000'],
    ['(?U)\\w', 'flag U'],
    ['*a', "nothing before the '*'"],
    ['a{', "'{' without numbers"],
    ['a{2,1}', 'repetition'],
    ['(', "missing ')'"],
    [')', "unmatched ')'"],
    ['[a', "'[' without its ']'"],
    ['[z-a]', 'backwards'],
    ['\\y', 'unknown escape \\y'],
    ['\\p{Foo}', 'unknown property'],
    ['(?<1>a)', "the name '1'"],
    ['a\\', 'backslash at the end'],
  ])('%s', (pattern, message) => expect(() => new Regexp(pattern)).toThrow(message));

  test.each(['$2', '$', '${x}', 'a\\'])('in the replacement %s', (by) => {
    expect(() => evaluate(`REGEXP_REPLACE('ab', '(a)', '${by}')`)).toThrow('Invalid replacement');
  });
});

test.each([
  ['aXXb', 'X*', ['a', '', 'b']],
  ['ab cd', '\\b', ['ab', ' ', 'cd']],
  ['', 'x', ['']],
  ['', 'x*', ['']],
  [',a,', ',', ['', 'a', '']],
  ['a1b', '(?<=\\d)', ['a1', 'b']],
])('REGEXP_SPLIT_TO_ARRAY(%j, %j)', (text, pattern, wanted) => {
  expect(evaluate(`REGEXP_SPLIT_TO_ARRAY('${text}', '${pattern}')`)).toEqual(wanted);
});
