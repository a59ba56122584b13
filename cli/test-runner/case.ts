import { isObject, type Json, type JsonObject, listOf, numberOf, objectsOf, textOf } from './lossless-json.js';

/** One test to run: statements, what goes in, what must come out. Made from a JSON case or a `.sql` file. */
export interface TestCase {
  readonly file: string;
  /** `name[ - FORMAT][ - property=value]`: unique with the file. */
  readonly name: string;
  readonly statements: readonly string[];
  readonly topics: readonly TopicSpec[];
  readonly properties: Readonly<Record<string, string>>;
  readonly inputs: readonly RecordSpec[];
  readonly outputs: readonly RecordSpec[];
  readonly expected: ExpectedError | null;
  readonly post: JsonObject | null;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number | undefined;
  readonly key: SchemaSpec;
  readonly value: SchemaSpec;
}

export interface SchemaSpec {
  readonly format: string | undefined;
  readonly schema: Json | undefined;
  readonly schemaId: number | undefined;
  readonly references: readonly { readonly name: string; readonly format: string | undefined; readonly schema: Json }[];
}

export interface RecordSpec {
  readonly topic: string;
  readonly key: Json;
  readonly value: Json;
  readonly timestamp: number | undefined;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
  readonly window: {
    readonly start: number;
    readonly end: number | undefined;
    readonly type: 'time' | 'session';
  } | null;
}

export interface ExpectedError {
  readonly type: string | undefined;
  readonly message: string | undefined;
  readonly cause: string | undefined;
  readonly causeMessage: string | undefined;
}

/** The variants of a JSON case: once for each entry of `format` and of `config`. Switched-off cases give none. */
export function casesOf(file: string, test: JsonObject): TestCase[] {
  if (test.get('enabled') === false) return [];
  const name = textOf(test.get('name')) ?? '';
  const formats = listOf(test.get('format')).map((f) => textOf(f)!);
  const configs = listOf(test.get('config')).map((c) => textOf(c)!);
  const properties: Record<string, string> = {};
  for (const [k, v] of isObject(test.get('properties')) ? (test.get('properties') as JsonObject) : []) {
    properties[k] = textOf(v) ?? '';
  }
  const out: TestCase[] = [];
  for (const format of formats.length === 0 ? [undefined] : formats) {
    for (const config of configs.length === 0 ? [undefined] : configs) {
      const own = { ...properties };
      let suffix = format === undefined ? '' : ` - ${format}`;
      for (const [k, v] of Object.entries(own)) {
        if (config === undefined || v.toUpperCase() !== '{CONFIG}') continue;
        own[k] = config;
        suffix += ` - ${k}=${config}`;
      }
      const statements = listOf(test.get('statements')).map((s) => {
        const text = textOf(s)!;
        return format === undefined ? text : text.replaceAll('{FORMAT}', format);
      });
      const expected = test.get('expectedException');
      out.push({
        file,
        name: name + suffix,
        statements,
        topics: objectsOf(test.get('topics')).map(topicSpec),
        properties: own,
        inputs: objectsOf(test.get('inputs')).map(recordSpec),
        outputs: objectsOf(test.get('outputs')).map(recordSpec),
        expected: isObject(expected)
          ? {
              type: textOf(expected.get('type')),
              message: textOf(expected.get('message')),
              cause: textOf(expected.get('cause')),
              causeMessage: textOf(expected.get('causeMessage')),
            }
          : null,
        post: isObject(test.get('post')) ? (test.get('post') as JsonObject) : null,
      });
    }
  }
  return out;
}

function topicSpec(t: JsonObject): TopicSpec {
  const side = (which: 'key' | 'value'): SchemaSpec => ({
    format: textOf(t.get(`${which}Format`)),
    schema: t.get(`${which}Schema`),
    schemaId: numberOf(t.get(`${which}SchemaId`)),
    references: objectsOf(t.get(`${which}SchemaReferences`)).map((r) => ({
      name: textOf(r.get('name'))!,
      format: textOf(r.get('format')),
      schema: r.get('schema') ?? null,
    })),
  });
  return {
    name: textOf(t.get('name'))!,
    partitions: numberOf(t.get('partitions')),
    key: side('key'),
    value: side('value'),
  };
}

function recordSpec(r: JsonObject): RecordSpec {
  const window = r.get('window');
  return {
    topic: textOf(r.get('topic'))!,
    key: r.get('key') ?? null,
    value: r.get('value') ?? null,
    timestamp: numberOf(r.get('timestamp')),
    headers: objectsOf(r.get('headers')).map((h) => {
      const value = textOf(h.get('VALUE'));
      return { key: textOf(h.get('KEY')) ?? '', value: value === undefined ? null : Buffer.from(value, 'base64') };
    }),
    window: isObject(window)
      ? {
          start: numberOf(window.get('start'))!,
          end: numberOf(window.get('end')),
          type: (textOf(window.get('type')) ?? 'time').toLowerCase() === 'session' ? 'session' : 'time',
        }
      : null,
  };
}
