import { WeirError } from '../../base/errors.js';
import { Decimal } from '../../values/decimal.js';
import type { Column } from '../../values/schema.js';
import type { SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { readUnscaled } from '../avro/bytes.js';
import { isWrapped } from '../columns.js';
import { type CoderContext, DecodeError } from '../format.js';
import type { Leaf, LeafReader } from '../json/leaves.js';
import { OTHER, type ValueReader } from '../json/reader.js';
import { type JsonCursor, QUOTE, readString } from '../json/scan.js';
import { matchFields } from '../match-fields.js';
import { writtenWith } from '../registry/framed.js';
import { pinnedSchema } from '../registry/pinned.js';
import { fitDecimal } from '../text-values.js';
import { inferJsonSchema } from './infer.js';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})+$|^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$/;

/** Schemas of one topic that a decoder keeps the scales of. */
const MAX_SCHEMAS = 1000;

/** Scales by the type of the column, field or element that has it. */
type Scales = ReadonlyMap<SqlType, number>;

/**
 * Connect writes a decimal as base64 of its unscaled value (`decimal.format=BASE64`, the default), others as a number: text that
 * can be base64 is that. Its scale is in the schema that the record was written with: that alone is looked up, and only where
 * there is such text.
 */
export class ConnectDecimals {
  /** The columns, with a type object of its own at each place. */
  readonly columns: readonly Column[];
  /** The schema of the record that is being read. */
  id = -1;
  private readonly known = new Map<number, Scales>();

  constructor(private readonly context: CoderContext) {
    this.columns = context.columns.map((c) => ({ ...c, type: ownType(c.type) }));
  }

  readonly leaf: LeafReader = (type: Leaf, usual: ValueReader): ValueReader => {
    if (type.kind !== 'DECIMAL') return usual;
    return {
      op: OTHER,
      read: (c: JsonCursor): Value => {
        const at = c.p;
        if (c.bytes[at] !== QUOTE) return usual.read(c);
        const text = readString(c);
        if (!BASE64.test(text)) {
          c.p = at;
          return usual.read(c);
        }
        const bytes = Buffer.from(text, 'base64');
        const written = new Decimal(readUnscaled(bytes, 0, bytes.length), this.scales().get(type) ?? type.scale);
        return fitDecimal(written, type.precision, type.scale);
      },
    };
  };

  private scales(): Scales {
    let scales = this.known.get(this.id);
    if (scales === undefined) {
      scales = this.scalesIn(this.id);
      if (this.known.size >= MAX_SCHEMAS) this.known.clear();
      this.known.set(this.id, scales);
    }
    return scales;
  }

  private scalesIn(id: number): Scales {
    const { ref, isKey, schemas } = this.context;
    const out = new Map<SqlType, number>();
    // Without a registry there is no other scale than the columns'.
    if (schemas === undefined && pinnedSchema(ref, 'JSON')?.id !== id) return out;
    const wrapped = isWrapped(this.context);
    try {
      const written = inferJsonSchema(writtenWith(this.context, 'JSON', id), { isKey, wrapped, exact: true, ref });
      if (wrapped) collect(this.columns, written, out);
      else pair(this.columns[0]!.type, written[0]!.type, out);
      return out;
    } catch (e) {
      if (e instanceof WeirError) throw new DecodeError(`No scale for a decimal in base64: ${e.message}`);
      throw e;
    }
  }
}

function ownType(type: SqlType): SqlType {
  switch (type.kind) {
    case 'ARRAY':
      return { ...type, element: ownType(type.element) };
    case 'MAP':
      return { ...type, value: ownType(type.value) };
    case 'STRUCT':
      return { ...type, fields: type.fields.map((f) => ({ ...f, type: ownType(f.type) })) };
    default:
      return { ...type };
  }
}

function collect(own: readonly Column[], written: readonly Column[], out: Map<SqlType, number>): void {
  const at = matchFields(
    written.map((c) => c.name),
    own.map((c) => c.name),
  );
  own.forEach((c, i) => {
    if (at[i]! >= 0) pair(c.type, written[at[i]!]!.type, out);
  });
}

function pair(own: SqlType, written: SqlType, out: Map<SqlType, number>): void {
  if (own.kind === 'DECIMAL' && written.kind === 'DECIMAL') out.set(own, written.scale);
  else if (own.kind === 'ARRAY' && written.kind === 'ARRAY') pair(own.element, written.element, out);
  else if (own.kind === 'MAP' && written.kind === 'MAP') pair(own.value, written.value, out);
  else if (own.kind === 'STRUCT' && written.kind === 'STRUCT') collect(own.fields, written.fields, out);
}
