import type { RunningServer } from '../server/server.js';

/** A second signal, or this much time, ends a stop that hangs. */
const STOP_TIMEOUT_MS = 15_000;
/** A signal so soon behind the first is the same one: npm passes on what the terminal has sent already. */
const SAME_SIGNAL_MS = 500;

/** Keeps a server running until SIGINT or SIGTERM, then stops it cleanly. Resolves with the exit status. */
export function untilStopped(
  server: RunningServer,
  onStop: () => Promise<void>,
  say: (text: string) => void,
): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    let again = false;
    const stop = () => {
      if (stopping) {
        if (!again) return;
        say('Stopping at once.');
        process.exit(1);
      }
      stopping = true;
      say('Stopping…');
      const timer = setTimeout(() => {
        say(`The server has not stopped within ${STOP_TIMEOUT_MS / 1000} s: ending it. What is committed is safe.`);
        process.exit(1);
      }, STOP_TIMEOUT_MS);
      timer.unref();
      setTimeout(() => {
        again = true;
      }, SAME_SIGNAL_MS).unref();
      onStop()
        .then(() => server.stop())
        .then(
          () => {
            say('Stopped.');
            resolve(0);
          },
          (e: unknown) => {
            say(`Stopping failed: ${(e as Error).message}`);
            resolve(1);
          },
        );
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  });
}
