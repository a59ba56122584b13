import {
  array,
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  printType,
  type SqlType,
  STRING,
  struct,
  TIME,
  TIMESTAMP,
} from '../values/sql-type.js';

/**
 * The signature text of a function, e.g. `SUBSTRING(str STRING, pos INT) -> STRING`: the one place where its parameters
 * and result are written down.
 *
 * - a parameter is `[init] [name] TYPE[...]`; names begin in lower case, `...` makes it variadic, `init` (aggregates)
 *   marks a constant that is fixed when the query starts;
 * - a single upper-case letter is a type variable: it stands for the same type throughout, without any coercion;
 * - `DECIMAL` without parameters is a DECIMAL of any precision, `STRUCT` a struct of any fields, `ANY` any type at all;
 * - `LAMBDA(T, U) => V` is a lambda, `INTERVALUNIT` a bare unit such as DAYS.
 */
export type SigType =
  | { readonly kind: 'type'; readonly type: SqlType }
  | { readonly kind: 'var'; readonly name: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'anyDecimal' }
  | { readonly kind: 'anyStruct' }
  | { readonly kind: 'array'; readonly element: SigType }
  | { readonly kind: 'map'; readonly key: SigType; readonly value: SigType }
  | { readonly kind: 'lambda'; readonly params: readonly SigType[]; readonly result: SigType }
  | { readonly kind: 'unit' };

export interface SigParam {
  readonly name: string | null;
  readonly type: SigType;
  readonly variadic: boolean;
  readonly init: boolean;
}

export interface Signature {
  readonly name: string;
  readonly params: readonly SigParam[];
  readonly returns: SigType;
  /** The canonical text without parameter names: unique in the registry, kept in plans. */
  readonly text: string;
}

const PRIMITIVES: Readonly<Record<string, SqlType>> = {
  BOOLEAN,
  INT: INTEGER,
  INTEGER,
  BIGINT,
  DOUBLE,
  STRING,
  VARCHAR: STRING,
  BYTES,
  DATE,
  TIME,
  TIMESTAMP,
};

const TOKEN = /\s*(->|=>|\.\.\.|[(),<>]|[A-Za-z_][A-Za-z_0-9]*|[0-9]+)/y;

class Reader {
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(private readonly source: string) {
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < source.trimEnd().length) {
      const m = TOKEN.exec(source);
      if (m === null) this.fail();
      this.tokens.push(m[1]!);
    }
  }

  peek(ahead = 0): string | undefined {
    return this.tokens[this.at + ahead];
  }
  next(): string {
    const t = this.tokens[this.at++];
    if (t === undefined) this.fail();
    return t;
  }
  accept(t: string): boolean {
    if (this.peek() !== t) return false;
    this.at++;
    return true;
  }
  expect(t: string): void {
    if (!this.accept(t)) this.fail();
  }
  fail(): never {
    throw new Error(`bad signature: ${this.source}`);
  }
  end(): void {
    if (this.at < this.tokens.length) this.fail();
  }
}

function readType(r: Reader): SigType {
  const t = r.next();
  const primitive = PRIMITIVES[t];
  if (primitive !== undefined) return { kind: 'type', type: primitive };
  switch (t) {
    case 'ANY':
      return { kind: 'any' };
    case 'INTERVALUNIT':
      return { kind: 'unit' };
    case 'DECIMAL': {
      if (!r.accept('(')) return { kind: 'anyDecimal' };
      const precision = Number(r.next());
      r.expect(',');
      const scale = Number(r.next());
      r.expect(')');
      return { kind: 'type', type: decimal(precision, scale) };
    }
    case 'ARRAY': {
      r.expect('<');
      const element = readType(r);
      r.expect('>');
      return element.kind === 'type' ? { kind: 'type', type: array(element.type) } : { kind: 'array', element };
    }
    case 'MAP': {
      r.expect('<');
      const key = readType(r);
      r.expect(',');
      const value = readType(r);
      r.expect('>');
      return key.kind === 'type' && value.kind === 'type'
        ? { kind: 'type', type: map(key.type, value.type) }
        : { kind: 'map', key, value };
    }
    case 'STRUCT': {
      if (!r.accept('<')) return { kind: 'anyStruct' };
      const fields: { name: string; type: SqlType }[] = [];
      do {
        const name = r.next();
        const type = readType(r);
        if (type.kind !== 'type') r.fail();
        fields.push({ name, type: type.type });
      } while (r.accept(','));
      r.expect('>');
      return { kind: 'type', type: struct(fields) };
    }
    case 'LAMBDA': {
      r.expect('(');
      const params = [readType(r)];
      while (r.accept(',')) params.push(readType(r));
      r.expect(')');
      r.expect('=>');
      return { kind: 'lambda', params, result: readType(r) };
    }
    default:
      if (/^[A-Z]$/.test(t)) return { kind: 'var', name: t };
      return r.fail();
  }
}

/** Throws a plain Error on a malformed text: a fault of the declaration, found when the registry is built. */
export function parseSignature(source: string): Signature {
  const r = new Reader(source);
  const name = r.next();
  r.expect('(');
  const params: SigParam[] = [];
  if (!r.accept(')')) {
    do {
      const init = r.peek() === 'init' && r.peek(1) !== ',' && r.accept('init');
      const named = /^[a-z]/.test(r.peek() ?? '') ? r.next() : null;
      const type = readType(r);
      params.push({ name: named, type, init, variadic: r.accept('...') });
    } while (r.accept(','));
    r.expect(')');
  }
  r.expect('->');
  const returns = readType(r);
  r.end();
  if (params.filter((p) => p.variadic).length > 1) r.fail();
  const text = `${name}(${params.map((p) => printParam(p)).join(', ')}) -> ${printSigType(returns)}`;
  return { name, params, returns, text };
}

const printParam = (p: SigParam): string => `${p.init ? 'init ' : ''}${printSigType(p.type)}${p.variadic ? '...' : ''}`;

export function printSigType(t: SigType): string {
  switch (t.kind) {
    case 'type':
      return printType(t.type);
    case 'var':
      return t.name;
    case 'any':
      return 'ANY';
    case 'anyDecimal':
      return 'DECIMAL';
    case 'anyStruct':
      return 'STRUCT';
    case 'array':
      return `ARRAY<${printSigType(t.element)}>`;
    case 'map':
      return `MAP<${printSigType(t.key)}, ${printSigType(t.value)}>`;
    case 'lambda':
      return `LAMBDA (${t.params.map(printSigType).join(', ')}) => ${printSigType(t.result)}`;
    case 'unit':
      return 'INTERVALUNIT';
  }
}

/** `substring(STRING str, INTEGER pos)`: how an alternative is shown to users. */
export function printAlternative(s: Signature, name = s.name): string {
  const params = s.params.map(
    (p) => `${printSigType(p.type)}${p.variadic ? '...' : ''}${p.name === null ? '' : ` ${p.name}`}`,
  );
  return `${name}(${params.join(', ')})`;
}
