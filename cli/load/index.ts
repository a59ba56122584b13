import { basename } from 'node:path';
import { BadRow } from '../../engine/connectors/files/bad-row.js';
import { csvRows, delimiterName, delimiterNamed, jsonRows, type Row } from '../../engine/connectors/files/rows.js';
import { isTimeUnit, namedZone } from '../../engine/connectors/files/times.js';
import { LOAD_HEADER, markText, partitionOf, type RawRecord, systemClock, WeirError } from '../../engine/index.js';
import { ApiClient } from '../api-client.js';
import { readArgs, UsageError, wholeNumber } from '../args.js';
import type { RecordSink } from '../record-sink.js';
import { openSink, SINK_HELP, SINK_OPTIONS } from '../sink-options.js';
import { createStatement, type Inference, infer } from './infer.js';
import { type Input, openInput } from './input.js';
import { Progress } from './progress.js';
import { type RecordOptions, toRecord } from './records.js';

const LOAD_HELP = `usage: weir load FILE --topic T [options]

Writes the rows of a CSV file (its first line names the columns), or of a JSON file (an object a line, or one array of
objects), to a topic, in order. FILE may be gzip, UTF-16, or - for standard input.

  --topic T                (default with --create: the file's name)
  --create                 makes the stream first: types, and the key where none is given, by the first rows
  --stream NAME            its name (default: the topic's)
  --format json|delimited  how values are written (default json; delimited only from CSV)
  --key COLUMN             its text is the record's key (default: no key)
  --timestamp COLUMN       its value is the record's timestamp: ISO 8601, '2020-07-01 00:25:32', or a number
                           (default: now)
  --time-zone ZONE         of times that name none: UTC, America/New_York, +02:00
  --timestamp-unit U       what numbers count: s, ms, us or ns (default ms)
  --input csv|json         (default: by the file's ending; .json, .jsonl and .ndjson are JSON; .tsv has tabs)
  --delimiter C            of CSV: one character, or tab (default: the one that the first line has most of , tab ; |)
  --encoding E             of text that is neither UTF-8 nor marked: latin1, utf-16le
  --text COL,COL           columns that stay text though they look like numbers
  --limit N                at most so many rows
  --skip-bad-rows          a row that cannot be read is named and left out (else it ends the load)
  --resume                 goes on where the last load of this file into this topic ended: no row is written twice
  --quiet                  no bar
${SINK_HELP}

From CSV to JSON: a number stays as it is written (1.50 stays 1.50), true and false become booleans, an empty field
becomes null, all else text. With --create, times become TIMESTAMP and days DATE.`;

/** Rows and bytes in one write, at most: the server takes a body of some megabytes. */
const BATCH_ROWS = 1000;
const BATCH_BYTES = 1024 * 1024;
/** So many rows are looked at to infer the columns. Those of standard input are kept in memory meanwhile. */
const SAMPLE_ROWS = 10_000;
/** Bad rows that are named one by one. */
const NAMED_ROWS = 20;
const TIME_NAMES = { zone: '--time-zone', unit: '--timestamp-unit' };

export async function load(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArgs(args, OPTIONS);
  if (values.help) {
    console.log(LOAD_HELP);
    return 0;
  }
  const plan = planOf(values, positionals);
  const input = await openInput(plan.file, values.encoding);
  const sink = await openSink(values);
  try {
    return await new Load(plan, input, sink, values).run();
  } finally {
    await sink.close();
  }
}

