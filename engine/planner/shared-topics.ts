import { WeirError } from '../base/errors.js';
import type { SubTopology, TopologyNode } from '../plan/topology.js';

/**
 * A query has one position and one committed offset in each partition of a topic, so one task reads it. Two sides of a join may
 * be over one topic all the same: within a task a record goes to both. What else would read it becomes part of the same
 * sub-topology (`merged`), or, where that would feed itself, gets the rows through a topic of its own (`crosses`).
 */

type Nodes = readonly TopologyNode[];

const targets = (nodes: Nodes): readonly string[] => nodes.flatMap((n) => (n.kind === 'repartition' ? [n.topic] : []));

const sources = (nodes: Nodes, internal: boolean): readonly string[] =>
  nodes.flatMap((n) => (n.kind === 'source' && n.internal === internal ? [n.topic] : []));

const share = (a: readonly string[], b: readonly string[]): boolean => a.some((topic) => b.includes(topic));

/** Those whose rows come to these nodes through internal topics. */
function upstream(nodes: Nodes, subs: readonly Nodes[]): ReadonlySet<Nodes> {
  const found = new Set<Nodes>();
  const add = (reader: Nodes): void => {
    const read = sources(reader, true);
    for (const sub of subs) {
      if (found.has(sub) || !share(targets(sub), read)) continue;
      found.add(sub);
      add(sub);
    }
  };
  add(nodes);
  return found;
}

/** Whether nodes of one side read a topic that rows of the other come from through a sub-topology that is `done`. */
export function crosses(side: Nodes, other: Nodes, done: readonly SubTopology[]): boolean {
  const own = sources(side, false);
  const before = upstream(
    other,
    done.map((s) => s.nodes),
  );
  return [...before].some((sub) => share(sources(sub, false), own));
}

/** Sub-topologies that read a topic in common as one; writers stand before readers. Where sides do not cross, none feeds itself. */
export function merged(subs: readonly SubTopology[]): readonly SubTopology[] {
  const groups: Nodes[] = [];
  for (const { nodes } of subs) {
    let group = nodes;
    for (const other of groups.filter((g) => share(sources(g, false), sources(nodes, false)))) {
      groups.splice(groups.indexOf(other), 1);
      group = [...other, ...group];
    }
    groups.push(group);
  }
  return inOrder(groups).map((nodes, id) => ({ id, nodes }));
}

function inOrder(groups: readonly Nodes[]): readonly Nodes[] {
  const ordered = new Set<Nodes>();
  const place = (group: Nodes): void => {
    if (ordered.has(group)) return;
    const writers = upstream(group, groups);
    if (writers.has(group)) throw new WeirError('INTERNAL', 'A sub-topology would read what it writes.');
    for (const before of writers) place(before);
    ordered.add(group);
  };
  for (const group of groups) place(group);
  return [...ordered];
}
