import { messageOf } from '../../engine/base/errors.js';
import type { Broker } from './broker.js';
import type { Findings } from './check.js';
import { Look } from './look.js';
import type { SimNode } from './node.js';
import { Page } from './page.js';
import type { TablePlan } from './plans.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

export interface PageCounts {
  /** Snapshots that were held against their topic, and their rows. */
  snapshots: number;
  rows: number;
  /** Snapshots that were to be made of state, which could not be read. */
  fellBack: number;
  /** Pages that followed their table to the end, and the changes that they were told of. */
  followed: number;
  changes: number;
  /** Pull queries, and the rows that they gave. */
  looks: number;
  looked: number;
  /** Queries of theirs that were refused or failed, or whose node was gone. */
  failed: number;
}

const MAX_PAGES = 25;
export const noPages = (): PageCounts => ({
  ...{ snapshots: 0, rows: 0, fellBack: 0, followed: 0, changes: 0 },
  ...{ looks: 0, looked: 0, failed: 0 },
});

/** How long a page waits before it asks another node, at most. */
const AGAIN_MS = 300;

export interface PagesOptions {
  readonly tables: readonly TablePlan[];
  readonly nodes: () => readonly SimNode[];
  readonly broker: Broker;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly findings: Findings;
}

/** The pages that are opened while queries run and things go wrong. */
export class Pages {
  readonly counts: PageCounts = noPages();
  private readonly followers: Page[] = [];
  private readonly looks: Look[] = [];
  private count = 0;

  constructor(private readonly options: PagesOptions) {}

  /** Opens a page on each table; some of them stay. A page makes events, so there are only so many. */
  openAll(): void {
    if (this.count >= MAX_PAGES) return;
    const { tables, random, broker, findings } = this.options;
    for (const table of tables) {
      if (table.state !== undefined) void this.look(new Look(`look-${this.count}`, table, broker, findings));
      const page = new Page(`page-${++this.count}`, table, broker, findings);
      void this.run(page, random.chance(0.2));
    }
  }

  /** Those that stay have all that there is. */
  get caughtUp(): boolean {
    return this.followers.every((p) => p.caughtUp);
  }

  check(): void {
    for (const page of this.followers) {
      this.counts.followed++;
      this.counts.changes += page.check();
    }
    for (const look of this.looks) {
      this.counts.looks++;
      this.counts.looked += look.check();
    }
  }

  /** A page whose first query fails gives up; one that has shown something goes on. */
  private async run(page: Page, stays: boolean): Promise<void> {
    const { random, scheduler } = this.options;
    const isFirst = page.rows === null;
    const node = this.node();
    try {
      if (node === undefined) throw new Error('no node runs');
      const query = await Promise.race([page.open(node), node.process.ended]);
      if (isFirst) this.opened(page, stays);
      if (stays) await Promise.race([page.follow(query), node.process.ended]);
      await query.close();
    } catch (e) {
      this.counts.failed++;
      node?.logged.push(`a page failed: ${messageOf(e)}`);
      if (!stays || page.rows === null) return;
      scheduler.after(random.next() * AGAIN_MS, 'a page goes on', () => void this.run(page, stays));
    }
  }

  private async look(look: Look): Promise<void> {
    const node = this.node();
    try {
      if (node === undefined) throw new Error('no node runs');
      await Promise.race([look.open(node, this.options.random), node.process.ended]);
      this.looks.push(look);
    } catch (e) {
      this.counts.failed++;
      node?.logged.push(`a look failed: ${messageOf(e)}`);
    }
  }

  private node(): SimNode | undefined {
    const { nodes, random } = this.options;
    const running = nodes().filter((n) => n.running && n.process.pausedSince === undefined);
    return running.length === 0 ? undefined : random.pick(running);
  }

  private opened(page: Page, stays: boolean): void {
    this.counts.snapshots++;
    this.counts.rows += page.rows!;
    if (stays) this.followers.push(page);
  }
}
