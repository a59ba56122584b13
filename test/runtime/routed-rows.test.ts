import { describe, expect, it } from 'vitest';
import type { Clock } from '../../engine/base/clock.js';
import { WeirError } from '../../engine/base/errors.js';
import type { TableReadPlan } from '../../engine/plan/pull-plan.js';
import type { PeerRead, PeerRows, Peers } from '../../engine/pull/peer-reads.js';
import { RoutedTableRows, type TableView } from '../../engine/pull/routed-rows.js';
import type { RowBatches } from '../../engine/pull/rows.js';

type Here = ReturnType<TableView['here']>;

/** A service of nodes `me`, `b`, `c`: who owns which partition, who has copies, and what each does when it is asked. */
class Service {
  readonly owners: (string | undefined)[];
  readonly copies: string[][];
  readonly here: Here[];
  keys: ReturnType<TableView['partitionsOfKeys']>;
  nodes = ['me', 'b', 'c'];
  /** Whether it is known how many partitions there are. */
  started = true;
  readonly dead = new Set<string>();
  readonly asked: [node: string, partitions: readonly number[], maxLag: number | null][] = [];
  /** Rows of a partition: its number, unless told otherwise. */
  rows = (partition: number): string[] => [`p${partition}`];
  /** What a node answers, where it is not all that it was asked for. */
  answer: (node: string, request: PeerRead) => PeerRows | undefined = () => undefined;
  time = 0;
  /** Whenever the router waits. */
  waited: () => void = () => {};
  open = 0;

  constructor(owners: readonly (string | undefined)[]) {
    this.owners = [...owners];
    this.copies = owners.map(() => []);
    this.here = owners.map((o) => (o === 'me' ? 'active' : undefined));
  }

  async *generate(partitions: readonly number[]): RowBatches {
    this.open++;
    try {
      for (const p of partitions) {
        const rows = this.rows(p).map((r) => [r]);
        if (rows.length > 0) yield rows;
      }
    } finally {
      this.open--;
    }
  }

  async read(
    properties: Record<string, string | number | boolean> = {},
    limit: number | null = null,
  ): Promise<string[]> {
    const clock: Clock = {
      now: () => this.time,
      sleep: async (ms) => {
        this.time += ms;
        this.waited();
      },
    };
    const peers: Peers = {
      self: 'me',
      isAlive: (node) => !this.dead.has(node),
      queries: async () => new Map(),
      readTable: async (node, request) => {
        this.asked.push([node, request.partitions, request.maxLag]);
        const { partitions } = request;
        return this.answer(node, request) ?? { partitions, rows: this.generate(partitions) };
      },
    };
    const view = async (): Promise<TableView> => ({
      partitions: this.started ? this.owners.length : 0,
      state: 'REBALANCING',
      nodes: this.nodes,
      owner: (p) => this.owners[p],
      standbys: (p) => this.copies[p]!,
      here: (p) => this.here[p],
      partitionsOfKeys: () => this.keys,
    });
    const local = (_r: unknown, _p: unknown, partitions: readonly number[]): RowBatches => this.generate(partitions);
    const tables = new RoutedTableRows({ peers, clock, local, view } as ConstructorParameters<
      typeof RoutedTableRows
    >[0]);
    const read = { source: 'T', queryId: 'Q', limit } as TableReadPlan;
    const out: string[] = [];
    for await (const batch of await tables.open(read, { queryId: 'pull', properties })) {
      for (const row of batch) out.push(String(row[0]));
    }
    expect(this.open).toBe(0);
    return out;
  }
}

const STANDBY = { 'ksql.query.pull.enable.standby.reads': 'true' };
const unreachable = (node: string): never => {
  throw new WeirError('NOT_READY', `Node ${node} does not answer: refused`);
};

