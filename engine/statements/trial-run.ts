import type { Query, Statement } from '../../parser/ast.js';
import { SqlError } from '../../parser/source.js';
import type { QueryProgress, QueryStream } from '../api/engine-api.js';
import type { StatementContext } from './context.js';
import { counted, number } from './counted.js';
import { openSelect } from './select.js';

/** A query is run for so long at most: statements behind it wait. */
const RUN_MS = 5000;
/** How often a query without an end is asked whether it has read all there is. */
const LOOK_MS = 50;
/** Aggregates give their rows a moment after the records: it is over when nothing has come for so many looks. */
const QUIET_LOOKS = 4;

/** What a trial run has come to. */
interface Trial {
  readonly rows: number;
  /** Milliseconds until the first row; undefined: there was none. */
  readonly firstMs: number | undefined;
  readonly ms: number;
  /** It has come to its end, or to the end of what there is to read. */
  readonly complete: boolean;
  readonly progress: QueryProgress | undefined;
}

/** EXPLAIN ANALYZE statement: the rows of its SELECT are computed for a moment, and counted. Nothing is written. */
export async function trialRun(query: Query, context: StatementContext): Promise<string> {
  const id = `transient_${context.parts.functionConfig.uuid().replaceAll('-', '').slice(0, 16)}`;
  const stream = await openSelect({ ...context, statement: query }, id);
  try {
    return text(await follow(stream, context));
  } finally {
    await stream.close();
  }
}

/** The SELECT of a statement. Throws BAD_STATEMENT for one that has none. */
export function trialQuery(statement: Statement): Query {
  switch (statement.kind) {
    case 'Query':
      return statement;
    case 'CreateAs':
    case 'InsertInto':
      return { ...statement.query, emit: statement.query.emit ?? 'CHANGES' };
    default:
      throw new SqlError({
        code: 'BAD_STATEMENT',
        message: 'EXPLAIN ANALYZE runs what it explains: only a query can be run.',
        span: statement.span,
        hint: 'It takes a SELECT, a CREATE … AS SELECT, an INSERT INTO … SELECT, or the id of a running query.',
      });
  }
}

async function follow(stream: QueryStream, { parts }: StatementContext): Promise<Trial> {
  const { clock } = parts;
  const began = clock.now();
  const stop = new AbortController();
  let rows = 0;
  let firstMs: number | undefined;
  const reading = (async () => {
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      firstMs ??= clock.now() - began;
      rows += batch.rows.length;
    }
    return true;
  })();
  const watching = (async () => {
    let quiet = 0;
    for (let seen = 0; clock.now() - began < RUN_MS; seen = rows) {
      await clock.sleep(LOOK_MS, stop.signal);
      quiet = stream.progress?.().atEnd === true && rows === seen ? quiet + 1 : 0;
      if (quiet >= QUIET_LOOKS) return true;
    }
    return false;
  })();
  try {
    const complete = await Promise.race([reading, watching.catch(() => false)]);
    return { rows, firstMs, ms: clock.now() - began, complete, progress: stream.progress?.() };
  } finally {
    stop.abort(new Error('the trial is over'));
    await stream.close();
    // What went wrong has been told by the race; after it nobody asks.
    await reading.catch(() => false);
  }
}

function text({ rows, firstMs, ms, complete, progress }: Trial): string {
  const lines = [
    `ran for ${number(ms)} ms, without writing: ${counted(rows, 'row')}` +
      (firstMs === undefined ? '' : `, the first after ${number(firstMs)} ms`),
    complete ? 'it has read all there is' : `it was stopped after ${RUN_MS / 1000} s, and had not read all`,
  ];
  if (progress === undefined) return lines.join('\n');
  const { recordsIn, filtered, undecodable, late, lag, earlier, firstError, unmatched } = progress;
  lines.push(
    `records in ${number(recordsIn)}, filtered ${number(filtered)}, skipped ${number(undecodable)}, late ${number(late)}, ` +
      `lag ${counted(lag, 'record')}`,
  );
  if (earlier > 0) {
    lines.push(
      `${counted(earlier, 'record')} stood before where it began: SET 'auto.offset.reset'='earliest' takes them too`,
    );
  }
  if (firstError !== null) lines.push(`first bad record ${firstError}`);
  return [...lines, ...unmatched].join('\n');
}
