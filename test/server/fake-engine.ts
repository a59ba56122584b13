import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type {
  Clock,
  CommandStatus,
  EngineApi,
  EngineStatus,
  Entity,
  InsertStream,
  QueryEnd,
  QueryStream,
  RequestContext,
  ResultColumn,
  RowBatch,
} from '../../engine/index.js';
import { systemClock } from '../../engine/index.js';
import { loadConfig } from '../../server/config.js';
import { createApp } from '../../server/http/app.js';
import type { Endpoint } from '../../server/http/endpoint.js';
import type { TestServer } from './support.js';

/** A query whose rows the test decides. */
export class ScriptedQuery implements QueryStream {
  readonly queryId = 'q1';
  end: QueryEnd = 'completed';
  closed = false;
  /** Batches that the server has asked for. */
  asked = 0;
  private wake: () => void = () => {};

  constructor(
    readonly kind: QueryStream['kind'],
    readonly columns: readonly ResultColumn[],
    private readonly batch: (n: number) => RowBatch | undefined | 'wait' | Error,
  ) {}

  async next(): Promise<RowBatch | undefined> {
    await new Promise((resolve) => setImmediate(resolve)); // as an engine does between its slices
    const step = this.closed ? undefined : this.batch(this.asked++);
    if (step instanceof Error) throw step;
    if (step !== 'wait') {
      if (this.closed) this.end = 'terminated';
      return step;
    }
    await new Promise<void>((resolve) => (this.wake = resolve));
    this.end = 'terminated';
    return undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.wake();
  }
}

/** An engine that knows no SQL: it opens the query that it was given. */
export class FakeEngine implements EngineApi {
  readonly serviceId = 'fake_';
  readonly clusterId = 'fake';
  isStopping = false;
  ready = true;
  readonly opened: QueryStream[] = [];
  open: (sql: string, context: RequestContext) => QueryStream = () => {
    throw new Error('no query');
  };
  plan = async () => [];
  deploy = async () => ({ steps: [], entities: [] });
  execute = async (_sql: string, _context: RequestContext): Promise<readonly Entity[]> => [];

  async openQuery(sql: string, context: RequestContext): Promise<QueryStream> {
    const query = this.open(sql, context);
    this.opened.push(query);
    return query;
  }
  async closeQuery(id: string): Promise<boolean> {
    const query = this.opened.find((q) => q.queryId === id);
    await query?.close();
    return query !== undefined;
  }
  async quiesce(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.opened.map((q) => q.close()));
  }
  openInserts = async (): Promise<InsertStream> => ({ insert: async (rows) => ({ inserted: rows.length }) });
  ingest = async (_target: string, rows: readonly string[]): Promise<number> => rows.length;
  sources = () => [];
  terminateCluster = async (): Promise<readonly Entity[]> => [];
  commandStatuses = (): ReadonlyMap<string, CommandStatus> => new Map();
  produce = async () => ({ count: 0, partitions: 4 });
  producePlaced = async () => [];
  topics = async () => [];
  registerSchema = async () => 1;
  schemaText = async () => undefined;
  loadMarks = async () => ({ partitions: 4, run: null, rows: [0, 0, 0, 0] });
  topicSize = async (): Promise<number> => 0;
  status = (): EngineStatus => ({
    ready: this.ready,
    queriesStarted: this.ready,
    kafkaHealthy: true,
    commandRunnerHealthy: true,
    queries: { running: 0, error: 0, total: 0 },
  });
  queryStats = () => [];
  connectorStats = () => [];
  stateBytes = async () => new Map<string, number>();
}

/** The HTTP API over a fake engine. */
export async function startFake(
  engine: FakeEngine,
  settings: Record<string, string> = {},
  clock: Clock = systemClock,
  endpoints?: readonly Endpoint[],
): Promise<TestServer & { readonly stop: () => Promise<void> }> {
  const app = createApp(
    {
      engine,
      clock,
      config: loadConfig({ listeners: 'http://127.0.0.1:0', ...settings }, {}),
      logger: pino({ level: 'silent' }),
      metrics: new Registry(),
      version: '0.0.0',
    },
    endpoints,
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    running: undefined as never,
    address: `http://127.0.0.1:${port}`,
    port,
    stop: async () => {
      await app.close();
    },
  };
}
