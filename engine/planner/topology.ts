import { type DataSource, timestampOf } from '../catalog/index.js';
import { FORMATS, formatByName } from '../formats/index.js';
import type { TypedExpr } from '../plan/expr.js';
import type {
  FormatRef,
  KeyWindow,
  NodeId,
  ResultNode,
  SinkNode,
  SourceNode,
  StoreRef,
  SubTopology,
  Topology,
  TopologyNode,
} from '../plan/topology.js';
import type { Column, Schema } from '../values/schema.js';
import { BIGINT, BOOLEAN, INTEGER } from '../values/sql-type.js';
import { columnsOf, type JoinPlan, type LogicalPlan, type RekeyPlan, type ScanPlan } from './logical.js';
import { crosses, merged } from './shared-topics.js';

/** Nodes of the sub-topology that is being built; `out` gives the rows of the plan so far. */
interface Fragment {
  readonly nodes: readonly TopologyNode[];
  readonly out: NodeId;
}

/** Format of internal topics: Weir's own, exact for every type. */
const ROW: FormatRef = { name: FORMATS.ROW.name, properties: {} };

/** Store and topic names that ksqlDB's users know. */
const STORE_NAMES = {
  aggregate: 'Aggregate-Aggregate-Materialize',
  source: 'Source',
  left: 'Join-Left-Rows',
  right: 'Join-Right-Rows',
  foreignKey: 'ForeignKey-Join',
  result: 'Result',
} as const;
const GROUP_BY_TOPIC = 'Aggregate-GroupBy';
const JOIN_TOPICS = { left: 'Join-Left', right: 'Join-Right' } as const;
const FOREIGN_KEY_TOPICS = { send: 'ForeignKey-Subscription', result: 'ForeignKey-Response' } as const;

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
    return { version: 1, subtopologies: merged([...this.#done, { id: this.#done.length, nodes }]) };
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
          store: null,
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
        return this.#rekey(plan, null);
      case 'materialize': {
        const input = this.#build(plan.input);
        return this.#after(input, {
          kind: 'materialize',
          id: this.#name('materialize'),
          input: input.out,
          store: { name: this.#name(STORE_NAMES.result), kind: 'table' },
          ...columns(plan.schema),
        });
      }
      case 'join':
        return plan.foreignKey === null ? this.#join(plan) : this.#foreignKeyJoin(plan, plan.foreignKey);
      case 'aggregate': {
        const cut: Cut = { topic: GROUP_BY_TOPIC, keyFormat: ROW };
        const input = plan.input.kind === 'rekey' ? this.#rekey(plan.input, cut) : this.#build(plan.input);
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
  #rekey(plan: RekeyPlan, cut: Cut | null): Fragment {
    return this.#rekeyed(this.#build(plan.input), plan, cut);
  }

  #rekeyed(input: Fragment, plan: RekeyPlan, cut: Cut | null): Fragment {
    const rekeyed = this.#after(input, {
      kind: 'rekey',
      id: this.#name('rekey'),
      input: input.out,
      key: plan.key,
      value: plan.value,
      ...columns(plan.schema),
      dropNullKey: plan.dropNullKey,
      table: plan.table,
    });
    return cut === null || !plan.moves ? rekeyed : this.#cut(rekeyed, cut, plan.schema, plan.table, plan.window);
  }

  /** Ends the sub-topology with an internal topic and begins another that reads it; nothing in a transient query. */
  #cut(input: Fragment, cut: Cut, schema: Schema, table: boolean, window: KeyWindow | null): Fragment {
    if (this.transient) return input;
    const topic = this.#name(cut.topic);
    const { keyFormat } = cut;
    const end: TopologyNode = {
      kind: 'repartition',
      id: this.#name('repartition'),
      input: input.out,
      topic,
      keyFormat,
      valueFormat: ROW,
      ...columns(schema),
      table,
      window,
    };
    this.#done.push({ id: this.#done.length, nodes: [...input.nodes, end] });
    const source: SourceNode = {
      kind: 'source',
      id: this.#name('source'),
      topic,
      internal: true,
      source: null,
      keyFormat,
      valueFormat: ROW,
      key: schema.key,
      value: schema.value,
      neededKey: [...schema.key.keys()],
      neededValue: [...schema.value.keys()],
      window,
      timestamp: null,
      table,
      store: null,
    };
    return { nodes: [source], out: source.id };
  }

  #store(name: string, kind: StoreRef['kind']): StoreRef {
    return { name: this.#name(name), kind };
  }

  #join(plan: JoinPlan): Fragment {
    const [left, right] = this.#sides(plan);
    return this.#after({ nodes: [...left.nodes, ...right.nodes], out: '' }, this.#joinNode(plan, left.out, right.out));
  }

  #joinNode(plan: JoinPlan, left: NodeId, right: NodeId): TopologyNode {
    const { joinType, within } = plan;
    const base = { left, right, joinType, leftWidth: plan.left.schema.value.length, ...columns(plan.schema) };
    if (within !== null) {
      return {
        kind: 'streamJoin',
        id: this.#name('streamJoin'),
        ...base,
        ...within,
        leftStore: this.#store(STORE_NAMES.left, 'join'),
        rightStore: this.#store(STORE_NAMES.right, 'join'),
      };
    }
    if (plan.flavour === 'streamTable') {
      return {
        kind: 'streamTableJoin',
        id: this.#name('streamTableJoin'),
        ...base,
        store: this.#store(STORE_NAMES.right, 'table'),
      };
    }
    return {
      kind: 'tableJoin',
      id: this.#name('tableJoin'),
      ...base,
      leftStore: this.#store(STORE_NAMES.left, 'table'),
      rightStore: this.#store(STORE_NAMES.right, 'table'),
    };
  }

  /**
   * Both sides in one sub-topology. Equal keys must be in equal partitions, so their bytes must be equal. A side that is
   * repartitioned takes the key format of the other. Where neither is repartitioned, and their key formats differ, write a
   * schema's id into the key or write equal keys in several ways, one of them or both go through a topic after all.
   */
  #sides(plan: JoinPlan): readonly [Fragment, Fragment] {
    const own = { left: keyFormatOf(plan.left), right: keyFormatOf(plan.right) };
    const fixed = [own.left, own.right].find((f) => f !== null && fixesPartition(f));
    const keyFormat = fixed ?? ROW;
    const side = (which: 'left' | 'right'): Fragment => {
      const input = plan[which];
      const format = own[which];
      if (format !== null && sameFormat(format, keyFormat)) return this.#build(input);
      const moving: RekeyPlan = input.kind === 'rekey' && input.moves ? input : underItsOwnKey(input);
      return this.#rekey(moving, { topic: JOIN_TOPICS[which], keyFormat });
    };
    const built = [side('left'), side('right')] as const;
    const apart = (which: 'left' | 'right', own: Fragment, other: Fragment): Fragment =>
      this.#apart(own, other, plan[which], { topic: JOIN_TOPICS[which], keyFormat });
    const left = apart('left', ...built);
    const right = apart('right', built[1], left);
    // Now it may be the left one whose topic the right one is made of.
    return [left === built[0] ? apart('left', left, right) : left, right];
  }

  /** A side that reads what the other is made of, through a topic: a task reads it before that. */
  #apart(side: Fragment, other: Fragment, plan: LogicalPlan, cut: Cut): Fragment {
    const crossing = !this.transient && crosses(side.nodes, other.nodes, this.#done);
    return crossing ? this.#rekeyed(side, underItsOwnKey(plan), cut) : side;
  }

  /** See the three nodes in engine/plan/topology.ts: to the foreign key's partition, join there, back to the left key's. */
  #foreignKeyJoin(plan: JoinPlan, foreignKey: TypedExpr): Fragment {
    const leftKey = plan.left.schema.key;
    const leftRow = plan.left.schema.value;
    const input = this.#build(plan.left);
    const sent: Schema = {
      key: [{ name: plan.right.schema.key[0]!.name, type: foreignKey.type }],
      value: [...leftKey, VERSION, { name: 'ACTION', type: INTEGER }, ...leftRow],
    };
    const sending = this.#after(input, {
      kind: 'foreignKeySend',
      id: this.#name('foreignKeySend'),
      input: input.out,
      foreignKey,
      ...columns(sent),
    });
    // The topic to the right table's partitions is spread as that table is.
    const own = keyFormatOf(plan.right);
    const spread = own !== null && keysVary(own);
    const keyFormat = spread ? ROW : (own ?? ROW);
    const left = this.#cut(sending, { topic: FOREIGN_KEY_TOPICS.send, keyFormat }, sent, false, null);
    const rightCut: Cut = { topic: JOIN_TOPICS.right, keyFormat };
    const table = spread ? this.#rekey(underItsOwnKey(plan.right), rightCut) : this.#build(plan.right);
    const right = this.#apart(table, left, plan.right, rightCut);
    const results: Schema = {
      key: leftKey,
      value: [VERSION, { name: 'PRESENT', type: BOOLEAN }, ...leftRow, ...plan.right.schema.value],
    };
    const joining = this.#after(
      { nodes: [...left.nodes, ...right.nodes], out: '' },
      {
        kind: 'foreignKeyJoin',
        id: this.#name('foreignKeyJoin'),
        left: left.out,
        right: right.out,
        joinType: plan.joinType === 'LEFT' ? 'LEFT' : 'INNER',
        leftKeyWidth: leftKey.length,
        leftWidth: leftRow.length,
        leftStore: this.#store(STORE_NAMES.left, 'foreignKey'),
        rightStore: this.#store(STORE_NAMES.right, 'table'),
        ...columns(results),
      },
    );
    const back = this.#cut(joining, { topic: FOREIGN_KEY_TOPICS.result, keyFormat: ROW }, results, false, null);
    return this.#after(back, {
      kind: 'foreignKeyResult',
      id: this.#name('foreignKeyResult'),
      input: back.out,
      store: this.#store(STORE_NAMES.foreignKey, 'table'),
      ...columns(plan.schema),
    });
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

