import { type FileHandle, open, stat } from 'node:fs/promises';
import { explained, messageOf, WeirError } from '../../base/errors.js';
import { EvaluationError } from '../../values/evaluation-error.js';
import { type BadRecord, ConnectorFailed, type SourceContext, type SourceRecord } from '../connector.js';
import { BadRow } from '../files/bad-row.js';
import type { AllowedPath } from '../files/folders.js';
import { type CsvForm, csvRows, delimiterNamed, jsonRows, lineTexts, type Row, type TextPiece } from '../files/rows.js';
import { isPlain, type Lines, plainInput, type TextInput, textInput } from '../files/text.js';
import type { Cells } from './cells.js';
import { type FileSourceOptions, TEXT_NAMES } from './options.js';
import { ParquetFile } from './parquet-file.js';
import { type FilePlace, HEAD_BYTES, hasHead, headOf } from './position.js';
import { read, type TailEnd, tail } from './tail.js';

/** What a file gives, in order. */
export type Item =
  | {
      readonly kind: 'row';
      readonly record: SourceRecord | BadRecord;
      readonly bytes: number;
      /** Behind the row; undefined: it is known with what comes next. */
      readonly place: FilePlace | undefined;
    }
  | { readonly kind: 'end' };

const QUOTE = 0x22;
/** Bytes of CSV that grows which may wait for a quote to be closed. */
const MOST_OPEN = 1024 * 1024;
/** What a row of Parquet counts as. */
const ROW_BYTES = 200;

type Format = 'csv' | 'json' | 'parquet' | 'lines';

const ENDINGS: Readonly<Record<string, Format>> = {
  csv: 'csv',
  tsv: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  parquet: 'parquet',
  txt: 'lines',
  log: 'lines',
};

const endingOf = (name: string): string => /\.([^./]+)$/.exec(name.replace(/\.gz$/i, ''))?.[1]?.toLowerCase() ?? '';

/** Undefined: its ending does not say. */
export const formatOf = (name: string, { format }: FileSourceOptions): Format | undefined =>
  format === 'auto' ? ENDINGS[endingOf(name)] : format;

interface OpenedFile {
  readonly name: string;
  readonly path: string;
  /** Where it goes on; undefined: at its beginning. */
  readonly from: FilePlace | undefined;
  /** It is read on as it grows. */
  readonly grows: boolean;
}

/** Reads one file from a place in it, as far as it goes. */
export class FileItems {
  /** Why a followed file has ended. */
  tailEnd: TailEnd | undefined;
  private form: CsvForm | null;
  /** End of the last row. */
  private last: number | undefined;
  private mark: Pick<FilePlace, 'name' | 'inode' | 'head'>;

  private constructor(
    private readonly context: SourceContext<FileSourceOptions>,
    private readonly cells: Cells,
    private readonly handle: FileHandle,
    private readonly file: OpenedFile,
    private readonly format: Format,
    private readonly head: Buffer,
    mark: Pick<FilePlace, 'name' | 'inode' | 'head'>,
    private readonly signal: AbortSignal,
  ) {
    this.mark = mark;
    this.form = file.from?.form ?? null;
  }

  /**
   * @returns 'other': the file is not the one that `from` speaks of
   */
  static async open(
    context: SourceContext<FileSourceOptions>,
    cells: Cells,
    allowed: AllowedPath,
    file: OpenedFile,
    signal: AbortSignal,
  ): Promise<FileItems | 'other'> {
    const { name, path, from, grows } = file;
    const format = formatOf(name, context.options);
    if (format === undefined) {
      throw new ConnectorFailed(
        `The ending of ${name} does not say what it holds.`,
        'Name it with format: csv, json, parquet or lines.',
      );
    }
    await allowed.check(path);
    const handle = await open(path, 'r');
    try {
      const found = await handle.stat({ bigint: true });
      if (!found.isFile()) throw new ConnectorFailed(`${path} is no file.`);
      const head = Buffer.alloc(HEAD_BYTES);
      const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
      const bytes = head.subarray(0, bytesRead);
      const inode = String(found.ino);
      if (from !== undefined && grows && from.inode !== inode) return await other(handle);
      if (from !== undefined && !hasHead(bytes, from.head)) return await other(handle);
      const isCut = format !== 'parquet' && isPlain(bytes, context.options.encoding) && (from?.at ?? 0) > found.size;
      if (isCut && grows) return await other(handle);
      const mark = { name, inode, head: headOf(bytes) };
      return new FileItems(context, cells, handle, file, format, bytes, mark, signal);
    } catch (e) {
      await handle.close();
      throw e;
    }
  }

