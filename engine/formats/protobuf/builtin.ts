/** Schemas that others import by name without registering them, as Confluent's serializers and registry have them. */
export const BUILT_IN: ReadonlyMap<string, string> = new Map([
  [
    'google/type/date.proto',
    'syntax = "proto3"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }',
  ],
  [
    'google/type/timeofday.proto',
    'syntax = "proto3"; package google.type; message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
  ],
  [
    'confluent/type/decimal.proto',
    'syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
  ],
  // Only options, which are read from where they are used.
  ['confluent/meta.proto', 'syntax = "proto3"; package confluent;'],
]);

/** Field numbers and names of the messages that are SQL types of their own. */
export const TIMESTAMP_TYPE = 'google.protobuf.Timestamp';
export const DATE_TYPE = 'google.type.Date';
export const TIME_TYPE = 'google.type.TimeOfDay';
export const DECIMAL_TYPE = 'confluent.type.Decimal';

/** Wrappers of scalars (google/protobuf/wrappers.proto), by the scalar that they hold in field 1. */
export const WRAPPERS: ReadonlyMap<string, string> = new Map([
  ['google.protobuf.DoubleValue', 'double'],
  ['google.protobuf.FloatValue', 'float'],
  ['google.protobuf.Int64Value', 'int64'],
  ['google.protobuf.UInt64Value', 'uint64'],
  ['google.protobuf.Int32Value', 'int32'],
  ['google.protobuf.UInt32Value', 'uint32'],
  ['google.protobuf.BoolValue', 'bool'],
  ['google.protobuf.StringValue', 'string'],
  ['google.protobuf.BytesValue', 'bytes'],
]);
