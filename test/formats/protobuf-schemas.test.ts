import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatByName } from '../../engine/formats/index.js';
import type { Column } from '../../engine/values/schema.js';
import {
  array,
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  printType,
  STRING,
  struct,
  TIME,
  TIMESTAMP,
} from '../../engine/values/sql-type.js';
import { anyType, inferred, NOSR, proto, reference, refOf, schemas } from './protobuf-support.js';
import { columns } from './support.js';

describe('schemas of columns', () => {
  const text = (cols: readonly Column[], properties = {}) => schemas.schemaOf(cols, false, refOf(properties)).text;

  it('are in the form that registries give them', () => {
    const cols: Column[] = [
      { name: 'S', type: struct([{ name: 'X', type: array(struct([{ name: 'Y', type: BOOLEAN }])) }]) },
      { name: 'M', type: map(STRING, map(STRING, array(DOUBLE))) },
      { name: 'D', type: array(decimal(6, 4)) },
      { name: 'T', type: TIMESTAMP },
      { name: 'DAY', type: DATE },
      { name: 'AT', type: TIME },
      { name: 'B', type: BYTES },
    ];
    expect(text(cols)).toBe(`syntax = "proto3";

import "confluent/meta.proto";
import "confluent/type/decimal.proto";
import "google/protobuf/timestamp.proto";
import "google/type/date.proto";
import "google/type/timeofday.proto";

message ConnectDefault1 {
  ConnectDefault2 S = 1;
  repeated ConnectDefault4Entry M = 2;
  repeated confluent.type.Decimal D = 3 [(confluent.field_meta) = {
    params: [
      {
        value: "6",
        key: "precision"
      },
      {
        value: "4",
        key: "scale"
      }
    ]
  }];
  google.protobuf.Timestamp T = 4;
  google.type.Date DAY = 5;
  google.type.TimeOfDay AT = 6;
  bytes B = 7;

  message ConnectDefault2 {
    repeated ConnectDefault3 X = 1;

    message ConnectDefault3 {
      bool Y = 1;
    }
  }
  message ConnectDefault4Entry {
    string key = 1;
    repeated ConnectDefault5Entry value = 2;

    message ConnectDefault5Entry {
      string key = 1;
      repeated double value = 2;
    }
  }
}
`);
    expect(inferred(schemas.schemaOf(cols, false, refOf()))).toBe(
      cols.map((c) => `${c.name} ${printType(c.type)}`).join(', '),
    );
  });

  it('tell NULL from a default as they are asked to', () => {
    const cols = columns(INTEGER, STRING);
    expect(text(cols, { nullableRepresentation: 'optional' })).toContain('  optional int32 A = 1;');
    const wrapped = text(cols, { nullableRepresentation: 'wrapper' });
    expect(wrapped).toContain('import "google/protobuf/wrappers.proto";');
    expect(wrapped).toContain('  google.protobuf.StringValue B = 2;');
  });

  it('have the name that is asked for', () => {
    const cols = columns(struct([{ name: 'X', type: INTEGER }]));
    expect(text(cols, { fullSchemaName: 'io.test.Row' })).toBe(`syntax = "proto3";
package io.test;

message Row {
  ConnectDefault1 A = 1;

  message ConnectDefault1 {
    int32 X = 1;
  }
}
`);
  });

  it('give their columns back, for every type', () => {
    fc.assert(
      fc.property(fc.array(anyType, { minLength: 1, maxLength: 4 }), (types) => {
        for (const nullableRepresentation of ['none', 'optional', 'wrapper']) {
          const properties = { nullableRepresentation };
          const schema = schemas.schemaOf(columns(...types), false, refOf(properties));
          const got = schemas.columnsOf(schema, { isKey: false, wrapped: true, exact: true, ref: refOf() });
          expect(got).toEqual(columns(...types));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are refused where Protobuf has no form', () => {
    const check = (name: string, cols: readonly Column[]) => () => formatByName(name).validate(cols, false, refOf());
    for (const name of ['PROTOBUF', NOSR]) {
      expect(check(name, columns(map(INTEGER, DOUBLE)))).toThrow(
        `${name} format only supports MAP types with STRING keys`,
      );
      expect(check(name, columns(struct([{ name: 'X', type: array(map(BIGINT, STRING)) }])))).toThrow(/Map cannot be/);
      expect(check(name, columns(array(array(INTEGER))))).toThrow(/Array cannot be nested/);
      expect(check(name, columns(map(STRING, array(INTEGER))))).not.toThrow();
    }
    expect(check('PROTOBUF', [{ name: 'a-b', type: INTEGER }])).toThrow(/"a-b" is not a valid identifier/);
  });
});

describe('columns of schemas', () => {
  it('have the types of their fields', () => {
    const scalars = proto(`
      import "google/protobuf/wrappers.proto"; import "confluent/type/decimal.proto"; import "google/type/date.proto";
      message M {
        bool a = 1; int32 b = 2; sint32 c = 3; sfixed32 d = 4; uint32 e = 5; fixed32 f = 6; int64 g = 7; uint64 h = 8;
        float i = 9; double j = 10; string k = 11; bytes l = 12; E m = 13; google.protobuf.UInt32Value n = 14;
        confluent.type.Decimal o = 15; google.type.Date p = 16; repeated google.protobuf.Timestamp q = 17;
        map<int32, Inner> r = 18; repeated XEntry s = 19; repeated NoEntry t = 20;
        confluent.type.Decimal u = 21 [(confluent.field_meta) = { params: [{ value: "4", key: "precision" }, { value: "2", key: "scale" }]}];
        message Inner { int32 x = 1; }
        message XEntry { string key = 1; double value = 2; }
        message NoEntry { string key = 1; double value = 2; bool more = 3; }
      }
      enum E { ZERO = 0; }`);
    expect(inferred(scalars)).toBe(
      'A BOOLEAN, B INTEGER, C INTEGER, D INTEGER, E BIGINT, F BIGINT, G BIGINT, H BIGINT, I DOUBLE, J DOUBLE, K STRING, ' +
        'L BYTES, M STRING, N BIGINT, O DECIMAL(64, 0), P DATE, Q ARRAY<TIMESTAMP>, R MAP<INTEGER, STRUCT<`X` INTEGER>>, ' +
        'S MAP<STRING, DOUBLE>, T ARRAY<STRUCT<`KEY` STRING, `VALUE` DOUBLE, `MORE` BOOLEAN>>, U DECIMAL(4, 2)',
    );
    expect(inferred(proto('message M { int32 camelCase = 1; }'), {}, true)).toBe('camelCase INTEGER');
  });

  it('have a struct for a oneof', () => {
    const schema = proto('message M { int32 a = 1; oneof what { string s = 2; int32 i = 3; } optional int32 o = 4; }');
    expect(inferred(schema)).toBe('WHAT_0 STRUCT<`S` STRING, `I` INTEGER>, A INTEGER, O INTEGER');
  });

  it('are those of the message that is named', () => {
    const schema = proto('package p; message A { int32 x = 1; message B { string y = 1; } } message C { bool z = 1; }');
    expect(inferred(schema)).toBe('X INTEGER');
    expect(inferred(schema, { fullSchemaName: 'p.C' })).toBe('Z BOOLEAN');
    expect(inferred(schema, { fullSchemaName: 'C' })).toBe('Z BOOLEAN');
    expect(inferred(schema, { fullSchemaName: 'p.A.B' })).toBe('Y STRING');
    expect(() => inferred(schema, { fullSchemaName: 'D' })).toThrow(/no message D/);
  });

  it('follow imports', () => {
    const refs = [
      reference('b.proto', 'syntax = "proto3"; package b; message B { int64 t = 1; }'),
      reference('a.proto', 'syntax = "proto3"; import "b.proto"; message A { b.B b = 1; }'),
    ];
    expect(inferred(proto('import "a.proto"; message M { A a = 1; }', refs))).toBe('A STRUCT<`B` STRUCT<`T` BIGINT>>');
    expect(() => inferred(proto('import "c.proto"; message M { int32 a = 1; }'))).toThrow(/it imports "c.proto"/);
  });

  it.each([
    ['message M { M m = 1; }', /M holds itself/],
    ['message M { Nothing m = 1; }', /not valid: .*Nothing/],
    ['message M {', /The Protobuf schema is not valid/],
    ['enum E { A = 0; }', /has no message/],
  ])('are refused for %s', (text, message) => {
    expect(() => inferred(proto(text))).toThrow(message);
  });
});
