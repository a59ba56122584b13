/** SQL types as the API spells them, e.g. ``ARRAY<STRUCT<`A` INTEGER, `B` DECIMAL(10, 2)>>``. */
export type SqlType =
  | { readonly kind: Exclude<ScalarKind, 'DECIMAL'> }
  | { readonly kind: 'DECIMAL'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'ARRAY'; readonly element: SqlType }
  | { readonly kind: 'MAP'; readonly key: SqlType; readonly value: SqlType }
  | { readonly kind: 'STRUCT'; readonly fields: readonly StructField[] };

export interface StructField {
  readonly name: string;
  readonly type: SqlType;
}

export type ScalarKind = (typeof SCALARS)[number];

const SCALARS = [
  'BOOLEAN',
  'INTEGER',
  'BIGINT',
  'DOUBLE',
  'DECIMAL',
  'STRING',
  'BYTES',
  'DATE',
  'TIME',
  'TIMESTAMP',
] as const;

const ALIASES: Readonly<Record<string, ScalarKind>> = { INT: 'INTEGER', VARCHAR: 'STRING' };

/** Throws where the text is no type. */
export function parseType(text: string): SqlType {
  const parser = new TypeParser(text);
  const type = parser.type();
  parser.end();
  return type;
}

class TypeParser {
  private at = 0;

  constructor(private readonly text: string) {}

  type(): SqlType {
    const name = this.word().toUpperCase();
    if (name === 'ARRAY') {
      this.expect('<');
      const element = this.type();
      this.expect('>');
      return { kind: 'ARRAY', element };
    }
    if (name === 'MAP') {
      this.expect('<');
      const key = this.type();
      this.expect(',');
      const value = this.type();
      this.expect('>');
      return { kind: 'MAP', key, value };
    }
    if (name === 'STRUCT') return { kind: 'STRUCT', fields: this.fields() };
    const kind = ALIASES[name] ?? SCALARS.find((s) => s === name);
    if (kind === undefined) throw this.wrong();
    if (kind !== 'DECIMAL') return { kind };
    this.expect('(');
    const precision = Number(this.word());
    this.expect(',');
    const scale = Number(this.word());
    this.expect(')');
    return { kind, precision, scale };
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) throw this.wrong();
  }

  private fields(): readonly StructField[] {
    const fields: StructField[] = [];
    this.expect('<');
    while (!this.take('>')) {
      if (fields.length > 0) this.expect(',');
      fields.push({ name: this.name(), type: this.type() });
    }
    return fields;
  }

  /** A field's name: in back quotes, which are doubled inside, or a plain word. */
  private name(): string {
    this.space();
    if (this.text[this.at] !== '`') return this.word();
    const quoted = /`((?:[^`]|``)*)`/y;
    quoted.lastIndex = this.at;
    const match = quoted.exec(this.text);
    if (match === null) throw this.wrong();
    this.at = quoted.lastIndex;
    return match[1]!.replaceAll('``', '`');
  }

  private word(): string {
    this.space();
    const word = /\w+/y;
    word.lastIndex = this.at;
    const match = word.exec(this.text);
    if (match === null) throw this.wrong();
    this.at = word.lastIndex;
    return match[0];
  }

  private take(token: string): boolean {
    this.space();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private expect(token: string): void {
    if (!this.take(token)) throw this.wrong();
  }

  private space(): void {
    while (this.text[this.at] === ' ') this.at++;
  }

  private wrong(): Error {
    return new Error(`No SQL type: ${this.text} (at ${this.at})`);
  }
}
