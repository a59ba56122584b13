import type { Measurement } from './contender.js';
import type { Work } from './verify.js';

/** All right runs of one contender on one work. */
export interface Measured {
  readonly work: Work;
  readonly rows: number;
  readonly contender: string;
  /** What Weir is compared with. */
  readonly peer: boolean;
  readonly runs: readonly Measurement[];
}

/** The middle value; of two, their mean. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const HEADER = [
  'work',
  'rows',
  'contender',
  'rec/s',
  'CPU s',
  'peak MB',
  'first record ms',
  'speed ratio',
  'CPU ratio',
];
const TEXT_COLUMNS = new Set([0, 2]);

/**
 * A Markdown table of medians. The ratios are to the peer, above 1 where Weir is better: records a second, and CPU time
 * of the whole process, which other work on the machine hardly changes.
 */
export function report(measured: readonly Measured[]): string {
  const rate = ({ rows, runs }: Measured) => rows / median(runs.map((run) => run.seconds));
  const cpu = ({ runs }: Measured) => median(runs.map((run) => run.cpuSeconds));
  const lines = measured.map((entry) => {
    const peer = entry.peer ? undefined : measured.find((other) => other.peer && other.work === entry.work);
    const of = (pick: (run: Measurement) => number) => median(entry.runs.map(pick));
    return [
      entry.work,
      entry.rows.toLocaleString('en'),
      entry.contender,
      Math.round(rate(entry)).toLocaleString('en'),
      cpu(entry).toFixed(1),
      (of((run) => run.peakKb) / 1024).toFixed(0),
      of((run) => run.firstRecordMs).toFixed(0),
      peer === undefined ? '' : (rate(entry) / rate(peer)).toFixed(2),
      peer === undefined ? '' : (cpu(peer) / cpu(entry)).toFixed(2),
    ];
  });
  const widths = HEADER.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  const pad = (text: string, i: number) => (TEXT_COLUMNS.has(i) ? text.padEnd(widths[i]!) : text.padStart(widths[i]!));
  const row = (cells: readonly string[]) => `| ${cells.map(pad).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (TEXT_COLUMNS.has(i) ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [row(HEADER), rule, ...lines.map(row)].join('\n');
}
