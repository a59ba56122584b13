/** So many rows a second, evenly: a row less than a second's worth may come at once behind a pause. */
export class Pace {
  private credit = 1;

  constructor(
    private readonly rate: number,
    private since: number,
  ) {}

  /** Milliseconds until a row may go. */
  pauseMs(now: number): number {
    this.earn(now);
    return this.credit >= 1 ? 0 : Math.ceil(((1 - this.credit) * 1000) / this.rate);
  }

  rows(now: number): number {
    this.earn(now);
    return Math.floor(this.credit);
  }

  took(rows: number): void {
    this.credit -= rows;
  }

  private earn(now: number): void {
    this.credit = Math.min(Math.max(this.rate, 1), this.credit + ((now - this.since) * this.rate) / 1000);
    this.since = now;
  }
}
