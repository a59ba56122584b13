import { RideGenerator, seededRandom } from '../../../cli/rides.js';

/** A record for a topic: its value as JSON text. */
export interface RideRecord {
  readonly id: number;
  readonly value: string;
  readonly timestamp: number;
}

const T0 = Date.UTC(2020, 6, 1, 6);
/** Event time must stay well below the 24 hours of grace: partitions are read in no order, and nothing may be late. */
export const MAX_RIDES = 45_000;

/**
 * Rides without end, numbered from 0. Sometimes a minute and more passes, so that sessions close; sometimes one comes up to
 * two minutes too late, so that they join. `delta` goes up and down, so that HAVING over its sum lets rows in and out.
 */
export class RideSource {
  private readonly random: () => number;
  private readonly generator: RideGenerator;
  private at = T0;
  private count = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.generator = new RideGenerator(seed);
  }

  next(): RideRecord {
    const { random } = this;
    const id = this.count++;
    this.at += random() < 0.01 ? 65_000 + Math.floor(random() * 130_000) : Math.floor(random() * 600);
    const timestamp = random() < 0.05 ? this.at - Math.floor(random() * 120_000) : this.at;
    const ride = { ride_id: id, delta: Math.floor(random() * 21) - 9, ...this.generator.next(timestamp) };
    return { id, value: JSON.stringify(ride), timestamp };
  }
}
