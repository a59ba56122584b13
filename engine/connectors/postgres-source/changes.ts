import type { Pgoutput } from 'pg-logical-replication';
import type { Logger } from '../../base/logger.js';
import { ConnectorFailed, type JsonRow, type JsonValue, type RowRecord } from '../connector.js';
import { quoted } from '../postgres/identifiers.js';
import type { Captured } from './captured.js';
import type { Options } from './options.js';
import { lsnOf, type Region } from './position.js';
import type { Session } from './session.js';
import type { ToJson, Types } from './values.js';

/** Values by column, as text; undefined: the value is large and has not changed, and the log does not have it. */
type Tuple = Readonly<Record<string, string | null | undefined>>;

export type Change =
  | Pgoutput.MessageInsert
  | Pgoutput.MessageUpdate
  | Pgoutput.MessageDelete
  | Pgoutput.MessageTruncate;

interface Parts {
  readonly tables: readonly Captured[];
  readonly types: Types;
  readonly session: Session;
  readonly options: Options;
  readonly logger: Logger;
}

/** The transaction that a change is of. */
export interface Of {
  readonly commit: bigint;
  readonly timestamp: number;
}

/** Makes records of the changes of transactions. */
export class Changes {
  private readonly byOid: ReadonlyMap<number, Captured>;
  private readonly readers = new WeakMap<Pgoutput.MessageRelation, ReadonlyMap<string, ToJson>>();
  private regions: ReadonlyMap<string, readonly Region[]>;

  constructor(
    private readonly parts: Parts,
    regions: Readonly<Record<string, readonly Region[]>>,
  ) {
    this.byOid = new Map(parts.tables.map((t) => [Number(t.table.oid), t]));
    this.regions = new Map(Object.entries(regions));
  }

  /** Learns what the changes of a table will look like. */
  async relation(m: Pgoutput.MessageRelation): Promise<void> {
    const table = this.byOid.get(m.relationOid);
    if (table === undefined) return;
    const { types, session, logger } = this.parts;
    const lacks = [...table.key, ...table.table.key].filter((k) => !m.columns.some((c) => c.name === k));
    if (lacks.length > 0) {
      throw new ConnectorFailed(
        `The table ${table.name} has been changed: its key column ${lacks.join(', ')} is gone.`,
        'Drop the connector and create it again: it then begins with the rows that are there.',
      );
    }
    if (`${m.schema}.${m.name}` !== table.name) {
      logger.warn(
        { table: table.name, now: `${m.schema}.${m.name}` },
        'The table has another name now; its rows go where they went',
      );
    }
    await types.learn(
      m.columns.map((c) => c.typeOid),
      session,
    );
    this.readers.set(m, new Map(m.columns.map((c) => [c.name, types.reader(c.typeOid)])));
  }

  /** The records of one change, in their order; none for a table that is not the connector's, or that a snapshot has had. */
  async records(m: Change, of: Of): Promise<RowRecord[]> {
    if (m.tag === 'truncate') return this.truncated(m);
    const table = this.byOid.get(m.relation.relationOid);
    if (table === undefined) return [];
    if (m.tag === 'insert') return this.row(table, m.relation, m.new, undefined, of);
    const before = (m.old ?? m.key ?? undefined) as Tuple | undefined;
    if (m.tag === 'delete') return this.deleted(table, m.relation, before ?? {}, of, 'DELETE');
    const after = m.new as Tuple;
    const moved = before !== undefined && [...table.key, ...table.table.key].some((k) => before[k] !== after[k]);
    // Where the key stays, region and record are those of the new row.
    const gone = moved
      ? this.deleted(table, m.relation, { ...after, ...defined(before) }, of, 'UPDATE of the key')
      : [];
    return [...gone, ...(await this.row(table, m.relation, after, before, of))];
  }

  /** A transaction has been given as a whole: regions that end before it say nothing any more. */
  ended(commit: bigint): void {
    if (this.regions.size === 0) return;
    const left = [...this.regions].filter(([, regions]) => regions.some((r) => lsnOf(r.lsn) > commit));
    if (left.length < this.regions.size) this.regions = new Map(left);
  }

  /** For the position; undefined: none are left. */
  get regionsLeft(): Readonly<Record<string, readonly Region[]>> | undefined {
    return this.regions.size === 0 ? undefined : Object.fromEntries(this.regions);
  }

