import { BatchCursor } from '../records/batch.js';
import type { LoadMarks } from '../records/raw-record.js';
import type { Log } from './log.js';

/**
 * How far a file has been loaded into a topic. The last record of each batch that a load writes has a header. It says which
 * file, which run of the load, and up to which row of the file the partition has its rows. So a load that was cut off goes
 * on, and no row is written twice.
 */
export const LOAD_HEADER = '__weir.load';

interface Mark {
  readonly run: number;
  readonly row: number;
  /** Undefined: an earlier version has written it. */
  readonly key: string | null | undefined;
}

/** Records that are looked at in one step, from the end of the topic backwards. */
const STEP = 5000;

/** The marks of a file in a topic; undefined where there is no such topic. */
export async function loadMarks(log: Log, topic: string, file: string): Promise<LoadMarks | undefined> {
  const info = await log.describeTopic(topic);
  if (info === undefined) return undefined;
  const offsets = await log.offsets(topic);
  const reader = log.reader({ clientId: 'weir-load-marks' });
  try {
    const marks: (Mark | null)[] = [];
    for (const { partition, earliest, end } of offsets) {
      let mark: Mark | null = null;
      let size = STEP;
      for (let until = end; until > earliest && mark === null; size *= 2) {
        const from = Math.max(earliest, until - size);
        reader.assign(topic, partition, from);
        mark = await lastMark(reader, topic, partition, until, file);
        until = from;
      }
      reader.unassign(topic, partition);
      marks[partition] = mark;
    }
    const runs = marks.flatMap((m) => (m === null ? [] : [m.run]));
    const run = runs.length === 0 ? null : Math.max(...runs);
    // What an earlier run has left is none of this one's.
    const rows = marks.map((m) => (m !== null && m.run === run ? m.row : 0));
    return { partitions: info.partitions, run, key: marks.find((m) => m !== null && m.run === run)?.key, rows };
  } finally {
    await reader.close();
  }
}

async function lastMark(
  reader: ReturnType<Log['reader']>,
  topic: string,
  partition: number,
  until: number,
  file: string,
): Promise<Mark | null> {
  const cursor = new BatchCursor();
  let found: Mark | null = null;
  for (let next = 0; next < until; ) {
    for (const part of await reader.poll(1000)) {
      if (part.topic !== topic || part.partition !== partition) continue;
      for (const batch of part.batches) {
        cursor.reset(batch);
        while (cursor.next()) {
          if (cursor.headerCount > 0) found = markIn(cursor, file) ?? found;
        }
      }
      next = part.nextOffset;
    }
    const position = reader.position(topic, partition);
    if (position !== undefined) next = Math.max(next, position.next);
  }
  return found;
}

function markIn(cursor: BatchCursor, file: string): Mark | null {
  const header = cursor.headers().find((h) => h.key === LOAD_HEADER);
  if (header?.value == null) return null;
  const [name, run, row, key] = JSON.parse(Buffer.from(header.value).toString('utf8')) as MarkText;
  return name === file ? { run, row, key } : null;
}

type MarkText = readonly [file: string, run: number, row: number, key?: string | null];

export const markText = (...mark: MarkText): string => JSON.stringify(mark);
