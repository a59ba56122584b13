import { afterAll, beforeAll, expect, test } from 'vitest';
import { KafkaLog, kafkaConfig } from '../../engine/log/kafka/index.js';
import { type Broker, describeKafka, freePorts, startBroker } from './support/broker.js';

/** A listener is advertised where nobody listens. */
describeKafka('brokers that are not where they say they are', () => {
  let broker: Broker;
  let port: number;
  beforeAll(async () => {
    [port] = (await freePorts(1)) as [number];
    broker = await startBroker({ proxyPorts: [port] });
  });
  afterAll(() => broker?.stop());

  test('are named at the start, as something that may pass', async () => {
    const bootstrap = broker.listeners.PROXIED!;
    const log = new KafkaLog(kafkaConfig({ 'bootstrap.servers': bootstrap }));
    const error = await log.open().then(
      () => expect.unreachable('it was reached'),
      (e: unknown) => e as Error & { away: boolean; hint: string },
    );
    expect(error.message).toContain(
      `Kafka answers at ${bootstrap}, and cannot be reached where its brokers say they are: 127.0.0.1:${port}`,
    );
    expect(error.hint).toContain('advertised.listeners');
    expect(error.away).toBe(true);
    await log.close();
  });
});
