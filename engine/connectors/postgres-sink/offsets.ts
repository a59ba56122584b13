import type { Client } from 'pg';
import { ConnectorFailed, type SinkContext } from '../connector.js';

const TABLE = 'weir_connector_offsets';

/** One of the rows that say, in the target, up to where a partition is written: moved in the transaction of the rows. */
export class TargetOffset {
  private constructor(
    private readonly client: Client,
    private readonly place: readonly [sink: string, topic: string, partition: number],
    /** Of this task: a later task has a higher one, and from then on this one writes nothing. */
    private readonly epoch: string,
    /** The next offset; undefined: nothing has been written. */
    public next: number | undefined,
  ) {}

  /** Takes the partition over from whoever has written before. @throws ConnectorFailed where what was written is of another topic */
  static async claim(client: Client, context: SinkContext<unknown>): Promise<TargetOffset> {
    const { connector, serviceId, source, partition, end } = context;
    const sink = `${serviceId}${connector}`;
    const place = [sink, source.topic, partition] as const;
    await client.query('BEGIN');
    try {
      await client.query('SELECT pg_advisory_xact_lock(4217002)');
      await client.query(
        `CREATE TABLE IF NOT EXISTS ${TABLE} (
           sink text NOT NULL, topic text NOT NULL, "partition" integer NOT NULL, topic_id text, next bigint, epoch bigint NOT NULL,
           PRIMARY KEY (sink, topic, "partition"))`,
      );
      await client.query(
        `INSERT INTO ${TABLE} (sink, topic, "partition", topic_id, epoch) VALUES ($1, $2, $3, $4, 0) ON CONFLICT DO NOTHING`,
        [...place, source.topicId ?? null],
      );
      const { rows } = await client.query<{ next: string | null; topic_id: string | null; epoch: string }>(
        `UPDATE ${TABLE} SET epoch = epoch + 1, topic_id = coalesce(topic_id, $4)
         WHERE sink = $1 AND topic = $2 AND "partition" = $3 RETURNING next, topic_id, epoch`,
        [...place, source.topicId ?? null],
      );
      const [{ next, topic_id: topicId, epoch }] = rows as [(typeof rows)[0]];
      const other = source.topicId !== undefined && topicId !== null && topicId !== source.topicId;
      if (other || (next !== null && Number(next) > end)) {
        throw new ConnectorFailed(
          `The table has rows of topic ${source.topic} up to offset ${next}, and ${other ? 'this is another topic of the name' : `the topic ends at ${end}`}.`,
          `To write this topic's rows as well, delete the sink's rows of it from ${TABLE}: sink '${sink}'. Then resume the connector.`,
        );
      }
      await client.query('COMMIT');
      return new TargetOffset(client, place, epoch, next === null ? undefined : Number(next));
    } catch (e) {
      await client.query('ROLLBACK').catch(() => undefined); // the connection has gone, and the transaction with it
      throw e;
    }
  }

  /** In the transaction that is open: all below `next` is written. @throws where another task has taken the partition over */
  async move(next: number): Promise<void> {
    const { rowCount } = await this.client.query(
      `UPDATE ${TABLE} SET next = $4 WHERE sink = $1 AND topic = $2 AND "partition" = $3 AND epoch = $5 AND next IS NOT DISTINCT FROM $6`,
      [...this.place, next, this.epoch, this.next ?? null],
    );
    if (rowCount !== 1) {
      const [, topic, partition] = this.place;
      throw new Error(`Another task writes partition ${partition} of topic ${topic} now.`);
    }
  }

  /** The transaction that has moved it is committed. */
  moved(next: number): void {
    this.next = next;
  }

  /** The connector is gone: so is what it has kept. */
  static async forget(client: Client, serviceId: string, connector: string): Promise<void> {
    const { rows } = await client.query<{ there: string | null }>('SELECT to_regclass($1) AS there', [TABLE]);
    if (rows[0]!.there !== null)
      await client.query(`DELETE FROM ${TABLE} WHERE sink = $1`, [`${serviceId}${connector}`]);
  }
}
