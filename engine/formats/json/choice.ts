import type { SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { unexpected } from './leaves.js';
import { OTHER, type ValueReader } from './reader.js';
import {
  COLON,
  COMMA,
  type JsonCursor,
  LBRACE,
  LBRACKET,
  nonFiniteAt,
  QUOTE,
  skipNull,
  skipString,
  skipValue,
  skipWhitespace,
} from './scan.js';

/**
 * Choices: Connect makes of `oneOf`, `anyOf` and several types in a JSON Schema a struct with one field for each branch, of
 * which one is set. The data has the branch's value itself. Which branch that is the value says: by its kind, and an object by
 * its members. An object with the struct's own fields is read as that: it is what Weir writes.
 */

export type Struct = SqlType & { readonly kind: 'STRUCT' };

const BRANCH = /^connect_union_field_\d+$/i;

/** Whether a struct is what Connect makes of a choice. */
export const isChoice = (type: Struct): boolean =>
  type.fields.length > 0 && type.fields.every((f) => BRANCH.test(f.name));

type Kind = 'text' | 'number' | 'boolean' | 'array' | 'object';

export class ChoiceReader implements ValueReader {
  readonly op = OTHER;
  /** Upper-case names of the members of each branch that is a struct; null: it is none. */
  private readonly members: readonly (ReadonlySet<string> | null)[];

  /**
   * @param branches reads a branch's value, in the order of the fields
   * @param whole reads the struct itself
   */
  constructor(
    private readonly type: Struct,
    private readonly branches: readonly ValueReader[],
    private readonly whole: ValueReader,
  ) {
    this.members = type.fields.map(({ type: t }) =>
      t.kind === 'STRUCT' ? new Set(t.fields.map((f) => f.name.toUpperCase())) : null,
    );
  }

  read(c: JsonCursor): Value {
    const first = c.bytes[c.p];
    if (first === 0x6e) {
      c.p = skipNull(c, c.p);
      return null;
    }
    const branch = first === LBRACE ? this.ofObject(c) : this.ofKind(kindOf(c), c);
    if (branch === null) return this.whole.read(c);
    if (branch < 0) return unexpected(c, 'any branch of the choice');
    const out = new Array<Value>(this.type.fields.length).fill(null);
    out[branch] = this.branches[branch]!.read(c);
    return out;
  }

  /** The first branch that holds values of a kind, whole numbers in one for whole numbers; -1: none. */
  private ofKind(kind: Kind, c: JsonCursor): number {
    const { fields } = this.type;
    if (kind === 'number') {
      const whole = isWhole(c);
      const exact = fields.findIndex(({ type }) => (whole ? isIntegral(type) : isFraction(type)));
      if (exact >= 0) return exact;
    }
    return fields.findIndex(({ type }) => holds(type, kind));
  }

  /** The branch that has most of an object's members, and fewest others; null: the object is the struct itself. */
  private ofObject(c: JsonCursor): number | null {
    const names = memberNames(c);
    if (names.length > 0 && names.every((n) => BRANCH.test(n))) return null;
    let best = -1;
    let score = Number.NEGATIVE_INFINITY;
    this.members.forEach((known, i) => {
      if (known === null) return;
      const found = names.filter((n) => known.has(n.toUpperCase())).length;
      // Every member that the branch does not know weighs more than a field that the object lacks.
      const s = found * known.size - (names.length - found) * known.size * 2 - (known.size - found);
      if (s > score) [best, score] = [i, s];
    });
    const map = this.type.fields.findIndex(({ type }) => type.kind === 'MAP');
    const isKnown = best >= 0 && names.every((n) => this.members[best]!.has(n.toUpperCase()));
    if (map >= 0 && !isKnown) return map;
    return best >= 0 ? best : this.type.fields.findIndex(({ type }) => type.kind === 'STRING');
  }
}

function kindOf({ bytes, p }: JsonCursor): Kind {
  const first = bytes[p];
  if (first === QUOTE) return 'text';
  if (first === LBRACKET) return 'array';
  return first === 0x74 || first === 0x66 ? 'boolean' : 'number';
}

const isIntegral = (t: SqlType): boolean =>
  t.kind === 'INTEGER' || t.kind === 'BIGINT' || t.kind === 'DATE' || t.kind === 'TIME' || t.kind === 'TIMESTAMP';
const isFraction = (t: SqlType): boolean => t.kind === 'DOUBLE' || t.kind === 'DECIMAL';

function holds(type: SqlType, kind: Kind): boolean {
  switch (kind) {
    case 'text':
      return type.kind === 'STRING' || type.kind === 'BYTES';
    case 'number':
      return isIntegral(type) || isFraction(type);
    case 'boolean':
      return type.kind === 'BOOLEAN';
    default:
      return type.kind === 'ARRAY';
  }
}

/** Whether the number at the cursor has neither point nor exponent. */
function isWhole(c: JsonCursor): boolean {
  const { bytes, p, end } = c;
  if (nonFiniteAt(c, p) !== undefined) return false;
  for (let i = p; i < end; i++) {
    const b = bytes[i]!;
    if (b === 0x2e || b === 0x65 || b === 0x45) return false;
    if (b !== 0x2d && (b < 0x30 || b > 0x39)) return true;
  }
  return true;
}

/** Names of an object's members; the cursor stays at its opening brace. */
function memberNames(c: JsonCursor): string[] {
  const at = c.p;
  const b = c.bytes;
  const names: string[] = [];
  let p = skipWhitespace(b, at + 1);
  while (b[p] === QUOTE) {
    const end = skipString(c, p);
    names.push(JSON.parse(b.toString('utf8', p, end)) as string);
    p = skipWhitespace(b, end);
    if (b[p] !== COLON) break;
    p = skipWhitespace(b, skipValue(c, skipWhitespace(b, p + 1)));
    if (b[p] !== COMMA) break;
    p = skipWhitespace(b, p + 1);
  }
  // Whether all of it is an object, the branch's reader says.
  c.p = at;
  return names;
}
