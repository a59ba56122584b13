import { describe, expect, it } from 'vitest';
import { GivenKeys } from '../../engine/operators/given-keys.js';
import { isOfKey } from '../../engine/plan/nodes/rows.js';
import type { FilterNode } from '../../engine/plan/topology.js';
import { planPush } from '../../engine/planner/index.js';
import { Session } from '../analyzer/support.js';

const filterOf = (where: string): FilterNode => {
  const session = new Session();
  session.run(`CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON',
    WINDOW_TYPE='TUMBLING', WINDOW_SIZE='1 SECOND');`);
  const resolved = session.run(`SELECT * FROM t WHERE ${where} EMIT CHANGES;`)[0]!.resolved;
  if (resolved.kind !== 'select') throw new Error('no query');
  return planPush(resolved).topology.subtopologies[0]!.nodes.find((n): n is FilterNode => n.kind === 'filter')!;
};

describe('what a push query remembers of a table', () => {
  it.each([
    ['id > 5', true],
    ['id IN (1, 2) OR ABS(id) = 7', true],
    ['WINDOWSTART > 5 AND id = 1', true],
    ['id > v', false],
    ['id = 1 AND v > 5', false],
    ['ROWTIME > 5', false],
    ['id > RANDOM() * 10', false],
    ['WINDOWSTART > UNIX_TIMESTAMP()', false],
  ])('is nothing where the key alone decides: %s', (where, isKeyAlone) => {
    expect(isOfKey(filterOf(where))).toBe(isKeyAlone);
  });

  it('is each key once, and has a bound', () => {
    const given = new GivenKeys();
    given.add('a');
    given.add('a');
    expect([given.delete('a'), given.delete('a')]).toEqual([true, false]);
    const half = 'x'.repeat(130 * 1024 * 1024);
    given.add(`a${half}`);
    expect(() => given.add(`b${half}`)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  });
});
