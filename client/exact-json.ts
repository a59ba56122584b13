/** A number of JSON that a double cannot hold: its digits. */
export class ExactNumber {
  constructor(readonly text: string) {}
}

/** Text in which a number may have more digits than a double holds. */
const MANY_DIGITS = /[\d.]{16,}/;

/**
 * Parses JSON without losing digits: a number that a double would round comes as `ExactNumber`. Text without long numbers,
 * nearly all there is, goes through JSON.parse.
 */
export function parseExact(text: string): unknown {
  return MANY_DIGITS.test(text) ? new Reader(text).read() : JSON.parse(text);
}

/** Only for text that JSON.parse would take as well; what it would not is left to it to refuse. */
class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  read(): unknown {
    // Refuses what is no JSON: the walk below may then trust every character.
    JSON.parse(this.text);
    return this.value();
  }

  private value(): unknown {
    this.space();
    switch (this.text[this.at]) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private object(): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (this.at++; !this.close('}'); ) {
      const name = this.string();
      this.space();
      this.at++; // the colon
      // A member that is called __proto__ is one like others.
      Object.defineProperty(out, name, { value: this.value(), enumerable: true, configurable: true, writable: true });
    }
    return out;
  }

  private array(): unknown[] {
    const out: unknown[] = [];
    for (this.at++; !this.close(']'); ) out.push(this.value());
    return out;
  }

  /** Steps over a comma; true behind the closing bracket. */
  private close(bracket: string): boolean {
    this.space();
    if (this.text[this.at] === ',') {
      this.at++;
      this.space();
    }
    if (this.text[this.at] !== bracket) return false;
    this.at++;
    return true;
  }

  private string(): string {
    const start = this.at++;
    while (this.text[this.at] !== '"') this.at += this.text[this.at] === '\\' ? 2 : 1;
    return JSON.parse(this.text.slice(start, ++this.at)) as string;
  }

  private number(): number | ExactNumber {
    const digits = /-?[\d.]+(?:[eE][-+]?\d+)?/y;
    digits.lastIndex = this.at;
    const [text] = digits.exec(this.text)!;
    this.at = digits.lastIndex;
    // 15 significant digits always survive a double.
    return text.replace(/[eE].*/, '').replace(/\D/g, '').length <= 15 ? Number(text) : new ExactNumber(text);
  }

  private word<T>(word: string, value: T): T {
    this.at += word.length;
    return value;
  }

  private space(): void {
    while (' \n\r\t'.includes(this.text[this.at] ?? 'x')) this.at++;
  }
}
