import { ConnectorFailed, type JsonValue } from '../connector.js';

/** A place in the log of the server: `16/B374D848` is 0x16B374D848. Texts of equal length do not order as places do. */
export const lsnOf = (text: string): bigint => {
  const [high, low] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
};
export const lsnText = (lsn: bigint): string =>
  `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;

/**
 * Rows of a table whose keys are at most `upTo`, and in no region before, have been read as they were at the place `lsn`: what
 * changed them before that place is in them. Null: all that are left.
 */
export interface Region {
  readonly upTo: readonly string[] | null;
  readonly lsn: string;
}

/** Where mode cdc goes on. */
export interface CdcPosition {
  readonly mode: 'cdc';
  /**
   * `begun`: nothing is written, and a slot of this name is the connector's own. `snapshot`: the rows that are there are being
   * read. `stream`: changes are.
   */
  readonly phase: 'begun' | 'snapshot' | 'stream';
  /** The database cluster: another one with the same address has another log. */
  readonly system: string;
  readonly slot: string;
  /** The tables by name, with what the catalog calls them: a table that is made anew is another. */
  readonly tables: Readonly<Record<string, string>>;
  /** The end of the last transaction that is written as a whole; while `begun`, unknown. */
  readonly lsn?: string;
  /** Of the transaction behind it that is written in part: where it commits, and how many of its changes are done. */
  readonly transaction?: { readonly commit: string; readonly changes: number };
  /** How far the snapshot has come, by table; in phase `stream`, of those that were read at a later place than the slot's. */
  readonly regions?: Readonly<Record<string, readonly Region[]>>;
}

export function cdcPosition(position: JsonValue | undefined): CdcPosition | undefined {
  if (position === undefined) return undefined;
  const known = position as unknown as CdcPosition;
  if (known.mode === 'cdc') return known;
  throw new ConnectorFailed(
    'The connector has read with another mode until now: from where mode cdc would go on is not known.',
    'Drop the connector, and create one with mode cdc.',
  );
}
