import { EvaluationError } from '../../../values/evaluation-error.js';
import { type CodePoints, classText, complement, foldCase, intersection, literal, union } from './code-points.js';
import { LINE_ENDS, property, shorthand } from './properties.js';

/*
 * From java.util.regex's syntax to RE2's. What RE2 has under another name or can express is rewritten, what it cannot is
 * refused by name: nothing is read as something else.
 *
 * RE2 does not look ahead. Where nothing but the end of the pattern follows, a look-ahead is matched as a group of its
 * own, the tail, and the match is then cut off where it begins: that is how `$` stands before a last line end, too.
 */
export interface Translated {
  /** In RE2's syntax. */
  readonly source: string;
  /** RE2's number of each group of the pattern, from group 0 on. */
  readonly groups: readonly number[];
  /** By the pattern's numbers: groups within a tail, which are not cut off. */
  readonly insideTail: ReadonlySet<number>;
  /** RE2's numbers of the tails: where one of them took part, the match ends at its start. */
  readonly tails: readonly number[];
  readonly names: ReadonlyMap<string, number>;
  readonly lookbehind: boolean;
}

/** What is put together at last, when it is known what follows. */
type Piece =
  | string
  | { readonly kind: 'group'; readonly number: number }
  /** `$`: a tail, or the strict end where the pattern goes on with what could be a line end. */
  | { readonly kind: 'end'; readonly lineEnd: string; strict: boolean }
  | { readonly kind: 'ahead'; readonly pieces: readonly Piece[] };

/** What is right only as long as certain things do not follow. */
interface Open {
  /** Throws, or takes note, where something follows that begins with one of `next`, or with anything. */
  follow(next: CodePoints | undefined): void;
}

interface Flags {
  readonly i: boolean;
  readonly u: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly d: boolean;
  readonly x: boolean;
}

/** What stands in a group. */
interface Body {
  readonly pieces: readonly Piece[];
  readonly open: readonly Open[];
  readonly set: CodePoints | undefined;
  readonly optional: boolean;
}

interface Atom {
  readonly pieces: readonly Piece[];
  /** The characters with which it can begin; undefined where that is not known. */
  readonly set?: CodePoints | undefined;
  /** It can match nothing, so that what follows it can come in its place. */
  readonly optional?: boolean;
  /** An assertion takes no characters. */
  readonly empty?: boolean;
  readonly open?: readonly Open[];
}

const NO_FLAGS: Flags = { i: false, u: false, m: false, s: false, d: false, x: false };
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };
const ANY_LINE_END = '\\r\\n|[\\n\\r\\x{85}\\x{2028}\\x{2029}]';
const MAX_DEPTH = 200;

export function translate(pattern: string): Translated {
  const parser = new Parser(pattern);
  const { pieces } = parser.alternatives(NO_FLAGS, 0);
  if (!parser.finished) parser.fail("an unmatched ')'");
  return assemble(pieces, parser);
}

function assemble(all: readonly Piece[], parser: Parser): Translated {
  const groups = [0];
  const tails: number[] = [];
  const insideTail = new Set<number>();
  let count = 0;
  const print = (pieces: readonly Piece[], inside: boolean): string =>
    pieces
      .map((p) => {
        if (typeof p === 'string') return p;
        if (p.kind === 'end') {
          if (p.strict) return '\\z';
          tails.push(++count);
          return `(?:(${p.lineEnd})?\\z)`;
        }
        count++;
        if (p.kind === 'ahead') {
          tails.push(count);
          return `(${print(p.pieces, true)})`;
        }
        groups[p.number] = count;
        if (inside) insideTail.add(p.number);
        return '(';
      })
      .join('');
  const source = print(all, false);
  return { source, groups, insideTail, tails, names: parser.names, lookbehind: parser.lookbehind };
}

class Parser {
  private at = 0;
  private groups = 0;
  private readonly chars: readonly string[];
  readonly names = new Map<string, number>();
  lookbehind = false;

  constructor(private readonly pattern: string) {
    this.chars = [...unquoted(pattern)];
  }

  get finished(): boolean {
    return this.at >= this.chars.length;
  }

  fail(what: string): never {
    throw new EvaluationError(`Invalid regular expression: ${what} in '${shown(this.pattern)}'`);
  }

  private unsupported(what: string, instead = ''): never {
    throw new EvaluationError(
      `Regular expressions run in time linear in the text and have no ${what}: '${shown(this.pattern)}'.${instead}`,
    );
  }

  private looksAt(text: string): boolean {
    return this.chars.slice(this.at, this.at + text.length).join('') === text;
  }

  private accept(text: string): boolean {
    if (!this.looksAt(text)) return false;
    this.at += text.length;
    return true;
  }

