// Leaves the main job alone for a while, with a few clients, and looks at its memory: it may fill its caches, but not grow.
// usage: npm run soak -- [--minutes 10] [--rate 10] [--limit 3]
//   --rate   taxi rides a second
//   --limit  MB a minute that memory may grow by at most, after the first third of the time
// Prints the memory once in thirty seconds and at the end how much it has grown; exits with 1 where that is too much, or where
// a client was given a wrong answer or none.
// What counts is what is held: the process's memory, of V8's heap what is in use in place of what it has set aside for itself (which it
// gives back when others need it), and of all looks within half a minute the least, as what is garbage then is gone.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '10' },
    limit: { type: 'string', default: '3' },
  },
});
const [minutes, rate, limit] = [values.minutes, values.rate, values.limit].map(Number);
if (!(minutes > 0 && rate > 0 && limit > 0)) {
  console.error('--minutes, --rate and --limit take numbers above 0.');
  process.exit(2);
}

const port = await new Promise((resolve, reject) => {
  const server = createServer();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const data = mkdtempSync(join(tmpdir(), 'weir-soak-'));
const url = `http://127.0.0.1:${port}`;
const args = ['weir', 'start', '--port', String(port), '--data-dir', data, '--rate', String(rate)];
const server = spawn(process.execPath, [join(root, 'scripts', 'bootstrap.mjs'), ...args], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
let ended = false;
const exited = new Promise((resolve) =>
  server.once('exit', () => {
    ended = true;
    resolve();
  }),
);

/** MB: all that the process has in memory, the heap in use, the buffers outside of it, and what is held. */
async function memory() {
  const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
  const read = (name) => Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(text)?.[1]) / 1e6;
  const all = read('process_resident_memory_bytes');
  const heap = read('nodejs_heap_size_used_bytes');
  return {
    all,
    heap,
    outside: read('nodejs_external_memory_bytes'),
    held: all - read('nodejs_heap_size_total_bytes') + heap,
  };
}

const query = (sql, signal) => fetch(`${url}/query-stream`, { method: 'POST', body: JSON.stringify({ sql }), signal });

/** Slope of the line through the points (least squares). */
function slope(points) {
  const n = points.length;
  const mean = (f) => points.reduce((sum, p) => sum + f(p), 0) / n;
  const [x, y] = [mean((p) => p[0]), mean((p) => p[1])];
  return (
    points.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0) / points.reduce((sum, p) => sum + (p[0] - x) ** 2, 0)
  );
}

let failures = 0;
const fail = (text) => {
  failures++;
  console.error(`soak: ${text}`);
};
const points = [];
let pulls = 0;
let pushes = 0;
const began = Date.now();
const elapsed = () => (Date.now() - began) / 60_000;
try {
  for (let ready = false; !ready; ) {
    if (ended || elapsed() > 2) throw new Error('the server did not start');
    await sleep(200);
    ready = await fetch(`${url}/readyz`).then(
      (r) => r.ok,
      () => false,
    );
  }
  const start = elapsed();
  const over = () => ended || elapsed() - start >= minutes;
  let rides = -1;
  const pulling = async () => {
    for (; !over(); await sleep(250)) {
      const lines = (await (await query('SELECT * FROM vendor_totals;')).text()).trim().split('\n');
      pulls++;
      const sum = lines.slice(1).reduce((n, line) => n + JSON.parse(line)[1], 0);
      if (!(sum >= rides)) fail(`the table counts ${sum} rides, and counted ${rides} before`);
      rides = sum;
    }
  };
  const pushing = async () => {
    for (; !over(); await sleep(250)) {
      const sql = 'SELECT * FROM ride_streams EMIT CHANGES LIMIT 20;';
      const lines = (await (await query(sql, AbortSignal.timeout(60_000))).text()).trim().split('\n');
      pushes++;
      if (lines.length !== 21) fail(`a push query gave ${lines.length - 1} rows of 20`);
    }
  };
  const staying = async () => {
    const gone = new AbortController();
    const response = await query(
      'SELECT payment_type, COUNT(*) FROM ride_streams GROUP BY payment_type EMIT CHANGES;',
      gone.signal,
    );
    const reading = (async () => {
      for await (const _ of response.body);
    })().catch((e) => {
      if (!gone.signal.aborted && !over()) fail(`the push query that stays: ${e.message}`);
    });
    while (!over()) await sleep(500);
    gone.abort();
    await reading;
  };
  const looking = async () => {
    let least = Number.POSITIVE_INFINITY;
    for (let next = 0.5; !over(); await sleep(1000)) {
      const { all, heap, outside, held } = await memory();
      const at = elapsed() - start;
      least = Math.min(least, held);
      if (at < next) continue;
      next += 0.5;
      if (at >= minutes / 3) points.push([at, least]);
      const figures = [all, heap, outside, least].map((n) => n.toFixed(0).padStart(5));
      console.log(
        `${at.toFixed(1).padStart(6)} min${figures[0]} MB (heap${figures[1]}, outside of it${figures[2]}), held${figures[3]}`,
      );
      least = Number.POSITIVE_INFINITY;
    }
  };
  await Promise.all([pulling(), pushing(), staying(), looking()]);
  if (ended) throw new Error('the server has ended');
  const growth = slope(points);
  console.log(`${pulls} pull queries, ${pushes} push queries, ${rides} rides counted`);
  console.log(
    `what is held grew by ${growth.toFixed(2)} MB a minute after the first third of ${minutes} minutes; ${limit} are let pass`,
  );
  if (rides < 1 || pushes < 1) fail('nothing came');
  if (!(growth <= limit)) fail(`memory grows by ${growth.toFixed(2)} MB a minute`);
} catch (e) {
  fail(e.message);
} finally {
  server.kill('SIGTERM');
  await exited;
  rmSync(data, { recursive: true, force: true });
}
process.exit(failures === 0 ? 0 : 1);
