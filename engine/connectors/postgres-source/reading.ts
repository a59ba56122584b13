import { ConnectorFailed, type JsonRow } from '../connector.js';
import { quoted } from '../postgres/identifiers.js';
import { type Bound, numberWriters, timeBound } from './late.js';
import type { Options } from './options.js';
import { rowReader, topicOf } from './rows.js';
import type { Session } from './session.js';
import { columnNamed, tableNamed } from './tables.js';
import type { Types } from './values.js';

/** The last row that has been read, as text: its time, its number, or both, by mode. */
export type Mark = readonly string[];

/** One table, or the query, and how its rows are read in order. */
export interface Reading {
  /** What the position calls it. */
  readonly name: string;
  readonly origin: string;
  readonly topic: string | undefined;
  /** How far rows may be read now; undefined: there are none above the mark. */
  bound(mark: Mark | undefined): Promise<Bound | undefined>;
  /** `last`: these are all below the bound. `mark`: of the last of them; undefined where there are none. */
  rows(
    mark: Mark | undefined,
    below: string,
  ): Promise<{ readonly rows: readonly JsonRow[]; readonly mark: Mark | undefined; readonly last: boolean }>;
}

/** Rows of one timestamp come in one batch, in mode timestamp: this many at most. */
export const TIES_MOST = 100_000;

interface From {
  readonly name: string;
  readonly sql: string;
  readonly topic: string | undefined;
}

/** What `options` read: tables, or the query. @throws ConnectorFailed for what is not there or does not fit */
export async function readingsOf(options: Options, session: Session, types: Types): Promise<Reading[]> {
  if (options.late === 'wait') await refuseStandby(session);
  const from: From[] = [];
  if (options.query !== undefined) {
    const sql = `(${options.query.trim().replace(/;+$/, '')}\n) AS query`;
    from.push({ name: 'query', sql, topic: topicOf(options.prefix, undefined) });
  }
  for (const written of options.tables ?? []) {
    const table = await tableNamed(written, session);
    from.push({ name: `${table.schema}.${table.name}`, sql: table.sql, topic: topicOf(options.prefix, table.name) });
  }
  const out: Reading[] = [];
  for (const f of from) out.push(await OrderedReading.of(f, options, session, types));
  return out;
}

async function refuseStandby(session: Session): Promise<void> {
  const [row] = await session.rows<{ standby: string }>('SELECT pg_is_in_recovery()::text AS standby');
  if (row!.standby !== 'true') return;
  throw new ConnectorFailed(
    'The server is a standby: it does not know which transactions of its primary are open, so rows could be missed.',
    'Read from the primary, or set late.transactions to ignore, and timestamp.delay.interval.ms to longer than any transaction takes.',
  );
}

/** A column that rows are ordered by: its type, and the expression. */
interface Order {
  readonly sql: string;
  readonly type: string;
}

class OrderedReading implements Reading {
  private constructor(
    private readonly from: From,
    private readonly options: Options,
    private readonly session: Session,
    private readonly types: Types,
    private readonly time: Order | undefined,
    private readonly number: Order | undefined,
    private readonly timezone: string,
  ) {}

  static async of(from: From, options: Options, session: Session, types: Types): Promise<OrderedReading> {
    const { fields } = await session.ask(`SELECT * FROM ${from.sql} LIMIT 0`);
    const typeOf = async (oid: number): Promise<string> => {
      const [row] = await session.rows<{ type: string }>('SELECT format_type($1::oid, NULL) AS type', [oid]);
      return row!.type;
    };
    let time: Order | undefined;
    if (options.mode.includes('timestamp')) {
      const columns = options.timestampColumns!.map((c) => columnNamed(c, fields, 'timestamp.column.name'));
      const types: string[] = [];
      for (const c of columns) types.push(await typeOf(c.dataTypeID));
      const type = types[0]!;
      if (types.some((t) => t !== type) || !/^timestamp with(?:out)? time zone$/.test(type)) {
        throw new ConnectorFailed(
          `Columns of timestamp.column.name are of type ${types.join(', ')}.`,
          'They must all be timestamp, or all timestamptz.',
        );
      }
      const names = columns.map((c) => quoted(c.name));
      time = { sql: names.length === 1 ? names[0]! : `coalesce(${names.join(', ')})`, type };
    }
    let number: Order | undefined;
    if (options.mode.includes('incrementing')) {
      const column = columnNamed(options.incrementingColumn!, fields, 'incrementing.column.name');
      number = { sql: quoted(column.name), type: await typeOf(column.dataTypeID) };
      if (options.late === 'wait' && options.query === undefined) await refuseCachedNumbers(from, column.name, session);
    }
    return new OrderedReading(from, options, session, types, time, number, options.timezone ?? session.timezone);
  }

