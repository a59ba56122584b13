import WebSocket from 'ws';

/** The plainest of clients, so that what is tested is the server. */

export async function ksql(base: string, sql: string, properties: object = {}): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${base}/ksql`, {
    method: 'POST',
    body: JSON.stringify({ ksql: sql, streamsProperties: properties }),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(body));
  return body as Record<string, unknown>[];
}

/** All rows of a query that ends by itself (pull, or LIMIT). */
export async function rowsOf(base: string, sql: string, properties: object = {}): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const row of stream(base, sql, properties)) rows.push(row);
  return rows;
}

/** Rows of `/query-stream` as they come; leaving the loop ends the query. */
export async function* stream(base: string, sql: string, properties: object = {}): AsyncGenerator<unknown[]> {
  const stop = new AbortController();
  const response = await fetch(`${base}/query-stream`, {
    method: 'POST',
    body: JSON.stringify({ sql, properties }),
    signal: stop.signal,
  });
  if (!response.ok) throw new Error(await response.text());
  try {
    const decoder = new TextDecoder();
    let rest = '';
    let header = true;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === '') continue;
        if (header) header = false;
        else if (line.startsWith('{')) throw new Error(line);
        else yield JSON.parse(line) as unknown[];
      }
    }
  } finally {
    stop.abort();
  }
}

/** Reads keyed updates until the last value of each key is as wanted; fails when the query ends before. */
export async function until(
  rows: AsyncIterable<unknown[]>,
  wanted: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const last = new Map<string, number>();
  for await (const [key, count] of rows) {
    last.set(key as string, count as number);
    if (last.size === wanted.size && [...wanted].every(([k, n]) => last.get(k) === n)) return last;
  }
  throw new Error(`the query has ended with ${JSON.stringify([...last])}`);
}

/** Rows of the WebSocket `/ws/query`. */
export async function* socketRows(base: string, sql: string, properties: object = {}): AsyncGenerator<unknown[]> {
  const request = encodeURIComponent(JSON.stringify({ ksql: sql, streamsProperties: properties }));
  const ws = new WebSocket(`${base.replace('http', 'ws')}/ws/query?request=${request}`);
  const frames: string[] = [];
  let wake = () => {};
  let closed = false;
  ws.on('message', (m) => {
    frames.push(String(m));
    wake();
  });
  const end = () => {
    closed = true;
    wake();
  };
  ws.on('close', end);
  ws.on('error', end);
  try {
    let schema = true;
    for (;;) {
      while (frames.length === 0 && !closed) await new Promise<void>((resolve) => (wake = resolve));
      const frame = frames.shift();
      if (frame === undefined) return;
      if (schema) {
        schema = false;
        if (!frame.startsWith('[{"name":')) throw new Error(frame);
        continue;
      }
      const message = JSON.parse(frame) as { row?: { columns: unknown[] }; error?: string };
      if (message.error === 'done') return;
      if (message.row === undefined) throw new Error(frame);
      yield message.row.columns;
    }
  } finally {
    ws.close();
  }
}

/** Asks again until the answer passes, and then gives it; the time limit is the test's. */
export async function eventually<T>(
  ask: () => Promise<T>,
  passes: (answer: T) => boolean,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (passes(answer)) return answer;
    if (signal.aborted) throw new Error(`gave up with ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
