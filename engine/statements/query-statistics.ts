import type { EntityWarning } from '../api/entities.js';
import { messageOf } from '../base/errors.js';
import type { QueryDef } from '../catalog/index.js';
import { remarks, timesText } from '../observe/step-reasons.js';
import type { StepStats } from '../observe/step-stats.js';
import { printWindow } from '../plan/print.js';
import { keptMs, windowsOf } from '../plan/topology.js';
import type { StatementContext } from './context.js';
import { counted, number } from './counted.js';

type Context = Pick<StatementContext, 'parts'>;
type Statistics = Readonly<Record<string, number>>;

/** The counters of a query that runs on this node, its lag, its state and how long its windows are kept; and its last failure. */
export async function statisticsOf(
  query: QueryDef,
  { parts }: Context,
): Promise<{ readonly statistics?: Statistics; readonly error?: string }> {
  const running = parts.runtime.query(query.id);
  if (running === undefined) return {};
  const { lastError: _, steps, ...counters } = running.counters();
  const [window] = windowsOf(query.topology);
  const error = running.lastError();
  return {
    statistics: {
      ...counters,
      toRestore: running.status().toRestore,
      ...matchesOf(steps),
      lag: running.lag(),
      ...(await stateBytesOf(query, { parts })),
      ...(window === undefined ? {} : { retentionMs: keptMs(window) }),
    },
    ...(error === undefined ? {} : { error: error.message }),
  };
}

/** Bytes that are not known (the node stops, the disk fails) are left out. */
async function stateBytesOf({ id }: QueryDef, { parts }: Context): Promise<{ readonly stateBytes?: number }> {
  try {
    const stateBytes = await parts.runtime.query(id)?.stateBytes();
    return stateBytes === undefined ? {} : { stateBytes };
  } catch (e) {
    parts.logger.warn({ queryId: id, error: messageOf(e) }, 'the size of the state could not be found out');
    return {};
  }
}

/** Records that joins have found a match for when they came, and the others; empty where there is no join. */
export function matchesOf(steps: readonly StepStats[]): { readonly matched?: number; readonly unmatched?: number } {
  const joins = steps.filter((s) => s.kind !== 'window');
  if (joins.length === 0) return {};
  const matched = joins.reduce((n, s) => n + s.matched, 0);
  return { matched, unmatched: Math.max(0, joins.reduce((n, s) => n + s.records, 0) - matched) };
}

/** What is remarkable about queries on this node, each said once. */
export const remarksOn = (queries: readonly QueryDef[], { parts }: Context): readonly EntityWarning[] =>
  queries.flatMap(({ id }) =>
    remarks(parts.runtime.query(id)?.counters().steps ?? []).map((remark) => ({ message: `${id}: ${remark}` })),
  );

/** EXPLAIN ANALYZE: what a query has done on this node since it was started, and each of its steps. */
export async function analysisOf(query: QueryDef, context: Context): Promise<string> {
  const running = context.parts.runtime.query(query.id);
  if (running === undefined) return 'The query does not run on this node.';
  const { steps, ...counters } = running.counters();
  const { stateBytes } = await stateBytesOf(query, context);
  const { tasks } = running.status();
  const streamTime = Math.max(-1, ...tasks.map((t) => t.streamTime));
  const error = running.lastError();
  return [
    `state ${running.state}, ${counted(tasks.length, 'task')}, lag ${counted(running.lag(), 'record')}`,
    `records in ${number(counters.recordsIn)}, out ${number(counters.recordsOut)}, skipped ${number(counters.skipped)}, ` +
      `late ${number(counters.late)}, expressions failed ${number(counters.evaluationErrors)}, commits ${number(counters.commits)}`,
    `stream time ${streamTime < 0 ? 'not begun' : timesText(streamTime, streamTime)}`,
    ...(stateBytes === undefined ? [] : [`stored state ${number(stateBytes)} bytes`]),
    ...windowsOf(query.topology).map((w) => `window ${printWindow(w)}`),
    ...steps.map(stepText),
    ...remarks(steps),
    ...(error === undefined ? [] : [`last failure ${timesText(error.at, error.at)}: ${error.message}`]),
    ...(counters.lastError === null ? [] : [`last bad record ${counters.lastError}`]),
  ].join('\n');
}

function stepText({ node, kind, records, late, lost, matched, left, right }: StepStats): string {
  const out = [`${node}: ${counted(records, 'record')}`];
  if (kind !== 'window') {
    out.push(`${number(matched)} matched when they came, ${number(Math.max(0, records - matched))} did not`);
    for (const [name, side] of [
      ['left', left],
      ['right', right],
    ] as const) {
      if (side.rows > 0) out.push(`${name} ${number(side.rows)} (${timesText(side.from, side.to)})`);
    }
  }
  if (kind !== 'tables') out.push(`${number(late)} late`);
  if (lost > 0) out.push(`${counted(lost, 'window')} without a row`);
  return out.join(', ');
}
