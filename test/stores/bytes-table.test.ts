import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BytesTable } from '../../engine/stores/bytes-table.js';

const text = (b: Uint8Array): string => Buffer.from(b).toString('latin1');

test('holds what a map holds, over any sequence of additions and removals', () => {
  const step = fc.record({ remove: fc.boolean(), key: fc.uint8Array({ maxLength: 2 }), value: fc.uint8Array() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new BytesTable();
      const model = new Map<string, Uint8Array>();
      for (const { remove, key, value } of steps) {
        const i = table.find(key);
        expect(i >= 0).toBe(model.has(text(key)));
        if (i >= 0) expect(table.values[i]).toBe(model.get(text(key)));
        if (remove && i >= 0) {
          table.remove(i);
          model.delete(text(key));
        } else if (!remove) {
          if (i >= 0) table.values[i] = value;
          else table.add(key, value);
          model.set(text(key), value);
        }
        expect(table.size).toBe(model.size);
      }
      for (const [key, value] of model) expect(table.values[table.find(Buffer.from(key, 'latin1'))]).toBe(value);
    }),
  );
});

test('keeps every entry through growth, and reuses the place of a removed one', () => {
  const table = new BytesTable();
  const key = (i: number): Buffer => Buffer.from(`key-${i}`);
  for (let i = 0; i < 20_000; i++) table.marks[table.add(key(i), key(i))] = i & 3;
  for (let i = 0; i < 20_000; i += 2) table.remove(table.find(key(i)));
  for (let i = 0; i < 20_000; i++) {
    const at = table.find(key(i));
    if (i % 2 === 0) expect(at).toBe(-1);
    else expect([text(table.values[at]!), table.marks[at]]).toEqual([`key-${i}`, i & 3]);
  }
  const before = table.capacity;
  for (let i = 0; i < 20_000; i += 2) table.add(key(i), null);
  expect(table.capacity).toBe(before);
  table.clear();
  expect([table.size, table.find(key(1))]).toEqual([0, -1]);
});
