import { AwsClient } from 'aws4fetch';
import type { Example } from '../example.js';
import { POSTGRES, S3 } from '../needs.js';
import { fleetRecords } from './records.js';

const TOPIC = 'fleet-data';

export const fleet: Example = {
  title: 'Fleet telemetry',
  about: 'vehicles report, five boards follow, and every record is in PostgreSQL and in a bucket once.',
  takes: [POSTGRES, S3],

  async prepare({ topic, found }) {
    await topic(TOPIC, 1);
    const store = found.get('s3');
    if (store === undefined) return;
    const keys = { accessKeyId: process.env.WEIR_SECRET_S3_KEY!, secretAccessKey: process.env.WEIR_SECRET_S3_SECRET! };
    const made = await new AwsClient({ ...keys, service: 's3', region: 'us-east-1' }).fetch(`${store}/fleet`, {
      method: 'PUT',
    });
    if (!made.ok && made.status !== 409) throw new Error(`The bucket fleet could not be made: ${await made.text()}`);
  },

  /** Four records a second; `--rate` says another number, `--count` when to stop. */
  async feed({ engine, send, clock, signal, options }) {
    const rate = Number(options.rate ?? 4);
    const count = Number(options.count ?? Number.POSITIVE_INFINITY);
    let sent = await engine.topicSize(TOPIC);
    const records = fleetRecords(42 + sent, clock.now());
    while (!signal.aborted && sent < count) {
      const size = Math.min(count - sent, Math.max(1, Math.round(rate / 10)));
      const batch = Array.from({ length: size }, () => ({
        key: null,
        value: Buffer.from(records.next().value as string),
      }));
      await send(TOPIC, batch);
      sent += size;
      await clock.sleep((1000 * size) / rate, signal).catch(() => {}); // the example ends
    }
  },

  hints: (address) => [
    `curl -s '${address}/api/telemetry_metrics_vehicle_5m?vehicle_id=V001&limit=3'`,
    `curl -s ${address}/api/board_fuel`,
    'psql $WEIR_POSTGRES -c "SELECT count(*), avg(fuel_efficiency_l_per_km) FROM fleet_stream_processed"',
  ],
};
