import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assign,
  decodeAssignment,
  decodePlacement,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  place,
  type Subscription,
} from '../../engine/log/kafka/assignor.js';
import type { PlacedMember, TopicPartition } from '../../engine/log/log.js';

const name = (p: TopicPartition): string => `${p.topic}/${p.partition}`;

interface Group {
  readonly counts: ReadonlyMap<string, number>;
  readonly copartitioned: readonly (readonly string[])[];
  members: Map<string, TopicPartition[]>;
}

const subscriptions = (group: Group, generation: number): Map<string, Subscription> =>
  new Map([...group.members].map(([id, owned]) => [id, { topics: [...group.counts.keys()], owned, generation }]));

/** Rebalances until nothing moves, as members do: what is taken away is let go of, and then they join again. */
function settle(group: Group): { readonly rounds: number; readonly revoked: number } {
  let revoked = 0;
  for (let rounds = 1; ; rounds++) {
    const next = assign({ ...group, members: subscriptions(group, rounds) });
    const owners = new Map<string, string>();
    for (const [id, list] of group.members) for (const p of list) owners.set(name(p), id);
    for (const [id, list] of next) {
      // Nobody gets what another one still has.
      for (const p of list) expect(owners.get(name(p)) ?? id).toBe(id);
    }
    const gone = [...group.members].flatMap(([id, list]) => {
      const kept = new Set(next.get(id)!.map(name));
      return list.filter((p) => !kept.has(name(p)));
    });
    revoked += gone.length;
    group.members = next;
    if (gone.length === 0) return { rounds, revoked };
    expect(rounds).toBeLessThan(4);
  }
}

function checkFair(group: Group): void {
  const all = [...group.members.values()].flat().map(name).sort();
  const wanted = [...group.counts].flatMap(([topic, n]) => Array.from({ length: n }, (_, p) => `${topic}/${p}`)).sort();
  expect(all).toEqual(wanted);
  for (const topic of group.counts.keys()) {
    const shares = [...group.members.values()].map((list) => list.filter((p) => p.topic === topic).length);
    // With equal counts in a set, its shares differ by one at most.
    const set = group.copartitioned.find((s) => s.includes(topic)) ?? [topic];
    if (new Set(set.map((t) => group.counts.get(t))).size === 1) {
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }
  }
  for (const list of group.members.values()) {
    const mine = new Set(list.map(name));
    for (const set of group.copartitioned) {
      for (const p of list.filter((q) => set.includes(q.topic))) {
        for (const t of set) if (p.partition < group.counts.get(t)!) expect(mine).toContain(`${t}/${p.partition}`);
      }
    }
  }
}

