/** A process that a test kills: writes the rows of one partition with the options that it is given, and keeps what is committed in a file. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../../engine/base/clock.js';
import { silentLogger } from '../../../engine/base/logger.js';
import { valuesOf } from '../../../engine/base/setting.js';
import { fileSink } from '../../../engine/connectors/file-sink/index.js';
import { OPTIONS } from '../../../engine/connectors/file-sink/options.js';
import { BIGINT } from '../../../engine/values/sql-type.js';

const [folder, state, rows, ...pairs] = process.argv.slice(2) as [string, string, string, ...string[]];
const end = Number(rows);
const read = (): number | undefined => {
  try {
    return Number(readFileSync(state, 'utf8'));
  } catch {
    return undefined; // nothing is committed yet
  }
};
const commit = (offset: number): void => {
  writeFileSync(`${state}.new`, String(offset));
  renameSync(`${state}.new`, state);
};

const committed = read();
const task = await fileSink.start({
  connector: 'files',
  serviceId: 'test_',
  options: valuesOf(OPTIONS, Object.fromEntries(pairs.map((p) => p.split('=') as [string, string]))),
  clock: systemClock,
  logger: silentLogger,
  allowedFolders: [folder],
  signal: new AbortController().signal,
  source: {
    name: 'NUMBERS',
    topic: 'numbers',
    topicId: 'id',
    schema: { key: [], value: [{ name: 'N', type: BIGINT }] },
    kind: 'STREAM',
    windowed: false,
  },
  partition: 0,
  committed,
  earliest: 0,
  end,
});
for (let from = (await task.position?.()) ?? committed ?? 0; from < end; ) {
  const next = Math.min(end, from + 1 + Math.floor(Math.random() * 200));
  const batch = Array.from({ length: next - from }, (_, i) => ({
    offset: from + i,
    timestamp: from + i,
    key: null,
    value: [from + i],
    keyBytes: null,
    valueBytes: Buffer.from(String(from + i)),
    headers: [],
    windowStart: undefined,
    windowEnd: undefined,
  }));
  const partition = { topic: 'numbers', partition: 0 };
  commit(await task.write({ rows: batch, from, next, partition, reject: async () => {} }));
  // Files end by the clock too, so that no two runs decide alike.
  commit(await task.flush!(false));
  from = next;
}
commit(await task.flush!(true));
await task.close();
