import { analyze } from '../../engine/analyzer/index.js';
import type { DataSource } from '../../engine/catalog/index.js';
import type { DriverRecord } from '../../engine/dataflow/topology-driver.js';
import { compileConstant } from '../../engine/expression/index.js';
import { formatByName } from '../../engine/formats/index.js';
import type { TypedExpr } from '../../engine/plan/expr.js';
import type { FormatRef } from '../../engine/plan/topology.js';
import { nullSafeEqual } from '../../engine/values/compare.js';
import { javaText } from '../../engine/values/java-text.js';
import { type Column, printSchema } from '../../engine/values/schema.js';
import { BIGINT, type SqlType } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import type {
  AssertNullValues,
  AssertSource,
  AssertValues,
  Identifier,
  Property,
  Statement,
} from '../../parser/ast.js';
import { parseColumnList, type SourceText } from '../../parser/index.js';
import { CaseError } from './case-error.js';
import { type CaseTools, MemoryEngine } from './memory-engine.js';
import { featuresOf } from './post.js';
import type { SqlWorld } from './sql-world.js';
import { splitKey } from './window-key.js';

interface Cell {
  readonly name: string;
  readonly type: SqlType;
  readonly expected: Value;
  readonly actual: Value;
}

/** Columns of a record that are in no schema. */
const PSEUDO: readonly string[] = ['ROWTIME', 'WINDOWSTART', 'WINDOWEND'];

/** ASSERT [NULL] VALUES: takes the next record of a source's topic, and compares the columns that are named. */
export class RecordAssertions {
  /** How many records of a topic have been asserted. */
  private readonly asserted = new Map<string, number>();

  constructor(
    private readonly world: SqlWorld,
    private readonly tools: CaseTools,
  ) {}

  check(statement: AssertValues | AssertNullValues, source: SourceText): void {
    const target = this.world.source(statement.source.name);
    this.world.commit();
    const topic = target.topic.name;
    const at = this.asserted.get(topic) ?? 0;
    const record = this.world.recordAt(topic, at);
    if (record === undefined) {
      throw assertion(`Expected another record (${at}) for ${target.name} on topic ${topic}, but there is none.`);
    }
    this.asserted.set(topic, at + 1);
    const actual = this.columnsOf(record, target);
    const tombstone = statement.kind === 'AssertNullValues';
    const cells = this.expected(statement, target, source).map(
      ({ column, value }): Cell => ({ ...column, expected: value, actual: actual.get(column.name) ?? null }),
    );
    const same = cells.every((c) => nullSafeEqual(c.type)(c.expected, c.actual));
    if (same && tombstone === (record.value === null)) return;
    throw assertion(`Expected record does not match actual.\n${table(cells, tombstone, record.value === null)}`);
  }

  /** The values that are asserted, of the types of their columns. */
  private expected(
    statement: AssertValues | AssertNullValues,
    target: DataSource,
    source: SourceText,
  ): readonly { readonly column: Column; readonly value: Value }[] {
    const { key, value } = target.schema;
    const known = [...key, ...value, ...PSEUDO.map((name): Column => ({ name, type: BIGINT }))];
    const tombstone = statement.kind === 'AssertNullValues';
    const unnamed = statement.columns.length === 0;
    const names = unnamed
      ? (tombstone ? key : [...key, ...value.filter((c) => c.headers === undefined)]).map((c) => c.name)
      : statement.columns.map((c) => c.name);
    // INSERT reads the values: into a stream of these columns, the ones that no INSERT may name under other names.
    const alias = (name: string): string => (PSEUDO.includes(name) ? `${name} ` : name);
    const columns: Column[] = known.filter((c) => names.includes(c.name));
    const stream: DataSource = {
      ...target,
      kind: 'STREAM',
      isSource: false,
      window: null,
      schema: { key: [], value: columns.map(({ name, type }) => ({ name: alias(name), type })) },
    };
    const context = this.world.engine.context(source);
    const catalog = { ...context.catalog, sources: new Map([[target.name, stream]]) };
    const named = (c: Identifier): Identifier => ({ ...c, name: alias(c.name) });
    const insert: Statement = {
      kind: 'InsertValues',
      target: statement.source,
      columns: unnamed ? names.map((name) => ({ ...statement.source, name })) : statement.columns.map(named),
      values: statement.values,
      span: statement.span,
    };
    const resolved = analyze(insert, { ...context, catalog });
    if (resolved.kind !== 'insertValues') throw new Error('The asserted values could not be read.');
    const config = { properties: {}, ...this.tools };
    const constant = (e: TypedExpr): Value => compileConstant(e, { functions: this.tools.functions, config });
    return columns.map((column, i) => ({ column, value: constant(resolved.value[i]!) }));
  }

  private columnsOf(record: DriverRecord, owner: DataSource): ReadonlyMap<string, Value> {
    const { key, window } = splitKey(record.key, owner);
    const written = owner.schema.value.filter((c) => c.headers === undefined);
    const out = new Map<string, Value>([['ROWTIME', record.timestamp]]);
    if (window !== null) out.set('WINDOWSTART', window.start).set('WINDOWEND', window.end);
    const value = record.value === null ? null : Buffer.from(record.value);
    for (const [c, v] of this.decode(key, owner.keyFormat, owner.schema.key, true)) out.set(c, v);
    for (const [c, v] of this.decode(value, owner.valueFormat, written, false)) out.set(c, v);
    return out;
  }

