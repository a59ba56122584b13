import { WeirError } from '../base/errors.js';
import type { Log } from '../log/log.js';
import type { InputStart } from './inputs.js';

/** Where a query without state is: all before these offsets it has given, and nothing else. */
export interface Continuation {
  /** Fingerprint of the query. */
  readonly query: string;
  /** Next offset of each partition. */
  readonly topics: readonly { readonly topic: string; readonly offsets: readonly number[] }[];
}

const VERSION = 1;

/** A continuation as clients keep it: base64url of `[version, query, [[topic, [offset…]]…]]` as JSON. */
export const tokenOf = ({ query, topics }: Continuation): string =>
  Buffer.from(JSON.stringify([VERSION, query, topics.map((t) => [t.topic, t.offsets])])).toString('base64url');

/** @throws BAD_REQUEST for what is no token of this version */
export function continuationOf(token: string): Continuation {
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    throw invalid();
  }
  if (!Array.isArray(read)) throw invalid();
  const [version, query, topics] = read as unknown[];
  if (version !== VERSION) {
    throw new WeirError('BAD_REQUEST', `The continuation token is of version ${String(version)}.`, START_ANEW);
  }
  if (typeof query !== 'string' || !Array.isArray(topics) || !topics.every(isTopic)) throw invalid();
  return { query, topics: topics.map(([topic, offsets]) => ({ topic, offsets })) };
}

/**
 * Where a query goes on that has given a token.
 * @throws BAD_REQUEST where the token is of another query, of a topic that is no longer the same, or of records that are
 * no longer kept
 */
export async function resumeAt(
  token: string,
  query: string,
  topic: string,
  log: Pick<Log, 'offsets'>,
): Promise<readonly InputStart[]> {
  const continuation = continuationOf(token);
  if (continuation.query !== query || continuation.topics[0]?.topic !== topic) {
    throw new WeirError(
      'BAD_REQUEST',
      'The continuation token is that of another query.',
      'Send it with the very query that gave it, or start without it. A source that was changed makes another query.',
    );
  }
  const { offsets } = continuation.topics[0]!;
  const ranges = [...(await log.offsets(topic))].sort((a, b) => a.partition - b.partition);
  // Partitions that were added since are read from their first record on.
  if (offsets.length > ranges.length) throw recreated(topic);
  return ranges.map(({ partition, earliest, end }) => {
    const offset = offsets[partition] ?? earliest;
    if (offset > end) throw recreated(topic);
    if (offset < earliest) {
      throw new WeirError(
        'BAD_REQUEST',
        `The records behind the continuation token are no longer kept: partition ${partition} of ${topic} begins at ` +
          `${earliest}, the token is at ${offset}.`,
        START_ANEW,
      );
    }
    return { partition, offset, atEnd: offset === end };
  });
}

const START_ANEW = "Start the query without a token; with 'auto.offset.reset'='earliest' it gives all that is there.";

const recreated = (topic: string): WeirError =>
  new WeirError('BAD_REQUEST', `The continuation token does not fit ${topic}: it was created anew since.`, START_ANEW);

const invalid = (): WeirError => new WeirError('BAD_REQUEST', 'What was sent is not a continuation token.', START_ANEW);

const isTopic = (v: unknown): v is [string, number[]] =>
  Array.isArray(v) &&
  typeof v[0] === 'string' &&
  Array.isArray(v[1]) &&
  v[1].every((o) => Number.isSafeInteger(o) && o >= 0);
