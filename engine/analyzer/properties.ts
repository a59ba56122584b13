import type { Property } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import { WeirError } from '../base/errors.js';
import type { WindowType } from '../catalog/index.js';
import { type Format, type FormatOption, NAMED_FORMATS } from '../formats/index.js';
import type { FormatRef, KeyWindow } from '../plan/topology.js';
import { didYouMean, fail } from './errors.js';

/** What a WITH clause says, values checked one by one; whether they go together is for whoever uses them. */
export interface WithProperties {
  readonly topic: string | undefined;
  readonly keyFormat: string | undefined;
  readonly valueFormat: string | undefined;
  readonly partitions: number | undefined;
  readonly replicas: number | undefined;
  readonly retentionMs: number | undefined;
  readonly queryId: string | undefined;
  readonly timestamp: string | undefined;
  readonly timestampFormat: string | undefined;
  readonly windowType: WindowType | undefined;
  readonly windowSizeMs: number | undefined;
  readonly wrapSingle: boolean | undefined;
  readonly keySchemaId: number | undefined;
  readonly valueSchemaId: number | undefined;
  /** Properties of the key's and the value's format by the names that formats know: delimiter, fullSchemaName… */
  readonly keyOptions: Readonly<Record<string, string>>;
  readonly valueOptions: Readonly<Record<string, string>>;
  /** Where a property stands, for errors. */
  span(name: string): Span | undefined;
}

type Context = 'source' | 'sink' | 'insert';

const SOURCE_ONLY = ['WINDOW_TYPE', 'WINDOW_SIZE', 'SOURCED_BY_CONNECTOR'];

interface OptionProperty {
  readonly side: 'key' | 'value';
  /** What FormatRefs call it. */
  readonly name: string;
  readonly option: FormatOption;
}

/** What a WITH clause can say of formats, by the property that says it. */
const FORMAT_OPTIONS: ReadonlyMap<string, OptionProperty> = new Map(
  NAMED_FORMATS.flatMap((format) =>
    Object.entries(format.options).flatMap(([name, option]) =>
      [`KEY_${option.property}`, `VALUE_${option.property}`, ...(option.aliases ?? [])].map((property) => {
        const side = property.startsWith('KEY_') ? 'key' : 'value';
        return [property, { side, name, option }] as const;
      }),
    ),
  ),
);
const COMMON = [
  'KAFKA_TOPIC',
  'FORMAT',
  'KEY_FORMAT',
  'VALUE_FORMAT',
  'PARTITIONS',
  'REPLICAS',
  'RETENTION_MS',
  'TIMESTAMP',
  'TIMESTAMP_FORMAT',
  'WRAP_SINGLE_VALUE',
  'KEY_SCHEMA_ID',
  'VALUE_SCHEMA_ID',
  ...FORMAT_OPTIONS.keys(),
];
const ALLOWED: Readonly<Record<Context, readonly string[]>> = {
  source: [...COMMON, ...SOURCE_ONLY],
  sink: COMMON,
  insert: ['QUERY_ID'],
};

/** How it is written today what ksqlDB's first versions had in WITH: statements of old courses have it still. */
function formerly({ name, value }: Property, context: Context): string | undefined {
  if (name.toUpperCase() !== 'KEY') return undefined;
  const column = value.kind === 'StringLiteral' ? value.value : 'the column';
  return context === 'source'
    ? `Leave KEY out, and mark the column in the list: ${column} … PRIMARY KEY of a table, ${column} … KEY of a stream.`
    : `Leave KEY out: GROUP BY ${column} or PARTITION BY ${column} makes the key.`;
}

/** What the WITH clause of a stream or table can say. */
export const SOURCE_PROPERTIES = ALLOWED.source;

