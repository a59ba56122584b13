import type { Value } from '../../values/value.js';
import {
  MAX_STEP_BYTES,
  type Member,
  MemberTable,
  newMember,
  newStep,
  nowhere,
  type Step,
  startsWith,
  UNKNOWN,
} from './members.js';
import { INTEGRAL, NUMBER, SKIP, SKIP_NUMBER, TEXT, type ValueReader } from './reader.js';
import {
  allPlain,
  BACKSLASH,
  COLON,
  COMMA,
  DOT,
  type JsonCursor,
  LBRACE,
  MAX_NUMBER_LENGTH,
  POWERS_OF_TEN,
  QUOTE,
  RBRACE,
  readString,
  skipString,
  skipValue,
  skipWhitespace,
} from './scan.js';

/**
 * One named field of an object. Where nobody wants its value, the reader does no more than check it; it still takes its exact
 * name away from a field that would match ignoring case.
 */
export interface ObjectField {
  readonly name: string;
  readonly reader: ValueReader;
  readonly wanted: boolean;
}

const MAX_STEPS = 2048;

/**
 * Reads objects into rows. Where a record has its fields in the order of earlier ones, each name costs one comparison with
 * the bytes expected; elsewhere the name is looked up by its bytes. Either way every byte of the record is checked, and
 * the result is the same: of a repeated name the last value counts, a name in the field's own case goes before another.
 */
export class ObjectReader {
  private readonly byName = new Map<string, number>();
  private readonly byUpperName = new Map<string, number>();
  private readonly table = new MemberTable();
  /** Before the first member. */
  private readonly root: Step = nowhere();
  /** After a member that has no step: nothing is expected, and nothing learned. */
  private readonly lost: Step = nowhere();
  private steps = 0;
  /** By field: the object (counted) in which its own name was last seen. */
  private readonly exactSeen: Float64Array;
  private objects = 0;

  constructor(private readonly fields: readonly ObjectField[]) {
    fields.forEach((f, i) => {
      this.byName.set(f.name, i);
      const upper = f.name.toUpperCase();
      if (!this.byUpperName.has(upper)) this.byUpperName.set(upper, i);
    });
    this.exactSeen = new Float64Array(fields.length);
  }

  /**
   * Sets the entries of `row` whose fields occur, and leaves the others. `c.p` is at the opening brace, then behind the
   * closing one.
   */
  read(c: JsonCursor, row: Value[]): void {
    this.objects++;
    c.enter();
    let step = this.root;
    for (;;) {
      step = this.readExpected(c, step, row);
      const expected = step.next;
      let member: Member;
      if (expected !== null && c.p + expected.length <= c.end && startsWith(c.view, c.p, expected)) {
        // The name is the one expected; white space before the value may be new.
        c.p = skipWhitespace(c.bytes, c.p + expected.length);
        step = expected;
        member = expected.member;
      } else {
        if (c.bytes[c.p] === RBRACE && step !== this.root) {
          c.p++;
          break;
        }
        const found = this.find(c, step);
        if (found === null) break;
        member = found;
        step = this.foundStep;
      }
      if (member.reader === null) c.p = skipValue(c, c.p);
      else if (member.index < 0) member.reader.read(c);
      else this.set(row, member, member.reader.read(c));
    }
    c.depth--;
  }

  private set(row: Value[], member: Member, v: Value): void {
    const { index } = member;
    if (member.exact) {
      row[index] = v;
      this.exactSeen[index] = this.objects;
    } else if (this.exactSeen[index] !== this.objects) row[index] = v;
  }

