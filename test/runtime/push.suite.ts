import { expect, it } from 'vitest';
import type { Log } from '../../engine/log/log.js';
import type { Topology } from '../../engine/plan/topology.js';
import type { RowBatch } from '../../engine/runtime.js';
import { BIGINT, STRING } from '../../engine/values/sql-type.js';
import { batches, numbers, PushBench, rowsOf, until, upTo } from './push-support.js';
import { AMOUNT, aggregate, col, filter, greater, rekeyByUser, result, source, topology, USER } from './support.js';

const EARLIEST = { 'auto.offset.reset': 'earliest' };
const TOKENS = { 'ksql.query.push.v2.continuation.tokens.enabled': 'true' };
const TOKEN = 'request.ksql.query.push.continuation.token';

const ALL = topology([source(), result('source', [AMOUNT, USER])]);
const above = (n: number): Topology =>
  topology([source(), filter('source', greater(AMOUNT, n)), result('filter', [AMOUNT])]);
const GROUPED = topology([
  source(),
  rekeyByUser('source'),
  aggregate('rekey', null),
  result('aggregate', [col(0, STRING, 'key'), col(0, BIGINT)], { table: true }),
]);

const expectSame = (list: readonly RowBatch[], other: readonly RowBatch[]): void => {
  for (const [i, batch] of list.entries()) expect(batch).toBe(other[i]);
};

