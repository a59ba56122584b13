import { describe, expect, it } from 'vitest';
import { WeirError } from '../../engine/base/errors.js';
import { DecodeError, formatByName } from '../../engine/formats/index.js';
import { pinSchema } from '../../engine/formats/registry/pinned.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import type { Column } from '../../engine/values/schema.js';
import { INTEGER, struct } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { framed, inferred, NOSR, proto, registered } from './protobuf-support.js';

/** Messages and schemas nested deeper than a stack is: bad records or refused schemas at worst. */

const DEEP = 50_000;
const NODE = proto('message Node { int32 v = 1; Node next = 2; map<string, Node> named = 3; repeated Node all = 4; }');

/** A varint, as lengths and tags are written. */
function varint(n: number): number[] {
  const out: number[] = [];
  let rest = n;
  for (; rest >= 0x80; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  return [...out, rest];
}

/** `{v: 1, next: {v: 1, next: …}}`, from the innermost out. */
function chain(depth: number): Buffer {
  const heads: Buffer[] = [];
  let size = 2;
  for (let i = 1; i < depth; i++) {
    const head = Buffer.from([0x08, 0x01, 0x12, ...varint(size)]);
    heads.push(head);
    size += head.length;
  }
  return Buffer.concat([...heads.reverse(), Buffer.from([0x08, 0x01])]);
}

const SELF: readonly Column[] = [
  { name: 'V', type: INTEGER },
  { name: 'NEXT', type: struct([{ name: 'V', type: INTEGER }]) },
];

describe('Protobuf nested deep', () => {
  it('a message inside itself in the bytes is read as far as the columns go', () => {
    const { decode } = registered(NODE, SELF);
    expect(decode(Buffer.concat([framed(''), chain(DEEP)]))).toEqual([1, [1]]);
    const bare = formatByName(NOSR).decoder({
      ...{ columns: SELF, needed: [0, 1], isKey: false, ref: { name: NOSR, properties: {} } },
    });
    const row: Value[] = [null, null];
    const bytes = chain(DEEP);
    expect(bare.decode(bytes, 0, bytes.length, row)).toBe(true);
    expect(row).toEqual([1, [1]]);
  });

  it('an inner message that is cut off within the columns is a bad record', () => {
    const { decode } = registered(NODE, SELF);
    const whole = Buffer.concat([framed(''), chain(DEEP)]);
    expect(() => decode(whole.subarray(0, whole.length - 1))).toThrow(DecodeError);
  });

  it('groups inside groups are a bad record', () => {
    const { decode } = registered(NODE, SELF);
    expect(() => decode(Buffer.concat([framed(''), Buffer.alloc(DEEP, 0x2b)]))).toThrow(DecodeError);
  });

  it('a place of a message that is nested without end is a bad record', () => {
    const { decode } = registered(NODE, SELF);
    expect(() => decode(Buffer.concat([framed('', ''), Buffer.from([0x80, 0x80, 0x08]), Buffer.alloc(DEEP)]))).toThrow(
      DecodeError,
    );
  });

  it('a schema that holds itself gives no columns', () => {
    expect(() => inferred(NODE)).toThrow(/Node holds itself/);
    const mutual = proto('message A { B b = 1; } message B { repeated C c = 1; } message C { map<string, A> a = 1; }');
    expect(() => inferred(mutual)).toThrow(/A holds itself/);
  });

  const messages = (n: number): string =>
    [
      ...Array.from({ length: n }, (_, i) => `message M${i} { M${i + 1} next = 1; }`),
      `message M${n} { int32 v = 1; }`,
    ].join('\n');
  const inText = (n: number): string => `${'message M { int32 v = 1; '.repeat(n)}${'}'.repeat(n)}`;

  it.each([
    ['messages in messages in messages', proto(messages(200))],
    ['thousands of these', proto(messages(5000))],
    ['a text of messages inside messages', proto(inText(10_000))],
  ])('a schema of %s gives no columns, and a record that is none of it is bad', (_, schema) => {
    expect(() => inferred(schema)).toThrow(WeirError);
    const { decode } = registered(schema, [{ name: 'NEXT', type: struct([{ name: 'V', type: INTEGER }]) }]);
    expect(() => decode(framed('0a02'))).toThrow(DecodeError);
  });
});

describe('Avro nested deep', () => {
  const list = {
    type: 'AVRO',
    text: JSON.stringify({
      ...{ type: 'record', name: 'Node' },
      fields: [
        { name: 'V', type: 'int' },
        { name: 'NEXT', type: ['null', 'Node'] },
      ],
    }),
    references: [],
  } as const;

  it('a record inside itself is a bad record, whoever reads it', () => {
    const columns = [{ name: 'V', type: INTEGER }];
    const ref = pinSchema({ name: 'AVRO', properties: {} }, { ...list, id: 1 });
    const out = new ByteWriter();
    out.byte(0);
    out.int32(1);
    for (let i = 0; i < DEEP; i++) {
      out.byte(2);
      out.byte(2);
    }
    out.byte(2);
    out.byte(0);
    const bytes = out.toBuffer();
    for (const needed of [[0], []]) {
      const read = formatByName('AVRO').decoder({ columns, needed, ref, isKey: false });
      expect(() => read.decode(bytes, 0, bytes.length, [null])).toThrow(DecodeError);
    }
  });
});
