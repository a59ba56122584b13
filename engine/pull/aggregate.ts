import type { AggregateImpl } from '../functions/function.js';
import type { AggregateCall, TypedExpr } from '../plan/expr.js';
import { emptyRecord } from '../records/record.js';
import { evaluationMessage } from '../values/evaluation-error.js';
import type { Value } from '../values/value.js';
import { rowBytes, valueBytes } from './budget.js';
import { rowEvaluators } from './evaluators.js';
import type { PullParts } from './operator-parts.js';
import { rowKey } from './row-key.js';
import { BATCH_ROWS, type RowBatches } from './rows.js';

interface Group {
  readonly keys: readonly Value[];
  readonly states: unknown[];
  rows: number;
  /** What it was last found to take. */
  bytes: number;
}

/** Bytes of a group beside its keys, and of an aggregate whose state does not grow. */
const GROUP_BYTES = 160;
const STATE_BYTES = 48;

/**
 * One row a group: its keys, then the aggregates. Rows with NULL keys are a group as well (unlike in a persistent query, whose
 * table could have no such key). Without keys there is one group, also where there are no rows at all. The groups count
 * against the query's budget; those of an aggregate that collects are measured anew whenever their rows have doubled.
 */
export async function* aggregateRows(
  input: RowBatches,
  keys: readonly TypedExpr[],
  calls: readonly AggregateCall[],
  parts: PullParts,
): RowBatches {
  const { budget, env } = parts;
  const impls = calls.map((c) => env.aggregate(c, true));
  const collecting = impls.map(grows);
  const isCollecting = collecting.includes(true);
  const keysOf = rowEvaluators(keys, parts);
  const argsOf = calls.map((c) => rowEvaluators(c.args, parts));
  const keyOf = rowKey(keys.map((k) => k.type));
  const groups = new Map<unknown, Group>();
  const newGroup = (values: readonly Value[]): Group => {
    const bytes = GROUP_BYTES + rowBytes(values) + STATE_BYTES * impls.length;
    budget.take(bytes, 'GROUP BY');
    return { keys: values, states: impls.map((i) => i.init()), rows: 0, bytes };
  };
  const measure = (group: Group): void => {
    let bytes = GROUP_BYTES + rowBytes(group.keys);
    group.states.forEach((state, i) => {
      bytes += collecting[i] ? stateBytes(impls[i]!, state) : STATE_BYTES;
    });
    budget.take(bytes - group.bytes, 'GROUP BY');
    group.bytes = bytes;
  };
  if (keys.length === 0) groups.set(keyOf([]), newGroup([]));
  for await (const rows of input) {
    for (const row of rows) {
      const values = keysOf(row);
      const key = keyOf(values);
      let group = groups.get(key);
      if (group === undefined) groups.set(key, (group = newGroup(values)));
      const { states } = group;
      for (let i = 0; i < impls.length; i++) states[i] = impls[i]!.add(states[i], argsOf[i]!(row));
      group.rows++;
      if (isCollecting && (group.rows & (group.rows - 1)) === 0) measure(group);
    }
  }
  const result = (impl: AggregateImpl<unknown>, state: unknown, call: AggregateCall): Value => {
    try {
      return impl.result(state);
    } catch (e) {
      env.evaluationError('pull', `${call.name}: ${evaluationMessage(e)}`, emptyRecord());
      return null;
    }
  };
  let given: Value[][] = [];
  for (const { keys: values, states } of groups.values()) {
    given.push([...values, ...impls.map((impl, i) => result(impl, states[i], calls[i]!))]);
    if (given.length < BATCH_ROWS) continue;
    yield given;
    given = [];
  }
  if (given.length > 0) yield given;
}

const grows = ({ stateType, moreType }: AggregateImpl<unknown>): boolean =>
  moreType !== undefined || ['ARRAY', 'MAP', 'STRUCT', 'STRING', 'BYTES'].includes(stateType.kind);

const stateBytes = (impl: AggregateImpl<unknown>, state: unknown): number =>
  valueBytes(impl.toState === undefined ? (state as Value) : impl.toState(state)) +
  (impl.toMore === undefined ? 0 : valueBytes(impl.toMore(state)));
