import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { type Broker, freePorts, run, startCluster } from '../../kafka/support/broker.js';
import { ksql } from '../../main-job/client.js';
import { bundle } from '../../support/bundle.js';
import { removeDir, tempDir } from '../../support/temp.js';
import { KafkaProducer, KafkaView } from './kafka.js';
import { COMMIT_INTERVAL_MS, CREATE_QUERIES, createSource, QUERIES, SOURCE } from './queries.js';
import { ServerProcess } from './server-process.js';
import { truthOf } from './truth.js';
import { checkPullQueries, checkTopics } from './verify.js';

const PARTITIONS = 2;
const SERVICE = 'crash_';
/** A member that does not answer is out of its group after so long: what each restart after a kill waits for. */
const SESSION_TIMEOUT_MS = 1_500;

const SETTINGS = {
  'weir.log.level': 'error',
  'commit.interval.ms': COMMIT_INTERVAL_MS,
  'session.timeout.ms': SESSION_TIMEOUT_MS,
  'ksql.service.id': SERVICE,
};

/** The queries on Kafka, with rides flowing, and the nodes that run them. */
export interface KafkaService {
  readonly view: KafkaView;
  /** Of the queries. */
  readonly groups: readonly string[];
  /** The node that runs: with no other yet. */
  readonly first: ServerProcess;
  /** One, or as many as were asked for. */
  readonly brokers: readonly Broker[];
  /** A further node of the same service, on a data directory of its own; not started. */
  addNode(): Promise<ServerProcess>;
  /** Ends the flow of rides, lets `node`, the only one that is left, work off the rest, and compares everything. */
  check(node: ServerProcess): Promise<Checked>;
  /** Transactions that are not over, by id. */
  openTransactions(): Promise<string[]>;
}

/** How much was compared. */
export interface Checked {
  readonly rides: number;
  /** In the topics of the queries. */
  readonly results: number;
}

/**
 * A broker and the bundled server for the tests of a file; gives what starts a service. Once in a file.
 * @param settings of the servers, over those that all have
 * @param pauseMs at most so long between two batches of rides
 */
export function kafkaServices(
  settings: Readonly<Record<string, string>> = {},
  brokerCount = 1,
  pauseMs = 120,
): (seed: number, signal: AbortSignal) => Promise<KafkaService> {
  let entry: string;
  let brokers: Broker[] = [];
  beforeAll(async () => {
    entry = await bundle('test/crash/support/entry.ts');
    // Retention is looked after often, so that what a topic of old event times fails to keep is missed here.
    const config = { 'group.min.session.timeout.ms': '1000', 'log.retention.check.interval.ms': '3000' };
    brokers = await startCluster(brokerCount, { config });
  });
  afterAll(async () => {
    await Promise.all(brokers.map((b) => b.stop()));
    if (entry !== undefined) removeDir(dirname(entry));
  });

  return async (seed, signal) => {
    const nodes: ServerProcess[] = [];
    const cluster = { bootstrap: brokers.map((b) => b.bootstrap).join(), libs: brokers[0]!.libs };
    const addNode = async (): Promise<ServerProcess> => {
      const [port] = await freePorts(1);
      const set = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => [
        '--set',
        `${name}=${value}`,
      ]);
      const flags = ['--bootstrap-servers', cluster.bootstrap, ...set];
      const node = new ServerProcess({ entry, port: port!, dataDir: tempDir(), flags });
      nodes.push(node);
      return node;
    };
    const first = await addNode();
    first.start();
    await first.ready(signal);
    await ksql(first.address, createSource(PARTITIONS));
    await ksql(first.address, CREATE_QUERIES, { 'auto.offset.reset': 'earliest' });
    const groups = [...(await first.metrics()).keys()].map((id) => `_weir-${SERVICE}-${id}`);
    expect(groups).toHaveLength(QUERIES);
    const view = new KafkaView(cluster);
    await view.connect();
    onTestFinished(() => view.close());
    const producer = new KafkaProducer(cluster.bootstrap, seed, PARTITIONS, pauseMs);
    await producer.start();
    onTestFinished(() => producer.stop());

    const check = async (node: ServerProcess): Promise<Checked> => {
      await producer.stop();
      await node.until('all input is committed', signal, async () => {
        const left = await view.behind(groups);
        return left.length === 0 || left.slice(0, 10).join('\n');
      });
      const topics = await view.read(signal);
      const truth = truthOf(topics.get(SOURCE)!);
      await checkPullQueries(node.address, truth, signal);
      expect([...(await node.metrics()).values()].every((m) => m.running)).toBe(true);
      checkTopics(topics, truth);
      await node.stop();
      expect(nodes.flatMap((n) => n.surprises)).toEqual([]);
      const rides = topics.get(SOURCE)!.length;
      return { rides, results: [...topics.values()].reduce((n, list) => n + list.length, 0) - rides };
    };
    const openTransactions = async (): Promise<string[]> => {
      const tool = ['-Xmx96m', '-XX:TieredStopAtLevel=1', '-cp', `${cluster.libs}/*`];
      tool.push('org.apache.kafka.tools.TransactionsCommand', '--bootstrap-server', cluster.bootstrap, 'list');
      const { stdout } = await run('java', tool);
      const lines = stdout.toString().trim().split('\n').slice(1);
      return lines.filter((l) => /Ongoing|Prepare/.test(l)).map((l) => l.replaceAll(/\s+/g, ' '));
    };
    return { view, groups, first, brokers, addNode, check, openTransactions };
  };
}