  async *items(): AsyncGenerator<Item> {
    try {
      yield* this.format === 'parquet' ? this.parquet() : this.text();
      yield { kind: 'end' };
    } finally {
      await this.handle.close();
    }
  }

  private async *text(): AsyncGenerator<Item> {
    const { format } = this;
    const input = this.input();
    try {
      if (format === 'lines') {
        for await (const piece of lineTexts(input.lines(), input)) yield this.line(piece);
        return;
      }
      const rows = format === 'json' ? jsonRows(input) : this.file.grows ? this.grownCsv(input) : this.csv(input);
      let skip = this.isArray() ? (this.file.from?.at ?? 0) : 0;
      for await (const row of rows) {
        if (skip-- > 0) continue;
        yield this.row(row);
      }
    } catch (e) {
      // The rest of the file cannot be read: that is one bad record.
      if (!(e instanceof WeirError)) throw e;
      yield this.bad(e);
    }
  }

  private csv(input: TextInput): AsyncGenerator<Row | BadRow> {
    const { options, into } = this.context;
    const ofInto = into === undefined ? undefined : [...into.schema.key, ...into.schema.value].map((c) => c.name);
    const named = options.delimiter === undefined ? undefined : delimiterNamed(options.delimiter);
    return csvRows(input, {
      delimiter: this.form?.delimiter ?? named ?? (endingOf(this.mark.name) === 'tsv' ? '\t' : undefined),
      columns: this.form?.columns ?? (options.header ? undefined : (options.columns ?? ofInto)),
      chosen: (form) => {
        this.form = form;
      },
    });
  }

  /**
   * CSV that grows, in pieces that end where a row does: the parser would keep the last row until it knows what follows. After a quote that
   * nobody closes there is no such place, and a piece ends all the same.
   */
  private async *grownCsv(input: TextInput): AsyncGenerator<Row | BadRow> {
    let pieces: Lines[] = [];
    let [bytes, quotes] = [0, 0];
    for await (const lines of input.lines()) {
      pieces.push(lines);
      bytes += lines.bytes.length;
      for (let at = lines.bytes.indexOf(QUOTE); at >= 0; at = lines.bytes.indexOf(QUOTE, at + 1)) quotes++;
      if (quotes % 2 === 1 && bytes < MOST_OPEN) continue;
      yield* this.csv(piecesOf(input, pieces));
      pieces = [];
      [bytes, quotes] = [0, 0];
    }
    if (pieces.length > 0) yield* this.csv(piecesOf(input, pieces));
  }

  private input(): TextInput {
    const { context, handle, head, signal } = this;
    const { from, grows, path } = this.file;
    const { encoding } = context.options;
    const facts = { name: this.mark.name, names: TEXT_NAMES };
    const place = { at: from?.at ?? 0, line: from?.line ?? 1 };
    if (grows) {
      if (!isPlain(head, encoding) || this.isArray()) {
        throw new ConnectorFailed(`${this.mark.name} cannot be followed: it is packed, no UTF-8, or one JSON array.`);
      }
      const ended = (why: TailEnd) => {
        this.tailEnd = why;
      };
      const grown = () => tail(handle, path, place.at, context.clock, signal, ended);
      return plainInput(() => this.marked(grown(), place.at), facts, place);
    }
    if (this.isArray()) return textInput(() => read(handle, 0, signal), { ...facts, encoding });
    if (isPlain(head, encoding)) return plainInput(() => read(handle, place.at, signal), facts, place);
    return textInput(() => read(handle, 0, signal), { ...facts, encoding }, place);
  }

  /** A file that was short when it was opened is better known once it has grown. */
  private async *marked(source: AsyncGenerator<Buffer>, at: number): AsyncGenerator<Buffer> {
    let known = at;
    for await (const chunk of source) {
      if (this.mark.head[0] < HEAD_BYTES && known < HEAD_BYTES) {
        const head = Buffer.alloc(HEAD_BYTES);
        const { bytesRead } = await this.handle.read(head, 0, HEAD_BYTES, 0);
        this.mark = { ...this.mark, head: headOf(head.subarray(0, bytesRead)) };
      }
      known += chunk.length;
      yield chunk;
    }
  }

