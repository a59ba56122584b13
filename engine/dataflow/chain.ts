import { AggregateSession } from '../operators/aggregate-session.js';
import { AggregateUnwindowed } from '../operators/aggregate-unwindowed.js';
import { AggregateWindowed } from '../operators/aggregate-windowed.js';
import { type Before, type FormerFilters, StreamFilter, TableFilter } from '../operators/filter.js';
import { FlatMap } from '../operators/flat-map.js';
import { ForeignKeyJoin } from '../operators/foreign-key-join.js';
import { ForeignKeyResult } from '../operators/foreign-key-result.js';
import { ForeignKeySend } from '../operators/foreign-key-send.js';
import { type GivenKeys, isOfKey } from '../operators/given-keys.js';
import { JoinKeys } from '../operators/join-keys.js';
import { Materialize } from '../operators/materialize.js';
import { fanOut, type Operator, type OperatorEnv } from '../operators/operator.js';
import { Project } from '../operators/project.js';
import { Rekey, TableRekey } from '../operators/rekey.js';
import { Result, type ResultSink } from '../operators/result.js';
import { SourceReader } from '../operators/source.js';
import { StreamJoin } from '../operators/stream-join.js';
import { StreamTableJoin } from '../operators/stream-table-join.js';
import { TableJoin } from '../operators/table-join.js';
import { TableSource } from '../operators/table-source.js';
import { type TargetTopic, TopicSink } from '../operators/topic-sink.js';
import type { Stage, TwoInputs } from '../operators/two-inputs.js';
import type {
  AggregateNode,
  FilterNode,
  KeyWindow,
  NodeId,
  RekeyNode,
  RepartitionNode,
  SinkNode,
  SourceNode,
  SubTopology,
  TopologyNode,
} from '../plan/topology.js';
import type { Column } from '../values/schema.js';
import { typeEquals } from '../values/sql-type.js';

/** Where a sub-topology's input enters: who decodes the records of a topic, and who takes them. */
export interface SourceEntry {
  readonly topic: string;
  readonly node: SourceNode;
  readonly reader: SourceReader;
  readonly entry: Operator;
}

/** The operators of one sub-topology, connected. */
export interface Chain {
  readonly sources: readonly SourceEntry[];
  /** In topological order. */
  readonly operators: readonly Stage[];
  readonly sinks: readonly TopicSink[];
  readonly results: readonly Result[];
}

export interface ChainTopics {
  /** Full name and partitions of the topic that a sink writes to. */
  target(node: SinkNode | RepartitionNode): TargetTopic;
  /** Full name of the topic that a source reads. */
  source(node: SourceNode): string;
}

/**
 * Builds the operators of a sub-topology from its nodes, last to first. What each node may leave undone (decoding a key
 * that only its bytes are needed of, computing rows that nobody wants) is found out here, once.
 */
export function buildChain(sub: SubTopology, env: OperatorEnv, topics: ChainTopics, result?: ResultSink): Chain {
  const facts = new Facts(sub);
  const built = new Map<NodeId, Operator | TwoInputs>();
  const sources: SourceEntry[] = [];
  const sinks: TopicSink[] = [];
  const results: Result[] = [];
  const operators: Stage[] = [];
  for (const node of sub.nodes.toReversed()) {
    if (node.kind === 'source') {
      const out = behind(node.id);
      const reader = new SourceReader(node, topics.source(node), env, facts.needsKey(node.id));
      let entry = out;
      if (node.store !== null) {
        entry = new TableSource(node, env, out, facts.keyIsStoreKey(node));
        operators.unshift(entry);
      }
      sources.unshift({ topic: topics.source(node), node, reader, entry });
      continue;
    }
    const operator = make(node);
    built.set(node.id, operator);
    operators.unshift(operator);
  }
  return { sources, operators, sinks, results };

  /** Where the records of a node go: a step of two inputs takes them at the entry, or both, that they are for. */
  function behind(id: NodeId): Operator {
    return fanOut(
      facts.consumers(id).flatMap((consumer) => {
        const operator = built.get(consumer.id)!;
        if ('process' in operator) return [operator];
        const { left, right } = consumer as { readonly left?: NodeId; readonly right?: NodeId };
        return [...(left === id ? [operator.left] : []), ...(right === id ? [operator.right] : [])];
      }),
    );
  }

  function make(node: Exclude<TopologyNode, SourceNode>): Operator | TwoInputs {
    const out = behind(node.id);
    switch (node.kind) {
      case 'filter':
        return node.table
          ? new TableFilter(node, env, out, facts.before(node, env.given))
          : new StreamFilter(node, env, out);
      case 'project':
        return new Project(node, env, out, facts.wantsPrevious(node.id));
      case 'flatMap':
        return new FlatMap(node, env, out);
      case 'rekey':
        return facts.isTable(node.input)
          ? new TableRekey(node, env, out, facts.keepsWindow(node))
          : new Rekey(node, env, out, facts.keepsWindow(node));
      case 'aggregate': {
        const options = { keyed: facts.keyed(node), previous: facts.wantsPrevious(node.id) };
        if (node.window === null) return new AggregateUnwindowed(node, env, out, options);
        if (node.window.kind === 'SESSION') return new AggregateSession(node, env, out, options);
        return new AggregateWindowed(node, env, out, options);
      }
      case 'streamJoin':
        return new StreamJoin(node, env, out, facts.window(node.left));
      case 'streamTableJoin':
        return new StreamTableJoin(node, env, out, facts.window(node.left));
      case 'tableJoin':
        return new TableJoin(node, env, out, facts.window(node.left));
      case 'foreignKeySend':
        return new ForeignKeySend(node, env, out);
      case 'foreignKeyJoin': {
        const foreignKey = facts.keyColumns(node.right).map((c) => c.type);
        return new ForeignKeyJoin(node, env, out, new JoinKeys(foreignKey, null));
      }
      case 'foreignKeyResult':
        return new ForeignKeyResult(node, env, out);
      case 'materialize':
        return new Materialize(node, env, out, facts.window(node.input));
      case 'sink':
      case 'repartition': {
        const sink = new TopicSink(node, env, { rawKey: facts.rawKey(node), target: topics.target(node) });
        sinks.unshift(sink);
        return sink;
      }
      case 'result': {
        if (result === undefined) throw new Error(`${node.id}: nobody takes the rows of this query`);
        const operator = new Result(node, env, result, facts.tellsRemovals(node.input));
        results.unshift(operator);
        return operator;
      }
    }
  }
}

