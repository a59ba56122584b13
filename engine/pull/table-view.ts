import { messageOf } from '../base/errors.js';
import { sourcesOf } from '../dataflow/names.js';
import { functionConfig, type RuntimeServices } from '../dataflow/runtime-services.js';
import { compileConstant } from '../expression/index.js';
import type { Placement } from '../log/log.js';
import type { Held, QueryState } from '../observe/query-status.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import type { SourceNode, SubTopology, Topology } from '../plan/topology.js';
import { partitionOf } from '../records/batch.js';
import { ByteWriter } from '../records/bytes.js';
import type { TableView } from './routed-rows.js';
import type { PullReader } from './rows.js';

/** Keys that are worth computing partitions for: more of them are in all partitions anyway. */
const MAX_KEYS = 1000;

/** The query that keeps a table, as this node has it. */
export interface TableKeeper {
  readonly queryId: string;
  readonly topology: Topology;
  readonly state: QueryState;
  /** Who has what in the query's group, as far as this node has been told. */
  readonly placement: Placement | undefined;
  /** How many partitions one of its topics has; 0: not known yet. */
  partitions(topic: string): number;
  /** What this node has of a task's state: the task itself, a copy that is so far behind, or nothing that can be read. */
  holds(subtopology: number, partition: number): Held;
}

/** The tasks that keep a table, as this node's member of the query's group knows them. */
export function tableView(
  services: RuntimeServices,
  runner: TableKeeper,
  read: TableReadPlan,
  reader: PullReader,
): TableView {
  const { subtopology } = read;
  const sub = runner.topology.subtopologies.find((s) => s.id === subtopology)!;
  const [topic] = sourcesOf(sub, services.serviceId, runner.queryId);
  const placement = runner.placement;
  const members = placement?.members ?? [];
  const has = (list: readonly { readonly topic: string; readonly partition: number }[], partition: number): boolean =>
    list.some((p) => p.topic === topic && p.partition === partition);
  const partitions = runner.partitions(topic!);
  return {
    partitions,
    state: runner.state,
    nodes: members.map((m) => m.address),
    owner: (partition) => members.find((m) => has(m.owned, partition))?.address,
    standbys: (partition) => members.filter((m) => has(m.standby, partition)).map((m) => m.address),
    here: (partition) => runner.holds(subtopology, partition),
    partitionsOfKeys: () => {
      try {
        return partitionsOfKeys(services, sub, read, reader, partitions);
      } catch (e) {
        // A key that the format cannot write was never written either; all partitions are asked, as without keys.
        services.logger.debug({ table: read.source, error: messageOf(e) }, 'the partition of a key is not known');
        return undefined;
      }
    },
  };
}

function partitionsOfKeys(
  services: RuntimeServices,
  sub: SubTopology,
  read: TableReadPlan,
  reader: PullReader,
  partitions: number,
): ReturnType<TableView['partitionsOfKeys']> {
  if (read.keys.kind !== 'points' || read.keys.keys.length > MAX_KEYS) return undefined;
  const types = JSON.stringify(read.keyColumns.map((c) => c.type));
  const sources = sub.nodes.filter((n): n is SourceNode => n.kind === 'source');
  const fitting = sources.filter((n) => JSON.stringify(n.key.map((c) => c.type)) === types);
  const source = fitting.find((n) => n.internal) ?? fitting[0];
  if (source === undefined) return undefined;
  // What the query has partitioned itself is where its key says. Foreign keys go by the left side's partition.
  const certain = sources.every((n) => n.internal && !n.topic.startsWith('ForeignKey-')) && fitting.length > 0;
  // Of several keys some may be missing, though others are found: then all partitions are read.
  if (!certain && read.keys.keys.length > 1) return undefined;
  const encoder = services.format(source.keyFormat.name).encoder({
    columns: source.key,
    needed: source.key.map((_, i) => i),
    ref: source.keyFormat,
    isKey: true,
  });
  const config = functionConfig(services, reader.properties);
  const out = new ByteWriter();
  const found = new Set<number>();
  for (const key of read.keys.keys) {
    out.reset();
    const row = key.map((e) => compileConstant(e, { functions: services.functions, config }));
    if (!encoder.encode(row, out)) return undefined;
    found.add(partitionOf(out.buffer, 0, out.length, partitions));
  }
  return { partitions: [...found], certain };
}
