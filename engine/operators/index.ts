import type { NodeKind, NodeOf } from '../plan/nodes.js';
import type { TopologyNode } from '../plan/topology.js';
import { aggregate } from './aggregate.js';
import { filter } from './filter.js';
import { flatMap } from './flat-map.js';
import { foreignKeyJoin } from './foreign-key-join.js';
import { foreignKeyResult } from './foreign-key-result.js';
import { foreignKeySend } from './foreign-key-send.js';
import { materialize } from './materialize.js';
import { project } from './project.js';
import { rekey } from './rekey.js';
import { result } from './result.js';
import type { Step } from './step.js';
import { streamJoin } from './stream-join.js';
import { streamTableJoin } from './stream-table-join.js';
import { tableJoin } from './table-join.js';
import { topicSink } from './topic-sink.js';

/** The kinds of nodes that become a step; a source is where the records come from. */
export type StepKind = Exclude<NodeKind, 'source'>;
export type StepNode = NodeOf<StepKind>;

/** What makes the operator of each kind of node. */
const STEPS: { readonly [K in StepKind]: Step<NodeOf<K>> } = {
  filter,
  project,
  flatMap,
  rekey,
  repartition: topicSink,
  aggregate,
  materialize,
  streamJoin,
  streamTableJoin,
  tableJoin,
  foreignKeySend,
  foreignKeyJoin,
  foreignKeyResult,
  sink: topicSink,
  result,
};

export const stepOf = <N extends StepNode>(node: N): Step<N> => STEPS[node.kind] as Step<N>;

export const isStep = (node: TopologyNode): node is StepNode => node.kind !== 'source';
