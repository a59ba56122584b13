import type { PartitionOffsets } from '../log/log.js';

export type ResumeFrom = 'earliest' | 'latest';

/**
 * RESUME … FROM: where a query goes on in partitions that no longer have the record that would come next (retention has
 * deleted it, or the topic was made anew). Everywhere else the query goes on where it stands, and state is kept. The
 * statement covers the loss that it was given for. What is lost later is an error again.
 */
export class LostPositions {
  /** The position of each partition when it was first opened after the statement. */
  private readonly seen = new Map<string, number>();

  constructor(private readonly from: ResumeFrom) {}

  /** Where to go on in place of `position`; undefined: there. */
  insteadOf(place: string, position: number, range: PartitionOffsets): number | undefined {
    const first = this.seen.get(place);
    if (first === undefined) this.seen.set(place, position);
    if (position >= range.earliest && position <= range.end) return undefined;
    if (first !== undefined && first !== position) return undefined;
    return this.from === 'earliest' ? range.earliest : range.end;
  }
}
