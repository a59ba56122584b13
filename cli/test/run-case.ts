import { type AnalyzerContext, analyze } from '../../engine/analyzer/index.js';
import { applyCommand, type Catalog, type DataSource, emptyCatalog } from '../../engine/catalog/index.js';
import { commandOf } from '../../engine/commands/command-of.js';
import { insertedRecord } from '../../engine/commands/insert-values.js';
import {
  pinnedSource,
  type Registered,
  type SchemaNeed,
  schemaNeeds,
  sourceNeeds,
  usable,
  withSchemas,
} from '../../engine/commands/schemas.js';
import { FORMATS, formatByName } from '../../engine/formats/index.js';
import { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import type { RegisteredSchema } from '../../engine/formats/registry/registry.js';
import type { FunctionRegistry } from '../../engine/functions/index.js';
import { messageOf, Settings, SqlError, WeirError } from '../../engine/index.js';
import { type DriverRecord, TopologyDriver } from '../../engine/runtime/topology-driver.js';
import { readInt64 } from '../../engine/types/bytes.js';
import { parseScript, SourceText } from '../../parser/index.js';
import type { ExpectedError, RecordSpec, TestCase } from './case.js';
import { difference } from './compare.js';
import { checkPost } from './post.js';
import { registerTopics } from './schemas.js';
import { decodeActual, encodeSpec } from './spec-codec.js';

export type Outcome = { readonly passed: true } | { readonly passed: false; readonly reason: string };

/** Settings that hold in a test unless it sets others. */
const TEST_SETTINGS: Readonly<Record<string, string>> = {
  'auto.offset.reset': 'earliest',
  'cache.max.bytes.buffering': '0',
  'ksql.headers.columns.enabled': 'true',
  'ksql.persistence.default.format.key': 'KAFKA',
};

/** What a test runs on: the functions (a suite may bring its own), a clock and randomness that stand still. */
export interface CaseTools {
  readonly functions: FunctionRegistry;
  readonly now: () => number;
  readonly random: () => number;
  readonly uuid: () => string;
}

/** An error of a script or of a record, with what the suite calls its class. */
class CaseError extends Error {
  constructor(
    readonly type: 'KsqlException' | 'KsqlStatementException' | 'ParseFailedException' | 'StreamsException',
    readonly statement: string,
    override readonly cause: Error,
  ) {
    super(cause.message);
  }
}

const FORMAT = (name: string) => FORMATS.get(name);

/** Runs one case in memory, with a fresh catalog. */
export function runCase(test: TestCase, tools: CaseTools): Outcome {
  const world = new World(test, tools);
  try {
    world.runStatements();
    if (test.expected !== null && test.inputs.length === 0) return failed('it should have failed, and did not');
    world.runQueries();
  } catch (e) {
    if (!(e instanceof CaseError)) throw e;
    if (test.expected === null) return failed(`${e.type}: ${e.message}${whereOf(e)}`);
    return checkError(test.expected, e);
  }
  if (test.expected !== null) return failed('it should have failed, and did not');
  return world.compare();
}

const failed = (reason: string): Outcome => ({ passed: false, reason });

function whereOf(e: CaseError): string {
  if (process.env.WEIR_DEBUG === undefined) return '';
  return `\n${e.cause.stack ?? ''}`;
}

const SUPERCLASSES: Readonly<Record<CaseError['type'], readonly string[]>> = {
  KsqlException: ['KsqlException'],
  KsqlStatementException: ['KsqlStatementException', 'KsqlException'],
  ParseFailedException: ['ParseFailedException', 'KsqlStatementException', 'KsqlException'],
  StreamsException: ['StreamsException'],
};

function checkError(expected: ExpectedError, e: CaseError): Outcome {
  const type = expected.type?.split('.').at(-1);
  if (type !== undefined && !SUPERCLASSES[e.type].includes(type)) {
    return failed(`it failed with ${e.type} instead of ${type}: ${e.message}`);
  }
  const texts = [e.message, `${e.message}\nStatement: ${e.statement}`, messageOf(e.cause.cause ?? '')];
  // What the suite calls the death of a query by a record, whatever killed it.
  if (e.type === 'StreamsException') texts.push('Exception caught in process');
  for (const wanted of [expected.message, expected.causeMessage]) {
    if (wanted !== undefined && !texts.some((t) => t.includes(wanted))) {
      return failed(`the error does not say\n    ${wanted}\n  but\n    ${e.message}`);
    }
  }
  return { passed: true };
}

class World {
  private catalog: Catalog = emptyCatalog();
  private readonly settings = new Map<string, string>();
  private readonly logs = new Map<string, DriverRecord[]>();
  private readonly internalTopics = new Set<string>();
  private readonly registry = new MemoryRegistry();

  constructor(
    private readonly test: TestCase,
    private readonly tools: CaseTools,
  ) {
    for (const [k, v] of Object.entries(test.properties)) this.settings.set(k, v);
    for (const t of test.topics) this.logs.set(t.name, []);
    for (const r of [...test.inputs, ...test.outputs]) if (!this.logs.has(r.topic)) this.logs.set(r.topic, []);
  }

  runStatements(): void {
    const script = this.test.statements.join('\n');
    const source = new SourceText(script);
    const statements = attempt('ParseFailedException', script, () => parseScript(script));
    registerTopics(this.test, statements, this.registry, {
      functions: this.tools.functions,
      formats: FORMATS,
      properties: this.properties(),
      sourceText: source,
    });
    for (const statement of statements) {
      const sql = source.slice(statement.span);
      attempt('KsqlStatementException', sql, () => {
        if (statement.kind === 'SetProperty') this.settings.set(statement.name, statement.value);
        else if (statement.kind === 'UnsetProperty') this.settings.delete(statement.name);
        else this.runStatement(statement, source);
      });
    }
    if (this.test.expected === null && this.catalog.queries.size === 0) {
      throw new CaseError('KsqlException', script, new Error('The case starts no persistent query.'));
    }
  }

  private properties(): Readonly<Record<string, string>> {
    return new Settings(TEST_SETTINGS).with(this.settings).overrides();
  }

  private runStatement(statement: Parameters<typeof analyze>[0], source: SourceText): void {
    const context: AnalyzerContext = {
      catalog: this.catalog,
      functions: this.tools.functions,
      formats: FORMATS,
      properties: this.properties(),
      sourceText: source,
      schemas: {
        latest: (subject) => this.registry.latestOf(subject),
        byId: (id) => this.registry.known(id) ?? undefined,
      },
    };
    const resolved = analyze(statement, context);
    if (resolved.kind === 'insertValues') {
      const config = { property: () => undefined, ...this.tools };
      const target = pinnedSource(resolved.target, this.register(sourceNeeds(resolved.target, FORMAT, true)));
      const record = insertedRecord(
        { ...resolved, target },
        {
          compile: { functions: this.tools.functions, config },
          format: formatByName,
        },
      );
      const topic = resolved.target.topic.name;
      this.logOf(topic).push({ ...record, topic, timestamp: record.timestamp ?? this.tools.now() });
      return;
    }
    if (resolved.kind === 'select') throw new WeirError('BAD_STATEMENT', 'A query that stands alone is not tested.');
    const planned = commandOf(resolved, Object.fromEntries(this.settings));
    if (planned === undefined) return;
    const command = withSchemas(planned, this.register(schemaNeeds(planned, this.catalog, FORMAT)));
    this.catalog = applyCommand(this.catalog, command);
    if (command.kind === 'createSource') this.logOf(command.source.topic.name);
  }

  /** As `registerSchemas` does it, at once. */
  private register(needs: readonly SchemaNeed[]): Registered {
    const out = new Map<SchemaNeed, RegisteredSchema | undefined>();
    for (const need of needs) {
      const latest = need.always ? undefined : this.registry.latestOf(need.subject);
      const made = () => ({ ...need.schema, id: this.registry.add(need.subject, need.schema) });
      out.set(need, latest === undefined ? made() : usable(need, latest, FORMAT));
    }
    return out;
  }

  runQueries(): void {
    const inputs = this.test.inputs.map((r) => this.encode(r));
    const inputTopics = new Set(inputs.map((r) => r.topic));
    for (const r of inputs) this.logOf(r.topic).push(r);
    for (const query of this.catalog.queries.values()) {
      const properties = new Settings(TEST_SETTINGS).with(new Map(Object.entries(query.properties))).overrides();
      attempt('StreamsException', query.sql, () => {
        const services = {
          format: formatByName,
          functions: this.tools.functions,
          clock: { now: this.tools.now },
          random: this.tools.random,
          uuid: this.tools.uuid,
          schemas: this.registry,
        };
        const driver = new TopologyDriver(query.topology, services, properties, query.id);
        const sources = new Set(driver.sources);
        const feed = (record: DriverRecord) => {
          driver.pipe(record);
          for (const out of driver.take()) this.logOf(out.topic).push(out);
        };
        for (const r of inputs) if (sources.has(r.topic)) feed(r);
        for (const topic of sources) if (!inputTopics.has(topic)) for (const r of [...this.logOf(topic)]) feed(r);
        for (const topic of driver.internalTopics) this.internalTopics.add(topic);
      });
    }
  }

  compare(): Outcome {
    const doubles = this.test.properties['use.exact.numeric.comparison'] === 'false';
    const topics = new Set(this.test.outputs.map((o) => o.topic));
    for (const topic of topics) {
      const expected = this.test.outputs.filter((o) => o.topic === topic);
      const actual = this.logOf(topic);
      const owner = this.ownerOf(topic);
      for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
        const [e, a] = [expected[i], actual[i]];
        if (e === undefined)
          return failed(`topic ${topic}: a record too many, number ${i}: ${show(a!, owner, doubles, this.registry)}`);
        if (a === undefined) return failed(`topic ${topic}: record ${i} of ${expected.length} did not come`);
        const d = this.compareRecord(e, a, owner, doubles);
        if (d !== null) return failed(`topic ${topic}, record ${i}: ${d}`);
      }
    }
    const problem =
      this.test.post === null
        ? null
        : checkPost(this.test.post, this.catalog, [...this.logs.keys(), ...this.internalTopics], this.registry);
    return problem === null ? { passed: true } : failed(problem);
  }

  private compareRecord(e: RecordSpec, a: DriverRecord, owner: DataSource, doubles: boolean): string | null {
    const { key, window } = splitKey(a.key, owner);
    const keyDifference = difference(
      e.key,
      decodeActual(key, owner.keyFormat, owner.schema.key, { isKey: true, doubles, registry: this.registry }),
    );
    if (keyDifference !== null) return `key: ${keyDifference}`;
    const columns = owner.schema.value.filter((c) => c.headers === undefined);
    const valueDifference = difference(
      e.value,
      decodeActual(a.value, owner.valueFormat, columns, { isKey: false, doubles, registry: this.registry }),
    );
    if (valueDifference !== null) return `value: ${valueDifference}`;
    if (e.window === null ? window !== null : window === null || window.type !== e.window.type) {
      return `window: expected ${e.window?.type ?? 'none'}, got ${window?.type ?? 'none'}`;
    }
    if (e.window !== null && window !== null) {
      if (window.start !== e.window.start) return `window start: expected ${e.window.start}, got ${window.start}`;
      if (e.window.end !== undefined && window.end !== e.window.end) {
        return `window end: expected ${e.window.end}, got ${window.end}`;
      }
    }
    const anyTime = this.test.inputs.length === 0 && e.timestamp === 0;
    if (e.timestamp !== undefined && !anyTime && a.timestamp !== e.timestamp) {
      return `timestamp: expected ${e.timestamp}, got ${a.timestamp}`;
    }
    const headers = a.headers ?? [];
    const same =
      headers.length === e.headers.length &&
      headers.every((h, i) => h.key === e.headers[i]!.key && sameBytes(h.value, e.headers[i]!.value));
    return same
      ? null
      : `headers: expected ${e.headers.length} [${e.headers.map((h) => h.key)}], got ${headers.length} [${headers.map((h) => h.key)}]`;
  }

  private logOf(topic: string): DriverRecord[] {
    let log = this.logs.get(topic);
    if (log === undefined) this.logs.set(topic, (log = []));
    return log;
  }

  private ownerOf(topic: string): DataSource {
    const owner = [...this.catalog.sources.values()].find((s) => s.topic.name === topic);
    if (owner === undefined) throw new CaseError('KsqlException', '', new Error(`No source owns topic ${topic}.`));
    return owner;
  }

  private encode(r: RecordSpec): DriverRecord {
    const owner = this.ownerOf(r.topic);
    const schemas = { topic: r.topic, registry: this.registry };
    const key = encodeSpec(r.key, owner.keyFormat, owner.schema.key, { ...schemas, isKey: true });
    const columns = owner.schema.value.filter((c) => c.headers === undefined);
    return {
      topic: r.topic,
      key: r.window === null || key === null ? key : Buffer.concat([key, windowBytes(r.window)]),
      value: encodeSpec(r.value, owner.valueFormat, columns, { ...schemas, isKey: false }),
      timestamp: r.timestamp ?? 0,
      ...(r.headers.length === 0 ? {} : { headers: r.headers }),
    };
  }
}

