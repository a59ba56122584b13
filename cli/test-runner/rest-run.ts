import type { DataSource } from '../../engine/catalog/index.js';
import { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { BatchCursor, messageOf, type RawRecord } from '../../engine/index.js';
import { maskedText } from '../../engine/statements/index.js';
import type { Statement } from '../../parser/ast.js';
import { parseScript, SourceText } from '../../parser/index.js';
import type { RecordSpec } from './case.js';
import { registerTopics } from './case-schemas.js';
import { difference } from './compare.js';
import { isObject, type Json, listOf, numberOf, textOf } from './lossless-json.js';
import { type CaseTools, MemoryEngine } from './memory-engine.js';
import type { ExpectedAnswer, RestCase } from './rest-case.js';
import { type Answer, post, postStreaming } from './rest-client.js';
import { responsesDifference } from './rest-compare.js';
import { type RestServer, startRestServer } from './rest-server.js';
import type { Outcome } from './run-case.js';
import { decodeActual, encodeSpec } from './spec-codec.js';
import { windowBytes } from './window-key.js';

const DEFAULT_PARTITIONS = 4;

/** Runs a case against a server of its own. */
export async function runRestCase(test: RestCase, tools: CaseTools): Promise<Outcome> {
  const registry = new MemoryRegistry();
  const server = await startRestServer(registry, new FunctionRegistry(BUILT_IN_FUNCTIONS));
  try {
    const problem = await new RestRun(test, tools, server, registry).run();
    return problem === null ? { passed: true } : { passed: false, reason: problem };
  } catch (e) {
    return { passed: false, reason: messageOf(e) };
  } finally {
    await server.stop();
  }
}

class RestRun {
  private readonly admin: readonly string[];
  private readonly queries: readonly string[];

  constructor(
    private readonly test: RestCase,
    private readonly tools: CaseTools,
    private readonly server: RestServer,
    private readonly registry: MemoryRegistry,
  ) {
    this.admin = test.base.statements.filter((s) => !s.startsWith('SELECT '));
    this.queries = test.base.statements.filter((s) => s.startsWith('SELECT '));
  }

  /** Null where all is as it should be. */
  async run(): Promise<string | null> {
    const { test, server } = this;
    await this.prepareTopics();
    const replies: Json[] = [];
    if (this.admin.length > 0) {
      const answer = await this.ask('/ksql', { ksql: this.admin.join('\n') });
      if (answer.status !== 200) return this.errorDifference(answer);
      replies.push(...listOf(answer.body));
    }
    if (test.queryFirst) {
      const [query] = this.queries;
      const { started, answer } = postStreaming(server.address, '/query', this.body({ ksql: query! }));
      await started;
      await this.produce();
      const done = await answer;
      if (done.status !== 200) return this.errorDifference(done);
      replies.push(done.body);
    } else {
      await this.produce();
      await server.caughtUp();
      for (const ksql of this.queries) {
        const answer = await this.ask('/query', { ksql });
        const failed = answer.status === 200 ? errorRow(answer.body) : answer;
        if (failed !== null) return this.errorDifference(failed);
        replies.push(answer.body);
      }
    }
    if (test.expectedError !== null) return 'it should have failed, and did not';
    if (test.protobuf) {
      for (const sql of this.queries) {
        const body = { sql, properties: test.base.properties };
        const answer = await post(server.address, '/query-stream', body, 'application/vnd.ksql.v1+protobuf');
        if (answer.status !== 200) return this.errorDifference(answer);
        replies.push(answer.body);
      }
    }
    return (await this.outputsDifference()) ?? responsesDifference(test.responses, replies);
  }

  private body(statement: { readonly ksql: string }): object {
    return { ...statement, streamsProperties: this.test.base.properties };
  }

  private ask(path: string, statement: { readonly ksql: string }): Promise<Answer> {
    return post(this.server.address, path, this.body(statement));
  }

  /** Creates the topics that are there beforehand, and registers schemas. */
  private async prepareTopics(): Promise<void> {
    const { base } = this.test;
    const partitions = new Map<string, number | null>();
    const script = base.statements.join('\n');
    const statements = base.statements.flatMap(parsedOrNone);
    for (const r of base.inputs) partitions.set(r.topic, DEFAULT_PARTITIONS);
    for (const s of statements) {
      if (s.kind !== 'CreateSource') continue;
      const property = (name: string) =>
        s.properties.find((p) => p.name.toUpperCase() === name)?.value as { value?: unknown };
      const topic = String(property('KAFKA_TOPIC')?.value ?? s.name.name);
      // The statement makes its topic itself.
      partitions.set(topic, property('PARTITIONS') === undefined ? DEFAULT_PARTITIONS : null);
    }
    for (const t of base.topics) partitions.set(t.name, t.partitions ?? 1);
    const topics = [...partitions].flatMap(([name, n]) => (n === null ? [] : [{ name, partitions: n, config: KEPT }]));
    await this.server.log.createTopics(topics);
    const context = new MemoryEngine(this.tools, base.properties).context(new SourceText(script));
    registerTopics(base, statements, this.registry, context);
  }

  private async produce(): Promise<void> {
    for (const r of this.test.base.inputs) {
      await this.server.engine.produce(r.topic, [this.encode(r, this.ownerOf(r.topic))]);
    }
  }

  private ownerOf(topic: string): DataSource {
    const owner = [...this.server.catalog().sources.values()].find((s) => s.topic.name === topic);
    if (owner === undefined) throw new Error(`No source owns topic ${topic}.`);
    return owner;
  }

  private encode(r: RecordSpec, owner: DataSource): RawRecord {
    const place = (isKey: boolean) => ({ topic: r.topic, isKey, registry: this.registry });
    const key = encodeSpec(r.key, owner.keyFormat, owner.schema.key, place(true));
    const columns = owner.schema.value.filter((c) => c.headers === undefined);
    return {
      key: r.window === null || key === null ? key : Buffer.concat([key, windowBytes(r.window)]),
      value: encodeSpec(r.value, owner.valueFormat, columns, place(false)),
      timestamp: r.timestamp ?? 0,
      headers: r.headers,
    };
  }

  private errorDifference(answer: Answer): string | null {
    const expected = this.test.expectedError;
    const { body } = answer;
    if (!isObject(body)) return `status ${answer.status} without a body`;
    const message = textOf(body.get('message')) ?? '';
    if (expected === null) return `${textOf(body.get('@type'))} ${numberOf(body.get('error_code'))}: ${message}`;
    return (
      answerDifference(expected, answer.status, textOf(body.get('@type')), message) ??
      this.statementDifference(body.get('statementText'))
    );
  }

  /** A statement's error names the last statement; of INSERT … VALUES only the columns. */
  private statementDifference(text: Json | undefined): string | null {
    if (text === undefined) return null;
    const last = this.test.base.statements.at(-1)!;
    let wanted = last;
    try {
      const [statement] = parseScript(last);
      if (statement !== undefined) wanted = maskedText(statement, last);
    } catch {
      // No statement of the language: it is named as it is.
    }
    return textOf(text)!.includes(wanted) ? null : `statementText: expected ${wanted}, got ${textOf(text)}`;
  }

  private async outputsDifference(): Promise<string | null> {
    const { outputs } = this.test.base;
    for (const topic of new Set(outputs.map((o) => o.topic))) {
      const expected = outputs.filter((o) => o.topic === topic);
      const owner = this.ownerOf(topic);
      const actual = await readTopic(this.server, topic);
      if (actual.length !== expected.length)
        return `topic ${topic}: ${actual.length} records instead of ${expected.length}`;
      for (const [i, e] of expected.entries()) {
        const d = this.recordDifference(e, actual[i]!, owner);
        if (d !== null) return `topic ${topic}, record ${i}: ${d}`;
      }
    }
    return null;
  }

  private recordDifference(e: RecordSpec, a: RawRecord, owner: DataSource): string | null {
    const options = (isKey: boolean) => ({ isKey, doubles: false, registry: this.registry });
    const key = difference(e.key, decodeActual(a.key, owner.keyFormat, owner.schema.key, options(true)));
    if (key !== null) return `key: ${key}`;
    const columns = owner.schema.value.filter((c) => c.headers === undefined);
    const value = difference(e.value, decodeActual(a.value, owner.valueFormat, columns, options(false)));
    if (value !== null) return `value: ${value}`;
    return e.timestamp === undefined || e.timestamp === a.timestamp
      ? null
      : `timestamp: expected ${e.timestamp}, got ${a.timestamp}`;
  }
}

function parsedOrNone(statement: string): readonly Statement[] {
  try {
    return parseScript(statement);
  } catch {
    return []; // the server is the one to say so
  }
}

/** Event times of the cases are long past. */
const KEPT = { 'retention.ms': '-1' };

function answerDifference(
  expected: ExpectedAnswer,
  status: number,
  type: string | undefined,
  message: string,
): string | null {
  if (expected.type === 'KsqlStatementErrorMessage' && type !== 'statement_error') return `it is a ${type}: ${message}`;
  if (expected.status !== undefined && expected.status !== status)
    return `status ${status} instead of ${expected.status}`;
  if (expected.message === undefined || message.includes(expected.message)) return null;
  return `the error does not say\n    ${expected.message}\n  but\n    ${message}`;
}

/** A query that failed after its header. */
function errorRow(body: Json): Answer | null {
  for (const row of listOf(body)) {
    const error = isObject(row) ? row.get('errorMessage') : undefined;
    if (error === undefined || !isObject(error)) continue;
    return { status: Math.floor((numberOf(error.get('error_code')) ?? 50000) / 100), body: error };
  }
  return null;
}

async function readTopic({ log }: RestServer, topic: string): Promise<RawRecord[]> {
  const out: RawRecord[] = [];
  const reader = log.reader({ clientId: 'test-outputs' });
  try {
    const left = new Map<number, number>();
    for (const p of await log.offsets(topic)) {
      if (p.end <= p.earliest) continue;
      reader.assign(topic, p.partition, p.earliest);
      left.set(p.partition, p.end);
    }
    const cursor = new BatchCursor();
    while (left.size > 0) {
      for (const fetched of await reader.poll(100)) {
        for (const batch of fetched.batches) {
          cursor.reset(batch);
          while (cursor.next()) {
            const bytes = (from: number, to: number) =>
              from < 0 ? null : Buffer.from(cursor.buffer.subarray(from, to));
            out.push({
              key: bytes(cursor.keyStart, cursor.keyEnd),
              value: bytes(cursor.valueStart, cursor.valueEnd),
              timestamp: cursor.timestamp,
            });
          }
        }
        if (fetched.nextOffset >= (left.get(fetched.partition) ?? 0)) left.delete(fetched.partition);
      }
    }
  } finally {
    await reader.close();
  }
  return out;
}
