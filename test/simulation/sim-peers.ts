import { WeirError } from '../../engine/base/errors.js';
import type { Row } from '../../engine/pull/rows.js';
import type { PeerQuery, PeerRead, PeerRows, Peers, Runtime } from '../../engine/runtime.js';
import type { SimProcess } from './process.js';

/** A node as others ask it. */
interface AskedNode {
  readonly name: string;
  readonly running: boolean;
  readonly process: SimProcess;
  readonly runtime: Pick<Runtime, 'readForPeer'>;
}

/** How long a node waits for another one's answer. */
const TIMEOUT_MS = 5000;

/** The other nodes as one process reaches them: asked while they are paused they answer late, and after a crash not at all. */
export class SimPeers implements Peers {
  constructor(
    readonly self: string,
    private readonly process: SimProcess,
    private readonly nodes: () => readonly AskedNode[],
  ) {}

  isAlive(): boolean {
    return true;
  }

  readTable(address: string, request: PeerRead): Promise<PeerRows> {
    const answer = async (): Promise<PeerRows> => {
      const node = this.nodes().find((n) => n.name === address);
      if (node === undefined || !node.running) throw noAnswer(address);
      await node.process.wait('is asked for rows');
      const { partitions, rows } = node.runtime.readForPeer(request);
      const batches: (readonly Row[])[] = [];
      for await (const batch of rows) batches.push(batch);
      return { partitions, rows: again(batches) };
    };
    return this.process.request(`rows of ${address}`, () => Promise.race([answer(), this.timeout(address)]));
  }

  async queries(): Promise<ReadonlyMap<string, readonly PeerQuery[] | null>> {
    return new Map();
  }

  private timeout(address: string): Promise<never> {
    return new Promise((_, reject) => {
      this.process.scheduler.after(TIMEOUT_MS, `no answer of ${address}`, () => reject(noAnswer(address)));
    });
  }
}

const noAnswer = (address: string): WeirError => new WeirError('NOT_READY', `Node ${address} does not answer`);

async function* again(batches: readonly (readonly Row[])[]): PeerRows['rows'] {
  yield* batches;
}
