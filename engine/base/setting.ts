import { WeirError } from './errors.js';
import type { Properties } from './properties.js';

/** The values that a setting can have, and how they are written. */
export interface SettingType<T> {
  /** Undefined: the text is none of them. */
  parse(text: string): T | undefined;
  /** Goes behind "must be". */
  readonly must: string;
  /** Left out: as String does. */
  print?(value: T): string;
  /** An empty text says nothing: the default holds. */
  readonly emptyIsUnset?: boolean;
}

/** Any text; an empty one is as good as none. */
export const text: SettingType<string> = { parse: (t) => t, must: 'a text', emptyIsUnset: true };

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

export const boolean: SettingType<boolean> = {
  parse: (t) => BOOLEANS.get(t.trim().toLowerCase()),
  must: `one of ${[...BOOLEANS.keys()].join(', ')}`,
};

export interface Range {
  /** Left out: 0. */
  readonly least?: number;
  readonly most?: number;
  /** What is counted: 'bytes'. */
  readonly of?: string;
}

export function whole({ least = 0, most = Number.MAX_SAFE_INTEGER, of }: Range = {}): SettingType<number> {
  const unit = of === undefined ? '' : ` of ${of}`;
  const from = least > 0 || least === -1 ? ` from ${least} on` : '';
  return {
    parse: (t) => {
      const n = /^-?\d+$/.test(t.trim()) ? Number(t) : Number.NaN;
      return Number.isSafeInteger(n) && n >= least && n <= most ? n : undefined;
    },
    must: `a whole number${unit}${most < Number.MAX_SAFE_INTEGER ? ` from ${least} to ${most}` : from}`,
  };
}

export const milliseconds = whole({ of: 'milliseconds' });
/** Of a timer, which takes no longer. */
export const timeout = whole({ of: 'milliseconds', most: 2 ** 31 - 1 });
export const bytes = whole({ of: 'bytes' });

/** Whole numbers of 64 bits. */
export const long: SettingType<bigint> = {
  parse: (t) => (/^\d{1,19}$/.test(t.trim()) ? BigInt(t.trim()) : undefined),
  must: 'a whole number',
};

export const oneOf = <const V extends readonly string[]>(...values: V): SettingType<V[number]> => ({
  parse: (t) => values.find((v) => v.toLowerCase() === t.trim().toLowerCase()),
  must: `one of ${values.join(', ')}`,
});

/** Texts, separated by commas. */
export const list: SettingType<readonly string[]> = {
  parse: (t) =>
    t
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  must: 'texts, separated by commas',
  print: (values) => values.join(','),
  emptyIsUnset: true,
};

export interface SettingOptions {
  /** Other names of it, which count more than its own where both are set: Kafka's newer ones, or narrower ones. */
  readonly aliases?: readonly string[];
  /** It is read at the start: SET and ALTER SYSTEM do not change it. */
  readonly fixed?: boolean;
  /** It is no part of the reference. */
  readonly hidden?: boolean;
  /** No message, statement or answer shows its value. */
  readonly secret?: boolean;
}

/** One setting, and the only way to its value: what it is without being set stands here alone. */
export class Setting<T> {
  /** The names under which it may be set; the first counts most. */
  readonly names: readonly string[];

  constructor(
    readonly name: string,
    private readonly type: SettingType<NonNullable<T>>,
    private readonly fallback: T,
    readonly description: string,
    readonly options: SettingOptions,
  ) {
    this.names = [...(options.aliases ?? []), name];
  }

  /** The value in force. @throws BAD_REQUEST for a text that is no value of it */
  of(properties: Properties): T {
    return this.given(properties) ?? this.fallback;
  }

  /** Undefined: it is not set. @throws BAD_REQUEST for a text that is no value of it */
  given(properties: Properties): NonNullable<T> | undefined {
    for (const name of this.names) {
      const set = properties[name] ?? properties[STREAMS + name];
      if (set === undefined || (this.type.emptyIsUnset === true && String(set).trim() === '')) continue;
      const value = this.type.parse(String(set));
      if (value === undefined) throw this.invalid(name, String(set));
      return value;
    }
    return undefined;
  }

  /** What is wrong with a text ("must be …"); undefined: nothing. */
  problem(set: string): string | undefined {
    if (this.type.emptyIsUnset === true && set.trim() === '') return undefined;
    return this.type.parse(set) === undefined ? `must be ${this.type.must}` : undefined;
  }

  invalid(name: string, set: string): WeirError {
    return new WeirError(
      'BAD_REQUEST',
      `Invalid value${isSecret(name) ? '' : ` ${set}`} for property ${name}: it must be ${this.type.must}.`,
      this.description,
    );
  }

  /** Null: it has none. */
  get default(): string | null {
    if (this.fallback === null || this.fallback === undefined) return null;
    return this.type.print?.(this.fallback) ?? String(this.fallback);
  }
}

/** Declares a setting. Null or undefined as its default: without being set it has no value. */
export const setting = <T, D extends T | null | undefined>(
  name: string,
  type: SettingType<T>,
  fallback: D,
  description: string,
  options: SettingOptions = {},
): Setting<T | D> => new Setting<T | D>(name, type as SettingType<NonNullable<T | D>>, fallback, description, options);

/** Settings by the names that code has for them. */
export type SettingGroup = Readonly<Record<string, Setting<unknown>>>;

export type SettingValues<G> = { readonly [K in keyof G]: G[K] extends Setting<infer T> ? T : never };

/** The values in force of a group. @throws BAD_REQUEST for a text that is no value of its setting */
export const valuesOf = <G extends SettingGroup>(group: G, properties: Properties): SettingValues<G> =>
  Object.fromEntries(Object.entries(group).map(([key, s]) => [key, s.of(properties)])) as SettingValues<G>;

/** The values of those settings of a group that are set. @throws BAD_REQUEST for a text that is no value of its setting */
export const givenOf = <G extends SettingGroup>(group: G, properties: Properties): Partial<SettingValues<G>> =>
  Object.fromEntries(
    Object.entries(group).flatMap(([key, s]) => {
      const value = s.given(properties);
      return value === undefined ? [] : [[key, value]];
    }),
  ) as Partial<SettingValues<G>>;

const STREAMS = 'ksql.streams.';

/** `ksql.streams.auto.offset.reset` and `auto.offset.reset` are one setting. */
export const withoutPrefix = (name: string): string => (name.startsWith(STREAMS) ? name.slice(STREAMS.length) : name);

/** Settings whose values no message shows. */
export const isSecret = (name: string): boolean => /auth|password|user|jaas|secret|key/.test(name);
