import { describe, expect, it } from 'vitest';
import type { QueryProgress, RowBatch } from '../../engine/index.js';
import { type Progress, SilenceWatch } from '../../server/push/silence.js';
import { type Notice, reasonOf, whyNoRows } from '../../server/push/why-no-rows.js';
import { FakeEngine, ScriptedQuery, startFake } from './fake-engine.js';
import { open } from './support.js';
import { V1Client } from './ws-client.js';

const START: QueryProgress = {
  recordsIn: 0,
  rowsOut: 0,
  filtered: 0,
  undecodable: 0,
  firstError: null,
  late: 0,
  earlier: 0,
  atEnd: true,
  lag: 0,
  streamTime: -1,
  heldBack: 0,
  unmatched: [],
};
const at = (more: Partial<QueryProgress>): QueryProgress => ({ ...START, ...more });
const codes = (notices: readonly Notice[]) => notices.map((n) => n.code);

describe('why a push query has no rows', () => {
  it('waits at the end: offers the earlier records, where there are any', () => {
    expect(whyNoRows(at({ earlier: 1200 }))).toEqual([
      {
        code: 'WAITING_AT_END',
        message: 'Waiting for new records; 1,200 records came before and are not read.',
        hint: "SET 'auto.offset.reset'='earliest'; reads from the beginning.",
        records: 1200,
      },
    ]);
    expect(whyNoRows(at({}))).toEqual([
      { code: 'WAITING_AT_END', message: 'Waiting for new records; there are none yet.', records: 0 },
    ]);
    // Who has had rows knows where it began.
    expect(whyNoRows(at({ earlier: 5, recordsIn: 3, rowsOut: 3 }))).toEqual([
      { code: 'WAITING_AT_END', message: 'Waiting for new records.', records: 0 },
    ]);
  });

  it('names rows that WHERE left out, and both where earlier ones are unread', () => {
    const filtered = at({ recordsIn: 12, filtered: 12 });
    expect(whyNoRows(filtered)).toEqual([
      { code: 'FILTERED', message: '12 rows were left out by WHERE or HAVING.', rows: 12 },
    ]);
    expect(codes(whyNoRows({ ...filtered, earlier: 7 }))).toEqual(['FILTERED', 'WAITING_AT_END']);
    expect(codes(whyNoRows({ ...filtered, atEnd: false, lag: 100 }))).toEqual(['FILTERED', 'CATCHING_UP']);
  });

  it('names the stream time at which EMIT FINAL waits', () => {
    const [notice] = whyNoRows(at({ recordsIn: 3, heldBack: 2, streamTime: 1_600_000_000_123 }));
    expect(notice).toMatchObject({
      code: 'HELD_BACK',
      message: '2 rows wait for stream time to go on; it stands at 2020-09-13T12:26:40.123Z.',
      rows: 2,
      streamTime: 1_600_000_000_123,
    });
    expect(whyNoRows(at({ heldBack: 1, streamTime: 9e15 }))[0]!.message).toContain('9000000000000000 ms');
  });

  it('names what could not be decoded, and the first error; and what came late', () => {
    expect(whyNoRows(at({ recordsIn: 3, undecodable: 2, firstError: 'no JSON', late: 1 }))).toMatchObject([
      {
        code: 'UNDECODABLE',
        message: '2 records could not be decoded. The first error: no JSON',
        records: 2,
        firstError: 'no JSON',
      },
      { code: 'LATE', message: '1 record came after the grace period of its window.', records: 1 },
    ]);
  });

  it('counts from the last row on', () => {
    const before = at({ recordsIn: 10, rowsOut: 4, filtered: 6, undecodable: 1, firstError: 'x' });
    expect(codes(whyNoRows({ ...before, recordsIn: 11, filtered: 7 }, before))).toEqual(['FILTERED']);
    expect(codes(whyNoRows(before, before))).toEqual(['WAITING_AT_END']);
  });

  it('has nothing to say of a query that is about to read', () => {
    expect(whyNoRows(at({ atEnd: false, lag: 0 }))).toEqual([]);
  });

  it('growing numbers are no new reason; another error is', () => {
    expect(reasonOf(whyNoRows(at({ filtered: 1 })))).toBe(reasonOf(whyNoRows(at({ filtered: 2 }))));
    const wrong = (firstError: string) => reasonOf(whyNoRows(at({ undecodable: 1, firstError })));
    expect(wrong('a')).not.toBe(wrong('b'));
  });
});

