import { continuationOf } from '../../engine/runtime/continuation.js';
import type { PushStream } from '../../engine/runtime/index.js';
import { messageOf } from '../../engine/types/errors.js';
import type { Value } from '../../engine/types/value.js';
import type { Broker } from './broker.js';
import { type Findings, lastRows, rowText } from './check.js';
import type { SimNode } from './node.js';
import type { TablePlan } from './plans.js';

const PROPERTIES = {
  'weir.push.snapshot': 'true',
  'ksql.query.push.v2.continuation.tokens.enabled': 'true',
};

export interface PageCounts {
  /** Snapshots that were held against their topic. */
  compared: number;
  /** Their rows. */
  rows: number;
  /** Those that were to be made of state, which could not be read. */
  fellBack: number;
  /** Those that were refused or failed, as they may while things go wrong. */
  failed: number;
}

/**
 * Pages that are opened while queries run and things go wrong: each takes a snapshot of a table on some node. Whenever it
 * gets one, that is what the table's topic says up to the place that comes with it, with nothing missing and nothing newer.
 */
export class Pages {
  readonly counts: PageCounts = { compared: 0, rows: 0, fellBack: 0, failed: 0 };
  private count = 0;

  constructor(
    private readonly tables: readonly TablePlan[],
    private readonly broker: Broker,
    private readonly findings: Findings,
  ) {}

  /** Opens a page on each table. */
  openAll(node: SimNode): void {
    for (const table of this.tables) void this.run(node, table);
  }

  private async run(node: SimNode, table: TablePlan): Promise<void> {
    const queryId = `page-${++this.count}`;
    try {
      const page = await node.runtime.openPush({
        ...{ queryId, topology: table.push, properties: PROPERTIES },
        table: async () => table.state,
      });
      await this.read(page, table, node);
      this.counts.compared++;
    } catch (e) {
      this.counts.failed++;
      node.logged.push(`${queryId} failed: ${messageOf(e)}`);
    }
  }

  private async read(page: PushStream, table: TablePlan, node: SimNode): Promise<void> {
    const names = page.columns.map((c) => c.name);
    const rows: (readonly Value[])[] = [];
    for (;;) {
      const batch = await page.next();
      if (batch === undefined) throw new Error('a snapshot has ended early');
      rows.push(...batch.rows);
      if (batch.snapshotEnd !== true) continue;
      const offsets = continuationOf(batch.continuation!).topics[0]!.offsets;
      this.compare(table, names, rows, offsets, `${page.queryId} on ${node.name}`);
      return page.close();
    }
  }

  private compare(
    { name, topic, window }: TablePlan,
    names: readonly string[],
    rows: readonly (readonly Value[])[],
    offsets: readonly number[],
    page: string,
  ): void {
    this.counts.rows += rows.length;
    const wanted = lastRows(this.broker.topic(topic), window, offsets);
    for (const row of rows) {
      const [key, text] = rowText(names, row, window);
      const expected = wanted.get(key)?.text;
      wanted.delete(key);
      if (expected === text) continue;
      this.findings.wrong++;
      this.findings.texts.push(`${page}: ${name} ${key} is ${text}, not ${expected ?? 'missing'}, at ${offsets}`);
    }
    for (const [key, { text, isLatest }] of wanted) {
      // The topic keeps windows that the state has let go of.
      if (window !== null && !isLatest) continue;
      this.findings.lost++;
      this.findings.texts.push(`${page}: ${name} ${key} is missing, not ${text}, at ${offsets}`);
    }
  }
}
