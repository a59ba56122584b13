import { describe, expect, it } from 'vitest';
import { InsertError, WeirClient } from '../../client/index.js';

/** A client of a server whose answers are these pieces, each of which breaks off behind its last. */
function clientOf(...answers: readonly (readonly string[])[]) {
  const bodies: string[] = [];
  const client = new WeirClient({
    url: 'http://here',
    fetch: async (_url, init) => {
      bodies.push(String(init?.body));
      const pieces = answers[bodies.length - 1];
      if (pieces === undefined) throw new TypeError('fetch failed');
      let next = 0;
      return new Response(
        new ReadableStream({
          pull: (controller) => {
            if (next < pieces.length) controller.enqueue(new TextEncoder().encode(pieces[next++]));
            else controller.error(new TypeError('terminated'));
          },
        }),
      );
    },
  });
  return { client, bodies };
}

const oks = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `{"status":"ok","seq":${from + i}}\n`).join('');

describe('an answer that breaks off', () => {
  it('of a pull query is an error, behind the rows that came', async () => {
    const { client } = clientOf(['{"queryId":"q","columnNames":["A"],"columnTypes":["INTEGER"]}\n[1]\n', '[2']);
    const rows: unknown[] = [];
    const reading = (async () => {
      for await (const row of client.pullEach('SELECT 1;')) rows.push(row);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'CONNECTION_LOST', isTransient: true });
    expect(rows).toEqual([{ A: 1 }]);
  });

  it('of an insert tells the first row that is not known to be written', async () => {
    const rows = Array.from({ length: 1500 }, (_, N) => ({ N }));
    const failed = async (...answers: readonly (readonly string[])[]) => {
      const e = await clientOf(...answers)
        .client.insert('S', rows)
        .catch((x: unknown) => x);
      expect(e).toBeInstanceOf(InsertError);
      const { index, code, isTransient } = e as InsertError;
      return { index, code, isTransient };
    };
    expect(await failed([oks(0, 7)])).toEqual({ index: 7, code: 'CONNECTION_LOST', isTransient: true });
    // The second request of two is not answered at all: the rows of the first are durable.
    const second = new WeirClient({
      url: 'http://here',
      fetch: async (_url, init) => {
        if (String(init?.body).includes('{"N":1000}')) throw new TypeError('fetch failed');
        return new Response(oks(0, 1000));
      },
    });
    await expect(second.insert('S', rows)).rejects.toMatchObject({ index: 1000, code: 'UNREACHABLE' });
  });
});
