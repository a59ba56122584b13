import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import { type Catalog, type ConnectorDef, type DataSource, emptyCatalog } from '../../engine/catalog/index.js';
import type { ConnectorSpec } from '../../engine/connectors/connector.js';
import { ConnectorManager } from '../../engine/connectors/manager.js';
import { connectorName, positionTopic } from '../../engine/connectors/services.js';
import { formatByName } from '../../engine/formats/index.js';
import { noRegistry } from '../../engine/formats/registry/none.js';
import type { Log } from '../../engine/log/log.js';
import { rowReader } from '../../engine/statements/insert-rows.js';
import { BIGINT, STRING } from '../../engine/values/sql-type.js';
import { readAll, type StoredNode, until, write } from '../runtime/nodes.js';
import { BufferingTarget, failingLog, MemoryOrigin, MemoryTarget } from './support/memory.js';

let serial = 0;

/** The runner of connectors, on any log. */
export function runnerSuite(name: string, openNode: () => Promise<StoredNode>): void {
  describe(name, () => {
    let node: StoredNode;
    let topic: string;
    let catalog: Catalog;
    const managers: ConnectorManager[] = [];
    const kinds = new Map<string, ConnectorSpec>();

    beforeAll(async () => {
      node = await openNode();
    });
    afterAll(() => node.dispose());
    beforeEach(async () => {
      topic = `trips-${process.pid}-${++serial}`;
      await node.log.createTopics([{ name: topic, partitions: 2 }]);
      catalog = { ...emptyCatalog(), sources: new Map([['TRIPS', trips(topic)]]) };
    });
    afterEach(async () => {
      for (const m of managers.splice(0)) await m.close();
    });

    const manager = (log: Log = node.log): ConnectorManager => {
      const m = new ConnectorManager(
        {
          serviceId: 'suite',
          log,
          format: formatByName,
          clock: systemClock,
          logger: silentLogger,
          catalog: () => catalog,
          rowWriter: (s) =>
            rowReader(s, { registry: noRegistry, format: formatByName, clock: systemClock }, 'left out'),
          allowedFolders: [],
          secrets: async (config) => config,
        },
        (kind) => kinds.get(kind),
      );
      managers.push(m);
      return m;
    };

    const def = (spec: ConnectorSpec, config: Readonly<Record<string, string>>): ConnectorDef => {
      kinds.set(spec.name, spec);
      return {
        name: `C${serial}`,
        id: `C${serial}-${process.pid}`,
        kind: spec.kind,
        config: { 'connector.class': spec.name, 'errors.retry.delay.max.ms': '5', ...config },
        sql: '',
        state: 'RUNNING',
      };
    };

    const produce = async (from: number, to: number, partition = 0): Promise<void> => {
      const records = Array.from({ length: to - from }, (_, i) => ({
        key: `k${from + i}`,
        value: JSON.stringify({ N: from + i }),
        timestamp: 1000 + from + i,
      }));
      await write(node.log, topic, records, partition);
    };

    describe('a sink', () => {
      const numbers = (target: MemoryTarget) =>
        target.rows.map(({ row }) => Number(row.value![0])).sort((a, b) => a - b);
      const range = (n: number) => Array.from({ length: n }, (_, i) => i);

      it('gets the rows of all partitions, and goes on where it was', async () => {
        const target = new MemoryTarget();
        const m = manager();
        await produce(0, 10, 0);
        await produce(10, 20, 1);
        const sink = def(target.spec, { from: 'trips' });
        await m.start(sink);
        await until('20 rows', () => target.rows.length === 20);
        const { row } = target.rows.find((r) => r.row.value![0] === 12)!;
        expect(row).toMatchObject({ offset: 2, timestamp: 1012, key: ['k12'], value: [12], headers: [] });
        expect(Buffer.from(row.keyBytes!).toString()).toBe('k12');
        expect(Buffer.from(row.valueBytes!).toString()).toBe('{"N":12}');
        await until('rows are counted', () => m.status(sink.name)?.rows === 20);
        expect(m.status(sink.name)).toMatchObject({ state: 'RUNNING', deadLetters: 0, skipped: 0, error: undefined });
        expect(m.status(sink.name)!.tasks.map((t) => t.reads)).toEqual([
          { topic, partition: 0 },
          { topic, partition: 1 },
        ]);
        await m.close();
        await produce(20, 30, 1);
        const again = manager();
        await again.start(sink);
        await until('30 rows', () => target.rows.length === 30);
        expect(numbers(target)).toEqual(range(30));
      });

      it('pauses, resumes, and is dropped with what it keeps', async () => {
        const target = new MemoryTarget();
        const m = manager();
        const sink = def(target.spec, { from: 'TRIPS' });
        await m.start(sink);
        await produce(0, 5);
        await until('5 rows', () => target.rows.length === 5);
        await m.pause(sink.name);
        expect(m.status(sink.name)).toMatchObject({ state: 'PAUSED', tasks: [] });
        await produce(5, 10);
        expect(target.rows.length).toBe(5);
        await m.resume(sink.name);
        await until('10 rows', () => target.rows.length === 10);
        expect(await node.log.committed(connectorName('suite', sink.id), [topic])).not.toEqual([]);
        await m.drop(sink.name);
        expect(target.dropped).toBe(1);
        expect(m.status(sink.name)).toBeUndefined();
        expect(await node.log.committed(connectorName('suite', sink.id), [topic])).toEqual([]);
      });

      it('is written once, whatever fails at whatever place', async () => {
        const target = new MemoryTarget();
        let calls = 0;
        const fail = (): void => {
          if (++calls % 3 === 0 && calls < 60) throw new Error('away');
        };
        target.before = fail;
        target.after = fail;
        const m = manager(failingLog(node.log, fail));
        const sink = def(target.spec, { from: 'trips', 'batch.size': '9' });
        await m.start(sink);
        await produce(0, 100, 0);
        await produce(100, 200, 1);
        await until('200 rows', () => target.rows.length >= 200 && calls >= 60);
        expect(numbers(target)).toEqual(range(200));
        expect(m.status(sink.name)!.retries).toBeGreaterThan(5);
      });

      it('loses nothing where rows are durable later than they are written', async () => {
        const target = new BufferingTarget();
        let calls = 0;
        target.before = () => {
          if (++calls % 4 === 0 && calls < 30) throw new Error('away');
        };
        const m = manager();
        const sink = def(target.spec, { topics: topic });
        await produce(0, 50, 0);
        await m.start(sink);
        const seen = () => new Set(target.rows.map((r) => Buffer.from(r.valueBytes!).toString())).size;
        await until('50 rows', () => seen() === 50);
        await produce(50, 60, 0);
        await until('60 rows', () => seen() === 60);
      });

      it('sends records that cannot be read, and rows that are refused, to a topic', async () => {
        const target = new MemoryTarget();
        target.refuses = (row) => (row.value![0] === 3 ? 'three is not taken' : undefined);
        const letters = `${topic}-letters`;
        const m = manager();
        const sink = def(target.spec, { from: 'trips', 'errors.deadletterqueue.topic.name': letters });
        await m.start(sink);
        await produce(0, 5);
        await write(node.log, topic, [{ key: 'x', value: 'no json', headers: [{ key: 'h', value: '1' }] }], 1);
        await produce(5, 8, 1);
        await until('7 rows', () => target.rows.length === 7);
        expect(numbers(target)).toEqual([0, 1, 2, 4, 5, 6, 7]);
        const read = await until('2 letters', async () => {
          const all = await readAll(node.log, letters);
          return all.length === 2 && all;
        });
        const shown = read
          .map(({ key, value, headers }) => ({ key, value, at: headers['__weir.errors.offset'], ...headers }))
          .sort((a, b) => (a.key! < b.key! ? -1 : 1));
        expect(shown).toMatchObject([
          {
            key: 'k3',
            value: '{"N":3}',
            at: '3',
            '__weir.errors.stage': 'WRITE',
            '__weir.errors.connector.name': sink.name,
          },
          { key: 'x', value: 'no json', at: '0', h: '1', '__weir.errors.stage': 'VALUE' },
        ]);
        await until('rows are counted', () => m.status(sink.name)!.rows === 7);
        expect(m.status(sink.name)).toMatchObject({ deadLetters: 2, skipped: 0 });
      });

      it('fails at a bad record where nothing says what becomes of it, and writes all before it', async () => {
        const target = new MemoryTarget();
        const m = manager();
        const sink = def(target.spec, { from: 'trips' });
        await m.start(sink);
        await produce(0, 5);
        await write(node.log, topic, [{ value: 'no json' }]);
        await produce(5, 8);
        const status = await until('FAILED', () => {
          const s = m.status(sink.name)!;
          return s.state === 'FAILED' && s;
        });
        expect(numbers(target)).toEqual(range(5));
        expect(status.tasks[0]!.error).toMatch(
          /offset 5 of partition 0 of topic .*cannot be read: .*errors\.tolerance=all/,
        );
        await m.start({ ...sink, config: { ...sink.config, 'errors.tolerance': 'all' } });
        await until('8 rows', () => target.rows.length === 8);
        await until('it is counted', () => m.status(sink.name)!.skipped === 1);
        expect(m.status(sink.name)!.deadLetters).toBe(0);
      });

      it('fails where trying again cannot help, and says why', async () => {
        const m = manager();
        const sink = def(new MemoryTarget().spec, { from: 'trips', fails: 'true' });
        await m.start(sink);
        const errors = () => m.status(sink.name)!.tasks.flatMap((t) => t.error ?? []);
        await until('both failed', () => errors().length === 2);
        expect(m.status(sink.name)!.state).toBe('FAILED');
        expect(errors()).toEqual(['It fails. Do not ask for it.', 'It fails. Do not ask for it.']);
        const unknown = def(new MemoryTarget().spec, { from: 'nothing' });
        await m.start(unknown);
        await until('FAILED', () => m.status(unknown.name)?.state === 'FAILED');
        expect(m.status(unknown.name)!.error).toMatch(/no stream or table nothing/);
      });

      it('skips nothing silently where records are gone', async () => {
        const target = new MemoryTarget();
        await produce(0, 10);
        const m = manager();
        const sink = def(target.spec, { from: 'trips' });
        target.offsets.set(0, 2);
        await node.log.deleteRecords([{ topic, partition: 0, offset: 10 }]);
        await produce(10, 15);
        await m.start(sink);
        await until('FAILED', () => m.status(sink.name)?.state === 'FAILED');
        expect(m.status(sink.name)!.tasks[0]!.error).toMatch(
          /holds offsets 10 to 15, and the connector is at 2.*FROM EARLIEST/,
        );
        target.offsets.delete(0);
        target.offsets.set(0, 2);
        const accept = target.offsets;
        await m.resume(sink.name, 'earliest');
        // The target has to be told where its rows begin, too.
        accept.set(0, 10);
        await until('5 rows', () => target.rows.length === 5);
        expect(numbers(target)).toEqual([10, 11, 12, 13, 14]);
      });

      it('begins at the end where it is told to, and skips nothing after that', async () => {
        const target = new MemoryTarget();
        await produce(0, 10);
        const sink = def(target.spec, { from: 'trips', 'auto.offset.reset': 'latest' });
        const m = manager();
        await m.start(sink);
        await until('RUNNING', () => m.status(sink.name)?.state === 'RUNNING');
        await m.close();
        await produce(10, 15);
        await manager().start(sink);
        await until('5 rows', () => target.rows.length === 5);
        expect(numbers(target)).toEqual([10, 11, 12, 13, 14]);
      });

      it('is shared by nodes, and moves when one goes', async () => {
        const target = new MemoryTarget();
        const sink = def(target.spec, { from: 'trips' });
        const [a, b] = [manager(), manager()];
        await a.start(sink);
        await b.start(sink);
        await until('a task each', () => [a, b].every((m) => m.status(sink.name)!.tasks.length === 1));
        await produce(0, 10, 0);
        await produce(10, 20, 1);
        await until('20 rows', () => target.rows.length === 20);
        await a.close();
        await until('both tasks', () => b.status(sink.name)!.tasks.length === 2);
        await produce(20, 30, 0);
        await produce(30, 40, 1);
        await until('40 rows', () => target.rows.length === 40);
        expect(numbers(target)).toEqual(range(40));
      });
    });

    describe('a source', () => {
      const rows = (n: number) =>
        Array.from({ length: n }, (_, i) => ({ value: { id: `k${i}`, n: i }, timestamp: 1000 + i }));
      const written = async () =>
        (await readAll(node.log, topic)).map((r) => Number(JSON.parse(r.value!).N)).sort((a, b) => a - b);
      const range = (n: number) => Array.from({ length: n }, (_, i) => i);

      it('writes rows into a stream, and goes on where it was', async () => {
        const origin = new MemoryOrigin();
        origin.records.push(...rows(20));
        const m = manager();
        const source = def(origin.spec, { into: 'trips' });
        await m.start(source);
        await until('20 records', async () => (await written()).length === 20);
        const [first] = (await readAll(node.log, topic)).filter((r) => r.key === 'k3');
        expect(first).toMatchObject({ key: 'k3', value: '{"N":3}', timestamp: 1003 });
        await until('confirmed', () => (origin.confirmed.at(-1) as { at: number } | undefined)?.at === 20);
        await until('rows are counted', () => m.status(source.name)!.rows === 20);
        await m.close();
        origin.records.push(...rows(25).slice(20));
        await manager().start(source);
        await until('25 records', async () => (await written()).length === 25);
        expect(origin.starts).toEqual([undefined, { at: 20 }]);
        expect(await written()).toEqual(range(25));
      });

      it('writes each row once, whatever fails at whatever place', async () => {
        const origin = new MemoryOrigin();
        origin.records.push(...rows(300));
        let calls = 0;
        const fail = (): void => {
          if (++calls % 3 === 0 && calls < 60) throw new Error('away');
        };
        origin.before = fail;
        const m = manager(failingLog(node.log, fail));
        await m.start(def(origin.spec, { into: 'trips' }));
        await until('300 records', async () => calls >= 60 && (await written()).length >= 300);
        expect(await written()).toEqual(range(300));
      });

      it('is one task in all, and a node that comes later takes over', async () => {
        const origin = new MemoryOrigin();
        origin.records.push(...rows(50));
        const source = def(origin.spec, { into: 'trips' });
        const [a, b] = [manager(), manager()];
        await a.start(source);
        await b.start(source);
        await until('50 records', async () => (await written()).length === 50);
        expect([a, b].map((m) => m.status(source.name)!.tasks.length).sort()).toEqual([0, 1]);
        const owner = a.status(source.name)!.tasks.length === 1 ? a : b;
        await owner.close();
        origin.records.push(...rows(80).slice(50));
        await until('80 records', async () => (await written()).length === 80);
        expect(await written()).toEqual(range(80));
      });

      it('writes JSON to a topic that it makes, and bytes as they are', async () => {
        const origin = new MemoryOrigin();
        const other = `${topic}-other`;
        origin.records.push(
          { value: { id: 'a', big: 12345678901234567890n, s: 'x' } },
          { key: { id: 'b' }, value: null },
          { key: Buffer.from('raw'), value: Buffer.from('bytes'), headers: [{ key: 'h', value: Buffer.from('1') }] },
        );
        const m = manager();
        await m.start(def(origin.spec, { topic: other, key: 'id', 'topic.creation.default.partitions': '3' }));
        const read = await until('3 records', async () => {
          const all = (await node.log.describeTopic(other)) === undefined ? [] : await readAll(node.log, other);
          return all.length === 3 && all;
        });
        expect((await node.log.describeTopic(other))!.partitions).toBe(3);
        expect(Object.fromEntries(read.map((r) => [r.key, r.value]))).toEqual({
          a: '{"id":"a","big":12345678901234567890,"s":"x"}',
          b: null,
          raw: 'bytes',
        });
        expect(read.find((r) => r.key === 'raw')!.headers).toEqual({ h: '1' });
      });

      it('keeps what is bad with its origin, and writes the rest', async () => {
        const origin = new MemoryOrigin();
        const letters = `${topic}-letters`;
        origin.records.push(
          { value: { id: 'a', n: 1 } },
          { bad: { payload: Buffer.from('###'), reason: 'no row' }, origin: 'line 2' } as never,
          { value: { id: 'b', n: 'many' }, origin: 'line 3' },
          { key: Buffer.from('k'), value: Buffer.from('{"N":"x"}'), origin: 'line 4' },
          { value: { id: 'c', n: 5 } },
        );
        const m = manager();
        const source = def(origin.spec, { into: 'trips', 'errors.deadletterqueue.topic.name': letters });
        await m.start(source);
        await until('2 records', async () => (await written()).length === 2);
        const read = await until('3 letters', async () => {
          const all = await readAll(node.log, letters);
          return all.length === 3 && all;
        });
        expect(read.map((r) => [r.value, r.headers['__weir.errors.origin']])).toEqual([
          ['###', 'line 2'],
          ['{"id":"b","n":"many"}', 'line 3'],
          ['{"N":"x"}', 'line 4'],
        ]);
        await until('rows are counted', () => m.status(source.name)!.rows === 2);
        expect(m.status(source.name)!.deadLetters).toBe(3);
      });

      it('fails at a bad record where nothing says what becomes of it', async () => {
        const origin = new MemoryOrigin();
        origin.records.push({ value: { id: 'b', n: 'many' }, origin: 'line 3' });
        const m = manager();
        const source = def(origin.spec, { into: 'trips' });
        await m.start(source);
        await until('FAILED', () => m.status(source.name)!.state === 'FAILED');
        expect(m.status(source.name)!.tasks[0]!.error).toMatch(/line 3: .*errors\.tolerance=all/);
        expect(await written()).toEqual([]);
      });

      it('ends where there is no more, and leaves nothing when it is dropped', async () => {
        const origin = new MemoryOrigin();
        origin.ends = true;
        origin.records.push(...rows(9));
        const m = manager();
        const source = def(origin.spec, { into: 'trips' });
        await m.start(source);
        await until('ENDED', () => m.status(source.name)!.state === 'ENDED');
        await until('9 records', async () => (await written()).length === 9);
        expect(await written()).toEqual(range(9));
        await m.drop(source.name);
        expect(await node.log.describeTopic(positionTopic(connectorName('suite', source.id)))).toBeUndefined();
      });
    });
  });
}

const trips = (topic: string): DataSource => ({
  name: 'TRIPS',
  kind: 'STREAM',
  schema: { key: [{ name: 'ID', type: STRING }], value: [{ name: 'N', type: BIGINT }] },
  topic: { name: topic, partitions: 2, replicas: null, retentionMs: null },
  keyFormat: { name: 'KAFKA', properties: {} },
  valueFormat: { name: 'JSON', properties: {} },
  window: null,
  windowType: null,
  timestamp: null,
  isSource: false,
  sql: '',
  createdBy: null,
});
