import type { AssertTopic } from '../../parser/ast.js';
import { awaitAssertion } from './assertion.js';
import type { Prepared, StatementContext } from './context.js';
import type { KindsOf } from './kind.js';

/** ASSERT [NOT EXISTS] TOPIC name [WITH (partitions=n, replicas=n)] [TIMEOUT …]. */
async function assertTopic(statement: AssertTopic, context: StatementContext): Promise<Prepared> {
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
      await awaitAssertion(problem, statement.timeout, clock);
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

export const ASSERT_TOPIC: KindsOf<'AssertTopic'> = {
  AssertTopic: { effect: 'reads', subject: () => 'ASSERT TOPIC', prepare: assertTopic },
};
