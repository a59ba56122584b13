import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import type { ProcessingError } from '../../engine/observe/processing-error.js';
import type { Topology } from '../../engine/plan/topology.js';
import { type NodeServices, type Properties, Runtime } from '../../engine/runtime.js';
import type { Column } from '../../engine/values/schema.js';
import { BIGINT } from '../../engine/values/sql-type.js';
import { readAll, type StoredNode, until, write } from './nodes.js';
import {
  AGG_VALUE,
  AMOUNT,
  aggregate,
  codecServices,
  groupByUser,
  KEY,
  literal,
  sink,
  source,
  topology,
  VALUE,
} from './support.js';

const EARLY: Properties = { 'auto.offset.reset': 'earliest', 'commit.interval.ms': '5' };

/** What becomes of records that cannot be processed, on any log. */
export function badRecordSuite(name: string, openNode: () => Promise<StoredNode>): void {
  describe(name, () => {
    let node: StoredNode;
    let runtime: Runtime;
    let errors: ProcessingError[];
    let id: string;
    let topic: string;
    let letters: string;

    beforeAll(async () => {
      node = await openNode();
    });
    afterAll(() => node.dispose());
    beforeEach(async () => {
      id = randomUUID().slice(0, 8);
      topic = `in-${id}`;
      letters = `letters-${id}`;
      errors = [];
      const services: NodeServices = {
        ...codecServices,
        serviceId: id,
        log: node.log,
        state: node.state,
        // A fast clock: pauses between attempts are none of these tests' subject.
        clock: { now: () => systemClock.now() * 50, sleep: (ms, signal) => systemClock.sleep(ms / 50, signal) },
        logger: silentLogger,
        processingLog: (e) => errors.push(e),
      };
      runtime = new Runtime(services);
      await node.log.createTopics([
        { name: topic, partitions: 2 },
        { name: `out-${id}`, partitions: 2 },
      ]);
    });
    afterEach(() => runtime.stop());

    const own = (plan: Topology): Topology => ({
      version: 1,
      subtopologies: plan.subtopologies.map((s) => ({
        ...s,
        nodes: s.nodes.map((n) =>
          n.kind === 'sink' || (n.kind === 'source' && !n.internal) ? { ...n, topic: `${n.topic}-${id}` } : n,
        ),
      })),
    });
    const start = (plan: Topology, properties: Properties = {}) =>
      runtime.startQuery({ queryId: 'Q', topology: own(plan), properties: { ...EARLY, ...properties } });
    const through = topology([source(), sink('source', KEY, source().value)]);
    /** 10 / amount: fails where that is 0. */
    const divided = topology([
      source(),
      {
        kind: 'project',
        id: 'project',
        input: 'source',
        key: null,
        value: [{ kind: 'arith', op: '/', left: literal('10', BIGINT), right: AMOUNT, type: BIGINT }],
        keyColumns: KEY,
        valueColumns: [{ name: 'Q', type: BIGINT }],
        table: false,
      },
      sink('project', KEY, [{ name: 'Q', type: BIGINT }]),
    ]);
    const good = (n: number) => ({ key: String(n), value: `{"USER":"u","AMOUNT":${n}}`, timestamp: n });
    const processed = (n: number) =>
      until(`${n} records are committed`, async () => {
        const at = await node.log.committed(`_weir-${id}-Q`, [topic]);
        return at.reduce((sum, o) => sum + o.offset, 0) === n;
      });

    /** What a topic holds once it holds `n` records: on Kafka a commit is seen a moment after its offsets are. */
    const read = (name: string, n: number) =>
      until(`${name} holds ${n} records`, async () => {
        const all = await readAll(node.log, name);
        return all.length >= n && all;
      });

    it('sends what cannot be decoded to the dead-letter topic as it is, and says where it comes from', async () => {
      const bad = { key: '7', value: 'not json', timestamp: 1234, headers: [{ key: 'trace', value: 'abc' }] };
      await write(node.log, topic, [good(1), bad, good(2)], 1);
      await write(node.log, topic, [{ key: 'no number', value: '{"USER":"u"}', timestamp: 5 }], 0);
      await start(through, { 'weir.errors.deadletter.topic.name': letters });
      await processed(4);
      const found = await read(letters, 2);
      expect((await node.log.describeTopic(letters))?.partitions).toBe(2);
      expect(found).toMatchObject([
        {
          partition: 0,
          key: 'no number',
          value: '{"USER":"u"}',
          timestamp: 5,
          headers: { '__weir.errors.stage': 'KEY', '__weir.errors.offset': '0', '__weir.errors.partition': '0' },
        },
        {
          partition: 1,
          key: '7',
          value: 'not json',
          timestamp: 1234,
          headers: {
            trace: 'abc',
            '__weir.errors.topic': topic,
            '__weir.errors.partition': '1',
            '__weir.errors.offset': '1',
            '__weir.errors.timestamp': '1234',
            '__weir.errors.query.id': 'Q',
            '__weir.errors.service.id': id,
            '__weir.errors.node': 'source',
            '__weir.errors.stage': 'VALUE',
            '__weir.errors.exception.message': errors.find((e) => e.partition === 1)!.message,
          },
        },
      ]);
      expect(await read(`out-${id}`, 2)).toHaveLength(2);
      expect(runtime.query('Q')!.counters()).toMatchObject({ skipped: 2, deadLettered: 2 });
    });

    it('leaves out a row that its schema has no room for, with the record that it came of as a dead letter', async () => {
      const schema = {
        type: 'record',
        name: 'R',
        fields: [{ name: 'USER', type: { type: 'enum', name: 'U', symbols: ['u', 'v'] } }],
      };
      const avro = { name: 'AVRO', properties: { writerSchemaId: '7', writerSchema: JSON.stringify(schema) } };
      const users = topology([source(), sink('source', KEY, [VALUE[0]!], { valueFormat: avro })]);
      const of = (user: string, n: number) => ({
        key: String(n),
        value: `{"USER":"${user}","AMOUNT":${n}}`,
        timestamp: n,
      });
      await write(node.log, topic, [of('u', 1), of('w', 2), of('v', 3)]);
      await start(users, { 'weir.errors.deadletter.topic.name': letters });
      await processed(3);
      expect((await read(`out-${id}`, 2)).map((r) => r.key)).toEqual(['1', '3']);
      const [letter] = await read(letters, 1);
      expect(letter).toMatchObject({
        key: '2',
        value: '{"USER":"w","AMOUNT":2}',
        headers: {
          '__weir.errors.stage': 'WRITE',
          '__weir.errors.topic': topic,
          '__weir.errors.offset': '1',
          '__weir.errors.exception.message': expect.stringContaining('USER is no symbol of its enum: w'),
        },
      });
      expect(runtime.query('Q')!.counters()).toMatchObject({
        unwritten: 1,
        skipped: 0,
        recordsOut: 2,
        deadLettered: 1,
      });
      expect(errors).toMatchObject([{ kind: 'serialization', topic: `out-${id}`, target: 'value' }]);
      expect(runtime.query('Q')!.state).toBe('RUNNING');
    });

    it('sends a record on which an expression failed there too, once, where that is asked for', async () => {
      await write(node.log, topic, [good(1), good(0), good(5)]);
      await start(divided, {
        'weir.errors.deadletter.topic.name': letters,
        'weir.errors.deadletter.evaluation': 'true',
      });
      await processed(3);
      expect(await read(letters, 1)).toMatchObject([
        { key: '0', value: '{"USER":"u","AMOUNT":0}', headers: { '__weir.errors.stage': 'EVALUATION' } },
      ]);
      expect(await read(`out-${id}`, 3)).toHaveLength(3);
    });

    it('writes dead letters and outputs in one step: both are there once after stops at any place', async () => {
      const records = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? { key: String(i), value: 'x' } : good(i)));
      for (let i = 0; i < records.length; i += 10) await write(node.log, topic, records.slice(i, i + 10));
      const properties = { 'weir.errors.deadletter.topic.name': letters };
      for (let i = 0; i < 3; i++) {
        await start(through, properties);
        await until('it runs', () => runtime.query('Q')!.state === 'RUNNING');
        await runtime.stopQuery('Q');
      }
      await start(through, properties);
      await processed(200);
      expect((await read(letters, 67)).map((r) => Number(r.key))).toEqual(
        records.flatMap((_, i) => (i % 3 === 0 ? [i] : [])),
      );
      expect(await read(`out-${id}`, 133)).toHaveLength(133);
    });

    it('sends records that come too late to a topic of their own: as they are, and as JSON where they were repartitioned', async () => {
      const window = { kind: 'TUMBLING', sizeMs: 10, graceMs: 5, retentionMs: 1000 } as const;
      const late = `late-${id}`;
      const at = (timestamp: number) => ({ ...good(timestamp), headers: [{ key: 'trace', value: `t${timestamp}` }] });
      await write(node.log, topic, [at(8), at(40), at(7)], 1);
      const direct = topology([
        source(),
        aggregate('source', window, { keyColumns: KEY }),
        sink('aggregate', KEY, AGG_VALUE, { window: { kind: 'time', sizeMs: 10 }, table: true }),
      ]);
      await start(direct, { 'weir.errors.late.topic.name': late });
      await processed(3);
      const why = {
        '__weir.errors.stage': 'LATE',
        '__weir.errors.window.start': '0',
        '__weir.errors.window.end': '10',
        '__weir.errors.stream.time': '40',
        '__weir.errors.grace.ms': '5',
      };
      expect(await read(late, 1)).toEqual([
        expect.objectContaining({
          partition: 1,
          key: '7',
          value: '{"USER":"u","AMOUNT":7}',
          timestamp: 7,
          headers: expect.objectContaining({ trace: 't7', '__weir.errors.topic': topic, ...why }),
        }),
      ]);
      expect(runtime.query('Q')!.counters()).toMatchObject({ late: 1, deadLettered: 0, skipped: 0 });
      expect(errors).toMatchObject([{ kind: 'late', node: 'aggregate', partition: 1, offset: 2 }]);
      expect(errors[0]!.message).toBe(
        'Late: a record of 1970-01-01T00:00:00.007Z came after its window, 1970-01-01T00:00:00.000Z to ' +
          '1970-01-01T00:00:00.010Z, and the grace of 5 ms were over: stream time is 1970-01-01T00:00:00.040Z',
      );
      await runtime.dropQuery('Q');
      await start(groupByUser(window), { 'weir.errors.late.topic.name': `again-${id}` });
      await processed(3);
      expect(await read(`again-${id}`, 1)).toEqual([
        expect.objectContaining({
          key: '"u"',
          value: '{"USER":"u","AMOUNT":7}',
          timestamp: 7,
          headers: expect.objectContaining(why),
        }),
      ]);
    });

    it('sends rows that a join had held back, and that come too late for the windows behind it', async () => {
      const right = `right-${id}`;
      await node.log.createTopics([{ name: right, partitions: 2 }]);
      const columns: readonly Column[] = [...VALUE, ...VALUE.map((c) => ({ ...c, name: `R_${c.name}` }))];
      const joined = topology([
        source(),
        source({ id: 'right', topic: 'right', source: 'RIGHT' }),
        {
          kind: 'streamJoin',
          id: 'join',
          left: 'source',
          right: 'right',
          joinType: 'LEFT',
          leftWidth: 2,
          beforeMs: 0,
          afterMs: 0,
          graceMs: 20,
          leftStore: { name: 'left', kind: 'join' },
          rightStore: { name: 'right', kind: 'join' },
          keyColumns: KEY,
          valueColumns: columns,
        },
        aggregate('join', { kind: 'TUMBLING', sizeMs: 10, graceMs: 0, retentionMs: 1000 }, { keyColumns: KEY }),
        sink('aggregate', KEY, AGG_VALUE, { window: { kind: 'time', sizeMs: 10 }, table: true }),
      ]);
      // 208 has nobody on the other side. The join looks for such rows now and then alone: when it has given 8, it gives the next
      // of them at the commit, and 300 goes on before that.
      await write(node.log, topic, [good(8), good(100), good(208), good(300)], 1);
      await write(node.log, right, [good(100), good(300)], 1);
      await start(joined, {
        'weir.errors.late.topic.name': letters,
        'commit.interval.ms': '1000000000',
        '__emit.interval.ms.kstreams.outer.join.spurious.results.fix__': '1000000000',
      });
      await until('all is read', () => runtime.query('Q')!.counters().recordsIn === 6);
      await runtime.stopQuery('Q');
      const [letter] = await read(letters, 1);
      expect(letter).toMatchObject({ partition: 1, key: null, timestamp: 208 });
      expect(JSON.parse(letter!.value!)).toEqual({ key: [208], value: ['u', 208, null, null] });
      expect(letter!.headers).toMatchObject({
        '__weir.errors.stage': 'LATE',
        '__weir.errors.window.end': '210',
        '__weir.errors.stream.time': '300',
      });
      expect(errors).toMatchObject([{ kind: 'late', node: 'aggregate' }]);
    });

    it('fails the query where its own repartition topic holds what it did not write, and names the place', async () => {
      await write(node.log, topic, [good(1)]);
      await start(groupByUser(null), { 'weir.errors.deadletter.topic.name': letters });
      const inner = `_weir-${id}-Q-by-user-repartition`;
      const rows = await until('the aggregate has written', async () => {
        const out = await readAll(node.log, `out-${id}`);
        return out.length > 0 && out;
      });
      const { partition } = (await node.log.offsets(inner)).find((o) => o.end > 0)!;
      const [range] = (await node.log.offsets(inner)).filter((o) => o.partition === partition);
      await write(node.log, inner, [{ key: 'k', value: 'foreign' }], partition);
      await until('it is in ERROR', () => runtime.query('Q')!.state === 'ERROR');
      expect(runtime.query('Q')!.lastError()!.message).toMatch(
        new RegExp(`Internal topic ${inner}, partition ${partition}, offset ${range!.end}: `),
      );
      expect(await readAll(node.log, letters)).toEqual([]);
      expect(await readAll(node.log, `out-${id}`)).toEqual(rows);
    });
  });
}
