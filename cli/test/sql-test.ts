import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { DataSource } from '../../engine/catalog/index.js';
import type { DriverRecord, TopologyDriver } from '../../engine/runtime/topology-driver.js';
import { printSchema } from '../../engine/types/schema.js';
import type { AssertNullValues, AssertSource, AssertValues, Statement } from '../../parser/ast.js';
import { parseScript, SourceText } from '../../parser/index.js';
import type { ExpectedError } from './case.js';
import { attempt, CaseError, errorDifference } from './case-error.js';
import { type CaseTools, MemoryEngine } from './memory-engine.js';
import type { Outcome } from './run-case.js';

/**
 * Tests written in SQL. A file holds several, each headed by `--@test: name`, with what it must fail with in
 * `--@expected.error:` and `--@expected.message:`. Statements run in order; an INSERT … VALUES is processed at once by all
 * queries; ASSERT VALUES takes the next record of a source's topic and compares it.
 */
export interface SqlTest {
  readonly file: string;
  readonly name: string;
  readonly sql: string;
  readonly expected: ExpectedError | null;
}

const DIRECTIVE = /^\s*--@([a-z.]+):\s*(.*?)\s*$/;

export function readSqlTests(path: string): SqlTest[] {
  const file = basename(path);
  const tests: { name: string; lines: string[]; error?: string; message?: string }[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const m = DIRECTIVE.exec(line);
    if (m?.[1] === 'test') tests.push({ name: m[2]!, lines: [] });
    const test = tests.at(-1);
    if (test === undefined) continue;
    if (m?.[1] === 'expected.error') test.error = m[2]!;
    if (m?.[1] === 'expected.message') test.message = m[2]!;
    test.lines.push(line);
  }
  if (tests.length === 0) throw new Error(`${path}: no line --@test: name`);
  return tests.map((t) => ({
    file,
    name: t.name,
    sql: t.lines.join('\n'),
    expected:
      t.error === undefined && t.message === undefined
        ? null
        : { type: t.error, message: t.message, cause: undefined, causeMessage: undefined },
  }));
}

export function runSqlTest(test: SqlTest, tools: CaseTools): Outcome {
  const world = new SqlWorld(tools);
  try {
    const source = new SourceText(test.sql);
    const statements = attempt('ParseFailedException', test.sql, () => parseScript(test.sql, { testStatements: true }));
    for (const s of statements) attempt('KsqlException', source.slice(s.span), () => world.run(s, source));
  } catch (e) {
    if (!(e instanceof CaseError)) throw e;
    if (test.expected === null) return { passed: false, reason: `${e.message}\nin: ${e.statement}` };
    const wrong = errorDifference(test.expected, e);
    return wrong === null ? { passed: true } : { passed: false, reason: wrong };
  }
  return test.expected === null ? { passed: true } : { passed: false, reason: 'it should have failed, and did not' };
}

class SqlWorld {
  private readonly engine: MemoryEngine;
  private readonly drivers = new Map<string, TopologyDriver>();
  private readonly logs = new Map<string, DriverRecord[]>();
  /** How many records of a topic have been asserted. */
  private readonly asserted = new Map<string, number>();

  constructor(private readonly tools: CaseTools) {
    this.engine = new MemoryEngine(tools);
  }

  run(statement: Statement, source: SourceText): void {
    switch (statement.kind) {
      case 'AssertValues':
      case 'AssertNullValues':
        this.assertRecord(statement, source);
        break;
      case 'AssertStream':
      case 'AssertTable':
        this.assertSource(statement, source);
        break;
      default: {
        const effect = this.engine.execute(statement, source);
        if (effect.kind === 'inserted') {
          const { topic, record } = effect;
          this.write({ ...record, topic, timestamp: record.timestamp ?? this.tools.now() });
        }
        if (effect.kind === 'changed') this.startQueries();
      }
    }
  }

  /** One driver for each query of the catalog; those of queries that are no more are forgotten. */
  private startQueries(): void {
    const { queries } = this.engine.catalog;
    for (const id of [...this.drivers.keys()]) if (!queries.has(id)) this.drivers.delete(id);
    for (const query of queries.values()) {
      if (this.drivers.has(query.id)) continue;
      const driver = this.engine.driver(query);
      this.drivers.set(query.id, driver);
      // It reads from the beginning: what its topics hold already.
      for (const topic of driver.sources) for (const r of [...(this.logs.get(topic) ?? [])]) this.feed(driver, r);
    }
  }

