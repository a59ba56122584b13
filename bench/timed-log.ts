import type {
  CommitResult,
  CommitWork,
  FetchedPartition,
  Log,
  LogReader,
  LogWriter,
  ReaderOptions,
  WriterOptions,
} from '../engine/log/log.js';

/**
 * A `Log` that notes when the first record of an input was handed out, and what has been read and committed of it and
 * of every repartition topic behind it. The engine under it does not know.
 */
export class Stopwatch {
  /** When a reader first handed out a record of the input; `performance.now()`. */
  firstRecordAt = -1;
  /** When the latest commit that moved an input offset was done. */
  lastCommitAt = -1;
  /** Next offset after the last record handed out, and the next one committed, by `topic/partition`. */
  private readonly delivered = new Map<string, number>();
  private readonly committed = new Map<string, number>();
  private readonly readers = new Set<LogReader>();

  constructor(
    private readonly log: Log,
    private readonly input: string,
  ) {}

  /** The log to run the engine on. */
  get timed(): Log {
    const { log } = this;
    // A proxy keeps what an implementation has beyond the interface.
    return new Proxy(log, {
      get: (target, property) => {
        if (property === 'reader') return (options: ReaderOptions) => this.reader(log.reader(options));
        if (property === 'writer') return async (options: WriterOptions) => this.writer(await log.writer(options));
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  private reader(inner: LogReader): LogReader {
    this.readers.add(inner);
    return {
      assign: (topic, partition, offset) => inner.assign(topic, partition, offset),
      unassign: (topic, partition) => inner.unassign(topic, partition),
      pause: (topic, partition) => inner.pause(topic, partition),
      resume: (topic, partition) => inner.resume(topic, partition),
      wakeup: () => inner.wakeup(),
      position: (topic, partition) => inner.position(topic, partition),
      poll: async (maxWaitMs) => {
        const fetched = await inner.poll(maxWaitMs);
        for (const part of fetched) this.note(part);
        return fetched;
      },
      close: () => {
        this.readers.delete(inner);
        return inner.close();
      },
    };
  }

  private note({ topic, partition, batches }: FetchedPartition): void {
    const last = batches.at(-1);
    if (last === undefined) return;
    if (topic === this.input && this.firstRecordAt < 0) this.firstRecordAt = performance.now();
    this.delivered.set(`${topic}/${partition}`, last.lastOffset + 1);
  }

  private writer(inner: LogWriter): LogWriter {
    return {
      append: (topic, partition, batch) => inner.append(topic, partition, batch),
      ready: () => inner.ready(),
      flush: () => inner.flush(),
      commit: async (work: CommitWork): Promise<CommitResult> => {
        const result = await inner.commit(work);
        for (const { topic, partition, offset } of work.offsets) this.committed.set(`${topic}/${partition}`, offset);
        if (work.offsets.length > 0) this.lastCommitAt = performance.now();
        return result;
      },
      abort: () => inner.abort(),
      close: () => inner.close(),
    };
  }

  /**
   * Whether every record of the input and of the repartition topics has been processed and committed. Control records
   * have no one to commit them, so an end is reached where the last record below it is.
   */
  async finished(): Promise<boolean> {
    if (this.firstRecordAt < 0) return false;
    // What is read but never committed is none of the query's sources: the command topic, changelogs being restored.
    const topics = new Set([this.input]);
    for (const key of this.committed.keys()) topics.add(key.slice(0, key.lastIndexOf('/')));
    // While work is in flight the broker is not asked: it shares the cores.
    for (const [key, next] of this.delivered) {
      if (topics.has(key.slice(0, key.lastIndexOf('/'))) && (this.committed.get(key) ?? -1) < next) return false;
    }
    for (const topic of topics) {
      for (const { partition, earliest, end } of await this.log.offsets(topic)) {
        const key = `${topic}/${partition}`;
        const delivered = this.delivered.get(key) ?? earliest;
        if ((this.committed.get(key) ?? earliest) < delivered) return false;
        if (delivered < end && !this.hasReadTo(topic, partition, end)) return false;
      }
    }
    return true;
  }

  private hasReadTo(topic: string, partition: number, end: number): boolean {
    return [...this.readers].some((reader) => (reader.position(topic, partition)?.next ?? -1) >= end);
  }
}
