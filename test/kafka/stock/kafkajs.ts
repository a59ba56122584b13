import {
  type Consumer,
  type ConsumerConfig,
  Kafka,
  type KafkaConfig,
  logLevel,
  type Message,
  type Producer,
} from 'kafkajs';

/** kafkajs as it is: a client that shares no code with what is tested but its connections. */
export function stockClient(bootstrap: string, over: Partial<KafkaConfig> = {}): Kafka {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
  return new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 8 }, ...over });
}

export async function transactionalProducer(bootstrap: string, transactionalId: string): Promise<Producer> {
  const options = { transactionalId, idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false };
  const producer = stockClient(bootstrap).producer(options);
  await producer.connect();
  return producer;
}

export const message = (key: string | Buffer | null, value: string): Message => ({ key, value, partition: 0 });

/** Values that a consumer of kafkajs has seen, in order, and what it calls a crash. */
export interface StockConsumer {
  readonly seen: string[];
  readonly crashes: string[];
  readonly consumer: Consumer;
}

/** Starts a consumer of kafkajs on a topic; `each` is awaited for each message. */
export async function stockConsumer(
  kafka: Kafka,
  topic: string,
  options: Partial<ConsumerConfig> & { readonly fromBeginning?: boolean } = {},
  each: (value: string) => Promise<void> = async () => {},
): Promise<StockConsumer> {
  const { fromBeginning = true, ...over } = options;
  const consumer = kafka.consumer({ groupId: `stock-${process.pid}-${++groups}`, maxWaitTimeInMs: 100, ...over });
  const seen: string[] = [];
  const crashes: string[] = [];
  consumer.on('consumer.crash', ({ payload }) => void crashes.push(payload.error.message));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning });
  await consumer.run({
    eachMessage: async ({ message: { value } }) => {
      seen.push(String(value));
      await each(String(value));
    },
  });
  return { seen, crashes, consumer };
}

let groups = 0;
