import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StateDatabase, Store, TaskId } from '../../engine/stores/store.js';

/** One implementation under test, open. */
export interface StateUnderTest {
  readonly state: StateDatabase;
  /** Closes and opens it anew on the same data; undefined where nothing outlives the object. */
  reopen?(): Promise<StateDatabase>;
  dispose(): Promise<void>;
}

const b = (s: string): Buffer => Buffer.from(s, 'latin1');
const s = (v: Uint8Array | undefined): string | undefined =>
  v === undefined ? undefined : Buffer.from(v).toString('latin1');
const TASK: TaskId = { queryId: 'CTAS_A_1', subtopology: 0, partition: 0 };

async function entries(range: AsyncIterable<readonly [Uint8Array, Uint8Array]>): Promise<string[]> {
  const out: string[] = [];
  for await (const [key, value] of range) out.push(`${s(key)}=${s(value)}`);
  return out;
}

/** What a task does at its commit where the log does not write state. */
async function commit(state: StateDatabase, ...stores: readonly Store[]): Promise<void> {
  await state.write(stores.flatMap((store) => store.databaseOps()));
  for (const store of stores) store.committed();
}

/** What every `StateDatabase` and its stores must do. */
export function storeContract(name: string, make: () => Promise<StateUnderTest>): void {
  describe(`${name} keeps the contract of StateDatabase:`, () => {
    let under: StateUnderTest;
    let state: StateDatabase;
    beforeEach(async () => {
      under = await make();
      state = under.state;
    });
    afterEach(() => under.dispose());

    test('a task reads what it has written; a pull query what is committed', async () => {
      const store = state.store(TASK, 'counts');
      const reader = state.reader(TASK, 'counts');
      expect(store.name).toBe('counts');
      expect(store.get(b('a'))).toBeUndefined();
      store.put(b('a'), b('1'));
      store.put(b('b'), b('2'));
      expect(s(store.get(b('a')))).toBe('1');
      expect(await reader.get(b('a'))).toBeUndefined();
      expect(store.dirtyBytes).toBeGreaterThan(0);
      await commit(state, store);
      expect(store.dirtyBytes).toBe(0);
      expect(store.drain()).toEqual([]);
      expect(s(await reader.get(b('a')))).toBe('1');

      store.put(b('a'), b('10'));
      store.delete(b('b'));
      expect(s(store.get(b('a')))).toBe('10');
      expect(store.get(b('b'))).toBeUndefined();
      expect([s(await reader.get(b('a'))), s(await reader.get(b('b')))]).toEqual(['1', '2']);
      await commit(state, store);
      expect([s(await reader.get(b('a'))), s(await reader.get(b('b')))]).toEqual(['10', undefined]);
      expect(store.get(b('b'))).toBeUndefined();
    });

    test('keys and values are any bytes; an empty value is not a missing one', async () => {
      const store = state.store(TASK, 'bytes');
      const keys = [[], [0], [0, 0], [0xff], [0xff, 0xff], [0x53, 0, 1], [1, 0, 255]].map((k) => Uint8Array.from(k));
      for (const key of keys) store.put(key, Uint8Array.from([...key, 7]));
      store.put(b('empty'), new Uint8Array(0));
      await commit(state, store);
      const fresh = state.store(TASK, 'bytes');
      for (const key of keys) expect([...fresh.get(key)!]).toEqual([...key, 7]);
      expect(fresh.get(b('empty'))).toHaveLength(0);
      expect(await entries(fresh.range(undefined, undefined))).toHaveLength(8);
    });

    test("a key given to get is the caller's again", () => {
      const store = state.store(TASK, 'counts');
      const scratch = b('aaaa');
      expect(store.get(scratch)).toBeUndefined();
      scratch.write('bbbb');
      store.put(b('bbbb'), b('1'));
      expect(s(store.get(scratch))).toBe('1');
      expect(store.get(b('aaaa'))).toBeUndefined();
    });

    test('discard forgets what was not committed', async () => {
      const store = state.store(TASK, 'counts');
      store.put(b('a'), b('1'));
      store.put(b('b'), b('2'));
      await commit(state, store);
      expect(s(store.get(b('a')))).toBe('1');
      store.put(b('a'), b('100'));
      store.put(b('a'), b('101'));
      store.delete(b('b'));
      store.put(b('c'), b('3'));
      store.discard();
      expect(store.dirtyBytes).toBe(0);
      expect([store.get(b('a')), store.get(b('b')), store.get(b('c'))].map(s)).toEqual(['1', '2', undefined]);
      await commit(state, store);
      expect(await entries(state.reader(TASK, 'counts').range(undefined, undefined))).toEqual(['a=1', 'b=2']);
    });

    test('drain gives each changed key once, by its own key, with its last value', () => {
      const store = state.store(TASK, 'counts');
      store.put(b('a'), b('1'));
      store.put(b('b'), b('1'));
      store.put(b('a'), b('2'));
      store.delete(b('b'));
      const ops = store.drain().map((op) => [op.type, s(op.key), op.type === 'put' ? s(op.value) : undefined]);
      expect(ops.sort()).toEqual([
        ['del', 'b', undefined],
        ['put', 'a', '2'],
      ]);
      expect(store.drain()).toHaveLength(2);
      expect(store.databaseOps()).toHaveLength(2);
      expect(store.databaseOps().every((op) => op.key.length > 1)).toBe(true);
    });

    test('range merges what is buffered into what is committed', async () => {
      const store = state.store(TASK, 'counts');
      for (const k of ['b', 'd', 'f', 'h']) store.put(b(k), b('old'));
      await commit(state, store);
      store.put(b('a'), b('new'));
      store.put(b('d'), b('new'));
      store.delete(b('f'));
      store.put(b('g'), b('new'));
      store.delete(b('x'));
      store.put(b('z'), b('new'));
      expect(await entries(store.range(undefined, undefined))).toEqual([
        'a=new',
        'b=old',
        'd=new',
        'g=new',
        'h=old',
        'z=new',
      ]);
      expect(await entries(store.range(b('b'), b('g')))).toEqual(['b=old', 'd=new']);
      expect(await entries(store.range(b('e'), undefined))).toEqual(['g=new', 'h=old', 'z=new']);
      expect(await entries(store.range(undefined, b('b')))).toEqual(['a=new']);
      const reader = state.reader(TASK, 'counts');
      expect(await entries(reader.range(undefined, undefined))).toEqual(['b=old', 'd=old', 'f=old', 'h=old']);
      expect(await entries(reader.range(b('c'), undefined, { limit: 2 }))).toEqual(['d=old', 'f=old']);
    });

    test('a reader ranges over a snapshot', async () => {
      const store = state.store(TASK, 'counts');
      for (let i = 0; i < 3000; i++) store.put(b(`k${String(i).padStart(5, '0')}`), b('old'.repeat(100)));
      await commit(state, store);
      const seen: string[] = [];
      for await (const [key, value] of state.reader(TASK, 'counts').range(undefined, undefined)) {
        if (seen.length === 0) {
          for (let i = 0; i < 3000; i += 2) store.delete(b(`k${String(i).padStart(5, '0')}`));
          store.put(b('k99999'), b('late'));
          await commit(state, store);
        }
        expect(value.length).toBe(300);
        seen.push(s(key)!);
      }
      expect(seen).toHaveLength(3000);
    });

    test('stores, tasks and queries do not see each other', async () => {
      const tasks: TaskId[] = [
        TASK,
        { ...TASK, partition: 1 },
        { ...TASK, subtopology: 1 },
        { ...TASK, queryId: 'CTAS_A_10' },
        { ...TASK, queryId: 'CTAS_A_' },
      ];
      const names = ['s', 'st', ''];
      for (const task of tasks) {
        const stores = names.map((n) => state.store(task, n));
        for (const [i, store] of stores.entries()) store.put(b('k'), b(JSON.stringify([task, names[i]])));
        await commit(state, ...stores);
      }
      for (const task of tasks) {
        for (const n of names) {
          const all = await entries(state.reader(task, n).range(undefined, undefined));
          expect(all).toEqual([`k=${JSON.stringify([task, n])}`]);
        }
      }
    });

    test('a checkpoint is kept beside the state, and is no entry of it', async () => {
      const store = state.store(TASK, 'counts');
      expect(await state.checkpoint(TASK, 'counts')).toBeUndefined();
      store.put(b('a'), b('1'));
      await state.write([...store.databaseOps(), state.checkpointOp(TASK, 'counts', 2 ** 40 + 5)]);
      store.committed();
      expect(await state.checkpoint(TASK, 'counts')).toBe(2 ** 40 + 5);
      expect(await state.checkpoint(TASK, 'count')).toBeUndefined();
      expect(await entries(state.reader(TASK, 'counts').range(undefined, undefined))).toEqual(['a=1']);
    });

    test('a store can be cleared, and a query dropped', async () => {
      const other: TaskId = { ...TASK, queryId: 'CTAS_B_2' };
      const [x, y, z] = [state.store(TASK, 'x'), state.store(TASK, 'y'), state.store(other, 'x')];
      for (const store of [x, y, z]) store.put(b('k'), b('1'));
      await commit(state, x, y, z);
      await state.write([state.checkpointOp(TASK, 'x', 3), state.checkpointOp(TASK, 'y', 4)]);
      await state.clear(TASK, 'x');
      expect(x.get(b('k'))).toBeUndefined();
      expect(await state.checkpoint(TASK, 'x')).toBeUndefined();
      expect(s(y.get(b('k')))).toBe('1');
      expect(await state.checkpoint(TASK, 'y')).toBe(4);
      await state.dropQuery(TASK.queryId);
      expect(y.get(b('k'))).toBeUndefined();
      expect(await state.checkpoint(TASK, 'y')).toBeUndefined();
      expect(s(z.get(b('k')))).toBe('1');
      expect(await entries(state.reader(other, 'x').range(undefined, undefined))).toEqual(['k=1']);
    });

    test('a released task can be opened again', async () => {
      const store = state.store(TASK, 'counts');
      store.put(b('a'), b('1'));
      await commit(state, store);
      store.put(b('a'), b('not committed'));
      state.release(TASK);
      expect(s(state.store(TASK, 'counts').get(b('a')))).toBe('1');
    });

    test('does what a sorted map does, over any sequence of work', async () => {
      const key = fc.integer({ min: 0, max: 40 }).map((n) => b(`k${n}`));
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key, value: fc.nat(99) }) },
        { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
        { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), key }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('commit' as const) }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('discard' as const) }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('range' as const), from: key, to: key }) },
      );
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
          const task = { ...TASK, partition: ++run };
          const store = state.store(task, 'model');
          let committed = new Map<string, string>();
          let mine = new Map<string, string>();
          for (const step of steps) {
            if (step.do === 'put') {
              store.put(step.key, b(String(step.value)));
              mine.set(s(step.key)!, String(step.value));
            } else if (step.do === 'delete') {
              store.delete(step.key);
              mine.delete(s(step.key)!);
            } else if (step.do === 'get') {
              expect(s(store.get(step.key))).toBe(mine.get(s(step.key)!));
            } else if (step.do === 'commit') {
              await commit(state, store);
              committed = new Map(mine);
            } else if (step.do === 'discard') {
              store.discard();
              mine = new Map(committed);
            } else {
              const [from, to] = [s(step.from)!, s(step.to)!];
              const expected = [...mine].filter(([k]) => k >= from && k < to).sort(([p], [q]) => (p < q ? -1 : 1));
              expect(await entries(store.range(step.from, step.to))).toEqual(expected.map(([k, v]) => `${k}=${v}`));
            }
          }
          const all = await entries(state.reader(task, 'model').range(undefined, undefined));
          expect(all).toEqual([...committed].sort(([p], [q]) => (p < q ? -1 : 1)).map(([k, v]) => `${k}=${v}`));
        }),
        { numRuns: 60 },
      );
    });

    test('committed state outlives the object where it is kept on disk', async () => {
      if (under.reopen === undefined) return;
      const store = state.store(TASK, 'counts');
      for (let i = 0; i < 500; i++) store.put(b(`k${i}`), b(String(i)));
      await state.write([...store.databaseOps(), state.checkpointOp(TASK, 'counts', 77)]);
      store.committed();
      store.put(b('k1'), b('not committed'));
      state = await under.reopen();
      const again = state.store(TASK, 'counts');
      for (let i = 0; i < 500; i++) expect(s(again.get(b(`k${i}`)))).toBe(String(i));
      expect(await state.checkpoint(TASK, 'counts')).toBe(77);
    });
  });
}
