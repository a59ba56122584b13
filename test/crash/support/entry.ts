import { isMainThread } from 'node:worker_threads';
import { server } from '../../../cli/server.js';

/**
 * `weir server` as a process of a test, to be killed. It also ends when its standard input closes, so that it does not
 * outlive a test run that is killed itself. In a thread of the server the same bundle is that thread.
 */
if (isMainThread) {
  process.stdin.resume();
  process.stdin.once('end', () => process.exit(3));
  process.stdin.once('close', () => process.exit(3));
  (process.stdin as { unref?: () => void }).unref?.();

  server(process.argv.slice(2)).then(
    (status) => {
      process.exitCode = status;
    },
    (e: unknown) => {
      console.error(e);
      process.exitCode = 1;
    },
  );
}
