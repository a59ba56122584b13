import { expect, it } from 'vitest';
import { formatByName } from '../../engine/formats/index.js';
import type { OperatorEnv } from '../../engine/operators/operator.js';
import { newRecord } from '../../engine/operators/task-record.js';
import { TopicSink } from '../../engine/operators/topic-sink.js';
import type { RepartitionNode } from '../../engine/plan/topology.js';
import { BatchCursor, batchAt } from '../../engine/records/batch.js';
import { AT_END, readMarker } from '../../engine/records/progress.js';
import { BIGINT } from '../../engine/values/sql-type.js';

const ROW = { name: 'ROW', properties: {} };
const node: RepartitionNode = {
  kind: 'repartition',
  id: 'r',
  input: 's',
  topic: 't',
  keyFormat: ROW,
  valueFormat: ROW,
  keyColumns: [{ name: 'K', type: BIGINT }],
  valueColumns: [{ name: 'V', type: BIGINT }],
  table: false,
  window: null,
};
const env = {
  encoder: (ref, columns, isKey) =>
    formatByName(ref.name).encoder({ columns, needed: columns.map((_, i) => i), ref, isKey }),
} as Partial<OperatorEnv> as OperatorEnv;

it('whoever begins to read at any rows is told behind them how far their writer has come', () => {
  const sink = new TopicSink(node, env, {
    rawKey: false,
    target: { name: 't', partitions: 2, origin: { subtopology: 0, partition: 0 } },
  });
  const row = (key: number, time: number) =>
    sink.process({ ...newRecord(), key: [key], value: [key], timestamp: time });
  /** What was appended: by partition, rows as their time and markers as what they say. */
  const drained = () => {
    const out = new Map<number, string[]>();
    sink.drain((_topic, partition, batch) => {
      const cursor = new BatchCursor();
      cursor.reset(batchAt(batch, 0));
      const said = out.get(partition) ?? [];
      while (cursor.next()) {
        const marker = readMarker(cursor);
        said.push(marker === undefined ? `@${cursor.timestamp}` : `${marker.time}`);
      }
      out.set(partition, said);
    });
    return out;
  };
  /** What a reader that begins with nothing known knows behind a partition's batches; the marker holds for the end of its batch. */
  const knows = (said: readonly string[] | undefined) => said?.filter((s) => !s.startsWith('@')).at(-1);

  row(1, 10);
  row(2, 11);
  row(3, 12);
  sink.tell(AT_END, 12);
  const first = drained();
  expect([...first.keys()].sort()).toEqual([0, 1]);
  expect([knows(first.get(0)), knows(first.get(1))]).toEqual(['Infinity', 'Infinity']);
  expect(sink.owesEnd).toBe(false);

  // It has read more, and is at the end again: to one that begins at the new rows what was said before is unknown.
  row(1, 20);
  expect(sink.owesEnd).toBe(false);
  sink.tell(AT_END, 20);
  const [[partition, said], ...others] = [...drained()] as [[number, string[]]];
  expect(said).toEqual(['Infinity', '@20']);
  expect(others).toEqual([]);

  // The rows have gone before the unit of work has ended.
  row(1, 30);
  expect(drained().get(partition)).toEqual(['NaN', '@30']);
  sink.tell(AT_END, 30);
  expect(drained()).toEqual(new Map([[partition, ['Infinity']]]));
  sink.tell(AT_END, 30);
  expect(drained().size).toBe(0);
});
