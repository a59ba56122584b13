import fc from 'fast-check';
import { expect, it } from 'vitest';
import { analyze } from '../../engine/analyzer/index.js';
import type { SubTopology } from '../../engine/plan/topology.js';
import { parseScript } from '../../parser/index.js';
import { Session } from '../analyzer/support.js';

const topics = ['t0', 't1', 't2'];

/** Each of the sources that are joined, one after the other: the topic it is over, and the columns it is joined on. */
const joins = fc.array(
  fc.record({
    topic: fc.constantFrom(...topics),
    own: fc.constantFrom('K', 'X', 'Y'),
    before: fc.nat(10),
    other: fc.constantFrom('K', 'X', 'Y'),
    table: fc.boolean(),
  }),
  { minLength: 2, maxLength: 6 },
);

const read = (sub: SubTopology, internal: boolean): string[] => [
  ...new Set(sub.nodes.flatMap((n) => (n.kind === 'source' && n.internal === internal ? [n.topic] : []))),
];
const written = (sub: SubTopology): string[] => sub.nodes.flatMap((n) => (n.kind === 'repartition' ? [n.topic] : []));

it('a topic is read by one sub-topology, none reads what it writes, and writers stand before readers', () => {
  let shared = 0;
  fc.assert(
    fc.property(joins, (drawn) => {
      const session = new Session();
      const run = (sql: string) => {
        const [statement] = parseScript(sql);
        return session.apply(analyze(statement!, session.context(sql)));
      };
      drawn.forEach(({ topic, table }, i) => {
        // A table is joined on its key, behind a stream.
        const [kind, key] = table && i > 0 ? ['TABLE', 'PRIMARY KEY'] : ['STREAM', 'KEY'];
        run(
          `CREATE ${kind} S${i} (K INT ${key}, X INT, Y INT) WITH (KAFKA_TOPIC='${topic}', FORMAT='JSON', PARTITIONS=2);`,
        );
      });
      const from = drawn.slice(1).map(({ own, before, other, table }, i) => {
        const [left, right] = [`S${before % (i + 1)}.${other}`, `S${i + 1}.${table ? 'K' : own}`];
        return `JOIN S${i + 1} ${table ? '' : 'WITHIN 1 HOUR'} ON ${left} = ${right}`;
      });
      const columns = drawn.map((_, i) => `S${i}.K AS K${i}, S${i}.X AS X${i}, S${i}.Y AS Y${i}`);
      const planned = run(`CREATE STREAM R AS SELECT ${columns.join(', ')} FROM S0 ${from.join(' ')};`);
      const { subtopologies } = planned!.topology!;
      const external = subtopologies.flatMap((sub) => read(sub, false));
      expect(external.toSorted()).toEqual([...new Set(drawn.map((d) => d.topic))].toSorted());
      for (const [i, sub] of subtopologies.entries()) {
        expect(sub.id).toBe(i);
        for (const topic of read(sub, true)) {
          expect(subtopologies.findIndex((s) => written(s).includes(topic))).toSatisfy((w: number) => w >= 0 && w < i);
        }
      }
      if (external.length < drawn.length && subtopologies.length > 1) shared++;
    }),
    { numRuns: 100 },
  );
  expect(shared).toBeGreaterThan(30);
});