/** Whether anyone behind a source reads its key's columns, so that they are decoded. */
export const decodesKey = (sub: SubTopology, source: SourceNode): boolean => new Facts(sub).needsKey(source.id);

/** What is known about the nodes of a sub-topology before the first record. */
class Facts {
  private readonly nodes = new Map<NodeId, TopologyNode>();
  private readonly readers = new Map<NodeId, TopologyNode[]>();

  constructor(sub: SubTopology) {
    for (const node of sub.nodes) {
      this.nodes.set(node.id, node);
      this.readers.set(node.id, []);
      for (const input of inputsOf(node)) this.readers.get(input)?.push(node);
    }
  }

  consumers(id: NodeId): readonly TopologyNode[] {
    return this.readers.get(id) ?? [];
  }

  isTable(id: NodeId): boolean {
    const node = this.node(id);
    switch (node.kind) {
      case 'source':
      case 'filter':
      case 'project':
        return node.table;
      case 'aggregate':
      case 'tableJoin':
      case 'foreignKeyResult':
      case 'materialize':
        return true;
      case 'rekey':
        return this.isTable(node.input);
      default:
        return false;
    }
  }

  /** How the key of a node's records is windowed. */
  window(id: NodeId): KeyWindow | null {
    const node = this.node(id);
    switch (node.kind) {
      case 'source':
        return node.window;
      case 'aggregate':
        if (node.window === null) return null;
        return node.window.kind === 'SESSION' ? { kind: 'session' } : { kind: 'time', sizeMs: node.window.sizeMs };
      case 'rekey':
        return this.keepsWindow(node) ? this.window(node.input) : null;
      default:
        return this.window(inputsOf(node)[0]!);
    }
  }

  /** Rows that are only spread anew, under the key that they have, stay in its window; GROUP BY leaves it. */
  keepsWindow(node: RekeyNode): boolean {
    const own = this.keyColumns(node.input);
    return (
      !node.dropNullKey &&
      node.key.length === own.length &&
      node.key.every((e, i) => e.kind === 'column' && e.from === 'key' && e.index === i)
    );
  }

  /** Whether anyone behind a node uses the row that its row replaces. */
  wantsPrevious(id: NodeId): boolean {
    return this.consumers(id).some((c) => {
      switch (c.kind) {
        case 'filter':
          return c.table;
        case 'project':
          return this.wantsPrevious(c.id);
        case 'rekey':
          return this.isTable(id);
        case 'aggregate':
          return c.inputTable;
        case 'foreignKeySend':
          return true;
        default:
          return false;
      }
    });
  }

  before(node: FilterNode, given?: GivenKeys): Before {
    if (this.tellsPrevious(node.input)) return { kind: 'previous', former: this.former(node) };
    if (isOfKey(node)) return { kind: 'key' };
    if (given === undefined) return { kind: 'unknown' };
    const types = this.keyColumns(node.input).map((c) => c.type);
    return { kind: 'given', given, keys: new JoinKeys(types, this.window(node.input)) };
  }

  /** Whether a row that is gone comes with what it was: joins of tables give each removal with the row that it removes. */
  tellsRemovals(id: NodeId): boolean {
    const node = this.node(id);
    if (node.kind === 'filter') return this.tellsRemovals(node.input);
    return node.kind === 'tableJoin' || node.kind === 'foreignKeyResult';
  }