describe('routing of table reads', () => {
  it('reads each partition at its owner, every owner once', async () => {
    const s = new Service(['me', 'b', 'c', 'b']);
    expect((await s.read()).sort()).toEqual(['p0', 'p1', 'p2', 'p3']);
    expect(s.asked).toEqual([
      ['b', [1, 3], null],
      ['c', [2], null],
    ]);
  });

  it('goes for a key to the owner of its partition alone, where the query has partitioned it itself', async () => {
    const s = new Service(['me', 'b', 'c']);
    s.keys = { partitions: [2], certain: true };
    s.rows = () => [];
    expect(await s.read()).toEqual([]);
    expect(s.asked).toEqual([['c', [2], null]]);
  });

  it('looks for a key elsewhere, where others have written the topic and it is not where Kafka would put it', async () => {
    const s = new Service(['me', 'b', 'c']);
    s.keys = { partitions: [2], certain: false };
    expect(await s.read()).toEqual(['p2']);
    expect(s.asked).toHaveLength(1);
    s.rows = (p) => (p === 1 ? ['found'] : []);
    expect(await s.read()).toEqual(['found']);
  });

  it('waits for partitions that are moving, and asks for what a node no longer had where it is now', async () => {
    const s = new Service(['me', 'b', undefined]);
    s.nodes = ['me'];
    s.answer = (node) => (node === 'b' ? { partitions: [], rows: s.generate([]) } : undefined);
    s.waited = () => {
      s.owners[1] = 'c';
      s.owners[2] = 'me';
      s.here[2] = 'active';
    };
    expect((await s.read()).sort()).toEqual(['p0', 'p1', 'p2']);
  });

  it('asks the group where this node knows no owner: it may not run the query itself', async () => {
    const s = new Service([undefined, undefined]);
    s.answer = (node, { partitions }) => {
      const had = partitions.filter((p) => (node === 'b') === (p === 0));
      return { partitions: had, rows: s.generate(had) };
    };
    expect((await s.read()).sort()).toEqual(['p0', 'p1']);
  });

  it('waits for the query to start: a table of no partitions that are known is not an empty one', async () => {
    const s = new Service(['me']);
    s.started = false;
    await expect(s.read()).rejects.toThrow('Query Q, which keeps the table T, has not started here yet');
    s.waited = () => {
      s.started = true;
    };
    expect(await s.read()).toEqual(['p0']);
  });

  it('reads no copy unless that is allowed, and then none that is too far behind', async () => {
    const s = new Service(['me', 'b']);
    s.dead.add('b');
    s.copies[1] = ['c'];
    await expect(s.read()).rejects.toMatchObject({
      code: 'NOT_READY',
      message: 'Table T cannot be read: partition 1 is owned by b, which does not answer.',
      hint: expect.stringMatching(/enable.standby.reads=true/),
    });
    expect(await s.read(STANDBY)).toEqual(['p0', 'p1']);
    expect(s.asked).toEqual([['c', [1], Number.MAX_SAFE_INTEGER]]);
    const lagging = { ...STANDBY, 'ksql.query.pull.max.allowed.offset.lag': 10 };
    s.copies[1] = ['me'];
    s.here[1] = { lag: 10 };
    expect(await s.read(lagging)).toEqual(['p0', 'p1']);
    s.here[1] = { lag: 11 };
    await expect(s.read(lagging)).rejects.toThrow(/partition 1 is owned by b, which does not answer/);
  });

  it('says what the query does here, where this node owns what cannot be read', async () => {
    const s = new Service(['me']);
    s.here[0] = undefined;
    s.nodes = ['me'];
    await expect(s.read()).rejects.toThrow('partition 0 is owned by this node, where the query is REBALANCING.');
  });

  it('goes to a copy when the owner turns out not to answer', async () => {
    const s = new Service(['me', 'b']);
    s.copies[1] = ['c'];
    s.answer = (node) => (node === 'b' ? unreachable(node) : undefined);
    expect(await s.read(STANDBY)).toEqual(['p0', 'p1']);
    await expect(s.read()).rejects.toThrow('partition 1 is owned by b: Node b does not answer: refused');
  });

  it('asks nobody when it is told not to', async () => {
    const s = new Service(['me', 'b']);
    await expect(s.read({ 'request.ksql.query.pull.skip.forwarding': 'true' })).rejects.toThrow(
      /partition 1 is owned by b/,
    );
    expect(s.asked).toEqual([]);
    expect(s.time).toBe(0);
  });

  it('gives no more rows than asked for over all nodes, and lets go of the others', async () => {
    const s = new Service(['me', 'b', 'c']);
    s.rows = (p) => [`${p}a`, `${p}b`, `${p}c`];
    await expect(s.read({}, 4)).resolves.toHaveLength(4);
    expect(await s.read({}, 0)).toEqual([]);
  });

  it('fails where rows break off: what was given cannot be taken back', async () => {
    const s = new Service(['b']);
    s.answer = (_, { partitions }) => ({
      partitions,
      rows: (async function* (): RowBatches {
        yield [['first']];
        throw new WeirError('NOT_READY', 'The answer of another node was cut short.');
      })(),
    });
    await expect(s.read()).rejects.toThrow('cut short');
    expect(s.asked).toHaveLength(1);
  });

  it('an error of the query itself is not tried elsewhere', async () => {
    const s = new Service(['b']);
    s.answer = () => {
      throw new WeirError('BAD_STATEMENT', 'no such function');
    };
    await expect(s.read()).rejects.toThrow('no such function');
    expect(s.asked).toHaveLength(1);
  });
});
