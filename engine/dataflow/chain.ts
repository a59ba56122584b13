import { isStep, stepOf } from '../operators/index.js';
import { fanOut, type Operator, type OperatorEnv } from '../operators/operator.js';
import { Result } from '../operators/result.js';
import { SourceReader } from '../operators/source.js';
import type { ResultSink, StepContext } from '../operators/step.js';
import { TableSource } from '../operators/table-source.js';
import { TopicSink } from '../operators/topic-sink.js';
import type { Stage, TwoInputs } from '../operators/two-inputs.js';
import { SubTopologyGraph } from '../plan/graph.js';
import { isStoreKey } from '../plan/nodes/source.js';
import { factsOf } from '../plan/nodes.js';
import type { NodeId, SourceNode, SubTopology } from '../plan/topology.js';

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

export interface ChainTopics extends Pick<StepContext, 'target'> {
  /** Full name of the topic that a source reads. */
  source(node: SourceNode): string;
}

/** Builds the operators of a sub-topology from its nodes, last to first. */
export function buildChain(sub: SubTopology, env: OperatorEnv, topics: ChainTopics, result?: ResultSink): Chain {
  const graph = new SubTopologyGraph(sub);
  const context: StepContext = { env, graph, target: (node) => topics.target(node), result };
  const built = new Map<NodeId, Operator | TwoInputs>();
  const sources: SourceEntry[] = [];
  const operators: Stage[] = [];
  for (const node of sub.nodes.toReversed()) {
    const out = behind(node.id);
    if (isStep(node)) {
      const operator = stepOf(node)(node, out, context);
      built.set(node.id, operator);
      operators.unshift(operator);
      continue;
    }
    const topic = topics.source(node);
    const reader = new SourceReader(node, topic, env, graph.needsKey(node.id));
    let entry = out;
    if (node.store !== null) {
      entry = new TableSource(node, env, out, isStoreKey(node));
      operators.unshift(entry);
    }
    sources.unshift({ topic, node, reader, entry });
  }
  return {
    sources,
    operators,
    sinks: operators.filter((o) => o instanceof TopicSink),
    results: operators.filter((o) => o instanceof Result),
  };

  /** Where the records of a node go: a step of two inputs takes them at the entry, or both, that they are for. */
  function behind(id: NodeId): Operator {
    return fanOut(
      graph.consumers(id).flatMap((consumer) => {
        const operator = built.get(consumer.id)!;
        if ('process' in operator) return [operator];
        const [left, right] = factsOf(consumer).inputs(consumer);
        return [...(left === id ? [operator.left] : []), ...(right === id ? [operator.right] : [])];
      }),
    );
  }
}

/** Whether anyone behind a source reads its key's columns, so that they are decoded. */
export const decodesKey = (sub: SubTopology, source: SourceNode): boolean =>
  new SubTopologyGraph(sub).needsKey(source.id);
