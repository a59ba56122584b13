import type { QueryStream } from '../api.js';
import { planPull, planPush } from '../planner/index.js';
import { WeirError } from '../types/errors.js';
import { analyzed } from './analysis.js';
import type { StatementContext } from './context.js';
import { settingsIn } from './settings-of.js';

/** A SELECT that stands alone: a push query (EMIT) or a pull query. */
export async function openSelect(context: StatementContext, queryId: string): Promise<QueryStream> {
  const resolved = await analyzed(context, context.statement);
  if (resolved.kind !== 'select') throw new WeirError('INTERNAL', 'A query was not recognised as one.');
  const { runtime } = context.parts;
  const properties = settingsIn(context).overrides();
  if (resolved.mode === 'push') {
    return runtime.openPush({ queryId, topology: planPush(resolved).topology, properties });
  }
  return runtime.openPull({ queryId, plan: planPull(resolved).plan, properties });
}
