import { onTestFinished } from 'vitest';
import { rowsOf } from '../../main-job/client.js';
import { ask, startServer, type TestServer } from '../../server/support.js';

/** Whole servers in this process, of one service on one broker. */
export class Nodes {
  readonly all: TestServer[] = [];

  constructor(
    readonly bootstrap: string,
    readonly service: string,
    private readonly settings: Readonly<Record<string, string>> = {},
  ) {
    onTestFinished(async () => {
      await Promise.all(this.all.map((n) => n.stop()));
    });
  }

  async start(more: Readonly<Record<string, string>> = {}): Promise<TestServer> {
    const node = await startServer({
      'bootstrap.servers': this.bootstrap,
      'ksql.service.id': this.service,
      'commit.interval.ms': '100',
      'auto.offset.reset': 'earliest',
      ...this.settings,
      ...more,
    });
    this.all.push(node);
    return node;
  }

  async stop(node: TestServer): Promise<void> {
    this.all.splice(this.all.indexOf(node), 1);
    await node.stop();
  }
}

/** Until the condition holds; what is thrown meanwhile counts as not yet. The time limit is the test's. */
export async function until(what: string, condition: () => Promise<boolean>, patienceMs = 60_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (e) {
      last = e;
    }
    if (Date.now() > deadline) throw new Error(`never came: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** All rows of a pull query, in an order of their own. */
export async function pull(node: TestServer, sql: string, properties: object = {}): Promise<unknown[][]> {
  const rows = await rowsOf(node.address, sql, properties);
  return rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

export interface HostStatus {
  readonly hostAlive: boolean;
  readonly lastStatusUpdateMs: number;
  readonly activeStandbyPerQuery: Readonly<
    Record<
      string,
      {
        readonly activeStores: readonly string[];
        readonly activePartitions: readonly { readonly topic: string; readonly partition: number }[];
        readonly standByStores: readonly string[];
        readonly standByPartitions: readonly { readonly topic: string; readonly partition: number }[];
      }
    >
  >;
  readonly hostStoreLags: {
    readonly stateStoreLags: Readonly<
      Record<string, { readonly lagByPartition: Readonly<Record<string, { readonly offsetLag: number }>> }>
    >;
  };
}

export async function clusterStatus(node: TestServer): Promise<Readonly<Record<string, HostStatus>>> {
  const { clusterStatus: status } = JSON.parse((await ask(node, { path: '/clusterStatus' })).text) as {
    clusterStatus: Record<string, HostStatus>;
  };
  return status;
}

export const addressOf = (node: TestServer): string => `127.0.0.1:${node.port}`;

/** How many partitions of a query's inputs each node owns, as one node sees it. */
export async function shares(node: TestServer, queryId: string): Promise<Map<string, number>> {
  return new Map(
    Object.entries(await clusterStatus(node)).map(([host, s]) => [
      host,
      s.activeStandbyPerQuery[queryId]?.activePartitions.length ?? 0,
    ]),
  );
}
