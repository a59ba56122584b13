import { describe, expect, test } from 'vitest';
import type { CommitResult, GroupMember, LogWriter, Placement } from '../../engine/log/log.js';
import {
  eventually,
  LOOK,
  type LogUnderTest,
  Member,
  sleep,
  topicOf,
  unique,
  values,
  withWriter,
} from './log-support.js';

const range = (topic: string, n: number): string[] => Array.from({ length: n }, (_, p) => `${topic}/${p}`);
const sorted = (set: Iterable<string>): string[] => [...set].sort();
const partitionsOf = (m: Member, topic: string): string[] =>
  sorted(m.owned)
    .filter((name) => name.startsWith(`${topic}/`))
    .map((name) => name.slice(topic.length + 1));

export function groupContract(get: () => LogUnderTest): void {
  describe('groups', () => {
    test('one member gets all partitions, and gives them up when it leaves', async () => {
      const { log } = get();
      const [a, b] = [await topicOf(log, 3), await topicOf(log, 1)];
      const member = new Member(log, unique('g'), [a, b]);
      await member.join();
      await eventually('it owns all four', () => member.owned.size === 4);
      expect(sorted(member.owned)).toEqual(sorted([...range(a, 3), ...range(b, 1)]));
      await member.leave();
      expect([...member.owned]).toEqual([]);
      expect(member.faults).toEqual([]);
      expect(member.failures).toEqual([]);
    });

    test('members are told who has what, and where each of them answers', async () => {
      const { log } = get();
      const topic = await topicOf(log, 4);
      const group = unique('g');
      const told = new Map<string, Placement>();
      const join = async (address: string): Promise<GroupMember> => {
        const member = log.member({ group, clientId: address, topics: [topic], copartitioned: [], address });
        await member.join({
          assigned: async () => {},
          revoked: async () => {},
          lost: () => {},
          failed: () => {},
          placed: (placement) => void told.set(address, placement),
        });
        return member;
      };
      const shares = (address: string): Record<string, number> =>
        Object.fromEntries((told.get(address)?.members ?? []).map((m) => [m.address, m.owned.length]));
      const one = await join('n1:1');
      await eventually('the first is told of itself', () => shares('n1:1')['n1:1'] === 4);
      const two = await join('n2:2');
      for (const n of ['n1:1', 'n2:2']) {
        await eventually('both are told of both', () => shares(n)['n1:1'] === 2 && shares(n)['n2:2'] === 2);
        const { members, self } = told.get(n)!;
        expect(members[self]!.address).toBe(n);
        const owned = members.flatMap((m) => m.owned.map((p) => p.partition));
        expect(owned.sort()).toEqual([0, 1, 2, 3]);
      }
      await one.leave();
      await eventually('who stays is told', () => shares('n2:2')['n2:2'] === 4);
      expect(told.get('n2:2')!.members).toHaveLength(1);
      await two.leave();
    });

    test('a second member takes a share, co-partitioned topics together; who stays takes over', async () => {
      const { log } = get();
      const [a, b] = [await topicOf(log, 4), await topicOf(log, 4)];
      const alone = await topicOf(log, 2);
      const all = sorted([...range(a, 4), ...range(b, 4), ...range(alone, 2)]);
      const group = unique('g');
      const make = (): Member => new Member(log, group, [a, b, alone], [[a, b], [alone]]);
      const one = make();
      await one.join();
      await eventually('the first has all', () => one.owned.size === 10);

      const two = make();
      await two.join();
      await eventually(
        'both have a share, and all is owned',
        () => one.owned.size > 0 && two.owned.size > 0 && one.owned.size + two.owned.size === 10,
      );
      expect(sorted([...one.owned, ...two.owned])).toEqual(all);
      for (const m of [one, two]) expect(partitionsOf(m, a)).toEqual(partitionsOf(m, b));
      expect([partitionsOf(one, a).length, partitionsOf(two, a).length]).toEqual([2, 2]);

      await one.leave();
      await eventually('the second has all', () => two.owned.size === 10);
      expect(sorted(two.owned)).toEqual(all);
      await two.leave();
      expect([...one.faults, ...two.faults]).toEqual([]);
    });

    test('what is revoked is let go before another member starts on it', async () => {
      const { log } = get();
      const topic = await topicOf(log, 4);
      const group = unique('g');
      const one = new Member(log, group, [topic]);
      await one.join();
      await eventually('the first has all', () => one.owned.size === 4);
      let open = (): void => {};
      one.gate = new Promise((resolve) => {
        open = resolve;
      });
      const two = new Member(log, group, [topic]);
      const joining = two.join();
      await eventually('the first is asked to let go', () => one.revoking > 0);
      await sleep(LOOK);
      expect([...two.owned].filter((name) => one.owned.has(name))).toEqual([]);
      open();
      one.gate = undefined;
      await joining;
      await eventually('both have two', () => one.owned.size === 2 && two.owned.size === 2);
      expect(sorted([...one.owned, ...two.owned])).toEqual(range(topic, 4));
      await two.leave();
      await one.leave();
      expect([...one.faults, ...two.faults]).toEqual([]);
    });

    test('a member commits what it owns, as late as in revoked; once it has left it is refused', async () => {
      const { log } = get();
      const topic = await topicOf(log, 2);
      const group = unique('g');
      const one = new Member(log, group, [topic]);
      await one.join();
      await eventually('it owns both', () => one.owned.size === 2);
      const writer = await log.writer({ clientId: 'contract', transactionalId: unique('tx') });
      const commit = (target: LogWriter, offset: number): Promise<CommitResult> => {
        target.append(topic, 1, values(`at ${offset}`));
        const offsets = [{ topic, partition: 0, offset }];
        return target.commit({ group, member: one.member, offsets, state: [] });
      };
      const committed = async (): Promise<number | undefined> =>
        (await log.committed(group, [topic])).find((o) => o.partition === 0)?.offset;
      await commit(writer, 1);
      await eventually('the offset is committed', async () => (await committed()) === 1);
      one.beforeRevoked = async () => {
        await commit(writer, 2);
      };
      await one.leave();
      await eventually('the last offset is committed', async () => (await committed()) === 2);
      await expect(commit(writer, 3)).rejects.toMatchObject({ code: 'LOG_ERROR', fenced: true });
      await writer.close();
      expect(await committed()).toBe(2);
      expect([...one.faults, ...one.failures]).toEqual([]);
    });

    test('groups do not disturb each other; more members than partitions is no fault', async () => {
      const { log } = get();
      const topic = await topicOf(log, 1);
      const [group, other] = [unique('g'), unique('g')];
      const members = [new Member(log, group, [topic]), new Member(log, group, [topic])];
      const stranger = new Member(log, other, [topic]);
      await Promise.all([...members, stranger].map((m) => m.join()));
      await eventually(
        'each group has an owner',
        () => stranger.owned.size === 1 && members.filter((m) => m.owned.size === 1).length === 1,
      );
      const owner = members.find((m) => m.owned.size === 1)!;
      const idle = members.find((m) => m !== owner)!;
      await owner.leave();
      await eventually('the idle one takes over', () => idle.owned.size === 1);
      await idle.leave();
      await stranger.leave();
      expect(members.flatMap((m) => [...m.faults, ...m.failures])).toEqual([]);
    });

    test('a deleted group has no offsets', async () => {
      const { log } = get();
      const topic = await topicOf(log, 1);
      const group = unique('g');
      await withWriter(log, undefined, (writer) =>
        writer.commit({ group, offsets: [{ topic, partition: 0, offset: 12 }], state: [] }),
      );
      await eventually('the offset is committed', async () => (await log.committed(group, [topic])).length === 1);
      await log.deleteGroup(group);
      await eventually('it is gone', async () => (await log.committed(group, [topic])).length === 0);
      await log.deleteGroup(unique('never-was'));
    });
  });
}
