import { type AnalyzerContext, analyze } from '../../engine/analyzer/index.js';
import {
  applyCommand,
  type Catalog,
  type DataSource,
  emptyCatalog,
  type QueryDef,
} from '../../engine/catalog/index.js';
import { type DriverRecord, TopologyDriver } from '../../engine/dataflow/topology-driver.js';
import { formatByName } from '../../engine/formats/index.js';
import { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import type { RegisteredSchema } from '../../engine/formats/registry/registry.js';
import type { FunctionRegistry } from '../../engine/functions/index.js';
import { Settings, WeirError } from '../../engine/index.js';
import type { RawRecord } from '../../engine/records/raw-record.js';
import { commandOf } from '../../engine/statements/command-of.js';
import { insertedRecord } from '../../engine/statements/insert-values.js';
import {
  pinnedSource,
  type Registered,
  type SchemaNeed,
  schemaNeeds,
  sourceNeeds,
  usable,
  withSchemas,
} from '../../engine/statements/statement-schemas.js';
import type { Statement } from '../../parser/ast.js';
import type { SourceText } from '../../parser/index.js';

/** Settings that hold in a test unless it sets others. */
const TEST_SETTINGS: Readonly<Record<string, string>> = {
  'auto.offset.reset': 'earliest',
  'cache.max.bytes.buffering': '0',
  'ksql.headers.columns.enabled': 'true',
  'ksql.persistence.default.format.key': 'KAFKA',
  '__emit.interval.ms.kstreams.outer.join.spurious.results.fix__': '0',
};

/** What a test runs on: the functions (a suite may bring its own), a clock, randomness that stands still. */
export interface CaseTools {
  readonly functions: FunctionRegistry;
  readonly now: () => number;
  readonly random: () => number;
  readonly uuid: () => string;
}

/** What a statement did, besides changing the catalog. */
export type Effect =
  | { readonly kind: 'changed'; readonly source: DataSource | null; readonly query: QueryDef | null }
  | { readonly kind: 'inserted'; readonly topic: string; readonly record: RawRecord }
  | { readonly kind: 'nothing' };

const NOTHING: Effect = { kind: 'nothing' };

/** The engine of a test: statements and topologies as they are, a catalog and a registry in memory, and no log. */
export class MemoryEngine {
  catalog: Catalog = emptyCatalog();
  readonly registry = new MemoryRegistry();
  readonly settings: Map<string, string>;

  constructor(
    private readonly tools: CaseTools,
    properties: Readonly<Record<string, string>> = {},
  ) {
    this.settings = new Map(Object.entries(properties));
  }

  execute(statement: Statement, source: SourceText): Effect {
    if (statement.kind === 'SetProperty') {
      this.settings.set(statement.name, statement.value);
      return NOTHING;
    }
    if (statement.kind === 'UnsetProperty') {
      this.settings.delete(statement.name);
      return NOTHING;
    }
    const resolved = analyze(statement, this.context(source));
    if (resolved.kind === 'insertValues') {
      const target = pinnedSource(resolved.target, this.register(sourceNeeds(resolved.target, true)));
      const config = { properties: {}, ...this.tools };
      const tools = { compile: { functions: this.tools.functions, config }, format: formatByName };
      return { kind: 'inserted', topic: target.topic.name, record: insertedRecord({ ...resolved, target }, tools) };
    }
    if (resolved.kind === 'select') throw new WeirError('BAD_STATEMENT', 'A query that stands alone is not tested.');
    if (resolved.kind === 'other')
      throw new WeirError('BAD_STATEMENT', `A test cannot run this statement: ${resolved.sql}`);
    const planned = commandOf(resolved, Object.fromEntries(this.settings), this.catalog);
    if (planned === undefined) return NOTHING;
    const command = withSchemas(planned, this.register(schemaNeeds(planned, this.catalog)));
    this.catalog = applyCommand(this.catalog, command);
    const query = 'query' in command ? command.query : null;
    return { kind: 'changed', source: 'source' in command ? command.source : null, query };
  }

  /** What the analyzer may know, but for the catalog and the registry. */
  context(source: SourceText): AnalyzerContext {
    return {
      catalog: this.catalog,
      functions: this.tools.functions,
      properties: new Settings(TEST_SETTINGS).with(this.settings).overrides(),
      sourceText: source,
      schemas: {
        latest: (subject) => this.registry.latestOf(subject),
        byId: (id) => this.registry.known(id) ?? undefined,
      },
    };
  }

  /** `before`: what has run the query that this one replaces. */
  driver(query: QueryDef, before?: TopologyDriver): TopologyDriver {
    const { functions, now, random, uuid } = this.tools;
    const services = { format: formatByName, functions, clock: { now }, random, uuid, schemas: this.registry };
    const properties = new Settings(TEST_SETTINGS).with(new Map(Object.entries(query.properties))).overrides();
    return new TopologyDriver(query.topology, services, properties, query.id, before);
  }

  /** Gives a query a record, and what it has written then. Throws where a row does not fit the schema that it is written in. */
  pipe(driver: TopologyDriver, record: DriverRecord): readonly DriverRecord[] {
    driver.pipe(record);
    const unwritten = driver.reports.find((r) => r.kind === 'unwritten' && r.target !== undefined);
    if (unwritten !== undefined) throw new WeirError('BAD_STATEMENT', unwritten.message);
    return driver.take();
  }

  /** The source that a topic belongs to. */
  ownerOf(topic: string): DataSource | undefined {
    return [...this.catalog.sources.values()].find((s) => s.topic.name === topic);
  }

  /** As `registerSchemas` does it, at once. */
  private register(needs: readonly SchemaNeed[]): Registered {
    const out = new Map<SchemaNeed, RegisteredSchema | undefined>();
    for (const need of needs) {
      const latest = need.always ? undefined : this.registry.latestOf(need.subject);
      const made = () => ({ ...need.schema, id: this.registry.add(need.subject, need.schema) });
      out.set(need, latest === undefined ? made() : usable(need, latest));
    }
    return out;
  }
}
