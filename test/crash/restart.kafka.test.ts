import { expect, test } from 'vitest';
import { freePorts } from '../../testing/kafka-broker.js';
import { describeKafka, uniqueName } from '../kafka/support/broker.js';
import { ksql } from '../main-job/client.js';
import { bundle } from '../support/bundle.js';
import { tempDir } from '../support/temp.js';
import { ServerProcess } from './support/server-process.js';

const SESSION_MS = 10_000;

/** A node alone that was killed: its queries wait for its own membership to run out. */
describeKafka('a node that was killed', (kafka) => {
  test('says that it is not ready until its queries run, within the session timeout; SIGTERM does not wait for that', async () => {
    const signal = AbortSignal.timeout(100_000);
    const entry = await bundle('test/crash/support/entry.ts');
    const [port] = await freePorts(1);
    const [source, service] = [uniqueName('in'), uniqueName('restart')];
    const flags = ['--bootstrap-servers', kafka.bootstrap, '--service-id', service, '--set', 'weir.log.level=error'];
    const server = new ServerProcess({ entry, port: port!, dataDir: tempDir(), flags });
    const ready = async () => (await fetch(`${server.address}/readyz`)).status;
    server.start();
    await server.ready(signal);
    await ksql(
      server.address,
      `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='${source}', VALUE_FORMAT='JSON', PARTITIONS=1);
       CREATE STREAM o AS SELECT * FROM s;`,
    );
    await server.until('it runs', signal, async () => [...(await server.metrics()).values()].every((m) => m.running));
    await server.kill();

    server.start();
    await server.until('it takes statements', signal, async () => {
      const info = (await (await fetch(`${server.address}/info`)).json()) as {
        KsqlServerInfo: { serverStatus: string };
      };
      return info.KsqlServerInfo.serverStatus === 'RUNNING';
    });
    expect(await ready()).toBe(503);
    const stopping = Date.now();
    await server.stop();
    expect(Date.now() - stopping).toBeLessThan(5000);

    server.start();
    await server.ready(signal);
    await server.kill();
    const started = Date.now();
    server.start();
    await server.ready(signal);
    // The start itself takes a while too.
    expect(Date.now() - started).toBeLessThan(SESSION_MS + 5000);
  }, 120_000);
});