describe('the assignor', () => {
  test('shares evenly, keeps sets together and moves no more than it must, as members come and go', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 5 });
    const changes = fc.array(fc.tuple(fc.boolean(), fc.nat()), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(counts, changes, fc.boolean(), (list, steps, equal) => {
        const topics = new Map(list.map((n, i) => [`t${i}`, i === 1 && equal ? list[0]! : n]));
        const group: Group = { counts: topics, copartitioned: [['t0', 't1']], members: new Map() };
        let serial = 0;
        for (const [come, pick] of [[true, 0] as const, ...steps]) {
          const ids = [...group.members.keys()];
          if (come || ids.length === 1) group.members.set(`m${serial++}`, []);
          else group.members.delete(ids[pick % ids.length]!);
          settle(group);
          checkFair(group);
          expect(settle(group)).toEqual({ rounds: 1, revoked: 0 }); // at rest, nothing moves
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a second member takes half; a third takes only its share', () => {
    const group: Group = { counts: new Map([['t', 12]]), copartitioned: [], members: new Map([['a', []]]) };
    settle(group);
    group.members.set('b', []);
    expect(settle(group)).toEqual({ rounds: 2, revoked: 6 });
    group.members.set('c', []);
    expect(settle(group)).toEqual({ rounds: 2, revoked: 4 });
    group.members.delete('a');
    expect(settle(group).revoked).toBe(0);
  });

  test('topics that do not exist, members that want nothing, claims of an earlier generation', () => {
    const members = new Map<string, Subscription>([
      ['a', { topics: ['t', 'missing'], owned: [{ topic: 't', partition: 0 }], generation: 1 }],
      ['b', { topics: ['t'], owned: [{ topic: 't', partition: 0 }], generation: 2 }],
      ['c', { topics: [], owned: [], generation: -1 }],
    ]);
    const out = assign({ members, counts: new Map([['t', 1]]), copartitioned: [] });
    expect(Object.fromEntries(out)).toEqual({ a: [], b: [{ topic: 't', partition: 0 }], c: [] });
  });

  test("what it says is in Kafka's own format", () => {
    const owned = [
      { topic: 'tü', partition: 3 },
      { topic: 'u', partition: 0 },
      { topic: 'tü', partition: 1 },
    ];
    const standby = [{ topic: 'u', partition: 5 }];
    const s: Subscription = { topics: ['tü', 'u'], owned, generation: 7, address: 'node-1:8088', standby };
    const back = decodeSubscription(encodeSubscription(s));
    expect(back.owned.map(name).sort()).toEqual(owned.map(name).sort());
    expect({ ...back, owned }).toEqual(s);
    expect(decodeAssignment(encodeAssignment(owned)).map(name).sort()).toEqual(owned.map(name).sort());
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
    const members: PlacedMember[] = [
      { address: 'a:1', owned: [{ topic: 'u', partition: 0 }], standby },
      { address: '', owned: [], standby: [] },
    ];
    const told = encodeAssignment(members[0]!.owned, { members, self: 1 });
    expect(decodeAssignment(told)).toEqual(members[0]!.owned);
    expect(decodePlacement(told)).toEqual({ members, self: 1 });
    expect(decodePlacement(encodeAssignment([]))).toBeUndefined();
    // Version 0, of a member that knows nothing of owned partitions: topics, then empty user data.
    const v0 = Buffer.from([0, 0, 0, 0, 0, 1, 0, 1, 0x74, 0xff, 0xff, 0xff, 0xff]);
    expect(decodeSubscription(v0)).toEqual({
      topics: ['t'],
      owned: [],
      generation: -1,
      address: '',
      standby: [],
    });
  });

  test('standbys: never with the owner, evenly, where they are already; who has a copy takes over', () => {
    const topics = ['t', 'u'];
    const input = (members: ReadonlyMap<string, Subscription>) => ({
      members,
      counts: new Map([
        ['t', 6],
        ['u', 6],
        ['plain', 4],
      ]), // prettier-ignore
      copartitioned: [['t', 'u']],
      standbys: { copies: 1, topics: ['u'] },
    });
    let placed = new Map<string, PlacedMember>(
      ['a', 'b', 'c'].map((id) => [id, { address: id, owned: [], standby: [] }]),
    );
    const rebalance = (generation: number): void => {
      const members = new Map(
        [...placed].map(([id, m]) => [id, { ...m, topics: [...topics, 'plain'], generation } satisfies Subscription]),
      );
      placed = place(input(members));
    };
    rebalance(1);
    const copies = (): string[] => [...placed.values()].flatMap((m) => m.standby.map(name)).sort();
    const wanted = topics.flatMap((t) => [0, 1, 2, 3, 4, 5].map((p) => `${t}/${p}`)).sort();
    expect(copies()).toEqual(wanted); // co-partitioned ones together, those without state not at all
    for (const m of placed.values()) {
      expect(m.standby).toHaveLength(4);
      expect(m.standby.map(name).filter((n) => m.owned.map(name).includes(n))).toEqual([]);
    }
    const before = new Map([...placed].map(([id, m]) => [id, m.standby.map(name)]));
    rebalance(2);
    expect(new Map([...placed].map(([id, m]) => [id, m.standby.map(name)]))).toEqual(before);
    const left = placed
      .get('a')!
      .owned.map(name)
      .filter((n) => !n.startsWith('plain'));
    placed.delete('a');
    rebalance(3);
    for (const n of left) {
      const owner = [...placed].find(([, m]) => m.owned.map(name).includes(n))![0];
      expect(before.get(owner)).toContain(n);
    }
    expect(copies()).toEqual(wanted);
    placed.delete('b');
    rebalance(4);
    expect(copies()).toEqual([]); // nobody beside the owner is left

    // Members of one node die together: a copy is with another node, or nowhere.
    const threads = (addresses: readonly string[]): PlacedMember[] => {
      const members = addresses.map(
        (address, i) => [`m${i}`, { address, owned: [], topics: ['t'], generation: 0 }] as const,
      );
      return [
        ...place({
          members: new Map(members),
          counts: new Map([['t', 4]]),
          copartitioned: [],
          standbys: { copies: 1, topics: ['t'] },
        }).values(),
      ];
    };
    expect(threads(['n1', 'n1']).flatMap((m) => m.standby)).toEqual([]);
    const both = threads(['n1', 'n1', 'n2', 'n2']);
    expect(both.flatMap((m) => m.standby)).toHaveLength(4);
    for (const m of both) {
      const owners = m.standby.map((p) => both.find((o) => o.owned.some((q) => name(q) === name(p)))!.address);
      expect(owners).not.toContain(m.address);
    }
  });
});
