import type { Clock } from '../../engine/index.js';
import type { Input } from './input.js';

const BAR = 24;
const INTERVAL_MS = 200;

const duration = (seconds: number): string => {
  const s = Math.round(seconds);
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
};

const grouped = (n: number): string => Math.round(n).toLocaleString('en-US');

/** `[=====>      ] 45 %  12,345 rows  9,876 rows/s  0:42 left`; without a size there is no bar and no time left. */
export function progressLine(rows: number, read: number, size: number | undefined, seconds: number): string {
  const rate = seconds > 0 ? rows / seconds : 0;
  const figures = `${grouped(rows)} rows  ${grouped(rate)} rows/s`;
  if (size === undefined || size === 0) return figures;
  const part = Math.min(1, read / size);
  const full = Math.round(part * BAR);
  const bar = `${'='.repeat(Math.max(0, full - 1))}${full > 0 ? '>' : ''}`.padEnd(BAR);
  const left = part > 0 && part < 1 ? `  ${duration((seconds * (1 - part)) / part)} left` : '';
  return `[${bar}] ${String(Math.floor(part * 100)).padStart(3)} %  ${figures}${left}`;
}

/** Shows how far a load is, on a terminal: elsewhere lines would only be in the way. */
export class Progress {
  private readonly began: number;
  private shown = Number.NEGATIVE_INFINITY;
  private width = 0;

  constructor(
    private readonly input: Input,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly out: { readonly isTTY?: boolean; write(text: string): unknown },
    private readonly quiet: boolean,
  ) {
    this.began = clock.now();
  }

  get seconds(): number {
    return (this.clock.now() - this.began) / 1000;
  }

  update(rows: number): void {
    const now = this.clock.now();
    if (this.quiet || this.out.isTTY !== true || now - this.shown < INTERVAL_MS) return;
    this.shown = now;
    const line = progressLine(rows, this.input.read(), this.input.size, this.seconds);
    this.out.write(`\r${line.padEnd(this.width)}`);
    this.width = line.length;
  }

  /** Takes the line away, so that what follows stands by itself. */
  clear(): void {
    if (this.width > 0) this.out.write(`\r${' '.repeat(this.width)}\r`);
    this.width = 0;
  }
}
