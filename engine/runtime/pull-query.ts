import type { PullPlan } from '../types/pull-plan.js';
import { openNode } from './pull/open.js';
import { BATCH_ROWS, type PullReader, type Row, type RowBatches, type TableRows } from './pull/rows.js';
import type { ResultColumn, RowBatch, RowStream, RowStreamEnd } from './row-stream.js';
import type { RuntimeServices } from './services.js';

export interface PullSpec extends PullReader {
  readonly plan: PullPlan;
}

/** A pull query: reads committed state once, and ends. */
export class PullQuery implements RowStream {
  readonly queryId: string;
  readonly kind = 'pull-table';
  readonly columns: readonly ResultColumn[];
  end: RowStreamEnd = 'completed';
  private rest: Row[] = [];
  private left: number;

  private constructor(
    spec: PullSpec,
    private readonly rows: RowBatches,
  ) {
    this.queryId = spec.queryId;
    this.columns = spec.plan.columns;
    this.left = limitOf(spec.plan) ?? Number.POSITIVE_INFINITY;
  }

  /** @throws NOT_READY where a table's state is nowhere to be read */
  static async open(services: RuntimeServices, tables: TableRows, spec: PullSpec): Promise<PullQuery> {
    return new PullQuery(spec, await openNode(spec.plan.root, { services, tables, reader: spec }));
  }

  async next(): Promise<RowBatch | undefined> {
    while (this.rest.length < Math.min(BATCH_ROWS, this.left)) {
      const step = await this.rows.next();
      if (step.done === true) break;
      for (const row of step.value) this.rest.push(row);
    }
    const rows = this.rest.splice(0, Math.min(BATCH_ROWS, this.left));
    this.left -= rows.length;
    if (this.left <= 0) this.end = 'limit';
    return rows.length === 0 ? undefined : { rows };
  }

  async close(): Promise<void> {
    this.left = 0;
    this.rest = [];
    await this.rows.return(undefined);
  }
}

/** Rows at which the query ends by its LIMIT. */
function limitOf({ root }: PullPlan): number | null {
  return root.kind === 'limit' ? root.limit : root.kind === 'table' ? root.read.limit : null;
}
