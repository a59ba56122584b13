import type { ResultColumn, RowBatch, RowStream, RowStreamEnd } from '../api/row-stream.js';
import { yieldToLoop } from '../base/yield.js';
import { Counters } from '../dataflow/counters.js';
import { operatorEnv, type RuntimeServices } from '../dataflow/runtime-services.js';
import type { PullNode, PullPlan } from '../plan/pull-plan.js';
import { PULL } from '../settings.js';
import { Budget, rowBytes } from './budget.js';
import { openNode } from './open.js';
import type { PullParts } from './operator-parts.js';
import { BATCH_BYTES, BATCH_ROWS, type PullReader, type Row, type RowBatches } from './rows.js';

export interface PullSpec extends PullReader {
  readonly plan: PullPlan;
}

/** A pull query: reads committed state once, and ends. */
export class PullQuery implements RowStream {
  readonly queryId: string;
  readonly kind: 'pull-table' | 'pull-stream';
  readonly columns: readonly ResultColumn[];
  end: RowStreamEnd = 'completed';
  /** The rows that were read last, of which those from `taken` on are in no batch yet. */
  private read: readonly Row[] = [];
  private taken = 0;
  private left: number;

  private constructor(
    spec: PullSpec,
    private readonly rows: RowBatches,
    private readonly pace: { isClosed: boolean },
  ) {
    this.queryId = spec.queryId;
    this.kind = readsStream(spec.plan.root) ? 'pull-stream' : 'pull-table';
    this.columns = spec.plan.columns;
    this.left = limitOf(spec.plan) ?? Number.POSITIVE_INFINITY;
  }

  /** @throws NOT_READY where a table's state is nowhere to be read */
  static async open(
    services: RuntimeServices,
    sources: Pick<PullParts, 'tables' | 'openStream'>,
    spec: PullSpec,
  ): Promise<PullQuery> {
    const { plan, ...reader } = spec;
    const { properties, queryId } = reader;
    const env = operatorEnv({
      services,
      properties,
      context: new Counters(queryId, services),
      cached: true,
      cacheEntries: 0,
      openStore: () => {
        throw new Error('a pull query opens no store');
      },
    });
    const budget = new Budget(PULL.maxBytes.of(properties));
    const types = plan.columns.map((c) => c.type);
    const pace = { turn: () => yieldToLoop(services.clock), isClosed: false };
    const rows = await openNode(plan.root, { ...sources, reader, env, budget, pace }, types);
    return new PullQuery(spec, rows, pace);
  }

  async next(): Promise<RowBatch | undefined> {
    const wanted = Math.min(BATCH_ROWS, this.left);
    const rows: Row[] = [];
    let bytes = 0;
    while (rows.length < wanted && bytes < BATCH_BYTES) {
      const row = this.read[this.taken++];
      if (row !== undefined) {
        rows.push(row);
        bytes += rowBytes(row);
        continue;
      }
      const step = await this.rows.next();
      this.read = step.done === true ? [] : step.value;
      this.taken = 0;
      if (step.done === true) break;
    }
    this.left -= rows.length;
    if (this.left <= 0) this.end = 'limit';
    return rows.length === 0 ? undefined : { rows };
  }

  async close(): Promise<void> {
    this.left = 0;
    this.read = [];
    this.pace.isClosed = true; // rows that are being made end at the next batch; 'return' waits for that
    await this.rows.return(undefined);
  }
}

/** Whether the rows are those of a stream, of which there is one alone. */
function readsStream(node: PullNode): boolean {
  if (node.kind === 'table' || node.kind === 'join') return false;
  return node.kind === 'stream' || readsStream(node.input);
}

/** Rows at which the query ends by its LIMIT. */
function limitOf({ root }: PullPlan): number | null {
  return root.kind === 'limit' ? root.limit : root.kind === 'table' ? root.read.limit : null;
}