  /** Up to a closing text, which is taken too. */
  private upTo(end: string, what: string): string {
    const from = this.at;
    while (!this.finished && this.chars[this.at] !== end) this.at++;
    if (this.finished) this.fail(what);
    return this.chars.slice(from, this.at++).join('');
  }

  private skipComments(flags: Flags): void {
    while (flags.x && !this.finished) {
      if (/[ \t\n\v\f\r]/.test(this.chars[this.at]!)) this.at++;
      else if (this.chars[this.at] === '#') while (!this.finished && this.chars[this.at] !== '\n') this.at++;
      else return;
    }
  }

  /** Up to the end or the group's bracket. */
  alternatives(start: Flags, depth: number): Body {
    if (depth > MAX_DEPTH) this.fail('too deep a nesting');
    const pieces: Piece[] = [];
    const open: Open[] = [];
    let flags = start;
    let last: Open[] = [];
    /** With what the alternatives can begin, and whether this one can still be empty. */
    let set: CodePoints | undefined = [];
    let empty = true;
    let optional = false;
    for (;;) {
      this.skipComments(flags);
      if (this.finished || this.looksAt(')')) break;
      if (this.accept('|')) {
        pieces.push('|');
        open.push(...last);
        last = [];
        optional ||= empty;
        empty = true;
        continue;
      }
      const changed = this.inlineFlags(flags);
      if (changed !== undefined) {
        flags = changed;
        continue;
      }
      const atom = this.quantified(this.atom(flags, depth), flags);
      for (const o of last) o.follow(atom.set);
      const passes = atom.empty === true || atom.optional === true;
      if (!passes) last = [];
      if (empty && atom.empty !== true) set = set && atom.set && union(set, atom.set);
      empty &&= passes;
      last.push(...(atom.open ?? []));
      pieces.push(...atom.pieces);
    }
    return { pieces, open: [...open, ...last], set, optional: optional || empty };
  }

