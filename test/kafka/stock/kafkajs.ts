import { Kafka, logLevel, type Message, type Producer } from 'kafkajs';

/** kafkajs as it is: a client that shares no code with what is tested but its connections. */
export function stockClient(bootstrap: string): Kafka {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
  return new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 8 } });
}

export async function transactionalProducer(bootstrap: string, transactionalId: string): Promise<Producer> {
  const options = { transactionalId, idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false };
  const producer = stockClient(bootstrap).producer(options);
  await producer.connect();
  return producer;
}

export const message = (key: string | Buffer | null, value: string): Message => ({ key, value, partition: 0 });
