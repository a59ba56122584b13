import { randomInt } from 'node:crypto';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { type Broker, describeKafka, freePorts, startBroker } from '../kafka/support/broker.js';
import { ksql } from '../main-job/client.js';
import { bundle } from '../support/bundle.js';
import { removeDir, tempDir } from '../support/temp.js';
import { KafkaProducer, KafkaView } from './support/kafka.js';
import { killAgainAndAgain } from './support/kills.js';
import { COMMIT_INTERVAL_MS, CREATE_QUERIES, createSource, QUERIES, SOURCE } from './support/queries.js';
import { ServerProcess } from './support/server-process.js';
import { truthOf } from './support/truth.js';
import { checkPullQueries, checkTopics } from './support/verify.js';

const KILLS = 9;
const PARTITIONS = 2;
const SERVICE = 'crash_';
const DEADLINE_MS = 150_000;
/** A member that was killed is out of its group after so long: what each restart waits for. */
const SESSION_TIMEOUT_MS = 1_500;

const SETTINGS = {
  'weir.log.level': 'error',
  'commit.interval.ms': COMMIT_INTERVAL_MS,
  'session.timeout.ms': SESSION_TIMEOUT_MS,
  'ksql.service.id': SERVICE,
};

const seed = Number(process.env.WEIR_CRASH_SEED ?? randomInt(1_000_000));

describeKafka('servers on Kafka that die', () => {
  let entry: string;
  let broker: Broker;
  beforeAll(async () => {
    entry = await bundle('test/crash/support/entry.ts');
    // Retention is looked after often, so that what a topic of old event times fails to keep is missed here.
    const config = { 'group.min.session.timeout.ms': '1000', 'log.retention.check.interval.ms': '3000' };
    broker = await startBroker({ config });
  });
  afterAll(async () => {
    await broker?.stop();
    if (entry !== undefined) removeDir(dirname(entry));
  });

  function server(port: number): ServerProcess {
    const set = Object.entries(SETTINGS).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const flags = ['--bootstrap-servers', broker.bootstrap, ...set];
    return new ServerProcess({ entry, port, dataDir: tempDir(), flags });
  }

  it(`lose nothing and count nothing twice after ${KILLS} kills, one with the state lost (WEIR_CRASH_SEED=${seed})`, async () => {
    const random = seededRandom(seed);
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const [port] = await freePorts(1);
    const node = server(port!);
    node.start();
    await node.ready(signal);
    await ksql(node.address, createSource(PARTITIONS));
    await ksql(node.address, CREATE_QUERIES, { 'auto.offset.reset': 'earliest' });
    const groups = [...(await node.metrics()).keys()].map((id) => `_weir-${SERVICE}-${id}`);
    expect(groups).toHaveLength(QUERIES);

    const view = new KafkaView(broker);
    await view.connect();
    const producer = new KafkaProducer(broker.bootstrap, seed, PARTITIONS);
    await producer.start();
    await killAgainAndAgain(node, { kills: KILLS, loseStateAfter: 5, workMs: 3000 }, random, signal);
    await producer.stop();

    await node.until('all input is committed', signal, async () => (await view.behind(groups)).length === 0);
    const topics = await view.read(signal);
    const truth = truthOf(topics.get(SOURCE)!);
    await checkPullQueries(node.address, truth, signal);
    expect([...(await node.metrics()).values()].every((m) => m.running)).toBe(true);
    checkTopics(topics, truth);
    expect(node.surprises).toEqual([]);
    await node.stop();
    await view.close();
  }, 200_000);
});
