import type { Value } from '../../values/value.js';
import type { SinkRow } from '../connector.js';
import { csvHeader, csvLine, jsonObject } from '../row-text.js';
import type { Layout } from './layout.js';
import type { FileSinkOptions } from './options.js';
import { ParquetRows } from './parquet-rows.js';
import { type RowWriter, UnfitRow } from './row-writer.js';
import { type Finished, StagedFile } from './staged-file.js';
import type { Target } from './target.js';

/** Files of one chunk that are open at once: with more values of partition.by the chunk ends. */
const OPEN_FILES = 64;

export interface ChunkFile extends Finished {
  /** Below the target, with slashes. */
  readonly name: string;
}

interface OpenFile {
  readonly staged: StagedFile;
  readonly rows: RowWriter;
  /** Rows that it has: a row may not fit. */
  count: number;
}

/** Rows of neighbouring offsets that become visible together: one file, or one for each folder of partition.by. */
export class Chunk {
  rows = 0;
  private readonly files = new Map<string, OpenFile>();

  constructor(
    /** Offset of the first row, which stands in the names. */
    readonly first: number,
    readonly firstTimestamp: number,
    /** Wall clock, milliseconds. */
    readonly begun: number,
    private readonly target: Target,
    private readonly layout: Layout,
    private readonly options: FileSinkOptions,
  ) {}

  get bytes(): number {
    let bytes = 0;
    for (const { rows } of this.files.values()) bytes += rows.bytes;
    return bytes;
  }

  /** Whether the row needs a file that the chunk has no room for. */
  isFullFor(row: SinkRow): boolean {
    return this.files.size >= OPEN_FILES && !this.files.has(this.layout.folderOf(row, this.valuesOf(row)));
  }

  /** @throws UnfitRow */
  async add(row: SinkRow): Promise<void> {
    const values = this.valuesOf(row);
    const folder = this.layout.folderOf(row, values);
    let file = this.files.get(folder);
    if (file === undefined) {
      const name = this.nameIn(folder);
      const staged = new StagedFile(await this.target.stage(name), this.options.compression === 'gzip');
      this.files.set(folder, (file = { staged, rows: this.writer(staged), count: 0 }));
    }
    await file.rows.add(values);
    file.count++;
    this.rows++;
  }

  /** Files that are complete on this machine, and not visible yet. */
  async finish(): Promise<readonly ChunkFile[]> {
    const done: ChunkFile[] = [];
    for (const [folder, { staged, rows, count }] of this.files) {
      if (count === 0) continue;
      await rows.end();
      done.push({ name: this.nameIn(folder), ...(await staged.finish()) });
    }
    return done;
  }

  async discard(): Promise<void> {
    for (const { staged } of this.files.values()) await staged.discard();
    this.files.clear();
  }

  private nameIn(folder: string): string {
    const { prefix, extension } = this.layout;
    const offset = String(this.first).padStart(this.options.offsetWidth, '0');
    return `${this.layout.folder}${folder}${prefix}${offset}${extension}`;
  }

  private valuesOf(row: SinkRow): readonly Value[] {
    return this.layout.columns === undefined ? [rawJson(row.valueBytes!)] : this.layout.columns.valuesOf(row);
  }

  private writer(file: StagedFile): RowWriter {
    const { columns } = this.layout;
    const { format, delimiter, nullText, header } = this.options;
    if (columns === undefined) return new Lines(file, ([bytes]) => bytes as Uint8Array);
    if (format === 'parquet') return new ParquetRows(file, columns);
    const line = format === 'csv' ? csvLine(columns.columns, delimiter, nullText) : jsonObject(columns.columns);
    const lines = new Lines(file, (values) => Buffer.from(line(values), 'utf8'));
    if (format === 'csv' && header) lines.put(Buffer.from(csvHeader(columns.columns, delimiter), 'utf8'));
    return lines;
  }
}

const LINE_END = Buffer.from('\n');

class Lines implements RowWriter {
  bytes = 0;

  constructor(
    private readonly file: StagedFile,
    private readonly line: (values: readonly Value[]) => Uint8Array,
  ) {}

  add(values: readonly Value[]): Promise<void> | undefined {
    return this.put(this.line(values));
  }

  put(line: Uint8Array): Promise<void> | undefined {
    this.bytes += line.length + 1;
    return this.file.append(line, LINE_END);
  }

  async end(): Promise<void> {}
}

/** A record's JSON as one line. @throws UnfitRow where it is no JSON object */
function rawJson(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (e) {
    throw new UnfitRow(`The value is no JSON: ${(e as Error).message}`, { cause: e });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UnfitRow('The value is no JSON object.');
  }
  // In JSON an end of a line can only be space between tokens.
  return /[\r\n]/.test(text) ? Buffer.from(text.replace(/[\r\n]+/g, ' '), 'utf8') : bytes;
}