  /** `(?i)`: flags from here to the end of the group. */
  private inlineFlags(flags: Flags): Flags | undefined {
    const m = /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?\)/.exec(this.chars.slice(this.at, this.at + 24).join(''));
    if (m === null) return undefined;
    this.at += m[0].length;
    return this.withFlags(flags, m[1]!, m[2] ?? '');
  }

  private withFlags(flags: Flags, on: string, off: string): Flags {
    const out = { ...flags };
    for (const [letters, value] of [
      [on, true],
      [off, false],
    ] as const) {
      for (const c of letters) {
        if (c === 'U') this.unsupported('flag U', ' Name the class: \\p{IsAlphabetic} instead of \\w.');
        if (!(c in out)) this.fail(`an unknown flag '${c}'`);
        out[c as keyof Flags] = value;
      }
    }
    return out;
  }

  private atom(flags: Flags, depth: number): Atom {
    const c = this.chars[this.at++]!;
    switch (c) {
      case '(':
        return this.group(flags, depth);
      case '[':
        return this.ofSet(this.charClass(flags, 0));
      case '.':
        return this.ofSet(flags.s ? complement([]) : complement(flags.d ? [[10, 10]] : LINE_ENDS));
      case '^':
        return { pieces: [flags.m ? '(?m:^)' : '\\A'], empty: true };
      case '$':
        return flags.m ? { pieces: ['(?m:$)'], empty: true } : this.end(flags);
      case '\\':
        return this.escape(flags);
      case '*':
      case '+':
      case '?':
        return this.fail(`nothing before the '${c}'`);
      case '{':
        return this.fail("nothing before the '{'");
      default:
        return this.ofCharacter(c.codePointAt(0)!, flags);
    }
  }

  private readonly ofSet = (set: CodePoints): Atom => ({ pieces: [classText(set)], set });

  private ofCharacter(c: number, flags: Flags): Atom {
    const set: CodePoints = [[c, c]];
    return flags.i ? this.ofSet(foldCase(set, flags.u)) : { pieces: [literal(c)], set };
  }

  private end(flags: Flags): Atom {
    const piece = { kind: 'end' as const, lineEnd: flags.d ? '\\n' : ANY_LINE_END, strict: false };
    const follow = (next: CodePoints | undefined): void => {
      if (next === undefined || intersection(next, LINE_ENDS).length > 0) piece.strict = true;
    };
    return { pieces: [piece], set: LINE_ENDS, empty: true, open: [{ follow }] };
  }

  private group(flags: Flags, depth: number): Atom {
    const body = (inner: Flags) => {
      const found = this.alternatives(inner, depth + 1);
      if (!this.accept(')')) this.fail("a missing ')'");
      return found;
    };
    const capturing = (): Atom => {
      const number = ++this.groups;
      const { pieces, ...rest } = body(flags);
      return { pieces: [{ kind: 'group', number }, ...pieces, ')'], ...rest };
    };
    const plain = (inner: Flags): Atom => {
      const { pieces, ...rest } = body(inner);
      return { pieces: ['(?:', ...pieces, ')'], ...rest };
    };
    if (!this.accept('?')) return capturing();
    if (this.accept(':')) return plain(flags);
    if (this.accept('=')) return this.ahead(body(flags).pieces);
    if (this.accept('!')) return this.unsupported('negative look-ahead (?!…)');
    if (this.accept('>')) {
      const atom = plain(flags);
      return { ...atom, open: [...(atom.open ?? []), this.possessive('atomic group (?>…)', undefined)] };
    }
    for (const sign of ['<=', '<!']) {
      if (!this.accept(sign)) continue;
      const groups = this.groups;
      const { pieces, open } = body(flags);
      for (const o of open) o.follow(undefined);
      if (this.groups > groups) this.unsupported('capturing group within a look-behind', ' Write (?:…).');
      this.lookbehind = true;
      return { pieces: [`(?${sign}`, ...pieces, ')'], empty: true };
    }
    if (this.accept('<')) {
      const name = this.upTo('>', "a group's name without its '>'");
      if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) this.fail(`a group with the name '${name}'`);
      if (this.names.has(name)) this.fail(`two groups with the name '${name}'`);
      this.names.set(name, this.groups + 1);
      return capturing();
    }
    const m = /^([a-zA-Z]*)(?:-([a-zA-Z]*))?:/.exec(this.chars.slice(this.at, this.at + 24).join(''));
    if (m === null) this.fail(`an unknown group '(?${this.chars[this.at] ?? ''}'`);
    this.at += m![0].length;
    return plain(this.withFlags(flags, m![1]!, m![2] ?? ''));
  }

  private ahead(pieces: readonly Piece[]): Atom {
    const follow = (): never => this.unsupported('look-ahead (?=…) but at the end of the pattern');
    return { pieces: [{ kind: 'ahead', pieces }], empty: true, open: [{ follow }] };
  }

  /** Never giving back matters only where what follows could have taken it. */
  private possessive(what: string, set: CodePoints | undefined): Open {
    return {
      follow: (next) => {
        if (set === undefined || next === undefined || intersection(set, next).length > 0) this.unsupported(what);
      },
    };
  }

  private quantified(atom: Atom, flags: Flags): Atom {
    this.skipComments(flags);
    const c = this.chars[this.at];
    let text: string;
    if (c === '*' || c === '+' || c === '?') {
      text = c;
      this.at++;
    } else if (c === '{') {
      const m = /^\{\d+(?:,\d*)?\}/.exec(this.chars.slice(this.at, this.at + 32).join(''));
      if (m === null) this.fail("a '{' without numbers");
      text = m![0];
      this.at += text.length;
      const [least, most] = text.slice(1, -1).split(',').map(Number);
      if (most !== undefined && text.at(-2) !== ',' && most < least!) this.fail(`the repetition ${text}`);
      if (Math.max(least!, most ?? 0) > 1000) this.unsupported(`repetition ${text} of more than 1000`);
    } else return atom;
    const once = text === '?' || text === '{1}' || text === '{0,1}';
    if (!once) for (const o of atom.open ?? []) o.follow(undefined);
    const result: Atom = {
      ...atom,
      pieces: ['(?:', ...atom.pieces, ')', text],
      optional: atom.optional === true || /^(?:[*?]|\{0)/.test(text),
    };
    if (this.accept('?')) return { ...result, pieces: [...result.pieces, '?'] };
    if (this.accept('+')) {
      return { ...result, open: [...(result.open ?? []), this.possessive(`possessive ${text}+`, atom.set)] };
    }
    return result;
  }

  private escape(flags: Flags): Atom {
    if (this.finished) this.fail('a backslash at the end');
    const c = this.chars[this.at]!;
    if (/[1-9]/.test(c)) this.unsupported(`back-reference \\${c}`);
    switch (c) {
      case 'k':
        return this.unsupported('back-reference \\k<…>');
      case 'A':
        this.at++;
        return { pieces: ['\\A'], empty: true };
      case 'z':
        this.at++;
        return { pieces: ['\\z'], set: [], empty: true };
      case 'Z':
        this.at++;
        return this.end(flags);
      case 'b':
      case 'B':
        this.at++;
        if (this.looksAt('{')) this.unsupported('boundary \\b{g}');
        return { pieces: [`\\${c}`], empty: true };
      case 'R':
        this.at++;
        return { pieces: ['(?:\\r\\n|[\\n\\v\\f\\r\\x{85}\\x{2028}\\x{2029}])'] };
      case 'G':
        return this.unsupported('\\G');
      case 'X':
        return this.unsupported('\\X');
      default: {
        const set = this.named();
        if (set !== undefined) return this.ofSet(flags.i ? foldCase(set, flags.u) : set);
        return this.ofCharacter(this.character(), flags);
      }
    }
  }

  /** Behind a backslash: `\d`, `\p{L}`. */
  private named(): CodePoints | undefined {
    const c = this.chars[this.at]!;
    const set = shorthand(c);
    if (set !== undefined) {
      this.at++;
      return set;
    }
    if (c !== 'p' && c !== 'P') return undefined;
    this.at++;
    const name = this.accept('{') ? this.upTo('}', "a property without its '}'") : (this.chars[this.at++] ?? '');
    if (/^In|^bl(?:oc)?k=/.test(name))
      this.unsupported(`block \\p{${name}}`, ' Name the script: \\p{IsGreek}, or the range: [\\u0370-\\u03FF].');
    const found = property(name) ?? this.fail(`an unknown property \\p{${name}}`);
    return c === 'P' ? complement(found) : found;
  }

  /** Behind a backslash: `\n`, `\x41`, `\.`. */
  private character(): number {
    const c = this.chars[this.at++]!;
    const digits = (re: RegExp): string => {
      const m = re.exec(this.chars.slice(this.at, this.at + 12).join(''));
      if (m === null) this.fail(`an incomplete \\${c}`);
      this.at += m![0].length;
      return m![1]!;
    };
    if (Object.hasOwn(CONTROLS, c)) return CONTROLS[c]!;
    switch (c) {
      case '0':
        return Number.parseInt(digits(/^([0-3][0-7]{2}|[0-7]{1,2})/), 8);
      case 'x': {
        const code = Number.parseInt(digits(this.looksAt('{') ? /^\{([0-9A-Fa-f]+)\}/ : /^([0-9A-Fa-f]{2})/), 16);
        if (code > 0x10ffff) this.fail('a code point beyond 10FFFF');
        return code;
      }
      case 'u': {
        const unit = Number.parseInt(digits(/^([0-9A-Fa-f]{4})/), 16);
        const low = /^\\u(d[c-f][0-9a-f]{2})/i.exec(this.chars.slice(this.at, this.at + 6).join(''));
        if (unit < 0xd800 || unit > 0xdbff || low === null) return unit;
        this.at += 6;
        return 0x10000 + (unit - 0xd800) * 0x400 + (Number.parseInt(low[1]!, 16) - 0xdc00);
      }
      case 'c':
        if (this.finished) this.fail('an incomplete \\c');
        return this.chars[this.at++]!.codePointAt(0)! ^ 64;
      default:
        if (/[A-Za-z]/.test(c)) this.fail(`an unknown escape \\${c}`);
        return c.codePointAt(0)!;
    }
  }

  /** Behind a `[`: unions and intersections of ranges and classes. */
  private charClass(flags: Flags, depth: number): CodePoints {
    if (depth > MAX_DEPTH) this.fail('too deep a nesting');
    const negated = this.accept('^');
    let result: CodePoints | undefined;
    let part: CodePoints[] = [];
    let first = true;
    const close = (): CodePoints => {
      const right = union(...part);
      return result === undefined ? right : part.length === 0 ? result : intersection(result, right);
    };
    for (;;) {
      if (flags.x) while (/^[ \t\n\v\f\r]$/.test(this.chars[this.at] ?? '')) this.at++;
      if (this.finished) this.fail("a '[' without its ']'");
      if (!first && this.accept(']')) break;
      if (this.accept('&&')) {
        result = close();
        part = [];
      } else if (this.accept('[')) part.push(this.charClass(flags, depth + 1));
      else part.push(this.classItem(flags));
      first = false;
    }
    const set = close();
    return negated ? complement(set) : set;
  }

  private classItem(flags: Flags): CodePoints {
    const fold = (set: CodePoints) => (flags.i ? foldCase(set, flags.u) : set);
    if (this.looksAt('\\')) {
      this.at++;
      if (this.finished) this.fail('a backslash at the end');
      const set = this.named();
      if (set !== undefined) return fold(set);
      this.at--;
    }
    const from = this.classCharacter();
    const next = this.chars[this.at + 1];
    if (!this.looksAt('-') || next === undefined || next === ']' || next === '[') return fold([[from, from]]);
    this.at++;
    const to = this.classCharacter();
    if (to < from) this.fail('a range that goes backwards');
    return fold([[from, to]]);
  }

  private classCharacter(): number {
    return this.accept('\\') ? this.character() : this.chars[this.at++]!.codePointAt(0)!;
  }
}

/** What stands between \Q and \E, or the end, with a backslash before each character that needs one. */
const unquoted = (pattern: string): string =>
  pattern.replace(/\\Q(.*?)(?:\\E|$)|\\./gsu, (all, quoted: string | undefined) =>
    quoted === undefined ? all : quoted.replace(/[^A-Za-z0-9]/gu, (c) => `\\${c}`),
  );

const shown = (pattern: string): string => (pattern.length > 60 ? `${pattern.slice(0, 60)}…` : pattern);