  private isArray(): boolean {
    return this.format === 'json' && /^(\xef\xbb\xbf)?\s*\[/.test(this.head.toString('latin1'));
  }

  private async *parquet(): AsyncGenerator<Item> {
    let at = this.file.from?.at ?? 0;
    try {
      const file = await ParquetFile.open(this.handle, this.mark.name, this.cells);
      for await (const row of file.rows(at)) {
        at++;
        const place = { ...this.mark, at, line: 1, form: null };
        const origin = `row ${at} of ${this.mark.name}`;
        let record: SourceRecord | BadRecord;
        try {
          record = { value: this.cells.fit(row), origin };
        } catch (e) {
          if (!isOfRow(e)) throw e;
          record = {
            bad: { payload: Buffer.from(String(Object.values(row))), reason: `${origin}: ${explained(e)}` },
            origin,
          };
        }
        yield { kind: 'row', record, bytes: ROW_BYTES, place };
      }
    } catch (e) {
      // What the library cannot read it says as plain errors; those of the disk have a code.
      if (
        e instanceof ConnectorFailed ||
        ((e as NodeJS.ErrnoException).code !== undefined && !(e instanceof WeirError))
      )
        throw e;
      this.signal.throwIfAborted();
      yield this.bad(new BadRow(at + 1, `${this.mark.name}: row ${at + 1} cannot be read: ${messageOf(e)}`));
    }
  }

  private line(piece: TextPiece | BadRow): Item {
    if (piece instanceof BadRow) return this.bad(piece);
    const value = Buffer.from(piece.text, 'utf8');
    const record = { key: null, value, origin: this.origin(piece.line) };
    return { kind: 'row', record, bytes: value.length, place: this.placeOf(piece) };
  }

  private row(row: Row | BadRow): Item {
    if (row instanceof BadRow) return this.bad(row);
    try {
      const value =
        row.json === undefined ? this.cells.ofCsv(row.read().fields) : this.cells.ofJson(row.json, row.parsed!);
      const record = { value, origin: this.origin(row.line) };
      const bytes = row.json?.length ?? Math.max(0, row.end - (this.last ?? row.end));
      this.last = row.end;
      return { kind: 'row', record, bytes, place: this.placeOf(row) };
    } catch (e) {
      if (!isOfRow(e)) throw e;
      const text = row.json ?? [...row.read().fields.values()].join(this.form?.delimiter ?? ',');
      const reason = `${this.origin(row.line)}: ${explained(e)}`;
      const record = { bad: { payload: Buffer.from(text, 'utf8'), reason }, origin: this.origin(row.line) };
      return { kind: 'row', record, bytes: text.length, place: this.placeOf(row) };
    }
  }

  private bad(e: WeirError): Item {
    const line = e instanceof BadRow ? e.line : undefined;
    const origin = line === undefined ? this.mark.name : this.origin(line);
    const payload = e instanceof BadRow ? e.payload : new Uint8Array(0);
    const said = e.message.replace(`${this.mark.name}:${line}: `, '');
    const reason = `${origin}: ${said}${e.hint === undefined ? '' : ` ${e.hint}`}`;
    const place = e instanceof BadRow && e.place !== undefined ? this.placeOf(e.place) : undefined;
    return { kind: 'row', record: { bad: { payload, reason }, origin }, bytes: payload.length, place };
  }

  private origin(line: number): string {
    return `line ${line} of ${this.mark.name}`;
  }

  private placeOf({ end, nextLine }: { readonly end: number; readonly nextLine: number }): FilePlace {
    return { ...this.mark, at: end, line: nextLine, form: this.form };
  }
}

function piecesOf(input: TextInput, pieces: readonly Lines[]): TextInput {
  return {
    ...input,
    lines: async function* () {
      yield* pieces;
    },
  };
}

/** Whether an error says that a row is bad, and not that something here is. */
const isOfRow = (e: unknown): boolean =>
  e instanceof WeirError || e instanceof EvaluationError || e instanceof SyntaxError;

async function other(handle: FileHandle): Promise<'other'> {
  await handle.close();
  return 'other';
}

/** The path in the folder of a file that was renamed, by its inode; undefined: it is gone. */
export async function renamedTo(
  folder: string,
  names: readonly string[],
  inode: string,
  allowed: AllowedPath,
): Promise<string | undefined> {
  for (const name of names) {
    const path = `${folder}/${name}`;
    const found = await stat(path, { bigint: true }).catch(() => undefined); // it is gone again
    if (found === undefined || String(found.ino) !== inode || !found.isFile()) continue;
    await allowed.check(path);
    return path;
  }
  return undefined;
}
