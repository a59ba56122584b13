interface WindowTimes {
  readonly graceMs: number;
  /** RETENTION; without it size (or gap) and grace. How far behind stream time a session still takes records. */
  readonly retentionMs: number;
  /** How far behind stream time rows can still be read; undefined: as far as `retentionMs`. */
  readonly keptMs?: number;
}

export type WindowSpec =
  | (WindowTimes & { readonly kind: 'TUMBLING'; readonly sizeMs: number })
  | (WindowTimes & { readonly kind: 'HOPPING'; readonly sizeMs: number; readonly advanceMs: number })
  /** `gapMs`: the largest silence inside a session. */
  | (WindowTimes & { readonly kind: 'SESSION'; readonly gapMs: number });

export const windowExtent = (w: WindowSpec): number => (w.kind === 'SESSION' ? w.gapMs : w.sizeMs);

/** How far behind stream time the rows of a window are kept. */
export const keptMs = (w: WindowSpec): number =>
  Math.max(w.keptMs ?? w.retentionMs, w.retentionMs, windowExtent(w) + w.graceMs);

/**
 * Whether a row of a window is gone for readers: by stream time of its task alone, whatever key it has and whenever its
 * state is swept. Time windows are kept from their start, sessions from their end.
 */
export const isExpired = (w: WindowSpec, start: number, end: number, streamTime: number): boolean =>
  (w.kind === 'SESSION' ? end : start) + keptMs(w) < streamTime;

/** How the key of a topic is windowed: `time` keys carry the start, `session` keys end and start (big-endian, 8 bytes each). */
export type KeyWindow = { readonly kind: 'time'; readonly sizeMs: number } | { readonly kind: 'session' };
