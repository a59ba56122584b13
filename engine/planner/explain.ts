import type { ResolvedQuery, ResolvedRelation, ResolvedStatement } from '../analyzer/index.js';
import { factsOf } from '../plan/nodes.js';
import { callText, columnsText, formatText, keyWindowText, printExpr, printWindow } from '../plan/print.js';
import type { PullNode, PullPlan, ReadKeys, SortKey, TableReadPlan } from '../plan/pull-plan.js';
import type { Topology, TopologyNode } from '../plan/topology.js';
import { printSchema } from '../values/schema.js';
import { printType } from '../values/sql-type.js';
import type { LogicalPlan } from './logical.js';

const indent = (lines: readonly string[]): readonly string[] => lines.map((l) => `  ${l}`);

// --- Resolved statements ---------------------------------------------------------------------------------------------

export function explainStatement(s: ResolvedStatement): string {
  switch (s.kind) {
    case 'createAs':
      return [
        `create ${s.sink.kind.toLowerCase()} ${s.sink.name} as ${s.queryId}`,
        ...indent([
          `schema ${printSchema(s.sink.schema)}`,
          `topic ${s.sink.topic.name} key ${formatText(s.sink.keyFormat)} value ${formatText(s.sink.valueFormat)}${keyWindowText(s.sink.window)}`,
          ...queryLines(s.query),
        ]),
      ].join('\n');
    case 'insertInto':
      return [`insert into ${s.target.name} as ${s.queryId}`, ...indent(queryLines(s.query))].join('\n');
    case 'select':
      return [`${s.mode} query`, ...indent(queryLines(s.query))].join('\n');
    case 'createSource':
      return [
        `create ${s.source.kind.toLowerCase()} ${s.source.name}`,
        ...indent([
          `schema ${printSchema(s.source.schema)}`,
          `topic ${s.source.topic.name} key ${formatText(s.source.keyFormat)} value ${formatText(s.source.valueFormat)}${keyWindowText(s.source.window)}`,
        ]),
      ].join('\n');
    default:
      return s.kind;
  }
}

function relationText(r: ResolvedRelation): string {
  if (r.kind === 'source') return r.alias === r.source.name ? r.alias : `${r.source.name} as ${r.alias}`;
  const within =
    r.within === null
      ? ''
      : ` within ${r.within.beforeMs} ms before, ${r.within.afterMs} ms after${r.within.graceMs === null ? '' : `, grace ${r.within.graceMs} ms`}`;
  const on = [{ left: r.leftKey, right: r.rightKey }, ...(r.more ?? [])];
  return `${relationText(r.left)} ${r.joinType.toLowerCase()} ${r.flavour} join ${relationText(r.right)}${within} on ${on.map((e) => `${printExpr(e.left)} = ${printExpr(e.right)}`).join(' and ')}`;
}

function queryLines(q: ResolvedQuery): readonly string[] {
  const lines = [`from ${relationText(q.relation)}`];
  if (q.where !== null) lines.push(`where ${printExpr(q.where)}`);
  for (const t of q.tableFunctions) lines.push(`rows of ${printExpr(t.call)} as ${t.column.name}`);
  if (q.shape.kind === 'partitioned')
    lines.push(`partition by ${q.shape.keys.map((k) => `${k.name} = ${printExpr(k.expr)}`).join(', ') || 'nothing'}`);
  if (q.shape.kind === 'grouped') {
    lines.push(`group by ${q.shape.keys.map((k) => `${k.name} = ${printExpr(k.expr)}`).join(', ') || 'nothing'}`);
    if (q.shape.window !== null) lines.push(`window ${printWindow(q.shape.window)}`);
    q.shape.calls.forEach((c, i) => {
      lines.push(`aggregate v${i} = ${callText(c)} ${printType(c.type)}`);
    });
  }
  if (q.having !== null) lines.push(`having ${printExpr(q.having)}`);
  for (const c of q.select)
    lines.push(`select ${c.name} ${printType(c.expr.type)}${c.key === null ? '' : ' KEY'} = ${printExpr(c.expr)}`);
  if (q.emit !== null) lines.push(`emit ${q.emit}`);
  if (q.distinct) lines.push('distinct');
  if (q.orderBy.length > 0) lines.push(`order by ${q.orderBy.map(sortKeyText).join(', ')}`);
  if (q.limit !== null) lines.push(`limit ${q.limit}`);
  if (q.offset > 0) lines.push(`offset ${q.offset}`);
  return lines;
}

