import type { JsonRow, JsonValue, SourceBatch, SourceContext, SourceTask } from '../connector.js';
import type { Options } from './options.js';
import { recordOf, rowReader, topicOf } from './rows.js';
import type { Session } from './session.js';
import { tableNamed } from './tables.js';
import type { Types } from './values.js';

const WAIT_MS = 1000;

interface Part {
  readonly sql: string;
  readonly origin: string;
  readonly topic: string | undefined;
}

/** Mode bulk: all rows each interval, all tables of one round in one snapshot. A round that was cut short begins anew. */
export class BulkTask implements SourceTask {
  private nextAt = 0;
  /** The table of the round that is being read; undefined: no round is under way. */
  private at: number | undefined;
  private read: ((row: readonly (string | null)[]) => JsonRow) | undefined;

  private constructor(
    private readonly context: SourceContext<Options>,
    private readonly session: Session,
    private readonly types: Types,
    private readonly parts: readonly Part[],
    private round: number,
  ) {}

  static async start(
    context: SourceContext<Options>,
    position: JsonValue | undefined,
    session: Session,
    types: Types,
  ): Promise<BulkTask> {
    const { tables, query, prefix } = context.options;
    const parts: Part[] = [];
    if (query !== undefined) {
      parts.push({ sql: query.trim().replace(/;+$/, ''), origin: 'query', topic: topicOf(prefix, undefined) });
    }
    for (const written of tables ?? []) {
      const t = await tableNamed(written, session);
      parts.push({
        sql: `SELECT * FROM ${t.sql}`,
        origin: `table ${t.schema}.${t.name}`,
        topic: topicOf(prefix, t.name),
      });
    }
    const rounds = (position as { readonly rounds?: number } | undefined)?.rounds ?? 0;
    return new BulkTask(context, session, types, parts, rounds);
  }

  async poll(): Promise<SourceBatch | undefined> {
    const { clock, signal, options } = this.context;
    if (this.at === undefined) {
      const wait = Math.min(WAIT_MS, this.nextAt - clock.now());
      // A task that is to end ends its wait; that is no error.
      if (wait > 0) await clock.sleep(wait, signal).catch(() => undefined);
      if (signal.aborted || this.nextAt > clock.now()) return undefined;
      await this.session.ask('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      this.at = 0;
    }
    const part = this.parts[this.at]!;
    if (this.read === undefined) {
      await this.session.ask(`DECLARE weir NO SCROLL CURSOR FOR ${part.sql}`);
      const { fields } = await this.session.ask('FETCH 0 FROM weir');
      this.read = await rowReader(fields, this.types, this.session);
    }
    const { rows } = await this.session.ask(`FETCH ${options.batchRows} FROM weir`);
    const records = rows.map(this.read).map((row) => recordOf(row, part.topic, part.origin));
    if (rows.length < options.batchRows) {
      await this.session.ask('CLOSE weir');
      this.read = undefined;
      this.at++;
      if (this.at === this.parts.length) await this.endRound();
    }
    return records.length === 0 ? undefined : { records, position: { mode: 'bulk', rounds: this.round } };
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private async endRound(): Promise<void> {
    await this.session.ask('COMMIT');
    this.at = undefined;
    this.round++;
    this.nextAt = this.context.clock.now() + this.context.options.pollMs;
  }
}
