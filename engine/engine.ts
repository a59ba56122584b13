import type { Deployed, DeployOptions, DeployStep, Script } from './api/deployment.js';
import type {
  CommandStatus,
  ConnectorStats,
  EngineApi,
  EngineStatus,
  InsertStream,
  QueryStats,
  QueryStream,
  RequestContext,
  SourceColumns,
} from './api/engine-api.js';
import { EMPTY_CONTEXT } from './api/engine-api.js';
import type { Entity } from './api/entities.js';
import type { Clock } from './base/clock.js';
import { WeirError } from './base/errors.js';
import type { Logger } from './base/logger.js';
import type { Catalog, DataSource } from './catalog/index.js';
import { CommandLog } from './command-log/command-log.js';
import { Reconciler } from './command-log/reconciler.js';
import { type Connectors, noConnectors } from './connectors/connectors.js';
import { Deployment } from './deployment/deployment.js';
import type { Format } from './formats/format.js';
import { noRegistry } from './formats/registry/none.js';
import type { SchemaRegistry } from './formats/registry/registry.js';
import type { FunctionRegistry } from './functions/registry.js';
import { loadMarks } from './log/load-marks.js';
import type { Log, TopicInfo } from './log/log.js';
import { Producer, type RecordAt } from './log/raw-producer.js';
import type { LoadMarks, Produced, RawRecord } from './records/raw-record.js';
import { isInternalTopic, isTopicName, TOPIC_NAME_HINT } from './records/topic-name.js';
import type { PeerQuery, PeerRead, PeerRows, Peers, QueryPlacement, Runtime } from './runtime.js';
import type { Settings } from './settings.js';
import type { EngineParts } from './statements/context.js';
import { factsOf, prepare } from './statements/index.js';
import { nameIn, type RowReader, rowReader } from './statements/insert-rows.js';
import { OpenQueries } from './statements/open-queries.js';
import { matchesOf } from './statements/query-statistics.js';
import { Scripts, sessionOf } from './statements/scripts.js';

export interface EngineOptions {
  readonly log: Log;
  readonly runtime: Runtime;
  /** Left out: none runs here. */
  readonly connectors?: Connectors | undefined;
  readonly functions: FunctionRegistry;
  format(name: string): Format;
  /** Where formats with a schema registry have their schemas; left out: nowhere, and these formats are refused. */
  readonly schemas?: SchemaRegistry | undefined;
  /** In [0, 1), and a fresh UUID: for RANDOM() and UUID() in constants. */
  random(): number;
  uuid(): string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly serviceId: string;
  /** Tells this node from others of the service. */
  readonly nodeId: string;
  readonly settings: Settings;
  readonly maxPushQueries: number;
  /** The other nodes of the service; left out: this one is alone. */
  readonly peers?: Peers | undefined;
}

const DEFAULT_PARTITIONS = 4;
/** What a request waits for the command that its `commandSequenceNumber` names. */
const COMMAND_TIMEOUT_MS = 5000;
const COMMAND_POLL_MS = 20;

/**
 * The engine: statements in, entities and rows out. It keeps the catalog (through the command log), starts and stops the
 * persistent queries that the catalog says should run on this node, and opens push and pull queries.
 */
