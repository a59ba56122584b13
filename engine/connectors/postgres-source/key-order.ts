import { quoted } from '../postgres/identifiers.js';

/**
 * Types of key columns whose order is known here as well as in the database. Rows of such keys are read in their order, so that a
 * snapshot that was cut short goes on behind the last of them.
 */
const ORDERS: Readonly<
  Record<string, { readonly compare: (a: string, b: string) => number; readonly collate?: true }>
> = {
  int2: { compare: byNumber },
  int4: { compare: byNumber },
  int8: { compare: byNumber },
  uuid: { compare: byBytes },
  text: { compare: byBytes, collate: true },
  varchar: { compare: byBytes, collate: true },
};

function byNumber(a: string, b: string): number {
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** As COLLATE "C" does. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export interface KeyColumn {
  readonly name: string;
  readonly type: string;
}

export class KeyOrder {
  private constructor(
    readonly columns: readonly KeyColumn[],
    private readonly orders: readonly (typeof ORDERS)[string][],
  ) {}

  /** Undefined: there is no key, or one whose order is not known here. */
  static of(columns: readonly KeyColumn[]): KeyOrder | undefined {
    const orders = columns.map((c) => ORDERS[c.type]);
    if (columns.length === 0 || orders.includes(undefined)) return undefined;
    return new KeyOrder(columns, orders as (typeof ORDERS)[string][]);
  }

  /** For ORDER BY. */
  get sql(): string {
    return this.columns.map((c, i) => quoted(c.name) + (this.orders[i]!.collate ? ' COLLATE "C"' : '')).join(', ');
  }

  /** The condition of rows behind a key, its texts being literals. */
  behind(key: readonly string[]): string {
    const values = this.columns.map((c, i) => `'${key[i]!.replaceAll("'", "''")}'::pg_catalog.${c.type}`);
    return `(${this.sql}) > (${values.join(', ')})`;
  }

  compare(a: readonly string[], b: readonly string[]): number {
    for (const [i, order] of this.orders.entries()) {
      const d = order.compare(a[i]!, b[i]!);
      if (d !== 0) return d;
    }
    return 0;
  }
}
