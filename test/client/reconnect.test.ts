import { describe, expect, it } from 'vitest';
import { Connection, type Reconnect } from '../../client/connection.js';
import { type PushOptions, PushQuery } from '../../client/push-query.js';
import type { Socket } from '../../client/socket.js';

type Frame = Record<string, unknown>;

/** The server's end of a connection. */
class FakeSocket implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  readonly sent: Frame[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Frame);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.(undefined as never);
  }

  give(...frames: Frame[]): void {
    for (const f of frames) this.onmessage?.({ data: JSON.stringify(f) });
  }

  lose(reason = ''): void {
    this.onclose?.({ code: 1006, reason });
  }
}

/** A client whose sockets and time the test owns. */
function world(reconnect: Reconnect = {}) {
  const sockets: FakeSocket[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  const connection = new Connection({
    url: 'ws://here/ws/v1',
    authorization: undefined,
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    reconnect,
    random: () => 1,
    delay: (ms, run) => {
      const timer = { ms, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  });
  let n = 0;
  return {
    connection,
    sockets,
    timers,
    query: (options: PushOptions = {}) =>
      new PushQuery(connection, `q${++n}`, 'SELECT A FROM s EMIT CHANGES;', options),
    /** Promises that are done have run what waits for them. */
    settle: async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve();
    },
    /** The next attempt to connect is made and succeeds. */
    async open(): Promise<FakeSocket> {
      timers.shift()?.run();
      await this.settle();
      const socket = sockets.at(-1)!;
      socket.open();
      return socket;
    },
  };
}

const schema = (id: string): Frame => ({
  type: 'schema',
  id,
  queryId: `server-${id}`,
  kind: 'push',
  columns: [{ name: 'A', type: 'INTEGER', key: true }],
});
const rows = (id: string, values: number[], continuation?: string): Frame => ({
  type: 'rows',
  id,
  rows: values.map((v) => [v]),
  ...(continuation === undefined ? {} : { continuation }),
});

describe('a connection that is lost', () => {
  it('comes back, and queries with tokens go on behind the last rows that came', async () => {
    const w = world();
    const reconnected: unknown[] = [];
    const query = w.query({ onReconnect: (e) => reconnected.push(e) });
    const first = await w.open();
    expect(first.sent).toEqual([{ type: 'subscribe', id: 'q1', sql: 'SELECT A FROM s EMIT CHANGES;', properties: {} }]);
    first.give(schema('q1'), rows('q1', [1, 2], 't2'));
    const reader = query[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual({ A: 1 });
    first.lose();
    expect(w.timers.map((t) => t.ms)).toEqual([100]);
    const second = await w.open();
    expect(second.sent).toMatchObject([{ type: 'subscribe', id: 'q1', continuation: 't2' }]);
    second.give(schema('q1'), rows('q1', [3], 't3'));
    expect((await reader.next()).value).toEqual({ A: 2 });
    expect(query.continuation).toBe('t2');
    expect((await reader.next()).value).toEqual({ A: 3 });
    expect(query.continuation).toBe('t3');
    expect(reconnected).toEqual([{ gap: false }]);
    await reader.return();
    expect(second.sent.at(-1)).toEqual({ type: 'unsubscribe', id: 'q1' });
    expect(second.closed).toBe(true);
  });

  it('is tried again after longer and longer, up to a limit', async () => {
    const w = world({ maxMs: 500, attempts: 5 });
    const query = w.query({ properties: { 'auto.offset.reset': 'earliest' } });
    (await w.open()).give(schema('q1'));
    const delays: number[] = [];
    w.sockets[0]!.lose();
    for (let i = 0; i < 5; i++) {
      delays.push(w.timers[0]!.ms);
      w.timers.shift()!.run();
      await w.settle();
      w.sockets.at(-1)!.lose('gone');
    }
    expect(delays).toEqual([100, 200, 400, 500, 500]);
    await expect(query[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: 'No Weir server answers at ws://here/ws/v1: gone',
    });
  });

  it('is not tried again where no server has ever answered', async () => {
    const w = world();
    const query = w.query();
    await w.settle();
    w.sockets[0]!.lose();
    await expect(query[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(query.columns).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(w.timers).toEqual([]);
  });

  it('ends a query that cannot go on, or starts it anew where that was asked for', async () => {
    const w = world();
    const [ends, begins] = [w.query(), w.query({ restart: true })];
    (await w.open()).give(schema('q1'), rows('q1', [1]), schema('q2'), rows('q2', [1]));
    w.sockets[0]!.lose();
    const second = await w.open();
    expect(second.sent.map((f) => f.id)).toEqual(['q2']);
    second.give(schema('q2'), rows('q2', [2]), { type: 'end', id: 'q2', reason: 'limit' });
    const changes = [];
    for await (const c of begins.changes()) changes.push(c);
    expect(changes).toEqual([{ op: 'upsert', row: { A: 1 } }, { op: 'reset' }, { op: 'upsert', row: { A: 2 } }]);
    const read = async () => {
      for await (const _ of ends);
    };
    await expect(read()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('tells of a gap where a query had begun at the end and nothing had come', async () => {
    const w = world();
    const reconnected: unknown[] = [];
    w.query({ onReconnect: (e) => reconnected.push(e) });
    (await w.open()).give(schema('q1'));
    w.sockets[0]!.lose();
    (await w.open()).give(schema('q1'));
    expect(reconnected).toEqual([{ gap: true }]);
  });

  it('waits for a server that stops, and asks one that starts again and again', async () => {
    const w = world();
    w.query({ properties: { 'auto.offset.reset': 'earliest' } });
    const first = await w.open();
    first.give(schema('q1'), rows('q1', [1], 't1'), {
      type: 'error',
      id: 'q1',
      code: 'SHUTTING_DOWN',
      message: 'stops',
    });
    first.lose();
    const second = await w.open();
    second.give({ type: 'error', id: 'q1', code: 'NOT_READY', message: 'starts' });
    expect(second.sent).toHaveLength(1);
    w.timers.shift()!.run();
    expect(second.sent[1]).toMatchObject({ type: 'subscribe', id: 'q1', continuation: 't1' });
  });
});

describe('a reader that is behind', () => {
  it('pauses the server, and lets it go on when it has caught up', async () => {
    const w = world();
    const query = w.query();
    const socket = await w.open();
    socket.give(
      schema('q1'),
      rows(
        'q1',
        Array.from({ length: 5000 }, (_, i) => i),
      ),
    );
    expect(socket.sent.slice(1)).toEqual([{ type: 'pause', id: 'q1' }]);
    let n = 0;
    for await (const _ of query) {
      if (++n === 3999) expect(socket.sent).toHaveLength(2);
      if (n === 4001) break;
    }
    expect(socket.sent.slice(2, 3)).toEqual([{ type: 'resume', id: 'q1' }]);
  });
});

describe('errors', () => {
  it('of a query reach its reader, and others go on', async () => {
    const w = world();
    const [bad, good] = [w.query(), w.query()];
    const socket = await w.open();
    socket.give(
      { type: 'error', id: 'q1', code: 'BAD_STATEMENT', error_code: 40001, message: 'no', hint: 'yes' },
      schema('q2'),
      rows('q2', [1]),
    );
    await expect(bad[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'BAD_STATEMENT', hint: 'yes' });
    expect((await good[Symbol.asyncIterator]().next()).value).toEqual({ A: 1 });
    w.connection.close();
    await expect(w.query()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
