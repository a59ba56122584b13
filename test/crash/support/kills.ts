import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { QUERIES } from './queries.js';
import type { ServerProcess } from './server-process.js';

export interface KillPlan {
  readonly kills: number;
  /** Which of the kills is followed by the loss of the state directory; none by default. */
  readonly loseStateAfter?: number;
  /** Of a kill at work: the longest time from the first processed record on. */
  readonly workMs: number;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Kills a running server again and again at random moments, and leaves it running. The first kill
 * comes at once, of the others three of four meet it at work and the rest at some point of its start.
 */
export async function killAgainAndAgain(
  server: ServerProcess,
  plan: KillPlan,
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  for (let kill = 1; kill <= plan.kills; kill++) {
    // The first one comes at once: what was acknowledged last are the statements.
    if (kill > 1 && random() < 0.75) {
      await server.working(1 + Math.floor(random() * QUERIES), signal);
      await pause(random() * plan.workMs);
    } else if (kill > 1) await pause(random() * 1200);
    await server.kill();
    if (kill === plan.loseStateAfter) rmSync(join(server.dataDir, 'state'), { recursive: true });
    server.start();
  }
}