  /**
   * Goes from step to step while the record has its members as expected and their values are of the usual kind: plain
   * strings, and numbers without sign and exponent, wanted or not. Returns the last step taken; `c.p` is behind its value.
   * All of it is what `read` does in more general ways, here without leaving the loop.
   */
  private readExpected(c: JsonCursor, from: Step, row: Value[]): Step {
    const b = c.bytes;
    const view = c.view;
    const end = c.end;
    const wordsEnd = end - 3;
    const object = this.objects;
    const exactSeen = this.exactSeen;
    let step = from;
    let p = c.p;
    for (;;) {
      const expected = step.next;
      if (expected === null) break;
      let q = p + expected.length;
      if (q > end || !startsWith(view, p, expected)) break;
      let x = b[q]!;
      const op = expected.op;
      if (op <= SKIP_NUMBER) {
        if (x === QUOTE) {
          if (op !== SKIP) break;
          q++;
          while (q < wordsEnd && allPlain(view.getInt32(q, true))) q += 4;
          x = b[q]!;
          while (x !== QUOTE && x !== BACKSLASH && x >= 32) x = b[++q]!;
          if (x !== QUOTE) break;
          q++;
        } else if (x >= 48 && x <= 57) {
          const zero = x === 48;
          x = b[++q]!;
          if (zero && x >= 48 && x <= 57) break;
          while (x >= 48 && x <= 57) x = b[++q]!;
          if (x === DOT) {
            x = b[++q]!;
            if (!(x >= 48 && x <= 57)) break;
            do x = b[++q]!;
            while (x >= 48 && x <= 57);
          }
          if ((x | 0x20) === 0x65 || q - p - expected.length > MAX_NUMBER_LENGTH) break;
        } else break;
      } else {
        const { member } = expected;
        let v: Value;
        if (x === QUOTE) {
          if (op !== TEXT) break;
          const start = ++q;
          let h = 0;
          x = b[q]!;
          while (x !== QUOTE && x !== BACKSLASH && x >= 32) {
            h = (Math.imul(h, 31) + x) | 0;
            x = b[++q]!;
          }
          if (x !== QUOTE) break;
          v = member.strings.getHashed(b, start, q, h);
          q++;
        } else if (x >= 48 && x <= 57 && (op === NUMBER || op === INTEGRAL)) {
          let m = x - 48;
          x = b[++q]!;
          if (m === 0 && x >= 48 && x <= 57) break;
          while (x >= 48 && x <= 57) {
            m = m * 10 + (x - 48);
            x = b[++q]!;
          }
          let decimals = 0;
          if (x === DOT) {
            const point = q;
            x = b[++q]!;
            while (x >= 48 && x <= 57) {
              m = m * 10 + (x - 48);
              x = b[++q]!;
            }
            decimals = q - point - 1;
            if (decimals === 0 || decimals > 22 || op === INTEGRAL) break;
          }
          if (m > member.max || (x | 0x20) === 0x65) break;
          // Two exact doubles: their quotient is rounded correctly, so it is the double nearest to the text.
          v = decimals === 0 ? m : m / POWERS_OF_TEN[decimals]!;
        } else break;
        const { index } = member;
        if (member.exact) {
          row[index] = v;
          exactSeen[index] = object;
        } else if (exactSeen[index] !== object) row[index] = v;
      }
      p = q;
      step = expected;
    }
    c.p = p;
    return step;
  }

  private foundStep: Step = this.lost;

  /**
   * Reads separator, name and colon in any form, and sets `foundStep` to what to go on from; null at the end of the object.
   * `c.p` moves to the value. Learns what followed `before`.
   */
  private find(c: JsonCursor, before: Step): Member | null {
    const b = c.bytes;
    const from = c.p;
    let p = from;
    if (before !== this.root) {
      p = skipWhitespace(b, p);
      if (b[p] === COMMA) p = skipWhitespace(b, p + 1);
      else if (b[p] !== RBRACE) return c.fail("expected ',' or '}'", p);
      else {
        c.p = p + 1;
        return null;
      }
    } else {
      if (b[p] !== LBRACE) return c.fail("expected '{'", p);
      p = skipWhitespace(b, p + 1);
      if (b[p] === RBRACE) {
        c.p = p + 1;
        return null;
      }
    }
    if (b[p] !== QUOTE) return c.fail('expected a name in quotes', p);
    const nameAt = p;
    let h = 0;
    let x = b[++p]!;
    while (x !== QUOTE && x !== BACKSLASH && x >= 32) {
      h = (Math.imul(h, 31) + x) | 0;
      x = b[++p]!;
    }
    const plain = x === QUOTE;
    p = plain ? p + 1 : skipString(c, nameAt);
    let member: Member | undefined;
    if (plain) {
      member = this.table.get(b, nameAt + 1, p - 1, h);
      if (member === undefined) {
        member = this.memberOf(b.toString('utf8', nameAt + 1, p - 1));
        if (!this.table.add(b, nameAt + 1, p - 1, h, member) && member.reader === null) member = UNKNOWN;
      }
    } else {
      c.p = nameAt;
      member = this.memberOf(readString(c));
    }
    p = skipWhitespace(b, p);
    if (b[p] !== COLON) return c.fail("expected ':'", p);
    p = skipWhitespace(b, p + 1);
    c.p = p;
    const learnable = plain && member !== UNKNOWN && p <= c.end && p - from <= MAX_STEP_BYTES;
    this.foundStep = (learnable ? this.learn(c, from, p, before, member) : null) ?? this.lost;
    return member;
  }

  private memberOf(name: string): Member {
    const own = this.byName.get(name);
    const index = own ?? this.byUpperName.get(name.toUpperCase()) ?? -1;
    const field = this.fields[index];
    return newMember(field?.wanted === true ? index : -1, field?.reader ?? null, own !== undefined);
  }

  /** The step to go on from after `member` was found behind `before`, where another or none was expected. */
  private learn(c: JsonCursor, from: number, to: number, before: Step, member: Member): Step | null {
    const stable = before === this.lost || (before.next !== null && ++before.misses < before.patience);
    const known = member.step;
    if (known !== null && stable) return known;
    let step = known;
    if (known === null || known.length !== to - from || !startsWith(c.view, from, known)) {
      if (this.steps >= MAX_STEPS) return known;
      this.steps++;
      step = newStep(member, c.bytes, from, to);
      member.step ??= step;
    }
    if (!stable) {
      if (before.next !== null) before.patience *= 2;
      before.next = step;
      before.misses = 0;
    }
    return step;
  }
}
