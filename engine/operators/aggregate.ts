import { isKeyed } from '../plan/nodes/aggregates.js';
import type { AggregateNode } from '../plan/topology.js';
import { AggregateSession } from './aggregate-session.js';
import { AggregateUnwindowed } from './aggregate-unwindowed.js';
import { AggregateWindowed } from './aggregate-windowed.js';
import type { Step } from './step.js';

export const aggregate: Step<AggregateNode> = (node, out, { env, graph }) => {
  const options = { keyed: isKeyed(node, graph), previous: graph.wantsPrevious(node.id) };
  if (node.window === null) return new AggregateUnwindowed(node, env, out, options);
  if (node.window.kind === 'SESSION') return new AggregateSession(node, env, out, options);
  return new AggregateWindowed(node, env, out, options);
};
