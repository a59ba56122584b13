import { ByteWriter, FORMATS, javaMapOrder, type SqlType, type Value } from '../../engine/index.js';

/** Of a Java HashMap that is made for nothing in particular. */
const JAVA_CAPACITY = 16;

/** Result rows as Protobuf messages, and the schema that they are written with. */
export interface ProtoRows {
  /** The text of a `.proto` file with one message. */
  readonly schema: string;
  encode(row: readonly Value[]): Buffer;
}

/** Throws BAD_STATEMENT for columns that Protobuf cannot hold. */
export function protoRows(columns: readonly { readonly name: string; readonly type: SqlType }[]): ProtoRows {
  const own = columns.map(({ name, type }) => ({ name, type }));
  const ref = { name: FORMATS.PROTOBUF_NOSR.name, properties: {} };
  FORMATS.PROTOBUF_NOSR.validate(own, false, ref);
  const encoder = FORMATS.PROTOBUF_NOSR.encoder({ columns: own, needed: own.map((_, i) => i), ref, isKey: false });
  return {
    schema: FORMATS.PROTOBUF.schemas!.schemaOf(own, false, ref).text,
    encode: (row) => {
      const out = new ByteWriter();
      encoder.encode(
        row.map((v, i) => ordered(own[i]!.type, v)),
        out,
      );
      return Buffer.from(out.toBuffer());
    },
  };
}

/** Entries of maps in the order in which clients of ksqlDB have always got them: messages of equal rows are equal. */
function ordered(type: SqlType, v: Value): Value {
  if (v === null) return null;
  switch (type.kind) {
    case 'MAP': {
      const entries = new Map([...(v as Map<Value, Value>)].map(([k, x]) => [String(k), [k, x] as const]));
      return new Map(
        javaMapOrder([...entries.keys()], JAVA_CAPACITY).map((name) => {
          const [k, x] = entries.get(name)!;
          return [k, ordered(type.value, x)];
        }),
      );
    }
    case 'ARRAY':
      return (v as Value[]).map((x) => ordered(type.element, x));
    case 'STRUCT':
      return type.fields.map((f, i) => ordered(f.type, (v as Value[])[i]!));
    default:
      return v;
  }
}
