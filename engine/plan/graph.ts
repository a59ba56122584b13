import type { Column } from '../values/schema.js';
import type { KeyOrigin, NodeGraph, NodeId } from './node-facts.js';
import { factsOf, type TopologyNode } from './nodes.js';
import type { SubTopology } from './topology.js';
import type { KeyWindow } from './window.js';

/** What is known about the nodes of a sub-topology before the first record. */
export class SubTopologyGraph implements NodeGraph {
  private readonly nodes = new Map<NodeId, TopologyNode>();
  private readonly readers = new Map<NodeId, TopologyNode[]>();

  constructor(sub: SubTopology) {
    for (const node of sub.nodes) {
      this.nodes.set(node.id, node);
      this.readers.set(node.id, []);
      for (const input of factsOf(node).inputs(node)) this.readers.get(input)?.push(node);
    }
  }

  node(id: NodeId): TopologyNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`The topology has no node ${id}`);
    return node;
  }

  /** The nodes that read a node. */
  consumers(id: NodeId): readonly TopologyNode[] {
    return this.readers.get(id) ?? [];
  }

  isTable(id: NodeId): boolean {
    const node = this.node(id);
    return factsOf(node).table(node, this);
  }

  window(id: NodeId): KeyWindow | null {
    const node = this.node(id);
    return factsOf(node).window(node, this);
  }

  keyColumns(id: NodeId): readonly Column[] {
    const node = this.node(id);
    return factsOf(node).keyColumns(node, this);
  }

  tellsPrevious(id: NodeId): boolean {
    const node = this.node(id);
    return factsOf(node).tellsPrevious(node, this);
  }

  tellsRemovals(id: NodeId): boolean {
    const node = this.node(id);
    return factsOf(node).tellsRemovals?.(node, this) ?? false;
  }

  hasFormer(id: NodeId): boolean {
    return formerOf(this.node(id)) !== undefined;
  }

  wantsPrevious(id: NodeId): boolean {
    return this.consumers(id).some((c) => factsOf(c).usesPrevious(c, this));
  }

  needsKey(id: NodeId): boolean {
    const node = this.node(id);
    if (factsOf(node).readsOwnKey?.(node) === true) return true;
    return this.consumers(id).some((c) => factsOf(c).readsKey(c, this));
  }

  keyOrigin(id: NodeId): KeyOrigin | undefined {
    const node = this.node(id);
    if (node.kind === 'source') return node;
    if (factsOf(node).keepsKey?.(node) !== true) return undefined;
    return this.keyOrigin(factsOf(node).inputs(node)[0]!);
  }
}

/** How versions of the query before this one have filled a node's store; undefined: there were none, or it has no such store. */
export const formerOf = (node: TopologyNode) =>
  node.kind === 'source' || node.kind === 'aggregate' ? node.former : undefined;