  /** Whether a snapshot was taken behind this transaction in the region of the row's key. */
  private had(table: Captured, row: Tuple, commit: bigint): boolean {
    const regions = this.regions.get(table.name);
    if (regions === undefined) return false;
    const key = table.order?.columns.map((c) => row[c.name] ?? '');
    const region = regions.find(
      (r) => r.upTo === null || (key !== undefined && table.order!.compare(key, r.upTo) <= 0),
    );
    return region !== undefined && commit < lsnOf(region.lsn);
  }

  private async row(
    table: Captured,
    relation: Pgoutput.MessageRelation,
    row: Tuple,
    before: Tuple | undefined,
    of: Of,
  ): Promise<RowRecord[]> {
    if (this.had(table, row, of.commit)) return [];
    const missing = relation.columns.map((c) => c.name).filter((c) => row[c] === undefined);
    const whole = missing.length === 0 ? row : await this.completed(table, row, before, missing);
    const value = this.json(
      relation,
      whole,
      relation.columns.map((c) => c.name),
    );
    const key = table.key.length === 0 ? {} : { key: this.json(relation, whole, table.key) };
    return [{ ...key, value, timestamp: of.timestamp, ...placed(table) }];
  }

  private deleted(table: Captured, relation: Pgoutput.MessageRelation, row: Tuple, of: Of, what: string): RowRecord[] {
    if (this.had(table, row, of.commit)) return [];
    if (table.key.length === 0) {
      throw new ConnectorFailed(
        `A ${what} in ${table.name} cannot be told: the table has no primary key, or the stream that gets its rows has no key.`,
        'Give both a key and create the connector again. Tables that are only inserted into need none.',
      );
    }
    return [{ key: this.json(relation, row, table.key), value: null, timestamp: of.timestamp, ...placed(table) }];
  }

  private json(relation: Pgoutput.MessageRelation, row: Tuple, columns: readonly string[]): JsonRow {
    const readers = this.readers.get(relation)!;
    const out: Record<string, JsonValue> = {};
    for (const name of columns) {
      const text = row[name];
      out[name] = text === null || text === undefined ? null : readers.get(name)!(text);
    }
    return out;
  }

  /** A large value that has not changed is in the old row, or else nowhere in the log. */
  private async completed(
    table: Captured,
    row: Tuple,
    before: Tuple | undefined,
    missing: readonly string[],
  ): Promise<Tuple> {
    const lost = missing.filter((c) => before?.[c] === undefined);
    const known = Object.fromEntries(missing.map((c) => [c, before?.[c]]));
    if (lost.length === 0) return { ...row, ...known };
    const { options, session } = this.parts;
    if (options.toast === 'fail' || table.table.key.length === 0) {
      throw new ConnectorFailed(
        `An update in ${table.name} left the large value of ${lost.join(', ')} as it was, and so the log of the server does not have it.`,
        `ALTER TABLE ${table.table.sql} REPLICA IDENTITY FULL, and create the connector again; or set toast.unchanged to current, which reads the value as it is by then.`,
      );
    }
    const where = table.table.key.map((k, i) => `${quoted(k)} = $${i + 1}`).join(' AND ');
    const [now] = await session.rows<Record<string, string | null>>(
      `SELECT ${lost.map(quoted).join(', ')} FROM ${table.table.sql} WHERE ${where}`,
      table.table.key.map((k) => row[k]),
    );
    // The row is gone by now, or has another key: a deletion follows, and the value is not known any more.
    return { ...row, ...known, ...(now ?? Object.fromEntries(lost.map((c) => [c, null]))) };
  }

  private truncated(m: Pgoutput.MessageTruncate): RowRecord[] {
    const tables = m.relations.flatMap((r) => this.byOid.get(r?.relationOid) ?? []).map((t) => t.name);
    if (tables.length === 0) return [];
    if (this.parts.options.truncate === 'skip') {
      this.parts.logger.warn({ tables }, 'TRUNCATE: the rows of the tables are gone in Postgres, and stay in Weir');
      return [];
    }
    throw new ConnectorFailed(
      `TRUNCATE of ${tables.join(', ')}: which rows are gone is not in the log of the server, so they would stay in Weir.`,
      'Create the connector again, with a new table as its target; or set truncate.handling.mode to skip, to go on as if nothing had been deleted.',
    );
  }
}

const placed = (table: Captured) => ({
  origin: `table ${table.name}`,
  ...(table.topic === undefined ? {} : { topic: table.topic }),
});

const defined = (row: Tuple): Tuple => Object.fromEntries(Object.entries(row).filter(([, v]) => v !== undefined));