function windowBytes(w: NonNullable<RecordSpec['window']>): Buffer {
  const b = Buffer.alloc(w.type === 'session' ? 16 : 8);
  if (w.type === 'session') b.writeBigInt64BE(BigInt(w.end ?? w.start), 0);
  b.writeBigInt64BE(BigInt(w.start), b.length - 8);
  return b;
}

function splitKey(
  key: Uint8Array | null,
  owner: DataSource,
): {
  readonly key: Uint8Array | null;
  readonly window: { readonly type: 'time' | 'session'; readonly start: number; readonly end: number } | null;
} {
  if (key === null || owner.window === null) return { key, window: null };
  const b = Buffer.from(key);
  const start = readInt64(b, b.length - 8);
  if (owner.window.kind === 'session') {
    return { key: b.subarray(0, b.length - 16), window: { type: 'session', start, end: readInt64(b, b.length - 16) } };
  }
  return { key: b.subarray(0, b.length - 8), window: { type: 'time', start, end: start + owner.window.sizeMs } };
}

const sameBytes = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.compare(a, b) === 0;

function show(r: DriverRecord, owner: DataSource, doubles: boolean, registry: MemoryRegistry): string {
  const { key, window } = splitKey(r.key, owner);
  const columns = owner.schema.value.filter((c) => c.headers === undefined);
  const text = (a: unknown) =>
    JSON.stringify(a, (_, v) => (typeof v === 'bigint' ? String(v) : v instanceof Map ? Object.fromEntries(v) : v));
  return `key ${text(decodeActual(key, owner.keyFormat, owner.schema.key, { isKey: true, doubles, registry }))} value ${text(
    decodeActual(r.value, owner.valueFormat, columns, { isKey: false, doubles, registry }),
  )} timestamp ${r.timestamp}${window === null ? '' : ` window ${window.start}..${window.end}`}`;
}

function attempt<T>(type: CaseError['type'], statement: string, work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (e instanceof CaseError) throw e;
    const error = e instanceof Error ? e : new Error(messageOf(e));
    const actual =
      type === 'KsqlStatementException' && error instanceof SqlError && error.code === 'SYNTAX_ERROR'
        ? 'ParseFailedException'
        : type;
    throw new CaseError(actual, statement, error);
  }
}
