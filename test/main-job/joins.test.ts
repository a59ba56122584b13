import { afterEach, expect, it } from 'vitest';
import { loadConfig } from '../../server/config.js';
import { launch } from '../../server/main.js';
import type { RunningServer } from '../../server/server.js';
import { tempDir } from '../support/temp.js';
import { ksql } from './client.js';
import { CREATE_JOINS, checkJoins, JOIN_INPUTS, MISMATCHED } from './joins.js';

const running: RunningServer[] = [];
afterEach(async () => {
  for (const s of running.splice(0)) await s.stop();
});

it('joins streams and tables on the embedded log as plain code does, and again after a restart', async ({ signal }) => {
  const settings = { listeners: 'http://127.0.0.1:0', 'weir.data.dir': tempDir(), 'weir.log.level': 'error' };
  const first = await launch(loadConfig(settings, {}));
  running.push(first);
  for (const { topic, partitions, records } of JOIN_INPUTS) {
    const response = await fetch(`${first.address}/topics/${topic}/records`, {
      method: 'POST',
      body: JSON.stringify({ partitions, records }),
    });
    expect(await response.json()).toEqual({ count: records.length, partitions });
  }
  await ksql(first.address, CREATE_JOINS, { 'auto.offset.reset': 'earliest' });
  await expect(ksql(first.address, MISMATCHED)).rejects.toThrow(
    /Can't join `ZONES` with `BY_ZONE_3` since the number of partitions don't match. `ZONES` partitions = 2; `BY_ZONE_3` partitions = 3/,
  );
  await checkJoins(first.address, signal);
  await running.pop()!.stop();
  const second = await launch(loadConfig(settings, {}));
  running.push(second);
  await checkJoins(second.address, signal);
}, 60_000);
