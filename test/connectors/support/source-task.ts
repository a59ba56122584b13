import { systemClock } from '../../../engine/base/clock.js';
import { silentLogger } from '../../../engine/base/logger.js';
import type { SettingGroup, SettingValues } from '../../../engine/base/setting.js';
import { valuesOf } from '../../../engine/base/setting.js';
import type {
  JsonRow,
  JsonValue,
  RowRecord,
  SourceConnectorSpec,
  SourceContext,
  SourceTask,
} from '../../../engine/connectors/connector.js';

/**
 * Runs the tasks of a source as the runner does, with everything that it writes kept here: records and position of a batch together,
 * which are what a transaction of Weir holds. A task can die at any place; the next goes on from what is kept.
 */
export class SourceHarness<G extends SettingGroup> {
  readonly written: RowRecord[] = [];
  position: JsonValue | undefined;
  task: SourceTask | undefined;
  private abort = new AbortController();

  constructor(
    readonly spec: SourceConnectorSpec<G>,
    readonly properties: Readonly<Record<string, string>>,
    readonly into?: SourceContext<unknown>['into'],
    public clock = systemClock,
  ) {}

  context(): SourceContext<SettingValues<G>> {
    return {
      connector: 'C',
      serviceId: 'test',
      options: valuesOf(this.spec.options, this.properties),
      clock: this.clock,
      logger: silentLogger,
      signal: this.abort.signal,
      allowedFolders: [],
      into: this.into,
    };
  }

  async start(): Promise<SourceTask> {
    this.abort = new AbortController();
    this.task = await this.spec.start(this.context(), this.position);
    return this.task;
  }

  /** Position as it is after a trip through JSON, as the log gives it back. */
  private kept(position: JsonValue): JsonValue {
    return JSON.parse(JSON.stringify(position)) as JsonValue;
  }

  /**
   * One poll and its commit. `dies`: before, the batch is lost with the task; between, it is kept and the origin does not hear of it.
   * @returns whether there was a batch
   */
  async step(dies?: 'before' | 'between'): Promise<boolean> {
    const task = this.task ?? (await this.start());
    const batch = await task.poll();
    if (batch === undefined) {
      if (dies !== undefined) await this.die();
      return false;
    }
    if (dies === 'before') {
      await this.die();
      return true;
    }
    for (const r of batch.records) {
      if (!('value' in r) || 'bad' in r) throw new Error('a source of rows gives rows');
      this.written.push(r as RowRecord);
    }
    this.position = this.kept(batch.position);
    if (dies === 'between') {
      await this.die();
      return true;
    }
    await task.committed?.(this.position);
    return true;
  }

  /** Steps until `done` says so. */
  async until(done: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    while (!(await done())) {
      if (Date.now() > end)
        throw new Error(`not done in ${ms} ms; ${this.written.length} records: ${show(this.written)}`);
      await this.step();
    }
  }

  /** Steps until so many records are there, and then until a poll gives nothing more. */
  async read(count: number, ms?: number): Promise<RowRecord[]> {
    await this.until(() => this.written.length >= count, ms);
    while (await this.step());
    return this.written;
  }

  async die(): Promise<void> {
    this.abort.abort(new Error('the task is to end'));
    await this.task?.close();
    this.task = undefined;
  }

  values(): (JsonRow | null)[] {
    return this.written.map((r) => r.value);
  }
}

const show = (records: readonly RowRecord[]): string =>
  JSON.stringify(records.slice(-20), (_, v) => (typeof v === 'bigint' ? Number(v) : v));
