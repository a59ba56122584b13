import { boolean, setting, whole } from '../../../engine/base/setting.js';
import {
  ConnectorFailed,
  type JsonValue,
  type SinkConnectorSpec,
  type SinkRow,
  type SourceConnectorSpec,
  type SourceRecord,
} from '../../../engine/connectors/connector.js';
import type { Log, LogWriter } from '../../../engine/log/log.js';

const NO_OPTIONS = {
  fails: setting('fails', boolean, false, 'Opening it fails for good.'),
  until: setting('until', whole(), 0, 'Nothing.'),
};

/** A target that keeps rows and, by partition, the offset behind them in one step, as a database does. */
export class MemoryTarget {
  readonly rows: { readonly partition: number; readonly row: SinkRow }[] = [];
  readonly offsets = new Map<number, number>();
  /** Called before each write, and after it has been kept: may throw. */
  before: () => void = () => {};
  after: () => void = () => {};
  opened = 0;
  dropped = 0;
  /** Rows that it does not take. */
  refuses: (row: SinkRow) => string | undefined = () => undefined;

  readonly spec: SinkConnectorSpec<typeof NO_OPTIONS> = {
    kind: 'SINK',
    name: 'memory-sink',
    description: 'Keeps rows in memory.',
    guarantee: 'exactly once',
    options: NO_OPTIONS,
    required: [],
    dropped: async () => {
      this.dropped++;
    },
    start: async (context) => {
      this.opened++;
      if (context.options.fails) throw new ConnectorFailed('It fails.', 'Do not ask for it.');
      this.before();
      return {
        position: async () => this.offsets.get(context.partition),
        write: async (batch) => {
          this.before();
          if ((this.offsets.get(context.partition) ?? batch.from) !== batch.from)
            throw new Error('another task has written');
          const taken: SinkRow[] = [];
          for (const row of batch.rows) {
            const reason = this.refuses(row);
            if (reason === undefined) taken.push(row);
            else await batch.reject(row, reason);
          }
          for (const row of taken) this.rows.push({ partition: context.partition, row });
          this.offsets.set(context.partition, batch.next);
          this.after();
          return batch.next;
        },
        close: async () => {},
      };
    },
  };
}

/** A target whose rows are there only once they are flushed, and which keeps no offsets: rows may come again. */
export class BufferingTarget {
  readonly rows: SinkRow[] = [];
  before: () => void = () => {};

  readonly spec: SinkConnectorSpec<typeof NO_OPTIONS> = {
    kind: 'SINK',
    name: 'buffering-sink',
    description: 'Keeps rows in memory, later.',
    guarantee: 'at least once',
    options: NO_OPTIONS,
    required: [],
    start: async ({ committed, earliest }) => {
      let waiting: SinkRow[] = [];
      let durable = committed ?? earliest;
      let next = durable;
      return {
        write: async (batch) => {
          this.before();
          waiting.push(...batch.rows);
          next = batch.next;
          return durable;
        },
        flush: async () => {
          this.before();
          this.rows.push(...waiting);
          waiting = [];
          durable = next;
          return durable;
        },
        close: async () => {},
      };
    },
  };
}

/** An origin with numbered records; a position is the number of the next. */
export class MemoryOrigin {
  readonly records: (SourceRecord | { readonly bad: { readonly payload: Uint8Array; readonly reason: string } })[] = [];
  readonly confirmed: JsonValue[] = [];
  readonly starts: (JsonValue | undefined)[] = [];
  before: () => void = () => {};
  ends = false;
  most = 7;

  readonly spec: SourceConnectorSpec<typeof NO_OPTIONS> = {
    kind: 'SOURCE',
    name: 'memory-source',
    description: 'Gives records out of memory.',
    guarantee: 'exactly once',
    options: NO_OPTIONS,
    required: [],
    start: async (context, position) => {
      this.starts.push(position);
      this.before();
      const given = (position as { readonly at: number } | undefined)?.at ?? 0;
      let at = given;
      const origin = this;
      return {
        async poll() {
          origin.before();
          if (at >= origin.records.length) {
            await context.clock.sleep(20, context.signal).catch(() => {}); // the task ends
            return undefined;
          }
          const records = origin.records.slice(at, at + origin.most);
          at += records.length;
          return { records, position: { at } };
        },
        committed: async (p) => {
          origin.confirmed.push(p);
        },
        lag: () => ({ amount: origin.records.length - at, unit: 'records' }),
        get ended() {
          return origin.ends && at >= origin.records.length;
        },
        close: async () => {},
      };
    },
  };
}

/** A log whose writers fail where `at` says so. */
export function failingLog(log: Log, at: (where: 'append' | 'before commit' | 'after commit') => void): Log {
  const failing = (writer: LogWriter): LogWriter => ({
    append(topic, partition, batch) {
      at('append');
      writer.append(topic, partition, batch);
    },
    ready: () => writer.ready(),
    flush: () => writer.flush(),
    async commit(work) {
      at('before commit');
      const result = await writer.commit(work);
      at('after commit');
      return result;
    },
    abort: () => writer.abort(),
    close: () => writer.close(),
  });
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'writer')
        return async (options: Parameters<Log['writer']>[0]) => failing(await target.writer(options));
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
