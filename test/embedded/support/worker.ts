import { systemClock } from '../../../engine/base/clock.js';
import { EmbeddedLog } from '../../../engine/log/embedded/index.js';
import { BatchBuilder } from '../../../engine/records/batch.js';
import { LevelState } from '../../../engine/stores/level.js';
import { LevelDatabase } from '../../../engine/stores/level-database.js';

/**
 * A process to be killed: two tasks that count. Each unit of work n of a task writes records to two output partitions,
 * moves the task's input offset to n and adds to counts in the state; what is acknowledged is printed.
 * A plain writer appends to a topic of its own at the same time.
 */
export const TOPIC = 'out';
export const PLAIN = 'plain';
export const GROUP = 'workers';
export const TASKS = 2;
export const KEYS = 7;

const directory = process.argv[2]!;
const database = new LevelDatabase({ directory });
await database.open();
const log = new EmbeddedLog(database, { clock: systemClock });
await log.open();
const state = new LevelState(database);
await log.createTopics([
  { name: TOPIC, partitions: 2 },
  { name: PLAIN, partitions: 1 },
]);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function batch(values: readonly string[]): Buffer {
  const builder = new BatchBuilder();
  for (const value of values) {
    const bytes = Buffer.from(value);
    builder.add(1000, null, -1, -1, bytes, 0, bytes.length);
  }
  return builder.finish()!;
}

async function task(t: number): Promise<void> {
  const writer = await log.writer({ clientId: `task-${t}`, transactionalId: `task-${t}` });
  const store = state.store({ queryId: 'Q', subtopology: 0, partition: t }, 'counts');
  const start = (await log.committed(GROUP, [TOPIC])).find((o) => o.partition === t)?.offset ?? 0;
  for (let n = start; ; n++) {
    const records: string[][] = [[], []];
    for (let i = 0; i < 1 + (n % 40); i++) {
      const key = Buffer.from(`k${(n + i) % KEYS}`);
      const count = Number(store.get(key)?.toString() ?? 0) + 1;
      store.put(key, Buffer.from(String(count)));
      records[i % 2]!.push(`${t} ${n} ${key} ${count} ${'x'.repeat(200)}`);
    }
    for (const [p, values] of records.entries()) if (values.length > 0) writer.append(TOPIC, p, batch(values));
    await writer.commit({
      group: GROUP,
      offsets: [{ topic: TOPIC, partition: t, offset: n + 1 }],
      state: store.databaseOps(),
    });
    store.committed();
    say(`task ${t} ${n}`);
  }
}

async function plain(): Promise<void> {
  const writer = await log.writer({ clientId: 'plain' });
  for (let n = (await log.offsets(PLAIN))[0]!.end; ; n++) {
    writer.append(PLAIN, 0, batch([String(n)]));
    await writer.flush();
    say(`plain ${n}`);
  }
}

say('ready');
await Promise.all([...Array.from({ length: TASKS }, (_, t) => task(t)), plain()]);