export function readProperties(list: readonly Property[], context: Context): WithProperties {
  const byName = new Map<string, Property>();
  const unknown: Property[] = [];
  for (const p of list) {
    const name = p.name.toUpperCase();
    if (!ALLOWED[context].includes(name)) unknown.push(p);
    else if (byName.has(name)) fail(`Duplicate config variable in the WITH clause: ${name}`, p.span);
    byName.set(name, p);
  }
  if (unknown.length > 0) {
    fail(
      `Invalid config variable(s) in the WITH clause: ${unknown.map((p) => p.name.toUpperCase()).join(',')}`,
      unknown[0]!.span,
      formerly(unknown[0]!, context) ?? didYouMean(unknown[0]!.name, ALLOWED[context]),
    );
  }
  const text = (name: string): string | undefined => {
    const p = byName.get(name);
    if (p === undefined) return undefined;
    switch (p.value.kind) {
      case 'StringLiteral':
        return p.value.value;
      case 'IntegerLiteral':
      case 'BigintLiteral':
      case 'BooleanLiteral':
        return String(p.value.value);
      case 'DecimalLiteral':
      case 'DoubleLiteral':
        return p.value.text;
      default:
        return invalid(name, p, 'a text, a number or a boolean');
    }
  };
  const invalid = (name: string, p: Property, what: string): never =>
    fail(`Invalid value for property ${name}: expected ${what}.`, p.span);
  const integer = (name: string, least: number): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (!/^[+-]?\d{1,15}$/.test(value.trim()) || Number(value) < least) {
      return invalid(name, byName.get(name)!, `a whole number of at least ${least}`);
    }
    return Number(value);
  };
  const format = text('FORMAT');
  for (const name of ['KEY_FORMAT', 'VALUE_FORMAT']) {
    if (format !== undefined && byName.has(name)) {
      fail(
        `Cannot supply both '${name}' and 'FORMAT' properties, as 'FORMAT' sets both key and value formats. ` +
          "Either use just 'FORMAT', or use 'KEY_FORMAT' and 'VALUE_FORMAT'.",
        byName.get(name)!.span,
      );
    }
  }
  const wrap = text('WRAP_SINGLE_VALUE');
  if (wrap !== undefined && !/^(true|false)$/i.test(wrap))
    invalid('WRAP_SINGLE_VALUE', byName.get('WRAP_SINGLE_VALUE')!, 'true or false');
  const options: Record<'key' | 'value', Record<string, string>> = { key: {}, value: {} };
  for (const [property, { side, name, option }] of FORMAT_OPTIONS) {
    const value = text(property);
    if (value !== undefined) options[side][name] = optionValue(option, property, value, byName.get(property)!.span);
  }
  const replicas = integer('REPLICAS', -1);
  const windowSize = text('WINDOW_SIZE');
  return {
    topic: text('KAFKA_TOPIC'),
    keyFormat: text('KEY_FORMAT') ?? format,
    valueFormat: text('VALUE_FORMAT') ?? format,
    partitions: integer('PARTITIONS', 1),
    replicas: replicas === -1 ? undefined : replicas,
    retentionMs: integer('RETENTION_MS', -1),
    queryId: text('QUERY_ID'),
    timestamp: text('TIMESTAMP'),
    timestampFormat: text('TIMESTAMP_FORMAT'),
    windowType: windowType(text('WINDOW_TYPE'), byName.get('WINDOW_TYPE')),
    windowSizeMs: windowSize === undefined ? undefined : durationText(windowSize, byName.get('WINDOW_SIZE')!.span),
    wrapSingle: wrap === undefined ? undefined : /^true$/i.test(wrap),
    keySchemaId: integer('KEY_SCHEMA_ID', 0),
    valueSchemaId: integer('VALUE_SCHEMA_ID', 0),
    keyOptions: options.key,
    valueOptions: options.value,
    span: (name) => byName.get(name)?.span,
  };
}

/** The column that a property names: in upper case, but as it stands between backticks. */
export function columnNamed(value: string): string {
  const quoted = /^`(.*)`$/.exec(value);
  return quoted === null ? value.toUpperCase() : quoted[1]!.replaceAll('``', '`');
}

/** The value of a format's option, as the format has it. */
function optionValue(option: FormatOption, property: string, value: string, span: Span): string {
  if (option.namesColumn !== undefined) return columnNamed(value);
  try {
    return option.read?.(value, property) ?? value;
  } catch (e) {
    if (e instanceof WeirError) return fail(e.message, span, e.hint);
    throw e;
  }
}

function windowType(value: string | undefined, p: Property | undefined): WindowType | undefined {
  if (value === undefined) return undefined;
  const upper = value.toUpperCase();
  if (upper === 'TUMBLING' || upper === 'HOPPING' || upper === 'SESSION') return upper;
  return fail(
    `Configuration WINDOW_TYPE is invalid: Invalid value ${value} for property WINDOW_TYPE: String must be one of: SESSION, HOPPING, TUMBLING, null`,
    p?.span,
  );
}

