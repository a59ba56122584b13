import type { SubTopologyGraph } from '../plan/graph.js';
import type { RepartitionNode, SinkNode } from '../plan/topology.js';
import type { Origin } from '../records/progress.js';
import type { Value } from '../values/value.js';
import type { Operator, OperatorEnv } from './operator.js';
import type { TwoInputs } from './two-inputs.js';

/** A topic that a sink writes to: its full name, and its number of partitions. */
export interface TargetTopic {
  readonly name: string;
  readonly partitions: number;
  /** The task that writes, where those who read tell rows by it and hear how far it has come: on repartition topics. */
  readonly origin?: Origin;
}

/** Takes the rows of a push query; a row is the taker's to keep. `tombstone`: the row of this key is no more. */
export type ResultSink = (row: Value[], tombstone: boolean) => void;

/** What the steps of a sub-topology are made from, beside their nodes. */
export interface StepContext {
  readonly env: OperatorEnv;
  readonly graph: SubTopologyGraph;
  /** Full name and partitions of the topic that a sink writes to. */
  target(node: SinkNode | RepartitionNode): TargetTopic;
  /** Who takes the rows; undefined: nobody does. */
  readonly result: ResultSink | undefined;
}

/** Makes the operator of a node. What it may leave undone is found out here, once. `out`: what comes behind it. */
export type Step<N> = (node: N, out: Operator, context: StepContext) => Operator | TwoInputs;
