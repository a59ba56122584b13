import { MemoryEngine } from '../../cli/test-runner/memory-engine.js';
import { analyze, type ResolvedSelect } from '../../engine/analyzer/index.js';
import type { PullPlan } from '../../engine/plan/pull-plan.js';
import type { KeyWindow, Topology } from '../../engine/plan/topology.js';
import { planPush, planTableState } from '../../engine/planner/index.js';
import { parseScript, SourceText } from '../../parser/index.js';
import { SOURCES } from './inputs.js';
import { FUNCTIONS } from './node.js';
import type { ReferenceQuery } from './queries.js';

export interface Planned {
  readonly queries: readonly { readonly id: string; readonly topology: Topology }[];
  /** By name, as the catalog has them: where a sink's records go, and how its keys are windowed. */
  readonly sinks: ReadonlyMap<string, { readonly topic: string; readonly window: KeyWindow | null }>;
  /** The sinks that are tables. */
  readonly tables: readonly TablePlan[];
}

/** How a snapshot of a table is read. */
export interface TablePlan {
  readonly name: string;
  readonly topic: string;
  readonly window: KeyWindow | null;
  readonly push: Topology;
  /** Undefined: its state says something else than its topic. */
  readonly state: PullPlan | undefined;
}

const planned = new Map<ReferenceQuery, Planned>();

/** The topologies of a reference query, through parser, analyzer and planner; made once. */
export function planOf(query: ReferenceQuery): Planned {
  let plan = planned.get(query);
  if (plan === undefined) planned.set(query, (plan = makePlan(query)));
  return plan;
}

function makePlan(query: ReferenceQuery): Planned {
  const engine = new MemoryEngine(
    { functions: FUNCTIONS, now: () => 0, random: () => 0.5, uuid: () => '' },
    { 'ksql.persistence.default.format.key': 'JSON' },
  );
  const sql = [...query.reads.map((topic) => SOURCES[topic]!), query.sql].join('\n');
  const text = new SourceText(sql);
  for (const statement of parseScript(sql)) engine.execute(statement, text);
  const { sources, queries } = engine.catalog;
  const select = (sql: string): ResolvedSelect => {
    const [statement] = parseScript(sql);
    const resolved = analyze(statement!, engine.context(new SourceText(sql)));
    if (resolved.kind !== 'select') throw new Error(sql);
    return resolved;
  };
  const tables = Object.keys(query.expected).filter((name) => sources.get(name)!.kind === 'TABLE');
  return {
    tables: tables.map((name) => ({
      name,
      topic: sources.get(name)!.topic.name,
      window: sources.get(name)!.window,
      push: planPush(select(`SELECT * FROM ${name} EMIT CHANGES;`)).topology,
      state: planTableState(select(`SELECT * FROM ${name};`)),
    })),
    queries: [...queries.values()].map(({ id, topology }) => ({ id, topology })),
    sinks: new Map(
      Object.keys(query.expected).map((name) => {
        const { topic, window } = sources.get(name)!;
        return [name, { topic: topic.name, window }];
      }),
    ),
  };
}
