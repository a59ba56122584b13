import type { Duration } from '../../parser/ast.js';
import type { Clock } from '../base/clock.js';
import { WeirError } from '../base/errors.js';

const UNIT_MS: Readonly<Record<Duration['unit'], number>> = {
  MILLISECONDS: 1,
  SECONDS: 1000,
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: 86_400_000,
  WEEKS: 604_800_000,
  MONTHS: 2_592_000_000,
  YEARS: 31_536_000_000,
};
const DEFAULT_TIMEOUT_MS = 1000;
const POLL_MS = 50;

/**
 * Looks again and again until nothing is wrong.
 * @param problem what is wrong just now; undefined: nothing
 * @param timeout a second where none is given
 * @throws ASSERT_FAILED with what is still wrong then
 */
export async function awaitAssertion(
  problem: () => Promise<string | undefined>,
  timeout: Duration | undefined,
  clock: Clock,
): Promise<void> {
  const until = clock.now() + (timeout === undefined ? DEFAULT_TIMEOUT_MS : timeout.value * UNIT_MS[timeout.unit]);
  let wrong = await problem();
  while (wrong !== undefined && clock.now() < until) {
    await clock.sleep(POLL_MS);
    wrong = await problem();
  }
  if (wrong !== undefined) throw new WeirError('ASSERT_FAILED', wrong);
}