export const explainQuery = (q: ResolvedQuery): string => queryLines(q).join('\n');

// --- Logical plans ---------------------------------------------------------------------------------------------------

function planLines(p: LogicalPlan): readonly string[] {
  const kind = p.table ? ' table' : '';
  switch (p.kind) {
    case 'scan': {
      const names = [...p.needed.key.map((i) => p.schema.key[i]!), ...p.needed.value.map((i) => p.schema.value[i]!)];
      return [`scan ${p.source.name}${kind} [${names.map((c) => c.name).join(', ')}]${p.stored ? ' stored' : ''}`];
    }
    case 'filter':
      return [`${p.having ? 'having' : 'filter'}${kind} ${printExpr(p.predicate)}`, ...indent(planLines(p.input))];
    case 'project':
      return [
        `project${kind} [${columnsText(p.schema.value, p.value)}]${p.key === null ? '' : ` key [${columnsText(p.schema.key, p.key)}]`}`,
        ...indent(planLines(p.input)),
      ];
    case 'flatMap':
      return [`rows of [${p.calls.map(printExpr).join(', ')}]`, ...indent(planLines(p.input))];
    case 'rekey':
      return [
        `rekey${kind}${p.moves ? '' : ' in place'} [${columnsText(p.schema.key, p.key)}] value [${columnsText(p.schema.value, p.value)}]`,
        ...indent(planLines(p.input)),
      ];
    case 'materialize':
      return ['keep latest rows', ...indent(planLines(p.input))];
    case 'join':
      return [
        `${p.joinType.toLowerCase()} ${p.flavour} join${p.foreignKey === null ? '' : ` on ${printExpr(p.foreignKey)}`}${
          p.within === null ? '' : ` within ${p.within.beforeMs}/${p.within.afterMs} ms`
        } [${p.schema.value.map((c) => c.name).join(', ')}]`,
        ...indent(planLines(p.left)),
        ...indent(planLines(p.right)),
      ];
    case 'aggregate':
      return [
        `aggregate [${p.calls.map(callText).join(', ')}]${p.windowSpec === null ? '' : ` ${printWindow(p.windowSpec)}`}${p.emit === 'final' ? ' final' : ''}`,
        ...indent(planLines(p.input)),
      ];
  }
}

/** The tree of a logical plan, a step a line, inputs indented under what reads them. */
export const explainLogical = (p: LogicalPlan): string => planLines(p).join('\n');

// --- Topologies ------------------------------------------------------------------------------------------------------

export function explainTopology(t: Topology): string {
  return t.subtopologies.flatMap((s) => [`sub-topology ${s.id}`, ...indent(s.nodes.map(nodeText))]).join('\n');
}

function nodeText(n: TopologyNode): string {
  const facts = factsOf(n);
  const inputs = facts.inputs(n);
  return `${n.id}${inputs.length === 0 ? '' : ` <- ${inputs.join(', ')}`}: ${facts.explain(n)}`;
}

/** How a pull query is answered: its operators, the last one first, each over those below it. */
export function explainPull(p: PullPlan): string {
  const columns = p.columns.map((c) => `${c.name} ${printType(c.type)}${c.key ? ' KEY' : ''}`);
  return [`rows [${columns.join(', ')}]`, ...indent(pullLines(p.root))].join('\n');
}

