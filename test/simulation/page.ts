import { continuationOf } from '../../engine/push/continuation.js';
import type { PushStream, RowBatch } from '../../engine/runtime.js';
import type { Broker } from './broker.js';
import { changesBetween, type Findings, lastRows, rowText } from './check.js';
import type { SimNode } from './node.js';
import type { TablePlan } from './plans.js';

const SNAPSHOT = { 'weir.push.snapshot': 'true' };
const TOKENS = { 'ksql.query.push.v2.continuation.tokens.enabled': 'true' };
const TOKEN = 'request.ksql.query.push.continuation.token';

/** What became of a key: its row, or null where it was deleted. */
type Told = readonly [key: string, text: string | null];

/**
 * One page on a table: it takes a snapshot and may then follow the changes, over as many queries as it takes: when one fails,
 * or its node is gone, another node goes on from the last token. What it is told is held against the table's topic.
 */
export class Page {
  /** Rows of the snapshot; null: it has none yet. */
  rows: number | null = null;
  private from: readonly number[] = [];
  private token = '';
  private readonly changes: Told[] = [];

  constructor(
    private readonly name: string,
    private readonly table: TablePlan,
    private readonly broker: Broker,
    private readonly findings: Findings,
  ) {}

  /** Opens a query on a node: takes the snapshot, or goes on from the last token. */
  async open(node: SimNode): Promise<PushStream> {
    const { table, token } = this;
    const query = await node.runtime.openPush({
      ...{ queryId: this.name, topology: table.push },
      properties: { ...TOKENS, ...(token === '' ? SNAPSHOT : { [TOKEN]: token }) },
      table: async () => table.state,
    });
    if (token === '') await this.snapshot(query, node);
    return query;
  }

  /** Takes changes, as long as all goes well. */
  async follow(query: PushStream): Promise<never> {
    for (;;) {
      const batch = await query.next();
      if (batch === undefined) throw new Error('the query has ended');
      this.changes.push(...this.told(query, batch));
      this.token = batch.continuation!;
    }
  }

  /** It has all that its table's topic shows. */
  get caughtUp(): boolean {
    const { broker, table, offsets } = this;
    return broker.topic(table.topic).every((p) => p.readTo(offsets[p.partition]!));
  }

  /** Holds the changes against those that the topic has had between the snapshot and the last token. */
  check(): number {
    const { table, broker, findings, from, offsets } = this;
    const byKey = (list: readonly Told[]) => {
      const out = new Map<string, (string | null)[]>();
      for (const [key, text] of list) out.set(key, [...(out.get(key) ?? []), text]);
      return out;
    };
    const wanted = byKey(changesBetween(broker.topic(table.topic), table.window, from, offsets));
    const got = byKey(this.changes);
    for (const key of new Set([...wanted.keys(), ...got.keys()])) {
      const [w, g] = [wanted.get(key) ?? [], got.get(key) ?? []];
      if (w.join() === g.join()) continue;
      if (g.length < w.length) findings.lost++;
      else if (g.length > w.length) findings.twice++;
      else findings.wrong++;
      findings.texts.push(`${this.name}: ${table.name} ${key} went through ${g.join(' ')}, not ${w.join(' ')}`);
    }
    return this.changes.length;
  }

  private get offsets(): readonly number[] {
    return continuationOf(this.token).topics[0]!.offsets;
  }

  private async snapshot(query: PushStream, node: SimNode): Promise<void> {
    const rows: Told[] = [];
    for (;;) {
      const batch = await query.next();
      if (batch === undefined) throw new Error('a snapshot has ended early');
      rows.push(...this.told(query, batch));
      if (batch.snapshotEnd !== true) continue;
      this.token = batch.continuation!;
      this.from = this.offsets;
      this.rows = rows.length;
      return this.compare(rows, `${this.name} on ${node.name}`);
    }
  }

  /** The snapshot is what the topic says up to its place, with nothing missing and nothing newer. */
  private compare(rows: readonly Told[], page: string): void {
    const { table, findings, from } = this;
    const wanted = lastRows(this.broker.topic(table.topic), table.window, from);
    for (const [key, text] of rows) {
      const expected = wanted.get(key)?.text;
      wanted.delete(key);
      if (expected === text) continue;
      findings.wrong++;
      findings.texts.push(`${page}: ${table.name} ${key} is ${text}, not ${expected ?? 'missing'}, at ${from}`);
    }
    for (const [key, { text, isLatest }] of wanted) {
      // The topic keeps windows that the state has let go of.
      if (table.window !== null && !isLatest) continue;
      findings.lost++;
      findings.texts.push(`${page}: ${table.name} ${key} is missing, not ${text}, at ${from}`);
    }
  }

  private told(query: PushStream, { rows, tombstones }: RowBatch): Told[] {
    const names = query.columns.map((c) => c.name);
    return rows.map((row, i) => {
      const [key, text] = rowText(names, row, this.table.window);
      return [key, tombstones?.[i] === true ? null : text];
    });
  }
}
