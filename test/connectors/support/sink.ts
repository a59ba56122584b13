import { silentLogger } from '../../../engine/base/logger.js';
import { valuesOf } from '../../../engine/base/setting.js';
import type { SinkContext, SinkRow, SinkSource, SinkTask } from '../../../engine/connectors/connector.js';
import { type FileSinkOptions, OPTIONS } from '../../../engine/connectors/file-sink/options.js';
import { BIGINT, STRING } from '../../../engine/values/sql-type.js';

/** A clock that stands still until it is told. */
export class TestClock {
  time = 1_000_000;
  now = (): number => this.time;
  sleep = async (): Promise<void> => {};
}

export const TRIPS: SinkSource = {
  name: 'TRIPS',
  topic: 'trips',
  topicId: 'id-1',
  schema: {
    key: [{ name: 'ID', type: BIGINT }],
    value: [{ name: 'ZONE', type: STRING }],
  },
  kind: 'STREAM',
  windowed: false,
};

/** A record of topic trips whose value is `{"zone":…}`. */
export function trip(offset: number, zone: string | null, timestamp = offset * 1000): SinkRow {
  return {
    offset,
    timestamp,
    key: [offset],
    value: zone === null ? null : [zone],
    keyBytes: Buffer.from(String(offset)),
    valueBytes: zone === null ? null : Buffer.from(JSON.stringify({ zone })),
    headers: [],
    windowStart: undefined,
    windowEnd: undefined,
  };
}

export interface Asked {
  readonly options: Readonly<Record<string, string>>;
  readonly folders?: readonly string[];
  readonly clock?: TestClock;
  readonly source?: SinkSource;
  readonly partition?: number;
  readonly committed?: number;
  readonly end?: number;
}

export const sinkContext = (asked: Asked): SinkContext<FileSinkOptions> => ({
  connector: 'files',
  serviceId: 'test_',
  options: valuesOf(OPTIONS, asked.options),
  clock: asked.clock ?? new TestClock(),
  logger: silentLogger,
  allowedFolders: asked.folders ?? [],
  signal: new AbortController().signal,
  source: asked.source ?? TRIPS,
  partition: asked.partition ?? 0,
  committed: asked.committed,
  earliest: 0,
  end: asked.end ?? 1_000_000,
});

/** What a runner keeps of one partition, and how it drives tasks over it. */
export class Partition {
  committed: number | undefined;
  /** Offsets of rows that were rejected, with the reason. */
  readonly rejected = new Map<number, string>();

  constructor(
    readonly rows: readonly SinkRow[],
    /** Offset behind the last record, which need not be a row. */
    readonly end = (rows.at(-1)?.offset ?? -1) + 1,
  ) {}

  /** Runs one task until all is written or it fails. Nothing is committed of what comes after a failure. */
  async run(task: SinkTask, size: number, isLast = true): Promise<void> {
    try {
      let from = (await task.position?.()) ?? this.committed ?? 0;
      while (from < this.end) {
        const next = Math.min(this.end, from + size);
        const rows = this.rows.filter((r) => r.offset >= from && r.offset < next);
        this.committed = await task.write({
          rows,
          from,
          next,
          partition: { topic: TRIPS.topic, partition: 0 },
          reject: async (row, reason) => {
            this.rejected.set(row.offset, reason);
          },
        });
        from = next;
      }
      if (isLast) this.committed = (await task.flush?.(true)) ?? this.committed;
    } finally {
      await task.close();
    }
  }
}