  get name(): string {
    return this.from.name;
  }

  get origin(): string {
    return this.options.query === undefined ? `table ${this.from.name}` : 'query';
  }

  get topic(): string | undefined {
    return this.from.topic;
  }

  async bound(mark: Mark | undefined): Promise<Bound | undefined> {
    if (this.time !== undefined) return this.timeBound();
    const number = this.number!;
    const above = mark === undefined ? `${number.sql} IS NOT NULL` : `${number.sql} > $1::${number.type}`;
    const sql = `SELECT ${number.sql}::text AS below FROM ${this.from.sql} WHERE ${above} ORDER BY ${number.sql} DESC LIMIT 1`;
    await this.session.ask('BEGIN TRANSACTION READ ONLY');
    const [highest] = await this.session.rows<{ below: string }>(sql, mark ?? []);
    const writers =
      highest === undefined || this.options.late === 'ignore' ? new Set<string>() : await numberWriters(this.session);
    await this.session.ask('COMMIT');
    return highest === undefined ? undefined : { below: highest.below, writers };
  }

  private async timeBound(): Promise<Bound> {
    if (this.options.late === 'wait') return timeBound(this.session, this.options.delayMs);
    const [row] = await this.session.rows<{ below: string }>(
      'SELECT (clock_timestamp() - $1::interval)::text AS below',
      [`${this.options.delayMs} milliseconds`],
    );
    return { below: row!.below, writers: new Set() };
  }

  async rows(mark: Mark | undefined, below: string): ReturnType<Reading['rows']> {
    const { batchRows } = this.options;
    const marks = [this.time, this.number].filter((o) => o !== undefined);
    const values: string[] = [below, ...(mark ?? [])];
    const list = marks.map((o) => o.sql).join(', ');
    const conditions = marks.map((o) => `${o.sql} IS NOT NULL`);
    if (this.time === undefined) conditions.push(`${this.number!.sql} <= $1::${this.number!.type}`);
    else if (this.time.type === 'timestamp with time zone') conditions.push(`${this.time.sql} < $1::timestamptz`);
    else {
      values.push(this.timezone);
      conditions.push(`${this.time.sql} < ($1::timestamptz AT TIME ZONE $${values.length})`);
    }
    if (mark !== undefined) {
      conditions.push(`(${list}) > (${marks.map((o, i) => `$${i + 2}::${o.type}`).join(', ')})`);
    }
    const page =
      `SELECT *, ${marks.map((o, i) => `(${o.sql})::text AS weir_mark_${i}`).join(', ')} FROM ${this.from.sql} WHERE ${conditions.join(' AND ')}` +
      ` ORDER BY ${list} FETCH FIRST ${batchRows} ROWS`;
    const most = batchRows + TIES_MOST;
    const sql = this.number === undefined ? `SELECT * FROM (${page} WITH TIES) AS page LIMIT ${most}` : `${page} ONLY`;
    const { fields, rows } = await this.session.ask(sql, values);
    if (rows.length === most) {
      throw new ConnectorFailed(
        `More than ${TIES_MOST} rows of ${this.name} have one timestamp: mode timestamp reads them in one batch, which is too large.`,
        'Use mode timestamp+incrementing, whose number tells such rows apart.',
      );
    }
    const shown = fields.slice(0, fields.length - marks.length);
    const read = await rowReader(shown, this.types, this.session);
    const last = rows.at(-1);
    return {
      rows: rows.map(read),
      mark: last === undefined ? undefined : last.slice(shown.length).map(String),
      last: rows.length < batchRows,
    };
  }
}

/** A session that keeps numbers in advance uses them later than others that are higher, and no lock tells of that. */
async function refuseCachedNumbers(from: From, column: string, session: Session): Promise<void> {
  const [row] = await session.rows<{ cache: string; name: string }>(
    `SELECT s.seqcache::text AS cache, s.seqrelid::regclass::text AS name FROM pg_sequence s
      WHERE s.seqcache > 1 AND s.seqrelid = pg_get_serial_sequence($1, $2)::regclass`,
    [from.sql, column],
  );
  if (row === undefined) return;
  throw new ConnectorFailed(
    `The sequence ${row.name} hands out numbers in advance (CACHE ${row.cache}): rows with smaller numbers come later, and would be missed.`,
    `ALTER SEQUENCE ${row.name} CACHE 1, or use mode cdc. late.transactions=ignore reads all the same.`,
  );
}