export class Engine implements EngineApi {
  readonly clusterId: string;
  readonly serviceId: string;
  private readonly parts: EngineParts;
  private readonly commandLog: CommandLog;
  private readonly scripts: Scripts;
  private readonly deployment: Deployment;
  private readonly reconciler: Reconciler;
  private readonly queries: OpenQueries;
  private readonly producer: Producer;
  /** Of records whose senders are told their offsets. */
  private readonly placing: Producer;
  private ready = false;
  private stopping = false;
  private queriesStarted = false;
  /** Statements that change the catalog go one after the other. */
  private ddl: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: EngineOptions) {
    this.serviceId = options.serviceId;
    this.clusterId = options.log.kind === 'kafka' ? 'kafka' : 'embedded';
    this.queries = new OpenQueries(options.maxPushQueries);
    this.producer = new Producer({ ...options, clientId: `${options.nodeId}-produce` });
    this.placing = new Producer({ ...options, clientId: `${options.nodeId}-place` });
    this.commandLog = new CommandLog({
      log: options.log,
      serviceId: options.serviceId,
      nodeId: options.nodeId,
      clock: options.clock,
      logger: options.logger,
      uuid: options.uuid,
      onApplied: (applied) => this.reconciler.reconcile(applied),
    });
    const connectors = options.connectors ?? noConnectors;
    this.reconciler = new Reconciler({ ...options, connectors, catalog: () => this.commandLog.catalog });
    this.parts = {
      log: options.log,
      commandLog: this.commandLog,
      runtime: options.runtime,
      connectors,
      functions: options.functions,
      format: options.format,
      registry: options.schemas ?? noRegistry,
      functionConfig: {
        properties: options.settings.overrides(),
        now: () => options.clock.now(),
        random: options.random,
        uuid: options.uuid,
      },
      settings: options.settings,
      clock: options.clock,
      logger: options.logger,
      serviceId: options.serviceId,
      peers: options.peers,
      produce: (topic, records) => this.produce(topic, records),
      pushQueries: () => this.queries.pushQueries(),
      closeQuery: (id) => this.queries.close(id),
    };
    this.scripts = new Scripts(this.parts, () => this.reconciler.settled());
    this.deployment = new Deployment(this.scripts, () => this.commandLog.catalog);
  }

  /** Replays the command log and starts the persistent queries. */
  async start(): Promise<void> {
    await this.commandLog.open();
    for (const query of this.commandLog.catalog.queries.values()) this.reconciler.startQuery(query);
    for (const connector of this.commandLog.catalog.connectors.values()) this.reconciler.startConnector(connector);
    await this.reconciler.settled();
    this.ready = true;
  }

  /** Ends push queries, commits and stops persistent ones. The log stays open: it is its owner's to close. */
  async stop(): Promise<void> {
    this.ready = false;
    await this.quiesce();
    await this.ddl.catch(() => undefined); // its own request was told
    await this.commandLog.close();
    await this.reconciler.settled();
    await this.options.connectors?.close();
    await this.options.runtime.stop();
    await this.producer.close();
    await this.placing.close();
  }

  async quiesce(): Promise<void> {
    this.stopping = true;
    await this.queries.stop();
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  /** The catalog as it is now. */
  get catalog(): Catalog {
    return this.commandLog.catalog;
  }

  status(): EngineStatus {
    const states = [...this.commandLog.catalog.queries.keys()].map((id) => this.options.runtime.query(id)?.state);
    // One that joins its group again later, or restores what has moved here, has been there for its clients before.
    this.queriesStarted ||=
      this.ready && states.every((s) => s !== undefined && s !== 'STARTING' && s !== 'REBALANCING');
    return {
      ready: this.ready,
      queriesStarted: this.queriesStarted,
      kafkaHealthy: this.ready,
      commandRunnerHealthy: this.commandLog.healthy,
      diskFull: states.includes('DISK_FULL'),
      queries: {
        running: states.filter((s) => s === 'RUNNING').length,
        error: states.filter((s) => s === 'ERROR').length,
        total: states.length,
      },
    };
  }

  async execute(sql: string, context: RequestContext): Promise<readonly Entity[]> {
    this.checkReady();
    await this.awaitCommand(context);
    return this.inOrder(async () =>
      this.scripts.runChecked(await this.scripts.check(sql, sessionOf(context), context.readOnly)),
    );
  }

  async plan(scripts: readonly Script[], options?: DeployOptions): Promise<readonly DeployStep[]> {
    this.checkReady();
    return this.inOrder(() => this.deployment.plan(scripts, options));
  }

  async deploy(scripts: readonly Script[], options?: DeployOptions): Promise<Deployed> {
    this.checkReady();
    return this.inOrder(() => this.deployment.apply(scripts, options));
  }

  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const run = this.ddl.then(work);
    this.ddl = run.catch(() => undefined); // the next statement does not care how this one ended
    return run;
  }

  async openQuery(sql: string, context: RequestContext): Promise<QueryStream> {
    this.checkReady();
    await this.awaitCommand(context);
    const session = sessionOf(context);
    const statements = [...this.scripts.parse(sql, session)];
    // SET and DEFINE may go before the query.
    for (const { statement, text, source } of statements.slice(0, -1)) {
      if (factsOf(statement).effect !== 'session') {
        throw new WeirError('BAD_REQUEST', `Expected exactly one KSQL statement; found ${statements.length} instead.`);
      }
      await this.scripts.guard(text, source, async () =>
        (await prepare(this.scripts.context(statement, source, text, session, new Map()))).run(),
      );
    }
    const last = statements.at(-1);
    if (last === undefined) throw new WeirError('BAD_REQUEST', 'Expected exactly one KSQL statement; found 0 instead.');
    const { statement, text, source } = last;
    const { query } = factsOf(statement);
    if (query === undefined) {
      throw new WeirError(
        'WRONG_ENDPOINT',
        `Statement type \`${statement.kind}' not supported for this resource`,
        'Send it to /ksql.',
      );
    }
    const own = this.scripts.context(statement, source, text, session, new Map());
    // A name that TERMINATE takes without quotes.
    const id = `${query.idPrefix(statement, own)}${this.options.uuid().replaceAll('-', '').slice(0, 16)}`;
    return this.scripts.guard(text, source, () =>
      this.queries.add(text, query.isEndless(statement), () => query.open(statement, own, id)),
    );
  }

  async closeQuery(queryId: string): Promise<boolean> {
    return this.queries.close(queryId);
  }

  async ingest(target: string, rows: readonly string[]): Promise<number> {
    const { source, read } = await this.rowsInto(target);
    const records = rows.map((row, i) => {
      try {
        return read(row);
      } catch (e) {
        if (!(e instanceof WeirError)) throw e;
        throw new WeirError(e.code, `Row ${i}: ${e.message}`, e.hint, { cause: e });
      }
    });
    await this.produce(source.topic.name, records);
    return records.length;
  }

  sources(): readonly SourceColumns[] {
    return [...this.commandLog.catalog.sources.values()].map(({ name, kind, schema, topic, window }) => ({
      name,
      kind,
      topic: topic.name,
      windowed: window !== null,
      columns: [
        ...schema.key.map((c) => ({ name: c.name, type: c.type, key: true })),
        ...schema.value.map((c) => ({ name: c.name, type: c.type, key: false })),
      ],
    }));
  }

  /** What rows are inserted into, and what reads them. */
  private async rowsInto(target: string): Promise<{ readonly source: DataSource; readonly read: RowReader }> {
    this.checkReady();
    const { sources } = this.commandLog.catalog;
    const source = sources.get(nameIn(sources, target) ?? '');
    if (source === undefined) {
      const name = target.startsWith('`') ? target : `\`${target.toUpperCase()}\``;
      throw new WeirError('BAD_STATEMENT', `Cannot insert values into an unknown stream/table: ${name}`);
    }
    return { source, read: await rowReader(source, this.parts) };
  }

  async openInserts(target: string): Promise<InsertStream> {
    const { source, read } = await this.rowsInto(target);
    return {
      insert: async (rows) => {
        const records: RawRecord[] = [];
        let error: unknown;
        for (const row of rows) {
          try {
            records.push(read(row));
          } catch (e) {
            error = e;
            break;
          }
        }
        await this.produce(source.topic.name, records);
        return { inserted: records.length, ...(error === undefined ? {} : { error }) };
      },
    };
  }

  async produce(topic: string, records: readonly RawRecord[], partitions = DEFAULT_PARTITIONS): Promise<Produced> {
    this.checkTopic(topic);
    return this.producer.produce(topic, records, partitions);
  }

  async producePlaced(topic: string, records: readonly RawRecord[]): Promise<readonly RecordAt[]> {
    this.checkTopic(topic);
    return this.placing.placed(topic, records, DEFAULT_PARTITIONS);
  }

  async topics(): Promise<readonly TopicInfo[]> {
    this.checkReady();
    return (await this.options.log.listTopics()).filter((t) => !t.internal && !isInternalTopic(t.name));
  }

  async registerSchema(subject: string, text: string): Promise<number> {
    this.checkReady();
    return this.parts.registry.register(subject, { type: 'AVRO', text, references: [] });
  }

  async schemaText(id: number): Promise<string | undefined> {
    this.checkReady();
    return (await this.parts.registry.fetch(id))?.text;
  }

  private checkTopic(topic: string): void {
    this.checkReady();
    if (!isTopicName(topic)) throw new WeirError('BAD_REQUEST', `'${topic}' is no topic name.`, TOPIC_NAME_HINT);
    if (isInternalTopic(topic)) throw new WeirError('FORBIDDEN', `Cannot write to read-only topic: ${topic}`);
  }

  async terminateCluster(deletesTopic: (topic: string) => boolean): Promise<readonly Entity[]> {
    const { sources, queries, types, connectors } = this.commandLog.catalog;
    const sinks = new Set([...queries.values()].map((q) => q.sink));
    const statements = [...sources.values()].map((s) => {
      const isDeleted = sinks.has(s.name) && deletesTopic(s.topic.name);
      return `DROP ${s.kind} \`${s.name}\`${isDeleted ? ' DELETE TOPIC' : ''};`;
    });
    for (const name of types.keys()) statements.push(`DROP TYPE \`${name}\`;`);
    const stopped = [...connectors.keys()].map((name) => `DROP CONNECTOR \`${name}\`;`);
    return this.execute([...stopped, 'TERMINATE ALL;', ...statements].join('\n'), EMPTY_CONTEXT);
  }

  commandStatuses(): ReadonlyMap<string, CommandStatus> {
    return this.commandLog.statuses;
  }

  async loadMarks(topic: string, file: string): Promise<LoadMarks | undefined> {
    this.checkReady();
    return loadMarks(this.options.log, topic, file);
  }

  async topicSize(topic: string): Promise<number> {
    return (await this.options.log.offsets(topic)).reduce((n, p) => n + p.end - p.earliest, 0);
  }

  /** Rows that another node asks for. Throws NOT_READY where this one has none of them. */
  readForPeer(request: PeerRead): PeerRows {
    this.checkReady();
    return this.options.runtime.readForPeer(request);
  }

  /** Who has what of each persistent query. */
  placements(): ReadonlyMap<string, QueryPlacement> {
    return this.options.runtime.placements();
  }

  /** What the persistent queries do on this node. */
  queryStates(): readonly PeerQuery[] {
    return [...this.commandLog.catalog.queries.keys()].flatMap((queryId) => {
      const running = this.options.runtime.query(queryId);
      if (running === undefined) return [];
      const { recordsIn, recordsOut, skipped, late, evaluationErrors } = running.counters();
      return [{ queryId, state: running.state, counters: { recordsIn, recordsOut, skipped, late, evaluationErrors } }];
    });
  }

  async stateBytes(): Promise<ReadonlyMap<string, number>> {
    const { runtime } = this.options;
    const of = async (id: string) => [id, (await runtime.query(id)?.stateBytes()) ?? 0] as const;
    return new Map(await Promise.all([...this.commandLog.catalog.queries.keys()].map(of)));
  }

  queryStats(): readonly QueryStats[] {
    return [...this.commandLog.catalog.queries.values()].map((q) => {
      const running = this.options.runtime.query(q.id);
      const counters = running?.counters();
      return {
        queryId: q.id,
        state: running?.state ?? q.state,
        recordsIn: counters?.recordsIn ?? 0,
        recordsOut: counters?.recordsOut ?? 0,
        skipped: counters?.skipped ?? 0,
        unwritten: counters?.unwritten ?? 0,
        late: counters?.late ?? 0,
        evaluationErrors: counters?.evaluationErrors ?? 0,
        unlogged: counters?.unlogged ?? 0,
        deadLettered: counters?.deadLettered ?? 0,
        watchdogRestarts: counters?.watchdogRestarts ?? 0,
        restored: counters?.restored ?? 0,
        toRestore: running?.status().toRestore ?? 0,
        lag: running?.lag() ?? 0,
        matched: 0,
        unmatched: 0,
        ...matchesOf(counters?.steps ?? []),
      };
    });
  }

  connectorStats(): readonly ConnectorStats[] {
    return [...this.commandLog.catalog.connectors.values()].flatMap(({ name, kind }) => {
      const status = this.parts.connectors.status(name);
      if (status === undefined) return [];
      const { state, rows, deadLetters, skipped, retries, tasks } = status;
      const lag = kind === 'SINK' ? tasks.reduce((n, t) => n + (t.lag?.amount ?? 0), 0) : null;
      return [{ name, state, rows, deadLetters, skipped, retries, lag }];
    });
  }

  /** A client that has been told of a command does not see the state before it, whichever node it asks. */
  private async awaitCommand({ afterCommand }: RequestContext): Promise<void> {
    if (afterCommand === undefined || afterCommand < 0) return;
    const { clock } = this.options;
    const until = clock.now() + COMMAND_TIMEOUT_MS;
    while (this.commandLog.sequence <= afterCommand) {
      if (clock.now() >= until) {
        throw new WeirError(
          'COMMAND_TIMEOUT',
          `Timed out while waiting for a previous command to execute. command sequence number: ${afterCommand}`,
        );
      }
      await clock.sleep(COMMAND_POLL_MS);
    }
  }

  private checkReady(): void {
    if (this.stopping) throw new WeirError('SHUTTING_DOWN', 'The server is shutting down.');
    if (!this.ready) throw new WeirError('NOT_READY', 'The server is starting; try again in a moment.');
  }
}
