import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GroupCoordinator } from '../../engine/log/embedded/groups.js';
import type { GroupMember, MemberHandler, TopicPartition } from '../../engine/log/log.js';

const nameOf = (p: TopicPartition): string => `${p.topic}/${p.partition}`;

const handler = (over: Partial<MemberHandler>): MemberHandler => ({
  assigned: async () => {},
  revoked: async () => {},
  lost: () => {},
  failed: (e) => {
    throw e;
  },
  ...over,
});

test('however members come and go, no partition has two owners, and in the end each has one', async () => {
  const counts: Record<string, number> = { a: 5, b: 5, c: 3, d: 1 };
  const step = fc.record({ member: fc.nat(4), turns: fc.nat(6) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat(5)), async (steps, delays) => {
      const owners = new Map<string, number>();
      const faults: string[] = [];
      const pause = async (): Promise<void> => {
        for (let n = delays.next().value as number; n > 0; n--) await Promise.resolve();
      };
      const coordinator = new GroupCoordinator((topic) => counts[topic] ?? 0);
      const members: GroupMember[] = [];
      const inside = new Set<number>();
      for (let m = 0; m <= 4; m++) {
        members.push(
          coordinator.member({
            group: 'g',
            clientId: `m${m}`,
            topics: ['a', 'b', 'c', 'd'],
            copartitioned: [['a', 'b']],
          }),
        );
      }
      const handlerOf = (m: number): MemberHandler =>
        handler({
          assigned: async (partitions) => {
            for (const name of partitions.map(nameOf)) {
              if (owners.has(name)) faults.push(`${name} is of ${owners.get(name)}, and was given to ${m}`);
              owners.set(name, m);
            }
            await pause();
          },
          revoked: async (partitions) => {
            await pause();
            for (const name of partitions.map(nameOf)) {
              if (owners.get(name) !== m) faults.push(`${name} was taken from ${m}, who did not have it`);
              owners.delete(name);
            }
          },
        });
      // One member's own comings and goings follow each other; those of different members overlap.
      const going = members.map(() => Promise.resolve());
      for (const { member: m, turns } of steps) {
        if (inside.delete(m)) going[m] = going[m]!.then(() => members[m]!.leave());
        else {
          inside.add(m);
          going[m] = going[m]!.then(() => members[m]!.join(handlerOf(m)));
        }
        for (let i = 0; i < turns; i++) await Promise.resolve();
      }
      await Promise.all(going);
      expect(faults).toEqual([]);
      expect(owners.size).toBe(inside.size === 0 ? 0 : 14);
      for (let p = 0; p < 5; p++) expect(owners.get(`a/${p}`)).toBe(owners.get(`b/${p}`));
      const shares = [...inside].map((m) => [...owners].filter(([name, o]) => o === m && name < 'b').length);
      if (shares.length > 0) expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 200 },
  );
});

test('members get the partitions of a topic that is created later, and lose those of one that is deleted', async () => {
  const counts: Record<string, number> = { a: 2 };
  const coordinator = new GroupCoordinator((topic) => counts[topic] ?? 0);
  const told: string[] = [];
  const tell = (sign: string) => (partitions: readonly TopicPartition[]) =>
    void told.push(...partitions.map((p) => sign + nameOf(p)));
  let note = (): void => {};
  const created = new Promise<void>((resolve) => {
    note = resolve;
  });
  const member = coordinator.member({ group: 'g', clientId: 'm', topics: ['a', 'later'], copartitioned: [] });
  await member.join(
    handler({
      assigned: async (partitions) => {
        tell('+')(partitions);
        if (partitions.some((p) => p.topic === 'later')) note();
      },
      lost: tell('!'),
    }),
  );
  expect(told.splice(0)).toEqual(['+a/0', '+a/1']);
  counts.later = 1;
  coordinator.topicsChanged();
  await created;
  expect(told.splice(0)).toEqual(['+later/0']);
  delete counts.a;
  coordinator.topicDeleted('a');
  expect(told.splice(0)).toEqual(['!a/0', '!a/1']);
  expect(coordinator.refuses(member, [{ topic: 'a', partition: 0 }])).toMatchObject({ fenced: true });
  expect(coordinator.refuses(member, [{ topic: 'later', partition: 0 }])).toBeUndefined();
  await member.leave();
  await member.leave();
  expect(coordinator.refuses(member, [{ topic: 'later', partition: 0 }])).toMatchObject({ fenced: true });
});

test('a handler that fails is told so, and the group goes on', async () => {
  const coordinator = new GroupCoordinator(() => 2);
  const failures: string[] = [];
  const failing = handler({
    assigned: () => Promise.reject(new Error('no room')),
    revoked: () => Promise.reject(new Error('stuck')),
    failed: (e) => void failures.push(e.message),
  });
  const options = { group: 'g', topics: ['a'], copartitioned: [] };
  const one = coordinator.member({ ...options, clientId: 'one' });
  const two = coordinator.member({ ...options, clientId: 'two' });
  await one.join(failing);
  expect(failures.splice(0)).toEqual(['no room']);
  const given: string[] = [];
  await two.join(handler({ assigned: async (partitions) => void given.push(...partitions.map(nameOf)) }));
  expect([failures.splice(0), given]).toEqual([['stuck'], ['a/1']]);
  await one.leave();
  expect([failures, given]).toEqual([['stuck'], ['a/1', 'a/0']]);
});
