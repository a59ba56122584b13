import type { DataSource } from '../catalog/index.js';
import type { Schema } from '../types/schema.js';
import type {
  FormatRef,
  NodeId,
  ResultNode,
  SinkNode,
  SourceNode,
  SubTopology,
  Topology,
  TopologyNode,
} from '../types/topology.js';
import type { LogicalPlan, RekeyPlan, ScanPlan } from './logical.js';

/** Nodes of the sub-topology that is being built; `out` gives the rows of the plan so far. */
interface Fragment {
  readonly nodes: readonly TopologyNode[];
  readonly out: NodeId;
}

/** Format of internal topics: Weir's own, exact for every type. */
const ROW: FormatRef = { name: 'ROW', properties: {} };

/** Store and topic names that ksqlDB's users know. */
const STORE_NAMES = { aggregate: 'Aggregate-Aggregate-Materialize', having: 'Having', source: 'Source' } as const;
const GROUP_BY_TOPIC = 'Aggregate-GroupBy';

/** Cuts a plan into sub-topologies at repartition topics. `transient`: a push query, which stays in one. */
export class TopologyBuilder {
  readonly #done: SubTopology[] = [];
  readonly #names = new Map<string, number>();

  constructor(private readonly transient: boolean) {}

  persistent(plan: LogicalPlan, sink: DataSource): Topology {
    const last = this.#build(plan);
    const node: SinkNode = {
      kind: 'sink',
      id: this.#name('sink'),
      input: last.out,
      topic: sink.topic.name,
      keyFormat: sink.keyFormat,
      valueFormat: sink.valueFormat,
      keyColumns: sink.schema.key,
      valueColumns: sink.schema.value,
      window: sink.window,
      timestamp: timestampOf(sink),
      table: plan.table,
    };
    return this.#finish([...last.nodes, node]);
  }

  push(plan: LogicalPlan, result: Omit<ResultNode, 'kind' | 'id' | 'input'>): Topology {
    const last = this.#build(plan);
    return this.#finish([...last.nodes, { kind: 'result', id: this.#name('result'), input: last.out, ...result }]);
  }

  /** CREATE SOURCE TABLE: a source that keeps its rows, and nothing behind it. */
  table(plan: ScanPlan): Topology {
    return this.#finish(this.#build({ ...plan, stored: true }).nodes);
  }

  #finish(nodes: readonly TopologyNode[]): Topology {
    return { version: 1, subtopologies: [...this.#done, { id: this.#done.length, nodes }] };
  }

  #build(plan: LogicalPlan): Fragment {
    switch (plan.kind) {
      case 'scan':
        return this.#scan(plan);
      case 'filter': {
        const input = this.#build(plan.input);
        return this.#after(input, {
          kind: 'filter',
          id: this.#name(plan.having ? 'having' : 'filter'),
          input: input.out,
          predicate: plan.predicate,
          table: plan.table,
          store: plan.having ? { name: this.#name(STORE_NAMES.having), kind: 'table' } : null,
        });
      }
      case 'project': {
        const input = this.#build(plan.input);
        return this.#after(input, {
          kind: 'project',
          id: this.#name('project'),
          input: input.out,
          key: plan.key,
          value: plan.value,
          ...columns(plan.schema),
          table: plan.table,
        });
      }
      case 'flatMap': {
        const input = this.#build(plan.input);
        return this.#after(input, {
          kind: 'flatMap',
          id: this.#name('flatMap'),
          input: input.out,
          calls: plan.calls,
          ...columns(plan.schema),
        });
      }
      case 'rekey':
        return this.#rekey(plan, GROUP_BY_TOPIC, false);
      case 'aggregate': {
        const input =
          plan.input.kind === 'rekey' ? this.#rekey(plan.input, GROUP_BY_TOPIC, true) : this.#build(plan.input);
        const spec = plan.windowSpec;
        return this.#after(input, {
          kind: 'aggregate',
          id: this.#name('aggregate'),
          input: input.out,
          store: {
            name: this.#name(STORE_NAMES.aggregate),
            kind: spec === null ? 'aggregate' : spec.kind === 'SESSION' ? 'session' : 'window',
          },
          window: spec,
          keyColumns: plan.schema.key,
          carried: [],
          calls: plan.calls,
          valueColumns: plan.schema.value,
          inputTable: plan.input.table,
          emit: plan.emit,
        });
      }
    }
  }

  #scan(plan: ScanPlan): Fragment {
    const { source } = plan;
    const node: SourceNode = {
      kind: 'source',
      id: this.#name('source'),
      topic: source.topic.name,
      internal: false,
      source: source.name,
      keyFormat: source.keyFormat,
      valueFormat: source.valueFormat,
      key: source.schema.key,
      value: source.schema.value,
      neededKey: plan.needed.key,
      neededValue: plan.needed.value,
      window: source.window,
      timestamp: timestampOf(source),
      table: plan.table,
      store: plan.stored ? { name: this.#name(STORE_NAMES.source), kind: 'table' } : null,
    };
    return { nodes: [node], out: node.id };
  }

  /** `cut`: rows must reach the task that owns their new key before the next step; a sink sees to that by itself. */
  #rekey(plan: RekeyPlan, topic: string, cut: boolean): Fragment {
    const input = this.#build(plan.input);
    const id = this.#name('rekey');
    const rekeyed = this.#after(input, {
      kind: 'rekey',
      id,
      input: input.out,
      key: plan.key,
      value: plan.value,
      ...columns(plan.schema),
      dropNullKey: plan.dropNullKey,
      table: plan.table,
    });
    if (!cut || !plan.moves || this.transient) return rekeyed;
    const suffix = this.#name(topic);
    this.#done.push({
      id: this.#done.length,
      nodes: [
        ...rekeyed.nodes,
        {
          kind: 'repartition',
          id: this.#name('repartition'),
          input: rekeyed.out,
          topic: suffix,
          keyFormat: ROW,
          valueFormat: ROW,
          ...columns(plan.schema),
          table: plan.table,
        },
      ],
    });
    const source: SourceNode = {
      kind: 'source',
      id: this.#name('source'),
      topic: suffix,
      internal: true,
      source: null,
      keyFormat: ROW,
      valueFormat: ROW,
      key: plan.schema.key,
      value: plan.schema.value,
      neededKey: [...plan.schema.key.keys()],
      neededValue: [...plan.schema.value.keys()],
      window: plan.window,
      timestamp: null,
      table: plan.table,
      store: null,
    };
    return { nodes: [source], out: source.id };
  }

  #after(input: Fragment, node: TopologyNode): Fragment {
    return { nodes: [...input.nodes, node], out: node.id };
  }

  /** `base`, with a number from the second use on. */
  #name(base: string): string {
    const n = (this.#names.get(base) ?? 0) + 1;
    this.#names.set(base, n);
    return n === 1 ? base : `${base}-${n}`;
  }
}

const columns = (schema: Schema): { readonly keyColumns: Schema['key']; readonly valueColumns: Schema['value'] } => ({
  keyColumns: schema.key,
  valueColumns: schema.value,
});

function timestampOf(source: DataSource): SourceNode['timestamp'] {
  if (source.timestamp === null) return null;
  const { column, format } = source.timestamp;
  const value = source.schema.value.findIndex((c) => c.name === column);
  if (value >= 0) return { from: 'value', index: value, format };
  return { from: 'key', index: source.schema.key.findIndex((c) => c.name === column), format };
}
