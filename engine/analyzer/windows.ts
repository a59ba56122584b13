import type { Duration, WindowClause } from '../../parser/ast.js';
import type { KeyWindow, WindowSpec } from '../plan/topology.js';
import { fail } from './errors.js';

const DAY = 86_400_000;
/** How long rows of windows can be read where RETENTION says nothing: as long as Kafka keeps a topic. */
const KEPT = 7 * DAY;
const UNIT_MS = {
  MILLISECONDS: 1,
  SECONDS: 1000,
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: DAY,
  WEEKS: 7 * DAY,
} as const;

/** Milliseconds; months and years have no fixed length and are refused. */
export function durationMs(d: Duration): number {
  if (d.unit === 'MONTHS' || d.unit === 'YEARS') {
    return fail(`${d.unit} have no fixed length and can not be the size of a window.`, d.span, 'Use DAYS or WEEKS.');
  }
  const ms = d.value * UNIT_MS[d.unit];
  if (!Number.isSafeInteger(ms)) fail(`The duration is too long: ${d.value} ${d.unit}.`, d.span);
  return ms;
}

/**
 * Without GRACE PERIOD: what is left of 24 hours after the size (or gap); with EMIT FINAL none, or its results would come a day
 * late. Without RETENTION rows are kept for size and grace, and for a week at least.
 */
export function windowSpec(w: WindowClause, final: boolean): WindowSpec {
  const extent = durationMs(w.kind === 'SessionWindow' ? w.gap : w.size);
  if (extent <= 0) fail('The size of a window must be larger than zero.', w.span);
  const restOfDay = Math.max(DAY - extent, 0);
  const graceMs = w.grace !== undefined ? durationMs(w.grace) : final ? 0 : restOfDay;
  const least = extent + graceMs;
  const retention = w.retention === undefined ? undefined : durationMs(w.retention);
  if (retention !== undefined && retention < least) {
    fail(
      `The RETENTION of a window must be at least its size and its grace period together: ${least} milliseconds, not ${retention}.`,
      w.retention!.span,
      w.grace === undefined
        ? `Without GRACE PERIOD the grace is ${graceMs} milliseconds: give a shorter one.`
        : undefined,
    );
  }
  const retentionMs = retention ?? least;
  const times = { graceMs, retentionMs, keptMs: retention ?? Math.max(least, KEPT) };
  switch (w.kind) {
    case 'TumblingWindow':
      return { kind: 'TUMBLING', sizeMs: extent, ...times };
    case 'HoppingWindow': {
      const advanceMs = durationMs(w.advance);
      if (advanceMs <= 0 || advanceMs > extent) {
        fail(
          'The ADVANCE BY of a hopping window must be larger than zero and not larger than its SIZE.',
          w.advance.span,
        );
      }
      return { kind: 'HOPPING', sizeMs: extent, advanceMs, ...times };
    }
    case 'SessionWindow':
      return { kind: 'SESSION', gapMs: extent, ...times };
  }
}

/** How the keys that a windowed aggregation writes are windowed. */
export const keyWindowOf = (w: WindowSpec): KeyWindow =>
  w.kind === 'SESSION' ? { kind: 'session' } : { kind: 'time', sizeMs: w.sizeMs };
