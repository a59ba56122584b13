import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeirError } from '../../engine/base/errors.js';
import { FORMATS, type Format, type FormatOption, NAMED_FORMATS } from '../../engine/formats/index.js';
import { pinSchema } from '../../engine/formats/registry/pinned.js';
import type { FormatRef } from '../../engine/plan/format-ref.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import type { Column } from '../../engine/values/schema.js';
import type { Value } from '../../engine/values/value.js';
import { nestedType, rowOf, scalarType } from './arbitraries.js';
import { columns } from './support.js';

/** What holds for each format that there is, by its own facts. */

const some = fc.oneof(
  fc.constant([]),
  fc.tuple(scalarType),
  fc.array(scalarType, { minLength: 2, maxLength: 4 }),
  fc.array(nestedType(), { minLength: 1, maxLength: 4 }),
);
const typed = some.chain((types) => fc.tuple(fc.constant(columns(...types)), rowOf(types), fc.boolean()));

const isEmpty = (v: Value): boolean => v === '' || (v instanceof Uint8Array && v.length === 0);

function holds(format: Format, cols: readonly Column[], isKey: boolean, ref: FormatRef): boolean {
  try {
    format.validate(cols, isKey, ref);
    return true;
  } catch (e) {
    if (e instanceof WeirError && e.code === 'BAD_STATEMENT') return false;
    throw e;
  }
}

describe.each(Object.entries<Format>(FORMATS))('%s', (name, format) => {
  it('has its name', () => {
    expect(format.name).toBe(name);
    expect(NAMED_FORMATS.includes(format)).toBe(format.internal !== true);
  });

  it('gives back the rows of all columns that it takes', () => {
    const plain: FormatRef = { name, properties: {} };
    let rows = 0;
    fc.assert(
      fc.property(typed, ([cols, row, isKey]) => {
        if (!holds(format, cols, isKey, plain)) return;
        const { schemas } = format;
        const ref =
          schemas === undefined || cols.length === 0
            ? plain
            : pinSchema(plain, { ...schemas.schemaOf(cols, isKey, plain), id: 3 });
        const context = { columns: cols, needed: [...cols.keys()], ref, isKey };
        const out = new ByteWriter();
        let written: boolean;
        try {
          written = format.encoder(context).encode(row, out);
        } catch (e) {
          // A list of Protobuf holds no NULL.
          expect(e).toBeInstanceOf(WeirError);
          return;
        }
        const bytes = out.toBuffer();
        if (!written) {
          // No payload stands for no columns, or for a single NULL.
          expect([bytes.length, row.length <= 1, row[0] ?? null]).toEqual([0, true, null]);
          return;
        }
        rows++;
        const back: Value[] = cols.map(() => 'stale');
        expect(format.decoder(context).decode(bytes, 0, bytes.length, back)).toBe(true);
        // An empty field of plain text is NULL.
        const expected = format.text === 'plain' ? row.map((v) => (isEmpty(v) ? null : v)) : row;
        expect(back).toEqual(format.readBack?.(cols, ref)(row) ?? expected);
        if (format.text === 'json') JSON.parse(bytes.toString('utf8'));
      }),
      { numRuns: 300 },
    );
    if (name !== 'NONE') expect(rows).toBeGreaterThan(5);
  });

  it('is asked by nobody for an option that another format means otherwise', () => {
    const all = NAMED_FORMATS.flatMap((f) => Object.entries(f.options));
    const namesOf = (o: FormatOption): readonly string[] => [o.property, ...(o.aliases ?? [])];
    for (const [option, declared] of Object.entries(format.options)) {
      for (const [other, o] of all) {
        if (namesOf(o).some((p) => namesOf(declared).includes(p))) expect([other, o]).toEqual([option, declared]);
      }
      for (const alias of declared.aliases ?? []) expect(alias).toMatch(/^(KEY|VALUE)_/);
    }
  });
});
