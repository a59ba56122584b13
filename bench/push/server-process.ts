/** The server of the push benchmark, in a process of its own: tells its address and, when asked, what it costs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../server/config.js';
import { launch } from '../../server/main.js';

export interface ServerCosts {
  readonly rss: number;
  readonly heap: number;
  /** Bytes outside of V8's heap. */
  readonly external: number;
  /** Seconds of processor time since the start. */
  readonly cpu: number;
}

const dir = mkdtempSync(join(tmpdir(), 'weir-bench-push-'));
const running = await launch(
  loadConfig(
    {
      listeners: 'http://127.0.0.1:0',
      'weir.data.dir': dir,
      'weir.log.level': 'error',
      'weir.max.connections': '30000',
      'ksql.max.push.queries': '30000',
      'weir.max.body.bytes': String(32 * 1024 * 1024),
      ...(JSON.parse(process.env.BENCH_SETTINGS ?? '{}') as Record<string, string>),
    },
    {},
  ),
);
process.send!({ address: running.address });
process.on('message', (message) => {
  if (message === 'stop') {
    void running.stop().then(() => {
      rmSync(dir, { recursive: true, force: true });
      process.exit(0);
    });
    return;
  }
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed: heap, external, arrayBuffers } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send!({
    rss,
    heap,
    external: Math.max(external, arrayBuffers),
    cpu: (user + system) / 1e6,
  } satisfies ServerCosts);
});