  private write(record: DriverRecord): void {
    const log = this.logs.get(record.topic) ?? [];
    this.logs.set(record.topic, log);
    log.push(record);
    for (const driver of this.drivers.values()) if (driver.sources.includes(record.topic)) this.feed(driver, record);
  }

  private feed(driver: TopologyDriver, record: DriverRecord): void {
    driver.pipe(record);
    for (const out of driver.take()) this.write(out);
  }

  private assertRecord(statement: AssertValues | AssertNullValues, source: SourceText): void {
    const target = this.source(statement.source.name);
    const topic = target.topic.name;
    const at = this.asserted.get(topic) ?? 0;
    const actual = this.logs.get(topic)?.[at];
    if (actual === undefined) {
      throw new Error(`Expected another record (${at}) for ${target.name} on topic ${topic}, but there is none.`);
    }
    this.asserted.set(topic, at + 1);
    // The expected record is written as an INSERT of the same values would write it: equal values are equal bytes.
    const { columns, values, span } = statement;
    const insert: Statement = { kind: 'InsertValues', target: statement.source, columns, values, span };
    const effect = this.engine.execute(insert, source);
    if (effect.kind !== 'inserted') throw new Error('The asserted values could not be read.');
    const tombstone = statement.kind === 'AssertNullValues';
    const expected = { ...effect.record, value: tombstone ? null : effect.record.value };
    const timestamp = expected.timestamp === undefined || expected.timestamp === actual.timestamp;
    if (timestamp && same(expected.key, actual.key) && same(expected.value, actual.value)) return;
    throw new Error(
      `Expected record does not match actual. Expected: ${show(expected.key, expected.value, expected.timestamp)}, ` +
        `Actual: ${show(actual.key, actual.value, expected.timestamp === undefined ? undefined : actual.timestamp)}`,
    );
  }

  /** The asserted source is what a CREATE with the same columns and properties would be. */
  private assertSource(statement: AssertSource, source: SourceText): void {
    const kind = statement.kind === 'AssertStream' ? 'STREAM' : 'TABLE';
    const actual = this.source(statement.name.name);
    if (actual.kind !== kind) throw new Error(`${actual.name} is a ${actual.kind}, not a ${kind}.`);
    if (statement.columns.length === 0) return;
    const probe = new MemoryEngine(this.tools, Object.fromEntries(this.engine.settings));
    probe.catalog = { ...probe.catalog, types: this.engine.catalog.types };
    const effect = probe.execute(
      {
        kind: 'CreateSource',
        sourceKind: kind,
        orReplace: false,
        ifNotExists: false,
        isSource: false,
        name: statement.name,
        columns: statement.columns,
        properties: statement.properties,
        span: statement.span,
      },
      source,
    );
    const expected = effect.kind === 'changed' ? effect.source : null;
    if (expected === null) throw new Error('The asserted source could not be read.');
    for (const [what, of] of [
      ['schema', (s: DataSource) => printSchema(s.schema)],
      ['topic', (s: DataSource) => s.topic.name],
      ['key format', (s: DataSource) => s.keyFormat.name],
      ['value format', (s: DataSource) => s.valueFormat.name],
      ['window', (s: DataSource) => s.windowType ?? 'none'],
      ['timestamp column', (s: DataSource) => s.timestamp?.column ?? 'none'],
    ] as const) {
      const [e, a] = [of(expected), of(actual)];
      if (e !== a)
        throw new Error(`Expected ${what} does not match actual for ${actual.name}. Expected: ${e}, Actual: ${a}`);
    }
  }

  private source(name: string): DataSource {
    const source = this.engine.catalog.sources.get(name);
    if (source === undefined) throw new Error(`${name} does not exist.`);
    return source;
  }
}

const same = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.compare(a, b) === 0;

function show(key: Uint8Array | null, value: Uint8Array | null, timestamp: number | undefined): string {
  const text = (b: Uint8Array | null) => (b === null ? 'null' : Buffer.from(b).toString('utf8'));
  return `key ${text(key)} value ${text(value)}${timestamp === undefined ? '' : ` rowtime ${timestamp}`}`;
}