function pullLines(n: PullNode): readonly string[] {
  switch (n.kind) {
    case 'table':
      return readLines(n.read);
    case 'stream':
      return [`read stream ${n.source} up to its end`, ...indent(explainTopology(n.topology).split('\n'))];
    case 'join': {
      const on = n.leftKeys.map((k, i) => `${printExpr(k)} = ${printExpr(n.rightKeys[i]!)}`);
      return [
        `${n.joinType.toLowerCase()} join on ${on.join(' AND ')}; the second input is kept`,
        ...indent(pullLines(n.left)),
        ...indent(pullLines(n.right)),
      ];
    }
    case 'filter':
      return [`where ${printExpr(n.predicate)}`, ...indent(pullLines(n.input))];
    case 'aggregate': {
      const by = n.keys.length === 0 ? '' : ` by ${n.keys.map(printExpr).join(', ')}`;
      return [`aggregate [${n.calls.map(callText).join(', ')}]${by}`, ...indent(pullLines(n.input))];
    }
    case 'project':
      return [`select [${n.columns.map(printExpr).join(', ')}]`, ...indent(pullLines(n.input))];
    case 'distinct':
      return ['distinct', ...indent(pullLines(n.input))];
    case 'sort': {
      const by = n.keys.map(sortKeyText);
      const top = n.top === null ? '' : `, the first ${n.top} alone`;
      return [`sort by ${by.join(', ')}${top}`, ...indent(pullLines(n.input))];
    }
    case 'limit': {
      const rows = [n.offset === 0 ? [] : [`offset ${n.offset}`], n.limit === null ? [] : [`limit ${n.limit}`]].flat();
      return [rows.join(' '), ...indent(pullLines(n.input))];
    }
  }
}

const sortKeyText = (k: SortKey): string =>
  `${printExpr(k.expr)}${k.descending ? ' descending' : ''} nulls ${k.nullsFirst ? 'first' : 'last'}`;

function readLines(r: TableReadPlan): readonly string[] {
  const windows = (name: string, w: TableReadPlan['windowStart']): readonly string[] =>
    w.from === undefined && w.to === undefined
      ? []
      : [`${name} from ${w.from ?? 'the first'} to ${w.to ?? 'the last'}`];
  return [
    `read ${r.source}: ${r.node.id} of sub-topology ${r.subtopology} of ${r.queryId}${keyWindowText(r.window)}`,
    ...indent([
      keysText(r.keys),
      ...windows('window starts', r.windowStart),
      ...windows('window ends', r.windowEnd),
      ...r.steps.map(nodeText),
      ...(r.where === null ? [] : [`where ${printExpr(r.where)}`]),
      `select [${r.columns.map(printExpr).join(', ')}]`,
      ...(r.limit === null ? [] : [`limit ${r.limit}`]),
    ]),
  ];
}

function keysText(keys: ReadKeys): string {
  switch (keys.kind) {
    case 'scan':
      return 'every key';
    case 'points':
      return `keys ${keys.keys.map((k) => `(${k.map(printExpr).join(', ')})`).join(', ')}`;
    case 'range': {
      const equal = keys.equal.length === 0 ? '' : ` that begin with (${keys.equal.map(printExpr).join(', ')})`;
      const from = keys.from === null ? '' : ` from ${printExpr(keys.from)}`;
      const to = keys.to === null ? '' : ` to ${printExpr(keys.to)}`;
      return `keys${equal}${from}${to}`;
    }
  }
}

/** Every stage of a planned statement, each under its heading. */
export function explainPlan(stages: {
  readonly sql: string;
  readonly resolved: ResolvedStatement;
  readonly logical: LogicalPlan | null;
  readonly topology: Topology | null;
  readonly pull?: PullPlan | null;
}): string {
  const parts = [
    'statement',
    ...indent(stages.sql.split('\n')),
    'resolved',
    ...indent(explainStatement(stages.resolved).split('\n')),
  ];
  if (stages.logical !== null) parts.push('logical plan', ...indent(explainLogical(stages.logical).split('\n')));
  if (stages.topology !== null) parts.push('topology', ...indent(explainTopology(stages.topology).split('\n')));
  if (stages.pull != null) parts.push('pull plan', ...indent(explainPull(stages.pull).split('\n')));
  return parts.join('\n');
}
