import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ServerProcess } from '../crash/support/server-process.js';
import { type Broker, describeKafka, freePorts, startBroker } from '../kafka/support/broker.js';
import { ksql, rowsOf } from '../main-job/client.js';
import { bundle } from '../support/bundle.js';
import { removeDir, tempDir } from '../support/temp.js';
import type { HostStatus } from './support/nodes.js';

const PARTITIONS = 4;
const KEYS = 40;
/** Long: what is answered before the group notices is answered by copies. */
const SESSION_TIMEOUT_MS = 12_000;
const STANDBY = { 'ksql.query.pull.enable.standby.reads': true };

describeKafka('standby copies', () => {
  let entry: string;
  let broker: Broker;
  beforeAll(async () => {
    entry = await bundle('test/crash/support/entry.ts');
    broker = await startBroker({ config: { 'group.min.session.timeout.ms': '1000' } });
  });
  afterAll(async () => {
    await broker?.stop();
    if (entry !== undefined) removeDir(dirname(entry));
  });

  it('answer while the owner is dead, within the lag that is allowed, and take over without a full restore', async () => {
    const signal = AbortSignal.timeout(150_000);
    const node = async (): Promise<ServerProcess> => {
      const settings = {
        'weir.log.level': 'error',
        'ksql.service.id': 'standby_',
        'commit.interval.ms': 100,
        'session.timeout.ms': SESSION_TIMEOUT_MS,
        'num.standby.replicas': 1,
        'auto.offset.reset': 'earliest',
        'ksql.heartbeat.window.ms': 1500,
        'ksql.lag.reporting.send.interval.ms': 200,
      };
      const flags = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
      const [port] = await freePorts(1);
      const options = {
        entry,
        port: port!,
        dataDir: tempDir(),
        flags: ['--bootstrap-servers', broker.bootstrap, ...flags],
      };
      const started = new ServerProcess(options);
      started.start();
      await started.ready(signal);
      return started;
    };
    const [a, b] = [await node(), await node()];
    await ksql(
      a.address,
      `
      CREATE STREAM src (k STRING KEY, n BIGINT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=${PARTITIONS});
      CREATE TABLE counts AS SELECT k, COUNT(*) AS c, SUM(n) AS s FROM src GROUP BY k;`,
    );
    const write = async (to: ServerProcess, rounds: number): Promise<void> => {
      const records = Array.from({ length: KEYS * rounds }, (_, i) => ({ key: `k${i % KEYS}`, value: '{"N":2}' }));
      const response = await fetch(`${to.address}/topics/src/records`, {
        method: 'POST',
        body: JSON.stringify({ records }),
      });
      if (!response.ok) throw new Error(await response.text());
    };
    const statusOf = async (of: ServerProcess): Promise<Readonly<Record<string, HostStatus>>> => {
      const body = (await (await fetch(`${of.address}/clusterStatus`)).json()) as {
        clusterStatus: Record<string, HostStatus>;
      };
      return body.clusterStatus;
    };
    const all = async (of: ServerProcess, properties: object = {}): Promise<Map<unknown, unknown[]>> =>
      new Map((await rowsOf(of.address, 'SELECT * FROM counts;', properties)).map((r) => [r[0], r]));
    const counted = (rows: Map<unknown, unknown[]>, rounds: number): boolean =>
      rows.size === KEYS && [...rows.values()].every(([, c, s]) => c === rounds && s === 2 * rounds);
    await write(a, 50);
    for (const n of [a, b]) await n.until('all is counted', signal, async () => counted(await all(n), 50));

    // Both own a part and copy the other's; the lags are told, and 0.
    const hosts = [a, b].map((n) => new URL(n.address).host);
    await a.until('the copies are up to date', signal, async () => {
      const status = await statusOf(a);
      return hosts.every((h) => {
        const query = Object.values(status[h]?.activeStandbyPerQuery ?? {})[0];
        const lags = Object.values(status[h]?.hostStoreLags.stateStoreLags ?? {}).flatMap((s) =>
          Object.values(s.lagByPartition),
        );
        return (
          query?.activePartitions.length === 2 &&
          query.standByPartitions.length === 2 &&
          query.standByStores.length > 0 &&
          lags.length > 0 &&
          lags.every((l) => l.offsetLag === 0)
        );
      });
    });

    await b.kill();
    // The owner of a half is dead and the group does not know yet: copies are read where that is allowed.
    expect(counted(await all(a, STANDBY), 50)).toBe(true);
    for (let i = 0; i < KEYS; i += 7) {
      const sql = `SELECT * FROM counts WHERE k = 'k${i}';`;
      expect(await rowsOf(a.address, sql, STANDBY)).toEqual([[`k${i}`, 50, 100]]);
    }
    await expect(all(a)).rejects.toThrow(/cannot be read: partition/);
    await a.until(
      'the dead node counts as dead',
      signal,
      async () => (await statusOf(a))[hosts[1]!]?.hostAlive === false,
    );

    await write(a, 10);
    await a.until('it has taken over', signal, async () => counted(await all(a), 60));
    expect(Object.keys(await statusOf(a))).toEqual([hosts[0]]);
    b.start();
    await b.ready(signal);
    for (const n of [a, b]) await n.until('both answer for all', signal, async () => counted(await all(n), 60));
  }, 180_000);
});