describe('the watch over silences', () => {
  const setUp = () => {
    let now = 0;
    let progress = at({ earlier: 3 });
    const query = Object.assign(new ScriptedQuery('push', [], (): RowBatch | undefined => undefined), {
      progress: () => progress,
    });
    const errors: unknown[] = [];
    const watch = new SilenceWatch({ now: () => now, sleep: async () => {} }, 2000, (e) => errors.push(e));
    const said: string[][] = [];
    const listener = watch.watch(query, (notices) => said.push(codes(notices)));
    const pass = (ms: number, more: Partial<QueryProgress> = {}) => {
      now += ms;
      progress = { ...progress, ...more };
      watch.tick();
    };
    return { listener, said, pass, watch, query, errors };
  };

  it('speaks after two seconds, once, and again when the reason changes', () => {
    const { listener, said, pass } = setUp();
    listener.waits();
    pass(1999);
    expect(said).toEqual([]);
    pass(1);
    pass(10_000);
    expect(said).toEqual([['WAITING_AT_END']]);
    pass(500, { filtered: 2, recordsIn: 2, earlier: 0 });
    pass(500, { filtered: 3 });
    expect(said).toEqual([['WAITING_AT_END'], ['FILTERED']]);
  });

  it('looks for a transaction that is open, before it says that the query waits at the end, and now and then after', async () => {
    const { listener, said, pass, query } = setUp();
    const open = [3, 0, 2];
    let asked = 0;
    Object.assign(query, { openRecords: async () => open[asked++]! });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    listener.waits();
    pass(2000);
    expect(said).toEqual([]);
    await turn();
    expect(said).toEqual([['OPEN_TRANSACTION']]);
    pass(1000);
    await turn();
    expect(asked).toBe(1);
    pass(5000);
    await turn();
    expect(said).toEqual([['OPEN_TRANSACTION'], ['WAITING_AT_END']]);
    pass(5000);
    listener.heard();
    await turn();
    expect(said).toHaveLength(2);
  });

  it('says nothing while rows come, nor while the reader is the one who is slow', () => {
    const { listener, said, pass } = setUp();
    for (let i = 0; i < 5; i++) {
      listener.waits();
      pass(1500);
      listener.heard();
    }
    pass(60_000);
    expect(said).toEqual([]);
    listener.waits();
    pass(1);
    pass(2000, { rowsOut: 5, filtered: 0 });
    expect(said).toEqual([['WAITING_AT_END']]);
  });

  it('lets go of those who stop, and of one that fails', () => {
    const { listener, said, pass, watch, query, errors } = setUp();
    listener.waits();
    listener.stop();
    pass(5000);
    expect([said, watch.size]).toEqual([[], 0]);
    query.progress = () => {
      throw new Error('broken');
    };
    watch.watch(query, () => {}).waits();
    pass(5000);
    expect([errors.length, watch.size]).toEqual([1, 0]);
  });

  it('tells those who ask how far their query is, every two seconds, where that has changed', () => {
    const { said, pass, watch, query } = setUp();
    const told: Progress[] = [];
    const reader = watch.watch(
      query,
      () => {},
      (progress) => told.push(progress),
    );
    // Rows come all the time: there is no silence.
    const steadily = (ms: number, more: Partial<QueryProgress>) => {
      reader.waits();
      reader.heard();
      pass(ms, more);
    };
    steadily(1999, { recordsIn: 5, lag: 10 });
    expect(told).toEqual([]);
    steadily(1, {});
    steadily(1000, { recordsIn: 9, lag: 6 });
    expect(told).toEqual([{ lag: 10, recordsIn: 5, filtered: 0, skipped: 0, late: 0 }]);
    steadily(1000, { filtered: 3, undecodable: 2, late: 1 });
    steadily(60_000, { rowsOut: 4 });
    expect(told.slice(1)).toEqual([{ lag: 6, recordsIn: 9, filtered: 3, skipped: 2, late: 1 }]);
    reader.stop();
    steadily(60_000, { lag: 0 });
    expect([told.length, said]).toEqual([2, []]);
  });

  it('does not watch what cannot say how far it is', () => {
    const { watch } = setUp();
    watch.watch(new ScriptedQuery('pull-table', [], () => undefined), () => {}).waits();
    expect(watch.size).toBe(1);
  });
});

describe('how far a query is', () => {
  it('comes to those who ask, on /query-stream and on /ws/v1, while it is read', async () => {
    let now = 0;
    const engine = new FakeEngine();
    engine.open = () =>
      Object.assign(new ScriptedQuery('push', [], (n) => (n === 0 ? { rows: [[]] } : 'wait')), {
        progress: () => at({ recordsIn: 8, lag: 70, undecodable: 2 }),
      });
    // The server looks often; what time it is, the test says.
    const s = await startFake(engine, { 'weir.notice.after.ms': '5' }, { now: () => now, sleep: async () => {} });
    const progress = { lag: 70, recordsIn: 8, filtered: 0, skipped: 2, late: 0 };
    const client = await V1Client.open(s);
    client.send({ type: 'subscribe', id: 'wrong', sql: 'x', progress: 1 });
    client.send({ type: 'subscribe', id: 'asks', sql: 'x', progress: true });
    client.send({ type: 'subscribe', id: 'asks not', sql: 'x' });
    const lines = (requestProperties: object, until: string) =>
      new Promise<string>((resolve, reject) => {
        const request = open(s, { path: '/query-stream', body: { sql: 'x', requestProperties } });
        let got = '';
        request.on('error', reject);
        request.on('response', (response) => {
          response.on('data', (t) => {
            got += String(t);
            // The query is open: time may pass.
            if (got.includes('[]\n')) now = 2000;
            if (!got.includes(until)) return;
            resolve(got);
            request.destroy();
          });
        });
      });
    await client.until(() => client.of('asks not').some((f) => f.type === 'rows'));
    await client.until(() => client.of('asks').some((f) => f.type === 'rows'));
    expect(await lines({ 'weir.side.messages': 'true' }, 'progress')).toContain(`${JSON.stringify({ progress })}\n`);
    await client.until(() => client.of('asks').some((f) => f.type === 'progress'));
    expect(client.of('asks').filter((f) => f.type === 'progress')).toEqual([
      { type: 'progress', id: 'asks', progress },
    ]);
    expect(client.of('asks not').map((f) => f.type)).not.toContain('progress');
    expect(client.of('wrong')).toMatchObject([{ type: 'error', message: expect.stringContaining("'progress'") }]);
    client.ws.close();
    await s.stop();
  });
});