const OPTIONS = {
  ...SINK_OPTIONS,
  topic: { type: 'string' },
  create: { type: 'boolean' },
  stream: { type: 'string' },
  format: { type: 'string' },
  key: { type: 'string' },
  timestamp: { type: 'string' },
  'time-zone': { type: 'string' },
  'timestamp-unit': { type: 'string' },
  input: { type: 'string' },
  delimiter: { type: 'string' },
  encoding: { type: 'string' },
  text: { type: 'string' },
  limit: { type: 'string' },
  'skip-bad-rows': { type: 'boolean' },
  resume: { type: 'boolean' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof readArgs<typeof OPTIONS>>['values'];

/** What the command line asks for, checked. */
interface LoadPlan extends Omit<RecordOptions, 'inference' | 'name'> {
  readonly file: string;
  readonly input: 'csv' | 'json';
  readonly delimiter: string | undefined;
  readonly topic: string;
  readonly stream: string;
  readonly create: boolean;
  readonly limit: number;
  readonly partitions: number;
  readonly skipsBadRows: boolean;
  readonly resume: boolean;
}

/** @throws UsageError, WeirError BAD_REQUEST */
function planOf(values: Values, positionals: readonly string[]): LoadPlan {
  const file = positionals[0];
  if (file === undefined || positionals.length > 1) throw new UsageError('weir load needs one FILE.');
  const plain = basename(file).replace(/\.gz$/i, '');
  const ending = /\.([^.]+)$/.exec(plain)?.[1]?.toLowerCase() ?? '';
  const create = values.create === true;
  if (values.stream !== undefined && !create) throw new UsageError('--stream is for --create.');
  const named = plain.replace(/\.[^.]+$/, '').replace(/[^A-Za-z0-9._-]/g, '_');
  const topic = values.topic ?? (create && file !== '-' ? named : undefined);
  if (topic === undefined) throw new UsageError('weir load needs --topic.');
  const format = (values.format ?? 'json').toLowerCase();
  if (format !== 'json' && format !== 'delimited') {
    throw new UsageError(`--format is json or delimited, not '${format}'.`);
  }
  const isJson = ['json', 'jsonl', 'ndjson'].includes(ending);
  const input = values.input === 'jsonl' ? 'json' : (values.input ?? (isJson ? 'json' : 'csv'));
  if (input !== 'csv' && input !== 'json') throw new UsageError(`--input is csv or json, not '${input}'.`);
  if (input === 'json' && format === 'delimited') throw new UsageError('--format delimited is written from CSV only.');
  if (input === 'json' && values.delimiter !== undefined) throw new UsageError('--delimiter is of CSV.');
  const delimiter = values.delimiter === undefined ? undefined : delimiterNamed(values.delimiter);
  if (delimiter !== undefined && [...delimiter].length !== 1) {
    throw new UsageError(`--delimiter is one character, or tab, not '${delimiter}'.`);
  }
  const unit = values['timestamp-unit'];
  if (unit !== undefined && !isTimeUnit(unit))
    throw new UsageError(`--timestamp-unit is s, ms, us or ns, not '${unit}'.`);
  const partitions = wholeNumber(values.partitions, '--partitions', 4);
  if (partitions < 1) throw new UsageError('--partitions must be at least 1.');
  if (create && (values['bootstrap-server'] ?? values['data-dir']) !== undefined) {
    throw new UsageError('--create needs a server, which makes the stream.');
  }
  const zone = values['time-zone'];
  return {
    file,
    input,
    format,
    delimiter: delimiter ?? (ending === 'tsv' ? '\t' : undefined),
    topic,
    stream: values.stream ?? topic.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(\d)/, '_$1'),
    create,
    key: values.key,
    timestamp: values.timestamp,
    times: { zone: zone === undefined ? undefined : namedZone(zone, '--time-zone'), unit, names: TIME_NAMES },
    text: new Set(values.text?.split(',').map((name) => name.trim())),
    limit: values.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber(values.limit, '--limit', 0),
    partitions,
    skipsBadRows: values['skip-bad-rows'] === true,
    resume: values.resume === true,
  };
}

/** One load, from its rows to the topic. */
class Load {
  /** Rows of the file so far, bad ones too: row n is the same one each time that the file is loaded. */
  private row = 0;
  private written = 0;
  private there = 0;
  private bad = 0;
  private partitions = 0;
  private runId = 0;
  /** By partition: the last row that it has from an earlier, cut-off load. */
  private marks: readonly number[] = [];
  private batch: { readonly record: RawRecord; readonly row: number; readonly partition: number }[] = [];
  private bytes = 0;
  /** A write has begun and has not been acknowledged: after a failure nobody knows what became of it. */
  private isSending = false;
  private readonly progress: Progress;
  /** As they stand in the topic's marks: the file, and the column that is the key. */
  private readonly id: string;
  private key: string | null = null;

  constructor(
    private readonly plan: LoadPlan,
    private readonly input: Input,
    private readonly sink: RecordSink,
    private readonly values: Values,
  ) {
    this.progress = new Progress(input, systemClock, process.stderr, values.quiet === true);
    this.id = plan.file === '-' ? '-' : basename(plan.file);
  }

  async run(): Promise<number> {
    const { plan, sink } = this;
    const source = this.rows();
    const sample = plan.create ? await this.sample(source) : [];
    const inference = plan.create ? this.infer(sample) : undefined;
    this.partitions = await sink.prepare(plan.topic, plan.partitions);
    const key = inference === undefined ? plan.key : inference.key;
    this.key = key ?? null;
    const isBegun = await this.begin();
    if (inference !== undefined && !isBegun) await this.create(inference);
    const options: RecordOptions = { ...plan, name: this.input.name, key, inference };
    try {
      for (const row of sample) if (!(await this.take(row, options))) break;
      for await (const row of source) if (!(await this.take(row, options))) break;
      await this.flush();
    } catch (e) {
      this.progress.clear();
      throw await this.stopped(e);
    }
    this.progress.clear();
    this.report();
    return 0;
  }

  private rows(): AsyncGenerator<Row | BadRow> {
    const { plan, input } = this;
    if (plan.input === 'json') return jsonRows(input);
    return csvRows(input, {
      delimiter: plan.delimiter,
      chosen: ({ delimiter: d }) => {
        if (d !== ',' && plan.delimiter === undefined) console.error(`The delimiter is ${delimiterName(d)}.`);
      },
    });
  }

  private async sample(source: AsyncGenerator<Row | BadRow>): Promise<(Row | BadRow)[]> {
    const rows: (Row | BadRow)[] = [];
    while (rows.length < Math.min(SAMPLE_ROWS, this.plan.limit)) {
      const next = await source.next();
      if (next.done === true) break;
      rows.push(next.value);
    }
    return rows;
  }

  private infer(sample: readonly (Row | BadRow)[]): Inference {
    const { plan } = this;
    const rows = sample.filter((r): r is Row => !(r instanceof BadRow));
    const first = sample.find((r) => r instanceof BadRow);
    if (first !== undefined && !plan.skipsBadRows) throw first;
    if (rows.length === 0)
      throw new WeirError('BAD_REQUEST', `${this.input.name} has no rows that say what its columns are.`);
    const found = infer(rows, { text: plan.text, key: plan.key, hasZone: plan.times.zone !== undefined });
    if (found.key !== undefined && !found.columns.has(found.key)) {
      throw new WeirError(
        'BAD_REQUEST',
        `${this.input.name}: there is no column '${found.key}'.`,
        `Columns: ${[...found.columns.keys()].join(', ')}`,
      );
    }
    return found;
  }

  private async create(inference: Inference): Promise<void> {
    const { plan } = this;
    const sql = createStatement(plan.stream, plan.topic, this.partitions, plan.format, inference);
    const api = new ApiClient(this.values, undefined, 'BAD_REQUEST');
    await api.post('/ksql', { ksql: sql }).catch((e: unknown) => {
      if (!(e instanceof WeirError) || !e.message.includes('already exists')) throw e;
      const hint =
        'Leave out --create to load into what is there, go on with an earlier load by --resume, or give another --stream.';
      throw new WeirError(e.code, e.message, hint, { cause: e });
    });
    console.log(sql);
  }

  /** Where to go on, where that was asked for. @returns whether an earlier load has written anything */
  private async begin(): Promise<boolean> {
    this.runId = systemClock.now();
    if (!this.plan.resume) return false;
    const { run, rows, key } = await this.sink.marks(this.plan.topic, this.id);
    if (run === null) {
      console.error(
        `Nothing of ${this.input.name} has been loaded into ${this.plan.topic} yet: it is loaded from its first row.`,
      );
      return false;
    }
    if (key !== undefined && key?.toLowerCase() !== this.key?.toLowerCase()) {
      const named = (k: string | null) => (k === null ? 'without a key' : `with key '${k}'`);
      throw new WeirError(
        'BAD_REQUEST',
        `${this.input.name} was loaded into ${this.plan.topic} ${named(key)}, and is to go on ${named(this.key)}: its rows would be in other partitions, and written again.`,
        key === null
          ? 'Leave out --key. Without --resume all of it is loaded once more.'
          : `Go on with --key ${key}. Without --resume all of it is loaded once more.`,
      );
    }
    this.runId = run;
    this.marks = rows;
    return true;
  }

  /** @returns whether more rows are wanted */
  private async take(row: Row | BadRow, options: RecordOptions): Promise<boolean> {
    if (this.row >= this.plan.limit) return false;
    const number = ++this.row;
    let record: RawRecord;
    try {
      if (row instanceof BadRow) throw row;
      record = toRecord(row, options);
    } catch (e) {
      if (!(e instanceof BadRow) || e.isFatal || !this.plan.skipsBadRows) throw e;
      this.progress.clear();
      if (++this.bad <= NAMED_ROWS) console.error(`left out: ${e.message}`);
      if (this.bad === NAMED_ROWS + 1) console.error('left out: more, which are counted and not named');
      return true;
    }
    const { key } = record;
    const partition = key === null ? number % this.partitions : partitionOf(key, 0, key.length, this.partitions);
    if (number <= (this.marks[partition] ?? 0)) {
      this.there++;
      return true;
    }
    this.batch.push({ record, row: number, partition });
    this.bytes += (key?.length ?? 0) + (record.value?.length ?? 0);
    if (this.batch.length >= BATCH_ROWS || this.bytes >= BATCH_BYTES) await this.flush();
    return true;
  }

  /** Writes what waits; each partition's last record says how far it has come. */
  private async flush(): Promise<void> {
    const { batch } = this;
    if (batch.length === 0) return;
    const last = new Map(batch.map(({ partition, row }) => [partition, row]));
    const records = batch.map(({ record, row, partition }) => ({
      ...record,
      partition,
      headers:
        last.get(partition) === row
          ? [{ key: LOAD_HEADER, value: Buffer.from(markText(this.id, this.runId, row, this.key), 'utf8') }]
          : [],
    }));
    this.batch = [];
    this.bytes = 0;
    this.isSending = true;
    await this.sink.send(this.plan.topic, records);
    this.isSending = false;
    this.written += records.length;
    this.progress.update(this.written);
  }

  /** What ended the load, with what was written before it. */
  private async stopped(e: unknown): Promise<unknown> {
    let cause = e;
    if (!this.isSending) {
      // All that stands before the row is written, so that the row's number says how much was.
      await this.flush().catch((error: unknown) => {
        cause = error;
      });
    }
    if (!(cause instanceof WeirError)) return cause;
    const isRow = cause instanceof BadRow;
    const told = `${this.count(this.written)} of ${this.input.name} ${this.written === 1 ? 'was' : 'were'} written to ${this.plan.topic}`;
    const how =
      this.plan.file === '-'
        ? ''
        : isRow
          ? ' Mend the row, or leave such rows out with --skip-bad-rows, and go on with the same options and --resume: no row is written twice.'
          : ' Go on with the same options and --resume: no row is written twice.';
    const hint = `${cause.hint === undefined ? '' : `${cause.hint} `}${told}${this.isSending ? ', perhaps more' : ''}.${how}`;
    return new WeirError(cause.code, cause.message, hint, { cause });
  }

  private count = (n: number): string => `${n} ${n === 1 ? 'row' : 'rows'}`;

  private report(): void {
    const { written, there, bad, progress } = this;
    const rate =
      progress.seconds > 0 ? ` (${Math.round(written / progress.seconds).toLocaleString('en-US')} rows/s)` : '';
    console.log(`${this.count(written)} of ${this.input.name} written to ${this.plan.topic}${rate}`);
    if (there > 0) console.log(`${this.count(there)} ${there === 1 ? 'was' : 'were'} there from an earlier load`);
    if (bad > 0) console.log(`${this.count(bad)} could not be read and ${bad === 1 ? 'was' : 'were'} left out`);
  }
}