interface Cut {
  readonly topic: string;
  readonly keyFormat: FormatRef;
}

const VERSION: Column = { name: 'VERSION', type: BIGINT };

/** Whether the keys of a format begin with the id of a schema. */
const namesSchema = (ref: FormatRef): boolean => formatByName(ref.name).schemas !== undefined;

const keysVary = (ref: FormatRef): boolean => formatByName(ref.name).keysVary?.(ref) === true;

/** Whether equal keys have equal bytes, and so are in equal partitions. */
const fixesPartition = (ref: FormatRef): boolean => !namesSchema(ref) && !keysVary(ref);

/** The format by whose bytes the rows of a plan are spread over partitions; null: they are to be spread anew. */
function keyFormatOf(plan: LogicalPlan): FormatRef | null {
  switch (plan.kind) {
    case 'scan':
      return plan.source.keyFormat;
    case 'rekey':
      return plan.moves ? null : keyFormatOf(plan.input);
    case 'join': {
      if (plan.foreignKey !== null) return ROW;
      const formats = [keyFormatOf(plan.left), keyFormatOf(plan.right)];
      return formats.find((f) => f !== null && fixesPartition(f)) ?? ROW;
    }
    case 'aggregate':
      return keyFormatOf(plan.input) ?? ROW;
    default:
      return keyFormatOf(plan.input);
  }
}

/** Whether equal keys are equal bytes in both. */
const sameFormat = (a: FormatRef, b: FormatRef): boolean =>
  a.name === b.name && Object.keys(formatByName(a.name).options).every((o) => a.properties[o] === b.properties[o]);

/** The same rows under the same key, but spread over partitions anew. */
const underItsOwnKey = (input: LogicalPlan): RekeyPlan => ({
  kind: 'rekey',
  input,
  key: columnsOf('key', input.schema.key),
  value: columnsOf('value', input.schema.value),
  dropNullKey: false,
  moves: true,
  schema: input.schema,
  table: input.table,
  window: input.window,
});

const columns = (schema: Schema): { readonly keyColumns: Schema['key']; readonly valueColumns: Schema['value'] } => ({
  keyColumns: schema.key,
  valueColumns: schema.value,
});
