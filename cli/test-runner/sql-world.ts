import type { DataSource, QueryDef } from '../../engine/catalog/index.js';
import type { DriverRecord, TopologyDriver } from '../../engine/dataflow/topology-driver.js';
import type { Topology } from '../../engine/plan/topology.js';
import type { Statement } from '../../parser/ast.js';
import type { SourceText } from '../../parser/index.js';
import { type CaseTools, MemoryEngine } from './memory-engine.js';

/** A record of a topic, and its place among all records of the world. */
interface Arrived {
  readonly order: number;
  readonly record: DriverRecord;
}

interface Running {
  readonly topology: Topology;
  readonly driver: TopologyDriver;
  /** How many records of each topic it has read. */
  readonly read: Map<string, number>;
}

/**
 * Topics in memory and the queries over them. A statement works on what the ones before it have left: a record is processed
 * by all queries at once, and what they give by those behind them; a query that is replaced goes on where the old one stood.
 */
export class SqlWorld {
  readonly engine: MemoryEngine;
  private readonly running = new Map<string, Running>();
  private readonly logs = new Map<string, Arrived[]>();
  private arrived = 0;

  constructor(private readonly tools: CaseTools) {
    this.engine = new MemoryEngine(tools);
  }

  execute(statement: Statement, source: SourceText): void {
    const dropped = statement.kind === 'DropSource' && statement.deleteTopic ? this.topicOf(statement.name.name) : null;
    const effect = this.engine.execute(statement, source);
    if (effect.kind === 'inserted') {
      const { topic, record } = effect;
      this.write({ ...record, topic, timestamp: record.timestamp ?? this.tools.now() });
    }
    if (effect.kind === 'changed') this.startQueries();
    if (dropped !== null) this.logs.delete(dropped);
    this.work();
  }

  source(name: string): DataSource {
    const source = this.engine.catalog.sources.get(name);
    if (source === undefined) throw new Error(`${name} does not exist.`);
    return source;
  }

  /** Commits all queries: what they have held back is on their topics then. */
  commit(): void {
    for (const query of this.running.values()) this.commitOne(query);
    this.work();
  }

  /** The record of a topic at an offset, if there is one. */
  recordAt(topic: string, offset: number): DriverRecord | undefined {
    return this.logs.get(topic)?.[offset]?.record;
  }

  private topicOf(name: string): string | null {
    return this.engine.catalog.sources.get(name)?.topic.name ?? null;
  }

  /** One driver for each query of the catalog; those of queries that are no more are forgotten. */
  private startQueries(): void {
    const { queries } = this.engine.catalog;
    for (const id of [...this.running.keys()]) if (!queries.has(id)) this.running.delete(id);
    for (const query of queries.values()) {
      const was = this.running.get(query.id);
      if (was?.topology === query.topology) continue;
      if (was !== undefined) this.commitOne(was);
      // A new one reads from the beginning: what its topics hold already.
      const driver = this.engine.driver(query, was?.driver);
      this.running.set(query.id, { topology: query.topology, driver, read: was?.read ?? new Map() });
    }
  }

  private commitOne({ driver }: Running): void {
    driver.commit();
    for (const out of driver.take()) this.write(out);
  }

  /** Gives each query what it has not read, in the order of arrival, until nobody has anything to do. */
  private work(): void {
    const queries = [...this.engine.catalog.queries.values()].filter((q: QueryDef) => q.state === 'RUNNING');
    for (let busy = true; busy; ) {
      busy = false;
      for (const { id } of queries) {
        const query = this.running.get(id);
        for (let next = query && this.next(query); query && next !== undefined; next = this.next(query)) {
          busy = true;
          query.read.set(next.topic, (query.read.get(next.topic) ?? 0) + 1);
          for (const out of this.engine.pipe(query.driver, next)) this.write(out);
        }
      }
    }
  }

  private next({ driver, read }: Running): DriverRecord | undefined {
    let first: Arrived | undefined;
    for (const topic of driver.sources) {
      const record = this.logs.get(topic)?.[read.get(topic) ?? 0];
      if (record !== undefined && (first === undefined || record.order < first.order)) first = record;
    }
    return first?.record;
  }

  private write(record: DriverRecord): void {
    const log = this.logs.get(record.topic) ?? [];
    this.logs.set(record.topic, log);
    log.push({ order: this.arrived++, record });
  }
}
