import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { EngineApi, QueryStats } from '../engine/index.js';

type CounterName =
  | 'recordsIn'
  | 'recordsOut'
  | 'skipped'
  | 'unwritten'
  | 'late'
  | 'evaluationErrors'
  | 'unlogged'
  | 'deadLettered'
  | 'watchdogRestarts'
  | 'restored'
  | 'matched'
  | 'unmatched';

const COUNTERS: readonly (readonly [name: string, help: string, member: CounterName])[] = [
  ['weir_query_records_in_total', 'Records that a persistent query has read.', 'recordsIn'],
  ['weir_query_records_out_total', 'Records that a persistent query has written.', 'recordsOut'],
  ['weir_query_records_skipped_total', 'Records that could not be decoded.', 'skipped'],
  ['weir_query_records_unwritten_total', 'Rows that could not be encoded, or that Kafka has refused.', 'unwritten'],
  ['weir_query_records_late_total', "Records that came after their window's grace.", 'late'],
  ['weir_query_evaluation_errors_total', 'Expressions that failed and gave NULL.', 'evaluationErrors'],
  ['weir_query_errors_unlogged_total', 'Errors that came too fast for a line in the processing log.', 'unlogged'],
  ['weir_query_deadletter_records_total', 'Records that went to the dead-letter topic.', 'deadLettered'],
  [
    'weir_query_watchdog_restarts_total',
    'Times that the watchdog has rebuilt the clients of a query that made no progress.',
    'watchdogRestarts',
  ],
  ['weir_query_join_matched_records_total', 'Records for which a join has found a match when they came.', 'matched'],
  ['weir_query_join_unmatched_records_total', 'Records for which a join has found none when they came.', 'unmatched'],
  ['weir_query_restored_records_total', 'Changelog records that were read to restore state.', 'restored'],
];

const CONNECTOR_COUNTERS = [
  ['weir_connector_rows_total', 'Rows that a connector has written to the other side, or into a topic.', 'rows'],
  ['weir_connector_dead_letters_total', 'Records that a connector has sent to its dead-letter topic.', 'deadLetters'],
  ['weir_connector_skipped_total', 'Bad records that a connector has left out.', 'skipped'],
  ['weir_connector_retries_total', 'Failures of a connector after which it was tried again.', 'retries'],
] as const;

function connectorMetrics(engine: EngineApi, registers: Registry[]): void {
  for (const [name, help, member] of CONNECTOR_COUNTERS) {
    new Counter({
      name,
      help,
      labelNames: ['connector'],
      registers,
      collect() {
        this.reset();
        for (const c of engine.connectorStats()) this.inc({ connector: c.name }, c[member]);
      },
    });
  }
  new Gauge({
    name: 'weir_connector_state',
    help: '1 for the state that a connector is in on this node.',
    labelNames: ['connector', 'state'],
    registers,
    collect() {
      this.reset();
      for (const c of engine.connectorStats()) this.set({ connector: c.name, state: c.state }, 1);
    },
  });
  new Gauge({
    name: 'weir_connector_lag_records',
    help: 'Records that a sink connector has not written yet.',
    labelNames: ['connector'],
    registers,
    collect() {
      this.reset();
      for (const c of engine.connectorStats()) if (c.lag !== null) this.set({ connector: c.name }, c.lag);
    },
  });
}

/**
 * The metrics of a server: the process's, the queries', and those under the names that ksqlDB's Grafana boards read
 * (`ksql_ksql_engine_query_stats_*{ksql_cluster}`). Values are read from the engine when they are asked for.
 */
export function createMetrics(engine: EngineApi): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  for (const [name, help, member] of COUNTERS) {
    new Counter({
      name,
      help,
      labelNames: ['query'],
      registers,
      collect() {
        this.reset();
        for (const q of engine.queryStats()) this.inc({ query: q.queryId }, q[member]);
      },
    });
  }
  new Gauge({
    name: 'weir_query_lag_records',
    help: 'Records between what is processed and the end of the sources.',
    labelNames: ['query'],
    registers,
    collect() {
      this.reset();
      for (const q of engine.queryStats()) this.set({ query: q.queryId }, q.lag);
    },
  });
  new Gauge({
    name: 'weir_query_state_bytes',
    help: 'Bytes that the state of a persistent query takes on this node, about.',
    labelNames: ['query'],
    registers,
    async collect() {
      this.reset();
      for (const [query, bytes] of await engine.stateBytes()) this.set({ query }, bytes);
    },
  });
  new Gauge({
    name: 'weir_query_restore_remaining_records',
    help: 'Changelog records that are still to be read to restore state.',
    labelNames: ['query'],
    registers,
    collect() {
      this.reset();
      for (const q of engine.queryStats()) this.set({ query: q.queryId }, q.toRestore);
    },
  });
  new Gauge({
    name: 'weir_query_running',
    help: '1 while a persistent query is RUNNING.',
    labelNames: ['query', 'state'],
    registers,
    collect() {
      this.reset();
      for (const q of engine.queryStats())
        this.set({ query: q.queryId, state: q.state }, q.state === 'RUNNING' ? 1 : 0);
    },
  });

  connectorMetrics(engine, registers);

  const ksql = (name: string, help: string, read: (stats: readonly QueryStats[]) => number) =>
    new Gauge({
      name: `ksql_ksql_engine_query_stats_${name}`,
      help,
      labelNames: ['ksql_cluster'],
      registers,
      collect() {
        this.set({ ksql_cluster: engine.serviceId }, read(engine.queryStats()));
      },
    });
  ksql('num_active_queries', 'Persistent queries.', (s) => s.length);
  ksql('num_persistent_queries', 'Persistent queries.', (s) => s.length);
  ksql('running_queries', 'Queries in state RUNNING.', (s) => s.filter((q) => q.state === 'RUNNING').length);
  ksql('error_queries', 'Queries in state ERROR.', (s) => s.filter((q) => q.state === 'ERROR').length);
  ksql('messages_consumed_total', 'Records read by persistent queries.', (s) => s.reduce((n, q) => n + q.recordsIn, 0));
  ksql('messages_produced_total', 'Records written by persistent queries.', (s) =>
    s.reduce((n, q) => n + q.recordsOut, 0),
  );
  return registry;
}
