import type { AssertTopic, Duration } from '../../parser/ast.js';
import { WeirError } from '../types/errors.js';
import type { Prepared, StatementContext } from './context.js';

const UNIT_MS: Readonly<Record<Duration['unit'], number>> = {
  MILLISECONDS: 1,
  SECONDS: 1000,
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: 86_400_000,
  WEEKS: 604_800_000,
  MONTHS: 2_592_000_000,
  YEARS: 31_536_000_000,
};
const DEFAULT_TIMEOUT_MS = 1000;
const POLL_MS = 50;

/** ASSERT [NOT EXISTS] TOPIC name [WITH (partitions=n, replicas=n)] [TIMEOUT …]. */
export async function assertTopic(statement: AssertTopic, context: StatementContext): Promise<Prepared> {
  const { log, clock } = context.parts;
  const wanted = (name: string): number | undefined => {
    const p = statement.properties.find((x) => x.name.toUpperCase() === name);
    return p === undefined ? undefined : Number((p.value as { value?: unknown }).value);
  };
  /** What is wrong just now; undefined: nothing. */
  const problem = async (): Promise<string | undefined> => {
    const topic = await log.describeTopic(statement.topic);
    if (!statement.exists) return topic === undefined ? undefined : `Topic ${statement.topic} exists`;
    if (topic === undefined) return `Topic ${statement.topic} does not exist`;
    const [partitions, replicas] = [wanted('PARTITIONS'), wanted('REPLICAS')];
    if (partitions !== undefined && partitions !== topic.partitions) {
      return `Mismatched configuration for topic ${statement.topic}: For config partitions, expected ${partitions} got ${topic.partitions}`;
    }
    if (replicas !== undefined && replicas !== topic.replicas[0]) {
      return `Mismatched configuration for topic ${statement.topic}: For config replicas, expected ${replicas} got ${topic.replicas[0]}`;
    }
    return undefined;
  };
  return {
    run: async () => {
      const { timeout } = statement;
      const until = clock.now() + (timeout === undefined ? DEFAULT_TIMEOUT_MS : timeout.value * UNIT_MS[timeout.unit]);
      let wrong = await problem();
      while (wrong !== undefined && clock.now() < until) {
        await clock.sleep(POLL_MS);
        wrong = await problem();
      }
      if (wrong !== undefined) throw new WeirError('ASSERT_FAILED', wrong);
      return {
        '@type': 'assert_topic',
        statementText: context.sql,
        topicName: statement.topic,
        exists: statement.exists,
        warnings: [],
      };
    },
  };
}
