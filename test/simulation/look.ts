import type { Broker } from './broker.js';
import { changesBetween, type Findings, rowText } from './check.js';
import type { SimNode } from './node.js';
import type { TablePlan } from './plans.js';
import type { Random } from './random.js';

/** One pull query on a table: what it shows, the table's topic has said at some time. */
export class Look {
  private readonly told: (readonly [key: string, text: string])[] = [];

  constructor(
    private readonly name: string,
    private readonly table: TablePlan,
    private readonly broker: Broker,
    private readonly findings: Findings,
  ) {}

  /** Also from copies, half of the time. */
  async open(node: SimNode, random: Random): Promise<void> {
    const { name: queryId, table } = this;
    const properties = { 'ksql.query.pull.enable.standby.reads': random.chance(0.5) };
    const query = await node.runtime.openPull({ queryId, plan: table.state!, properties });
    const names = query.columns.map((c) => c.name);
    for (let batch = await query.next(); batch !== undefined; batch = await query.next()) {
      for (const row of batch.rows) this.told.push(rowText(names, row, table.window));
    }
    await query.close();
  }

  /** At the end of a run, when all that was committed can be seen. Returns the rows that it was given. */
  check(): number {
    const { table, findings } = this;
    const partitions = this.broker.topic(table.topic);
    const [first, last] = [0, Number.POSITIVE_INFINITY].map((offset) => partitions.map(() => offset));
    const said = new Set(
      changesBetween(partitions, table.window, first!, last!).map(([key, text]) => `${key} ${text}`),
    );
    const keys = new Set<string>();
    for (const [key, text] of this.told) {
      if (keys.has(key)) {
        findings.twice++;
        findings.texts.push(`${this.name}: ${table.name} ${key} came twice`);
      }
      keys.add(key);
      if (said.has(`${key} ${text}`)) continue;
      findings.wrong++;
      findings.texts.push(`${this.name}: ${table.name} ${key} was never ${text}`);
    }
    return this.told.length;
  }
}
