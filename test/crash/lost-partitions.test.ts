import { expect, test } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import { EmbeddedLog } from '../../engine/log/embedded/index.js';
import type { GroupMember, LogWriter, MemberHandler, WriterOptions } from '../../engine/log/log.js';
import { Runtime } from '../../engine/runtime.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { MemoryState } from '../../engine/stores/memory.js';
import { AMOUNT, codecServices, filter, greater, KEY, sink, source, topology, VALUE } from '../runtime/support.js';
import { tempDir } from '../support/temp.js';

const PARTITION = [{ topic: 'in', partition: 0 }];

/** The embedded log, with a group and with writers that the test holds in its hands. */
class HandedLog extends EmbeddedLog {
  handler: MemberHandler | undefined;
  /** What becomes of the tasks' writers, in order. */
  readonly events: string[] = [];
  letClose: () => void = () => {};
  private readonly mayClose = new Promise<void>((resolve) => {
    this.letClose = resolve;
  });

  override member(): GroupMember {
    return {
      join: async (handler) => {
        this.handler = handler;
        await handler.assigned(PARTITION);
      },
      leave: async () => this.handler!.revoked(PARTITION),
    };
  }

  override async writer(options: WriterOptions): Promise<LogWriter> {
    const writer = await super.writer(options);
    const close = writer.close.bind(writer);
    this.events.push('opened');
    writer.close = async () => {
      this.events.push('closing');
      await this.mayClose;
      await close();
      this.events.push('closed');
    };
    return writer;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('a partition that is lost and given back is opened when its former task has let go', async () => {
  const database = new LevelDatabase({ directory: tempDir() });
  await database.open();
  const log = new HandedLog(database, { clock: systemClock });
  await log.open();
  await log.createTopics([
    { name: 'in', partitions: 1 },
    { name: 'out', partitions: 1 },
  ]);
  const services = { ...codecServices, serviceId: 's', log, state: new MemoryState(), logger: silentLogger };
  const runtime = new Runtime({ ...services, clock: systemClock });
  const plan = topology([source(), filter('source', greater(AMOUNT, 0)), sink('filter', KEY, VALUE)]);
  await runtime.startQuery({ queryId: 'Q', topology: plan, properties: {} });
  const states = () =>
    runtime
      .query('Q')!
      .status()
      .tasks.map((t) => t.state);
  await until(() => states().join() === 'running');

  log.handler!.lost(PARTITION);
  await log.handler!.assigned(PARTITION);
  await until(() => log.events.includes('closing'));
  // Turns enough for the next one to open, if it did not wait.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(states()).toEqual(['opening']);
  expect(log.events).toEqual(['opened', 'closing']);

  log.letClose();
  await until(() => states().join() === 'running');
  expect(log.events).toEqual(['opened', 'closing', 'closed', 'opened']);
  await runtime.stop();
  await log.close();
  await database.close();
});
