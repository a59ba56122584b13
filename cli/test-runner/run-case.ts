import type { DataSource } from '../../engine/catalog/index.js';
import type { DriverRecord } from '../../engine/dataflow/topology-driver.js';
import type { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import { parseScript, SourceText } from '../../parser/index.js';
import type { ExpectedError, RecordSpec, TestCase } from './case.js';
import { attempt, CaseError, errorDifference } from './case-error.js';
import { registerTopics } from './case-schemas.js';
import { difference, printActual } from './compare.js';
import { printJson } from './lossless-json.js';
import { type CaseTools, MemoryEngine } from './memory-engine.js';
import { checkPost } from './post.js';
import { decodeActual, encodeSpec } from './spec-codec.js';
import { splitKey, windowBytes } from './window-key.js';

export type Outcome = { readonly passed: true } | { readonly passed: false; readonly reason: string };

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
    const wrong = errorDifference(test.expected, e);
    return wrong === null ? { passed: true } : failed(wrong);
  }
  // Where ksqlDB's query dies of a record, Weir's leaves the record out, says so, and goes on.
  if (test.expected !== null && !world.reported(test.expected)) return failed('it should have failed, and did not');
  return world.compare();
}

const failed = (reason: string): Outcome => ({ passed: false, reason });

function whereOf(e: CaseError): string {
  if (process.env.WEIR_DEBUG === undefined) return '';
  return `\n${e.cause.stack ?? ''}`;
}

class World {
  private readonly engine: MemoryEngine;
  private readonly logs = new Map<string, DriverRecord[]>();
  private readonly internalTopics = new Set<string>();
  /** What the queries have had to say of records. */
  private readonly reports: CaseError[] = [];

  constructor(
    private readonly test: TestCase,
    private readonly tools: CaseTools,
  ) {
    this.engine = new MemoryEngine(tools, test.properties);
    for (const t of test.topics) this.logs.set(t.name, []);
    for (const r of [...test.inputs, ...test.outputs]) if (!this.logs.has(r.topic)) this.logs.set(r.topic, []);
  }

  runStatements(): void {
    const { engine, test } = this;
    const script = test.statements.join('\n');
    const source = new SourceText(script);
    const statements = attempt('ParseFailedException', script, () => parseScript(script));
    registerTopics(test, statements, engine.registry, engine.context(source));
    for (const statement of statements) {
      attempt('KsqlStatementException', source.slice(statement.span), () => {
        const effect = engine.execute(statement, source);
        if (effect.kind === 'inserted') {
          const { topic, record } = effect;
          this.logOf(topic).push({ ...record, topic, timestamp: record.timestamp ?? this.tools.now() });
        } else if (effect.kind === 'changed' && effect.source !== null && effect.query === null) {
          this.logOf(effect.source.topic.name);
        }
      });
    }
    if (test.expected === null && engine.catalog.queries.size === 0) {
      throw new CaseError('KsqlException', script, new Error('The case starts no persistent query.'));
    }
  }

  runQueries(): void {
    const inputs = this.test.inputs.map((r) => this.encode(r));
    const inputTopics = new Set(inputs.map((r) => r.topic));
    for (const r of inputs) this.logOf(r.topic).push(r);
    for (const query of this.engine.catalog.queries.values()) {
      attempt('StreamsException', query.sql, () => {
        const driver = this.engine.driver(query);
        const sources = new Set(driver.sources);
        const feed = (record: DriverRecord) => {
          for (const out of this.engine.pipe(driver, record)) this.logOf(out.topic).push(out);
        };
        for (const r of inputs) if (sources.has(r.topic)) feed(r);
        for (const topic of sources) if (!inputTopics.has(topic)) for (const r of [...this.logOf(topic)]) feed(r);
        for (const topic of driver.internalTopics) this.internalTopics.add(topic);
        for (const r of driver.reports) {
          if (r.kind === 'evaluation') {
            this.reports.push(new CaseError('StreamsException', query.sql, new Error(r.message)));
          }
        }
      });
    }
  }

  /** Whether one of the queries has reported the error. */
  reported(expected: ExpectedError): boolean {
    return this.reports.some((e) => errorDifference(expected, e) === null);
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
        const d = e === undefined || a === undefined ? '' : this.compareRecord(e, a, owner, doubles);
        if (d === null) continue;
        const wanted = e === undefined ? 'no further record' : expectedText(e);
        const got = a === undefined ? 'missing' : show(a, owner, doubles, this.engine.registry);
        return failed(`Topic '${topic}', message ${i}: Expected ${wanted} but was ${got}${d === '' ? '' : `\n${d}`}`);
      }
    }
    const problem =
      this.test.post === null
        ? null
        : checkPost(
            this.test.post,
            this.engine.catalog,
            [...this.logs.keys(), ...this.internalTopics],
            this.engine.registry,
          );
    return problem === null ? { passed: true } : failed(problem);
  }

  private compareRecord(e: RecordSpec, a: DriverRecord, owner: DataSource, doubles: boolean): string | null {
    const { key, window } = splitKey(a.key, owner);
    const keyDifference = difference(
      e.key,
      decodeActual(key, owner.keyFormat, owner.schema.key, { isKey: true, doubles, registry: this.engine.registry }),
    );
    if (keyDifference !== null) return `key: ${keyDifference}`;
    const columns = owner.schema.value.filter((c) => c.headers === undefined);
    const valueDifference = difference(
      e.value,
      decodeActual(a.value, owner.valueFormat, columns, { isKey: false, doubles, registry: this.engine.registry }),
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
    const owner = this.engine.ownerOf(topic);
    if (owner === undefined) throw new CaseError('KsqlException', '', new Error(`No source owns topic ${topic}.`));
    return owner;
  }

  private encode(r: RecordSpec): DriverRecord {
    const owner = this.ownerOf(r.topic);
    const schemas = { topic: r.topic, registry: this.engine.registry };
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

const sameBytes = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.compare(a, b) === 0;

const windowText = (w: { readonly start: number; readonly end: number | undefined } | null): string =>
  w === null ? '' : ` window=${w.start}..${w.end ?? ''}`;

function expectedText(e: RecordSpec): string {
  const at = e.timestamp === undefined ? '' : ` with timestamp=${e.timestamp}`;
  return `<${printJson(e.key)}, ${printJson(e.value)}>${at}${windowText(e.window)}`;
}

function show(r: DriverRecord, owner: DataSource, doubles: boolean, registry: MemoryRegistry): string {
  const { key, window } = splitKey(r.key, owner);
  const columns = owner.schema.value.filter((c) => c.headers === undefined);
  const own = decodeActual(key, owner.keyFormat, owner.schema.key, { isKey: true, doubles, registry });
  const value = decodeActual(r.value, owner.valueFormat, columns, { isKey: false, doubles, registry });
  return `<${printActual(own)}, ${printActual(value)}> with timestamp=${r.timestamp}${windowText(window)}`;
}
