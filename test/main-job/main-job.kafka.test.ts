import { afterEach, expect, it } from 'vitest';
import { RideGenerator } from '../../cli/rides.js';
import { loadConfig } from '../../server/config.js';
import { launch } from '../../server/main.js';
import type { RunningServer } from '../../server/server.js';
import { consoleConsume, consoleProduce, describeKafka, startBroker } from '../kafka/support/broker.js';
import { tempDir } from '../support/temp.js';
import { ksql } from './client.js';
import {
  CREATE_RIDES,
  CREATE_SESSIONS,
  checkPush,
  checkSessions,
  checkShell,
  checkSurge,
  createSurge,
  surgeInputs,
} from './play.js';

const running: RunningServer[] = [];
afterEach(async () => {
  for (const s of running.splice(0)) await s.stop();
});

async function server(bootstrap: string): Promise<RunningServer> {
  const settings = {
    listeners: 'http://127.0.0.1:0',
    'weir.data.dir': tempDir(),
    'weir.log.level': 'error',
    'bootstrap.servers': bootstrap,
    'ksql.service.id': 'mainjob_',
  };
  const s = await launch(loadConfig(settings, {}));
  running.push(s);
  return s;
}

describeKafka('the main job on Kafka', () => {
  it('answers the six statements, with rides from the Java console producer', async ({ signal }) => {
    // The statements name the topic `rides`: a broker of its own, so that no other test writes there.
    const broker = await startBroker();
    try {
      const { address } = await server(broker.bootstrap);
      await ksql(address, CREATE_RIDES.replace("VALUE_FORMAT='JSON'", "VALUE_FORMAT='JSON', PARTITIONS=4"));
      const generator = new RideGenerator(5);
      const lines = Array.from({ length: 600 }, (_, i) => JSON.stringify(generator.next(1_600_000_000_000 + i * 1000)));
      await ksql(address, CREATE_SESSIONS, { 'auto.offset.reset': 'earliest' });
      await consoleProduce(broker, 'rides', lines);
      // The truth is what another client reads: values and the times that the producer gave them.
      const rides = (await consoleConsume(broker, 'rides', lines.length)).map((r) => ({
        value: r.value!,
        timestamp: r.timestamp,
      }));
      expect(rides).toHaveLength(lines.length);
      await checkPush(address, rides);
      await checkSessions(address, rides, signal);
      await checkShell(address, rides);

      await createSurge(address);
      await consoleProduce(
        broker,
        'taxi-trips',
        surgeInputs.map((t) => JSON.stringify(t)),
      );
      const out = await consoleConsume(broker, 'processed-taxi-trips', surgeInputs.length, {
        isolation: 'read_committed',
      });
      checkSurge(out.map((r) => r.value!));
    } finally {
      for (const s of running.splice(0)) await s.stop();
      await broker.stop();
    }
  }, 180_000);
});
