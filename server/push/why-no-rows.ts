import { instantText, type QueryProgress, type QueryStream } from '../../engine/index.js';

/** Why a push query has no rows: told to people (`message`, `hint`) and to programs (the rest). */
export interface Notice {
  readonly code:
    | 'WAITING_AT_END'
    | 'CATCHING_UP'
    | 'FILTERED'
    | 'HELD_BACK'
    | 'UNDECODABLE'
    | 'LATE'
    | 'OPEN_TRANSACTION'
    | 'NO_MATCH'
    | 'REMARK';
  readonly message: string;
  readonly hint?: string;
  readonly records?: number;
  readonly rows?: number;
  /** Event time, milliseconds. */
  readonly streamTime?: number;
  readonly firstError?: string;
}

const EARLIEST = "SET 'auto.offset.reset'='earliest';";

const counted = (n: number, one: string, many: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
const records = (n: number): string => counted(n, 'record', 'records');

/**
 * The reasons of a silence: from what a query has done since its last row (`before` is how far it was then; undefined
 * where it has given none yet). Empty where nothing is to be said: it is about to go on.
 */
export function whyNoRows(now: QueryProgress, before?: QueryProgress): Notice[] {
  const notices: Notice[] = [];
  const undecodable = now.undecodable - (before?.undecodable ?? 0);
  if (undecodable > 0) {
    const first = now.firstError === null ? '' : ` The first error: ${now.firstError}`;
    notices.push({
      code: 'UNDECODABLE',
      message: `${records(undecodable)} could not be decoded.${first}`,
      hint: 'Compare the format and the columns of the source with the records: PRINT shows them as they are.',
      records: undecodable,
      ...(now.firstError === null ? {} : { firstError: now.firstError }),
    });
  }
  const late = now.late - (before?.late ?? 0);
  if (late > 0) notices.push(lateNotice(late));
  const filtered = now.filtered - (before?.filtered ?? 0);
  if (filtered > 0) {
    const were = filtered === 1 ? 'was' : 'were';
    notices.push({
      code: 'FILTERED',
      message: `${counted(filtered, 'row', 'rows')} ${were} left out by WHERE or HAVING.`,
      rows: filtered,
    });
  }
  for (const message of now.unmatched) notices.push({ code: 'NO_MATCH', message });
  if (now.heldBack > 0) {
    const wait = now.heldBack === 1 ? 'row waits' : 'rows wait';
    const time = now.streamTime < 0 ? '' : `; it stands at ${instantText(now.streamTime)}`;
    notices.push({
      code: 'HELD_BACK',
      message: `${now.heldBack.toLocaleString('en')} ${wait} for stream time to go on${time}.`,
      hint: 'EMIT FINAL gives a row when its window and the grace period are over: later records make stream time go on.',
      rows: now.heldBack,
      streamTime: now.streamTime,
    });
  }
  if (!now.atEnd) {
    if (now.lag > 0) {
      notices.push({ code: 'CATCHING_UP', message: `${records(now.lag)} are still to be read.`, records: now.lag });
    }
  } else if (notices.length === 0 || (now.earlier > 0 && now.rowsOut === 0)) {
    notices.push(waiting(now));
  }
  return notices;
}

export const lateNotice = (late: number): Notice => ({
  code: 'LATE',
  message: `${records(late)} came after the grace period of ${late === 1 ? 'its window' : 'their windows'}.`,
  hint: 'A longer GRACE PERIOD takes records that come later.',
  records: late,
});

/** A query that has read all there is may be behind a transaction. */
export const openNotice = (open: number): Notice => ({
  code: 'OPEN_TRANSACTION',
  message: `${records(open)} ${open === 1 ? 'waits' : 'wait'} for the end of a transaction that a producer has open.`,
  hint: 'Kafka ends it after transaction.timeout.ms of that producer; kafka-transactions lists those that are open.',
  records: open,
});

function waiting({ earlier, recordsIn, rowsOut }: QueryProgress): Notice {
  const skipped = rowsOut === 0 ? earlier : 0;
  if (skipped > 0) {
    return {
      code: 'WAITING_AT_END',
      message: `Waiting for new records; ${records(skipped)} came before and ${skipped === 1 ? 'is' : 'are'} not read.`,
      hint: `${EARLIEST} reads from the beginning.`,
      records: skipped,
    };
  }
  const none = recordsIn === 0 ? '; there are none yet' : '';
  return { code: 'WAITING_AT_END', message: `Waiting for new records${none}.`, records: 0 };
}

/** What is remarkable about the queries that write what a query reads. */
export const remarksOf = ({ remarks }: Pick<QueryStream, 'remarks'>): Notice[] =>
  (remarks?.() ?? []).map((message) => ({ code: 'REMARK', message }));

/** Whether more than one per cent of what a query has read came too late: that is told without a silence too. */
export const isOftenLate = ({ late, recordsIn }: QueryProgress): boolean => late * 100 > recordsIn;

/** Two silences have one reason where this is the same: numbers that only grow are no news. */
export const reasonOf = (notices: readonly Notice[]): string =>
  notices.map((n) => `${n.code} ${n.firstError ?? ''}`).join('\n');