  private decode(bytes: Buffer | null, ref: FormatRef, columns: readonly Column[], isKey: boolean): [string, Value][] {
    const row: Value[] = columns.map(() => null);
    if (bytes === null || columns.length === 0) return [];
    const { registry: schemas } = this.world.engine;
    const decoder = formatByName(ref.name).decoder({ columns, needed: [...columns.keys()], ref, isKey, schemas });
    if (!decoder.decode(bytes, 0, bytes.length, row)) return [];
    return columns.map((c, i) => [c.name, row[i]!]);
  }
}

const assertion = (message: string): CaseError => new CaseError('AssertionError', '', new Error(message));

/** The two records as ksqlDB's test runner shows them. */
function table(cells: readonly Cell[], expectedGone: boolean, actualGone: boolean): string {
  const width = 14;
  const line = (first: string, rest: readonly string[]) =>
    `|${[first, ...rest].map((t) => t.padEnd(width)).join('|')}|`;
  const rule = `+${'-'.repeat(width)}`.repeat(cells.length + 1).concat('+');
  const text = (c: Cell, v: Value) => (v === null ? 'null' : (javaText(c.type)(v) ?? 'null'));
  const gone = (is: boolean) => (is ? ' (tombstone)' : '');
  return [
    rule,
    line(
      '.',
      cells.map((c) => c.name),
    ),
    rule,
    line(
      'EXPECTED',
      cells.map((c) => text(c, c.expected)),
    ) + gone(expectedGone),
    line(
      'ACTUAL',
      cells.map((c) => text(c, c.actual)),
    ) + gone(actualGone),
  ].join('\n');
}

/** What two sources are compared by, in ksqlDB's words. */
const FACTS: readonly (readonly [string, (s: DataSource) => string])[] = [
  ['type', (s) => s.kind.toLowerCase()],
  ['schema', (s) => printSchema(s.schema)],
  ['kafka topic', (s) => s.topic.name],
  ['key format', (s) => s.keyFormat.name],
  ['value format', (s) => s.valueFormat.name],
  ['key serde features', (s) => `[${featuresOf(s, 'key')}]`],
  ['value serde features', (s) => `[${featuresOf(s, 'value')}]`],
  ['window type', (s) => s.windowType ?? 'none'],
  ['window size', (s) => (s.window?.kind === 'time' ? String(s.window.sizeMs) : 'none')],
  ['timestamp column', (s) => s.timestamp?.column ?? 'none'],
  ['timestamp format', (s) => s.timestamp?.format ?? 'none'],
];

/** ASSERT STREAM|TABLE: the source is what a CREATE with the same columns and properties would make. */
export function checkSource(world: SqlWorld, tools: CaseTools, statement: AssertSource, source: SourceText): void {
  const actual = world.source(statement.name.name);
  const kind = statement.kind === 'AssertStream' ? 'STREAM' : 'TABLE';
  const differs = (what: string, expected: string, is: string): never => {
    throw new Error(
      `Expected ${what} does not match actual for source ${actual.name}. Expected: ${expected}, Actual: ${is}`,
    );
  };
  if (actual.kind !== kind) differs('type', kind.toLowerCase(), actual.kind.toLowerCase());
  const { columns, properties } = statement;
  if (columns.length === 0 && properties.length === 0) return;
  const expected = created(world, tools, statement, actual, source);
  // Without a WITH clause nothing is said but the columns.
  const facts = properties.length === 0 ? FACTS.slice(0, 2) : FACTS;
  for (const [what, of] of facts) if (of(expected) !== of(actual)) differs(what, of(expected), of(actual));
}

/** What a CREATE of the assertion would make; what it must say and does not is as the actual source has it. */
function created(
  world: SqlWorld,
  tools: CaseTools,
  statement: AssertSource,
  actual: DataSource,
  source: SourceText,
): DataSource {
  const probe = new MemoryEngine(tools, Object.fromEntries(world.engine.settings));
  probe.catalog = { ...probe.catalog, types: world.engine.catalog.types };
  const { span, name } = statement;
  const given = new Set(statement.properties.map((p) => p.name.toUpperCase()));
  const property = (key: string, value: string): Property[] =>
    given.has(key)
      ? []
      : [{ kind: 'Property', name: key, quoted: false, value: { kind: 'StringLiteral', value, span }, span }];
  const formats = given.has('FORMAT') ? [] : property('VALUE_FORMAT', actual.valueFormat.name);
  // Where only columns are asserted, the key format must take them, whatever it is.
  const keyFormat = given.size === 0 ? property('KEY_FORMAT', actual.keyFormat.name) : [];
  const role = actual.kind === 'TABLE' ? ('PRIMARY_KEY' as const) : ('KEY' as const);
  const own = () => parseColumnList(printSchema(actual.schema)).map((c) => (c.role === 'KEY' ? { ...c, role } : c));
  const effect = probe.execute(
    {
      kind: 'CreateSource',
      sourceKind: actual.kind,
      orReplace: false,
      ifNotExists: false,
      isSource: false,
      name,
      columns: statement.columns.length > 0 ? statement.columns : own(),
      properties: [...statement.properties, ...property('KAFKA_TOPIC', actual.topic.name), ...formats, ...keyFormat],
      span,
    },
    source,
  );
  if (effect.kind !== 'changed' || effect.source === null) throw new Error('The asserted source could not be read.');
  return effect.source;
}
