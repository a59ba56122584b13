import { type Example, type ScalarFunction, scalar } from '../function.js';

/** What stands for upper-case letters, lower-case letters, digits and the rest; null leaves them as they are. */
type Masks = readonly [upper: string | null, lower: string | null, digit: string | null, other: string | null];

const DEFAULT: Masks = ['X', 'x', 'n', '-'];

/** Each UTF-16 unit by itself, as Java's Character tells it. */
function mask(s: string, masks: Masks): string {
  let out = '';
  for (let i = 0; i < s.length; i++) {
    const c = s[i]!;
    const by = masks[/\p{Uppercase}/u.test(c) ? 0 : /\p{Lowercase}/u.test(c) ? 1 : /\p{Nd}/u.test(c) ? 2 : 3];
    out += by ?? c;
  }
  return out;
}

function checkedMasks(masks: Masks): Masks {
  for (const m of masks)
    if (m !== null && m.length !== 1) throw new RangeError(`a mask is one character or NULL, not '${m}'`);
  return masks;
}

function checkedCount(n: number | null): number {
  if (n === null || n < 0) throw new RangeError('numChars must not be negative');
  return n;
}

/** How the text is cut in two, and which of the parts is masked. */
type Cut = (s: string, n: number) => { readonly left: string; readonly right: string; readonly maskLeft: boolean };

const at = (s: string, n: number) => ({ left: s.slice(0, n), right: s.slice(n) });
const fromEnd = (s: string, n: number) => at(s, Math.max(s.length - n, 0));

function partial(name: string, description: string, cut: Cut, example: Example): ScalarFunction {
  const apply = (s: string | null, n: number | null, masks: Masks): string | null => {
    const count = checkedCount(n);
    if (s === null) return null;
    const { left, right, maskLeft } = cut(s, count);
    return maskLeft ? mask(left, masks) + right : left + mask(right, masks);
  };
  return scalar({
    name,
    description,
    category: 'STRING',
    overloads: [
      {
        signature: `${name}(input STRING, numChars INT) -> STRING`,
        nulls: 'pass',
        make: () => (s: string | null, n: number | null) => apply(s, n, DEFAULT),
      },
      {
        signature: `${name}(input STRING, numChars INT, upper STRING, lower STRING, digit STRING, other STRING) -> STRING`,
        nulls: 'pass',
        make:
          () =>
          (
            s: string | null,
            n: number | null,
            ...masks: [string | null, string | null, string | null, string | null]
          ) =>
            apply(s, n, checkedMasks(masks)),
      },
    ],
    examples: [example],
  });
}

const maskAll = scalar({
  name: 'MASK',
  description:
    'Hides the characters of a text: X for upper-case letters, x for lower-case ones, n for digits, - for the rest, or the given ones; NULL leaves a sort as it is.',
  category: 'STRING',
  overloads: [
    {
      signature: 'MASK(input STRING) -> STRING',
      nulls: 'propagate',
      make: () => (s: string) => mask(s, DEFAULT),
    },
    {
      signature: 'MASK(input STRING, upper STRING, lower STRING, digit STRING, other STRING) -> STRING',
      nulls: 'pass',
      make:
        () =>
        (s: string | null, ...masks: [string | null, string | null, string | null, string | null]) =>
          s === null ? null : mask(s, checkedMasks(masks)),
    },
  ],
  examples: [
    { sql: "MASK('My Test $123')", result: "'Xx-Xxxx--nnn'" },
    { sql: "MASK('My Test $123', '*', NULL, '1', NULL)", result: "'*y *est $111'" },
  ],
});

export const MASK_FUNCTIONS = [
  maskAll,
  partial('MASK_LEFT', 'Masks the first characters of a text.', (s, n) => ({ ...at(s, n), maskLeft: true }), {
    sql: "MASK_LEFT('My Test $123', 4)",
    result: "'Xx-Xest $123'",
  }),
  partial('MASK_RIGHT', 'Masks the last characters of a text.', (s, n) => ({ ...fromEnd(s, n), maskLeft: false }), {
    sql: "MASK_RIGHT('My Test $123', 4)",
    result: "'My Test -nnn'",
  }),
  partial(
    'MASK_KEEP_LEFT',
    'Masks all but the first characters of a text.',
    (s, n) => ({ ...at(s, n), maskLeft: false }),
    {
      sql: "MASK_KEEP_LEFT('My Test $123', 4)",
      result: "'My Txxx--nnn'",
    },
  ),
  partial(
    'MASK_KEEP_RIGHT',
    'Masks all but the last characters of a text.',
    (s, n) => ({ ...fromEnd(s, n), maskLeft: true }),
    { sql: "MASK_KEEP_RIGHT('My Test $123', 4)", result: "'Xx-Xxxx-$123'" },
  ),
];