/** What holds of push queries on any log. */
export function pushSuite(logNow: () => Log): void {
  const bench = async (limits: ConstructorParameters<typeof PushBench>[1] = {}): Promise<PushBench> => {
    const made = new PushBench(logNow(), limits);
    await made.create();
    return made;
  };

  it('share one reading of a topic, and equal ones the very batches', async () => {
    const b = await bench();
    await b.produce(10);
    const equal = await Promise.all(Array.from({ length: 20 }, () => b.open(ALL)));
    const others = await Promise.all([15, 20, 25].map((n) => b.open(above(n))));
    const grouped = await b.open(GROUPED);
    expect(b.queries.shared).toEqual({ feeds: 1, hubs: 1 });
    expect(b.readers).toEqual({ open: 1, made: 1 });
    await b.produce(30);
    const [first, ...rest] = await Promise.all(equal.map((q) => batches(q, 30)));
    expect(
      rowsOf(first!)
        .map((r) => r[0])
        .sort((x, y) => Number(x) - Number(y)),
    ).toEqual(upTo(40, 10));
    for (const list of rest) expectSame(list, first!);
    expect(await Promise.all(others.map((q, i) => numbers(q, 24 - 5 * i)))).toEqual([
      upTo(40, 16),
      upTo(40, 21),
      upTo(40, 26),
    ]);
    expect(rowsOf(await batches(grouped, 7))).toHaveLength(7);
    await until('all is counted', () => equal[0]!.progress().recordsIn === 30);
    expect(equal[0]!.progress()).toMatchObject({ rowsOut: 30, filtered: 0, earlier: 10, atEnd: true, lag: 0 });
    expect(others[0]!.progress()).toMatchObject({ rowsOut: 24, filtered: 6 });
    await Promise.all([...equal, ...others, grouped].map((q) => q.close()));
    expect(b.readers).toEqual({ open: 0, made: 1 });
    expect(b.queries.shared).toEqual({ feeds: 0, hubs: 0 });
  });

  it('that begin early catch up by themselves and then join the others, without gap or repetition', async () => {
    const b = await bench();
    await b.produce(3000);
    const live = await b.open(ALL);
    let made = 3000;
    const producing = (async () => {
      for (let i = 0; i < 20; i++) {
        await b.produce(100);
        made += 100;
      }
    })();
    const early = await Promise.all(Array.from({ length: 5 }, () => b.open(ALL, EARLIEST)));
    const late = await b.open(ALL);
    await producing;
    const seen = await Promise.all(early.map((q) => numbers(q, made)));
    for (const s of seen) expect(s).toEqual(upTo(made));
    expect(await numbers(live, 2000)).toEqual(upTo(made, 3000));
    // All have come to the end and share what follows.
    await b.produce(50);
    const last = await Promise.all([live, ...early].map((q) => batches(q, 50)));
    for (const list of last) expectSame(list, last[0]!);
    // Whoever came in between has all from some place on in each partition.
    const seenLate: number[] = [];
    while (upTo(made + 50, made).some((n) => !seenLate.includes(n))) {
      for (const [n] of (await late.next())!.rows) seenLate.push(Number(n));
    }
    for (let p = 0; p < 3; p++) {
      const own = seenLate.filter((n) => n % 3 === p);
      expect(own).toEqual(own.map((_, i) => own[0]! + 3 * i));
    }
    await Promise.all([live, late, ...early].map((q) => q.close()));
    expect(b.readers.open).toBe(0);
  });

  it('that read slowly leave the others, hold nothing, and lose nothing', async () => {
    const b = await bench({ subscriptions: { rows: 500, bytes: 1024 * 1024 } });
    const [quick, slow] = [await b.open(ALL), await b.open(ALL)];
    const reading = numbers(quick, 20_000);
    for (let i = 0; i < 100; i++) await b.produce(200);
    expect(await reading).toEqual(upTo(20_000));
    expect(slow.progress().rowsOut).toBe(0);
    expect(await numbers(slow, 20_000)).toEqual(upTo(20_000));
    await b.produce(10);
    expect(await numbers(slow, 10)).toEqual(upTo(20_010, 20_000));
    expect(await numbers(quick, 10)).toEqual(upTo(20_010, 20_000));
    await until('the slow one is with the others again', () => b.readers.open === 1);
    expect(slow.progress()).toMatchObject({ rowsOut: 20_010 });
    await Promise.all([quick.close(), slow.close()]);
    expect(b.readers.open).toBe(0);
  });

  it('share the reading of much at once too', async () => {
    const b = await bench();
    const [one, other] = [await b.open(ALL), await b.open(above(-1))];
    const reading = Promise.all([numbers(one, 60_000), numbers(other, 60_000)]);
    for (let i = 0; i < 30; i++) await b.produce(2000);
    for (const seen of await reading) expect(seen).toEqual(upTo(60_000));
    expect(b.readers).toEqual({ open: 1, made: 1 });
    await Promise.all([one.close(), other.close()]);
  });

  it('read and evaluate by themselves where too much is shared already', async () => {
    for (const limits of [{ hubs: { hubs: 0 } }, { hubs: { hubs: 0 }, feeds: { feeds: 0, tailBytes: 1 } }]) {
      const b = await bench(limits);
      const list = [await b.open(ALL), await b.open(ALL), await b.open(GROUPED)] as const;
      await b.produce(100);
      for (const q of list.slice(0, 2)) expect(await numbers(q, 100)).toEqual(upTo(100));
      expect(rowsOf(await batches(list[2], 7)).length).toBeGreaterThanOrEqual(7);
      expect(b.queries.shared.hubs).toBe(0);
      expect(b.readers.open).toBe('feeds' in limits ? 3 : 1);
      await Promise.all(list.map((q) => q.close()));
      expect(b.readers.open).toBe(0);
    }
  });

  it('end at their own LIMIT', async () => {
    const b = await bench();
    const limited = (n: number): Topology => topology([source(), result('source', [AMOUNT, USER], { limit: n })]);
    const [three, seven, all] = await Promise.all([b.open(limited(3)), b.open(limited(7)), b.open(ALL)]);
    await b.produce(10);
    expect(rowsOf(await batches(three, 100))).toHaveLength(3);
    expect(rowsOf(await batches(seven, 100))).toHaveLength(7);
    expect([three.end, seven.end]).toEqual(['limit', 'limit']);
    const none = await b.open(limited(0));
    expect([await none.next(), none.end]).toEqual([undefined, 'limit']);
    await none.close();
    expect(rowsOf(await batches(all, 10))).toHaveLength(10);
    const early = await b.open(limited(4), EARLIEST);
    expect(rowsOf(await batches(early, 100))).toHaveLength(4);
    expect(early.end).toBe('limit');
    await Promise.all([three, seven, all, early].map((q) => q.close()));
    expect(b.readers.open).toBe(0);
  });

  it('go on behind a token, from wherever it was given', async () => {
    const b = await bench();
    await b.produce(2500);
    const seen = new Set<number>();
    let token: string | undefined;
    let take = 1;
    while (seen.size < 2600) {
      const q = await b.open(above(-1), { ...TOKENS, ...EARLIEST, ...(token === undefined ? {} : { [TOKEN]: token }) });
      for (let i = 0; i < take; i++) {
        if (seen.size === 2500) await b.produce(100);
        const batch = await q.next();
        for (const [n] of batch!.rows) {
          expect(seen.has(Number(n))).toBe(false);
          seen.add(Number(n));
        }
        expect(batch!.continuation).toBeDefined();
        token = batch!.continuation;
        if (seen.size === 2600) break;
      }
      take = 1 + (take % 2);
      await q.close();
    }
    expect([...seen].sort((x, y) => x - y)).toEqual(upTo(2600));
    // At the end: nothing is repeated, what is new comes.
    const q = await b.open(above(-1), { ...TOKENS, [TOKEN]: token! });
    await b.produce(5);
    expect(await numbers(q, 5)).toEqual(upTo(2605, 2600));
    await q.close();
    expect(b.readers.open).toBe(0);
  });

  it('refuse tokens that do not fit', async () => {
    const b = await bench();
    await b.produce(30);
    const q = await b.open(ALL, { ...TOKENS, ...EARLIEST });
    const token = (await batches(q, 30)).at(-1)!.continuation!;
    await q.close();
    const refused = (plan: Topology, text: string, message: RegExp) =>
      expect(b.open(plan, { [TOKEN]: text })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(message),
        hint: expect.any(String),
      });
    await refused(above(3), token, /another query/);
    await refused(GROUPED, token, /keeps state/);
    await refused(ALL, 'nonsense', /not a continuation token/);
    await refused(ALL, Buffer.from('[9,"x",[]]').toString('base64url'), /version 9/);
    await b.produce(30);
    await b.produce(30);
    await b.log.deleteRecords([0, 1, 2].map((partition) => ({ topic: b.topic, partition, offset: 20 })));
    await refused(ALL, token, /no longer kept: partition 0 .* begins at 20, the token is at 10/);
    await b.log.deleteTopics([b.topic]);
    await until('the topic is gone', async () => (await b.log.describeTopic(b.topic)) === undefined);
    await b.create();
    await refused(ALL, token, /created anew/);
    expect(b.readers.open).toBe(0);
  });

  it('fail where their topic is deleted', async () => {
    const b = await bench();
    const [one, two, grouped] = await Promise.all([b.open(ALL), b.open(above(1)), b.open(GROUPED)]);
    await b.log.deleteTopics([b.topic]);
    for (const q of [one, two, grouped]) await expect(q.next()).rejects.toMatchObject({ code: 'LOG_ERROR' });
    await Promise.all([one, two, grouped].map((q) => q.close()));
    expect(b.readers.open).toBe(0);
    expect(b.queries.shared).toEqual({ feeds: 0, hubs: 0 });
  });

  it('may be a thousand', async () => {
    const b = await bench();
    const open = await Promise.all(Array.from({ length: 1000 }, (_, i) => b.open(i % 100 === 0 ? above(i) : ALL)));
    expect(b.readers).toEqual({ open: 1, made: 1 });
    await b.produce(1000);
    const seen = await Promise.all(open.map((q, i) => batches(q, i % 100 === 0 ? 999 - i : 1000)));
    expect(new Set(seen.flatMap((list, i) => (i % 100 === 0 ? [] : list))).size).toBeLessThan(20);
    await Promise.all(open.map((q) => q.close()));
    expect(b.readers.open).toBe(0);
    expect(b.queries.shared).toEqual({ feeds: 0, hubs: 0 });
  });

  it('leave nothing behind when they are closed', async () => {
    const b = await bench();
    await b.produce(300);
    const plans = [ALL, GROUPED, above(50), above(1000)];
    for (let round = 0; round < 4; round++) {
      const open = await Promise.all(
        Array.from({ length: 40 }, (_, i) => b.open(plans[i % 4]!, i % 3 === 0 ? EARLIEST : {})),
      );
      await b.produce(5);
      await Promise.all(open.map((q, i) => (i % 2 === 0 && i % 4 !== 0 ? q.next().then(() => q.close()) : q.close())));
    }
    expect(b.readers.open).toBe(0);
    expect(b.queries.shared).toEqual({ feeds: 0, hubs: 0 });
  });
}
