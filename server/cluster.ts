import {
  type Clock,
  type Logger,
  messageOf,
  type PeerQuery,
  type PeerRead,
  type PeerRows,
  type QueryPlacement,
} from '../engine/index.js';
import type { ClusterConfig } from './cluster-config.js';
import type { HttpPeers } from './http-peers.js';

/** What a node asks of its own engine on behalf of the others. */
export interface ClusterEngine {
  readForPeer(request: PeerRead): PeerRows;
  placements(): ReadonlyMap<string, QueryPlacement>;
  queryStates(): readonly PeerQuery[];
}

export interface StoreLags {
  readonly stateStoreLags: Readonly<Record<string, { readonly lagByPartition: Readonly<Record<string, OffsetLag>> }>>;
  readonly updateTimeMs: number;
}

interface OffsetLag {
  readonly currentOffsetPosition: number;
  readonly endOffsetPosition: number;
  readonly offsetLag: number;
}

const POST_TIMEOUT_MS = 2000;

/** The service as this node sees it: who is alive, who has what, how far copies are behind; ksqlDB's shapes. */
export class ClusterNode {
  private readonly closing = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private readonly lags = new Map<string, StoreLags>();

  constructor(
    private readonly options: {
      readonly peers: HttpPeers;
      readonly engine: ClusterEngine;
      readonly config: ClusterConfig;
      readonly clock: Clock;
      readonly logger: Logger;
    },
  ) {}

  get engine(): ClusterEngine {
    return this.options.engine;
  }

  /** Begins to tell the others of itself. */
  start(): void {
    const { config, peers, clock } = this.options;
    if (config.heartbeat !== undefined) {
      this.loops.push(
        this.every(config.heartbeat.intervalMs, '/heartbeat', () => ({
          hostInfo: hostOf(peers.self),
          timestamp: clock.now(),
        })),
      );
    }
    if (config.lagIntervalMs !== undefined) {
      this.loops.push(
        this.every(config.lagIntervalMs, '/lag', () => ({
          ksqlHost: hostOf(peers.self),
          hostStoreLags: this.ownLags(),
        })),
      );
    }
  }

  async close(): Promise<void> {
    this.closing.abort(new Error('closed'));
    this.options.peers.close();
    await Promise.all(this.loops);
  }

  heartbeat(address: string): void {
    this.options.peers.heartbeat(address);
  }

  reportLags(address: string, lags: StoreLags): void {
    if (this.options.peers.known().includes(address)) this.lags.set(address, lags);
  }

  /** `GET /clusterStatus`. */
  status(): object {
    const { peers, clock } = this.options;
    const known = peers.known();
    for (const address of this.lags.keys()) if (!known.includes(address)) this.lags.delete(address);
    const hosts = [peers.self, ...known].map((address) => {
      const isSelf = address === peers.self;
      const lags = isSelf ? this.ownLags() : this.lags.get(address);
      return [
        address,
        {
          hostAlive: isSelf || peers.isAlive(address),
          lastStatusUpdateMs: isSelf ? clock.now() : (peers.lastHeard(address) ?? 0),
          activeStandbyPerQuery: this.activeStandbyOf(address),
          hostStoreLags: lags ?? { stateStoreLags: {}, updateTimeMs: 0 },
        },
      ] as const;
    });
    return { clusterStatus: Object.fromEntries(hosts) };
  }

  private activeStandbyOf(address: string): object {
    const out: Record<string, object> = {};
    for (const [queryId, { placement, stores }] of this.options.engine.placements()) {
      // A node with several threads is as many members.
      const members = placement?.members.filter((m) => m.address === address) ?? [];
      if (members.length === 0) continue;
      const owned = members.flatMap((m) => m.owned);
      const standby = members.flatMap((m) => m.standby);
      const storesOf = (list: readonly { readonly topic: string }[]): string[] =>
        [...new Set(list.flatMap((p) => stores.get(p.topic) ?? []))].sort();
      out[queryId] = {
        activeStores: storesOf(owned),
        activePartitions: owned,
        standByStores: storesOf(standby),
        standByPartitions: standby,
      };
    }
    return out;
  }

  private ownLags(): StoreLags {
    const stateStoreLags: Record<string, { lagByPartition: Record<string, OffsetLag> }> = {};
    for (const { group, lags } of this.options.engine.placements().values()) {
      for (const { store, partition, current, end } of lags) {
        const entry = (stateStoreLags[`${group}#${store}`] ??= { lagByPartition: {} });
        entry.lagByPartition[partition] = {
          currentOffsetPosition: current,
          endOffsetPosition: end,
          offsetLag: Math.max(0, end - current),
        };
      }
    }
    return { stateStoreLags, updateTimeMs: this.options.clock.now() };
  }

  /**
   * Posts to all other nodes, again and again. Nobody looks at failures: a node that does not answer is noticed by its
   * silence.
   */
  private async every(ms: number, path: string, body: () => object): Promise<void> {
    const { peers, clock, logger } = this.options;
    const { signal } = this.closing;
    const busy = new Set<string>();
    while (!signal.aborted) {
      for (const address of peers.known()) {
        if (busy.has(address)) continue;
        busy.add(address);
        peers
          .post(address, path, body(), POST_TIMEOUT_MS)
          .catch((e: unknown) => logger.debug({ address, path, error: messageOf(e) }, 'a node does not answer'))
          .finally(() => busy.delete(address));
      }
      await clock.sleep(ms, signal).catch(() => undefined); // closing: the loop ends
    }
  }
}

/** Where the members of some queries answer. */
export function addressesIn(placements: ReadonlyMap<string, QueryPlacement>): string[] {
  return [...placements.values()].flatMap(({ placement }) => placement?.members.map((m) => m.address) ?? []);
}

function hostOf(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}