  /** What versions of the query before this one let through, where the rows come right from the store. */
  private former(node: FilterNode): FormerFilters | null {
    const kept = this.node(node.input);
    if (!('former' in kept) || kept.former === undefined) return null;
    const predicates = kept.former.map((steps) => steps.find((s) => s.kind === 'filter')?.predicate ?? null);
    const types = this.keyColumns(node.input).map((c) => c.type);
    return { predicates, keys: new JoinKeys(types, this.window(node.input)) };
  }

  /** Whether an aggregate's groups are the key bytes of its input records as they are. */
  keyed(node: AggregateNode): boolean {
    const origin = this.keyOrigin(node.input);
    return origin !== undefined && this.keyIsStoreKey(origin);
  }

  keyIsStoreKey(origin: SourceNode): boolean {
    return origin.keyFormat.name === 'ROW' && origin.window === null && origin.key.length > 0;
  }

  /** Whether a sink's key is, byte for byte, the key of the record that it comes from. */
  rawKey(node: SinkNode | RepartitionNode): boolean {
    const origin = this.keyOrigin(node.input);
    if (origin === undefined || origin.window !== null || (node.kind === 'sink' && node.window !== null)) return false;
    if (origin.key.length !== 1 || node.keyColumns.length !== 1) return false;
    const { name } = node.keyFormat;
    // Of these two, bytes that decode are the only bytes of their value.
    return (
      (name === 'KAFKA' || name === 'ROW') &&
      origin.keyFormat.name === name &&
      typeEquals(origin.key[0]!.type, node.keyColumns[0]!.type)
    );
  }

  /** Whether anyone behind a node reads the key's columns. */
  needsKey(id: NodeId): boolean {
    const node = this.node(id);
    if (node.kind === 'source') {
      if (node.timestamp?.from === 'key') return true;
      if (node.store !== null && !this.keyIsStoreKey(node)) return true;
    }
    return this.consumers(id).some((c) => {
      switch (c.kind) {
        case 'filter':
          return readsKey(c.predicate) || (c.table && remembers(this.before(c))) || this.needsKey(c.id);
        case 'project':
          return c.key !== null || readsKey(c.value) || this.needsKey(c.id);
        case 'flatMap':
          return readsKey(c.calls) || this.needsKey(c.id);
        case 'rekey':
          return readsKey(c.key) || readsKey(c.value);
        case 'aggregate':
          return !this.keyed(c) || readsKey(c.carried) || readsKey(c.calls);
        case 'sink':
          return !this.rawKey(c) || c.timestamp?.from === 'key';
        case 'repartition':
          return !this.rawKey(c);
        case 'result':
          return readsKey(c.columns);
        default:
          return true;
      }
    });
  }

  /** The source whose key a node's records still have. */
  private keyOrigin(id: NodeId): SourceNode | undefined {
    const node = this.node(id);
    if (node.kind === 'source') return node;
    if (node.kind === 'filter' || node.kind === 'flatMap' || (node.kind === 'project' && node.key === null)) {
      return this.keyOrigin(node.input);
    }
    return undefined;
  }

  private tellsPrevious(id: NodeId): boolean {
    const node = this.node(id);
    switch (node.kind) {
      case 'source':
        return node.store !== null;
      case 'aggregate':
      case 'tableJoin':
      case 'foreignKeyResult':
      case 'materialize':
        return true;
      case 'filter':
        return this.before(node).kind === 'previous';
      case 'project':
        return this.tellsPrevious(node.input);
      default:
        return false;
    }
  }

  keyColumns(id: NodeId): readonly Column[] {
    const node = this.node(id);
    switch (node.kind) {
      case 'source':
        return node.key;
      case 'filter':
        return this.keyColumns(node.input);
      case 'result':
        throw new Error(`${id}: nothing comes behind a result`);
      default:
        return node.keyColumns;
    }
  }

  private node(id: NodeId): TopologyNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`The topology has no node ${id}`);
    return node;
  }
}

/** Whether a filter may have to know keys that it has seen. */
const remembers = (before: Before): boolean =>
  before.kind === 'unknown' || (before.kind === 'previous' && before.former !== null);

/** Whether typed expressions, at any depth of a plan's plain data, read a key column. */
function readsKey(part: unknown): boolean {
  if (part === null || typeof part !== 'object') return false;
  if (Array.isArray(part)) return part.some(readsKey);
  const node = part as { readonly kind?: unknown; readonly from?: unknown };
  return node.kind === 'column' ? node.from === 'key' : Object.values(node).some(readsKey);
}

function inputsOf(node: TopologyNode): readonly NodeId[] {
  if (node.kind === 'source') return [];
  return 'left' in node ? [node.left, node.right] : [node.input];
}