const UNIT_MS: Readonly<Record<string, number>> = {
  MILLISECOND: 1,
  SECOND: 1000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
};

/** `10 SECONDS` inside a text. */
function durationText(value: string, span: Span): number {
  const m = /^\s*(\d{1,15})\s+([A-Za-z]+?)S?\s*$/i.exec(value);
  const unit = m === null ? undefined : UNIT_MS[m[2]!.toUpperCase()];
  if (m === null || unit === undefined) {
    return fail(
      `Configuration WINDOW_SIZE is invalid: Invalid duration: '${value}'. Window duration must be a positive number and a unit, for example '10 SECONDS'`,
      span,
    );
  }
  return Number(m[1]) * unit;
}

/** Window of the keys of a source, as WINDOW_TYPE and WINDOW_SIZE say. */
export function keyWindow(p: WithProperties, span: Span): KeyWindow | null {
  if (p.windowType === undefined) {
    if (p.windowSizeMs !== undefined)
      fail(
        "'WINDOW_SIZE' should not be set for SESSION windows or without 'WINDOW_TYPE'.",
        p.span('WINDOW_SIZE') ?? span,
      );
    return null;
  }
  if (p.windowType === 'SESSION') {
    if (p.windowSizeMs !== undefined)
      fail("'WINDOW_SIZE' should not be set for SESSION windows.", p.span('WINDOW_SIZE') ?? span);
    return { kind: 'session' };
  }
  if (p.windowSizeMs === undefined) {
    return fail(
      `${p.windowType} windows require 'WINDOW_SIZE' to be provided in the WITH clause. For example: 'WINDOW_SIZE'='10 SECONDS'`,
      p.span('WINDOW_TYPE') ?? span,
    );
  }
  return { kind: 'time', sizeMs: p.windowSizeMs };
}

/** A format by name with its options; throws for a name that no one knows and for options that the format has not. */
export function formatRef(
  name: string,
  options: Readonly<Record<string, string>>,
  span: Span | undefined,
  wrapSingle?: boolean,
): FormatRef {
  return refTo(formatOf(name, span), options, span, undefined, wrapSingle);
}

/** The same for the key of a source: where its schema has to say so, one column is the key itself and no record. */
export function keyFormatRef(
  name: string,
  options: Readonly<Record<string, string>>,
  span: Span | undefined,
  source: string,
  columns: number,
): FormatRef {
  const format = formatOf(name, span);
  const bare = columns === 1 && format.wrapping === 'choice' && format.schemas !== undefined;
  return refTo(format, options, span, source, bare ? false : undefined);
}

function formatOf(name: string, span: Span | undefined): Format {
  const upper = name.trim().toUpperCase();
  const format = NAMED_FORMATS.find((f) => f.name === upper);
  if (format !== undefined) return format;
  const names = NAMED_FORMATS.map((f) => f.name);
  return fail(`Unknown format: ${name.trim()}`, span, didYouMean(upper, names) ?? `Formats: ${names.join(', ')}.`);
}

function refTo(
  format: Format,
  options: Readonly<Record<string, string>>,
  span: Span | undefined,
  keyOf: string | undefined,
  wrapSingle: boolean | undefined,
): FormatRef {
  const { name } = format;
  const foreign = Object.keys(options).filter((o) => !Object.hasOwn(format.options, o));
  if (foreign.length > 0) fail(`${name} does not support the following configs: [${foreign.join(', ')}]`, span);
  const properties = { ...format.implied?.(keyOf), ...options };
  return wrapSingle === undefined ? { name, properties } : { name, properties, wrapSingle };
}

/** RETENTION_MS; the topic of a table without windows keeps the last row of each key, whatever its age. */
export function topicRetention(p: WithProperties, compacted: boolean): number | null {
  if (compacted && p.retentionMs !== undefined) {
    fail(
      'Invalid config variable in the WITH clause: RETENTION_MS. Non-windowed tables do not support retention.',
      p.span('RETENTION_MS'),
    );
  }
  return p.retentionMs ?? null;
}
