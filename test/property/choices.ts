/**
 * Decisions read off a tape of numbers. The generator of fast-check makes and shrinks the tape; 0, which also stands for all
 * that lies behind its end, is always the simplest choice, so that a shorter or smaller tape is a simpler query.
 */
export class Choices {
  private at = 0;

  constructor(private readonly tape: readonly number[]) {}

  /** A whole number in [0, n). */
  next(n: number): number {
    const v = this.tape[this.at++] ?? 0;
    return v % n;
  }

  /** True in `times` of 8. */
  chance(times: number): boolean {
    return this.next(8) >= 8 - times;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.next(list.length)]!;
  }

  /** From `least` to `most` items. */
  many<T>(least: number, most: number, make: (i: number) => T): T[] {
    return Array.from({ length: least + this.next(most - least + 1) }, (_, i) => make(i));
  }
}
