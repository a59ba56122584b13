import type { Topology, TopologyNode } from '../types/topology.js';

/**
 * What stands in the way of replacing a query that has run by another that goes on from its offsets and its state;
 * undefined where nothing does. The new one may filter and compute otherwise, and read more columns. What is kept between
 * records must mean the same to both: the topics that are read, the stores with the steps that fill them, the topics
 * between sub-topologies, in which records may wait.
 */
export function upgradeObstacle(before: Topology, after: Topology): string | undefined {
  const was = topicsOf(before);
  const now = topicsOf(after);
  if (was.join() !== now.join()) return `it reads ${now.join(', ')} and not ${was.join(', ')}`;
  const kept = keptSteps(before);
  const next = keptSteps(after);
  for (let i = 0; i < Math.max(kept.length, next.length); i++) {
    if (kept[i]?.text !== next[i]?.text) return `its step ${(kept[i] ?? next[i])!.id} keeps something else`;
  }
  return undefined;
}

const topicsOf = ({ subtopologies }: Topology): readonly string[] => [
  ...new Set(
    subtopologies.flatMap((s) => s.nodes.flatMap((n) => (n.kind === 'source' && !n.internal ? [n.topic] : []))),
  ),
];

interface KeptStep {
  readonly id: string;
  /** All there is to it, but for the names of the steps before it. */
  readonly text: string;
}

function keptSteps({ subtopologies }: Topology): readonly KeptStep[] {
  return subtopologies.flatMap((sub) =>
    sub.nodes.filter(keepsSomething).map((node) => {
      const { input: _i, left: _l, right: _r, id, ...rest } = node as TopologyNode & Partial<Record<Input, string>>;
      // The predicate of HAVING decides what is let through, not how it is kept.
      const { predicate: _p, ...kept } = rest as typeof rest & { readonly predicate?: unknown };
      return { id, text: JSON.stringify([sub.id, kept]) };
    }),
  );
}

type Input = 'input' | 'left' | 'right';

function keepsSomething(node: TopologyNode): boolean {
  if (node.kind === 'repartition' || (node.kind === 'source' && node.internal)) return true;
  return 'leftStore' in node || ('store' in node && node.store !== null);
}
