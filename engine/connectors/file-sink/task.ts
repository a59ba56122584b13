import type { SinkBatch, SinkContext, SinkRow, SinkTask } from '../connector.js';
import { ConnectorFailed } from '../connector.js';
import { Chunk } from './chunk.js';
import type { Layout } from './layout.js';
import { type ChunkNote, ChunkNotes } from './notes.js';
import type { FileSinkOptions } from './options.js';
import { UnfitRow } from './row-writer.js';
import type { Target } from './target.js';

/**
 * Writes one partition. Rows wait in a chunk, which becomes visible in four steps, each durable before the next: the files are
 * complete under hidden names; a note says which offsets the chunk has; the files get their names; the note says that they had them. A task
 * that dies in between leaves a note, and the next one writes the same chunk once more: it ends where the note says, so that its files are
 * the same bytes, and those that are there already are left alone. So the clock may decide where a chunk ends, and rows are still written once.
 */
export class FileSinkTask implements SinkTask {
  private chunk: Chunk | undefined;
  /** All below is in the target, or left out. */
  private durable: number;
  private next: number;
  /** A chunk that an earlier task has begun to publish. */
  private unfinished: ChunkNote | undefined;
  private readonly notes: ChunkNotes;

  constructor(
    private readonly context: SinkContext<FileSinkOptions>,
    private readonly target: Target,
    private readonly layout: Layout,
  ) {
    const { topicId } = context.source;
    this.notes = new ChunkNotes(target, layout.prefix, layout.extension, topicId);
    this.durable = context.committed ?? context.earliest;
    this.next = this.durable;
  }

  async position(): Promise<number | undefined> {
    const { committed, end, source } = this.context;
    await this.target.clear(this.layout.prefix, this.layout.extension);
    const note = await this.notes.newest();
    if (note === undefined) return undefined;
    if (note.next > end) {
      throw new ConnectorFailed(
        `${this.target.where} has records up to offset ${note.next} of ${source.topic}, which ends at ${end}.`,
        'It is another topic of this name, or has lost records. Move the files and the folder .weir away, or give the connector another folder or prefix.',
      );
    }
    const isThere = note.done || (committed ?? 0) >= note.next || (await this.isThere(note));
    if (isThere && !note.done) await this.notes.done(note);
    if (!isThere) this.unfinished = note;
    this.durable = isThere ? Math.max(note.next, committed ?? 0) : note.first;
    this.next = this.durable;
    return this.durable;
  }

  async write(batch: SinkBatch): Promise<number> {
    for (const row of batch.rows) {
      if (this.isCompleteBefore(row)) await this.publish(row.offset);
      await this.take(row, batch);
      this.next = row.offset + 1;
      if (this.isComplete()) await this.publish(this.next);
    }
    this.next = batch.next;
    const { unfinished } = this;
    if (unfinished !== undefined && batch.next >= unfinished.next) await this.publish(unfinished.next);
    if (this.chunk === undefined && this.unfinished === undefined) this.durable = batch.next;
    return this.durable;
  }

  async flush(last: boolean): Promise<number> {
    const { chunk } = this;
    if (chunk === undefined || this.unfinished !== undefined) return this.durable;
    const { clock, options } = this.context;
    if (last || clock.now() - chunk.begun >= options.rotateScheduleMs) await this.publish(this.next);
    return this.durable;
  }

  async close(): Promise<void> {
    await this.chunk?.discard();
    await this.target.close();
  }

  private async isThere({ files }: ChunkNote): Promise<boolean> {
    for (const file of files) if (!(await this.target.has(file.name, file))) return false;
    return true;
  }

  private isCompleteBefore(row: SinkRow): boolean {
    if (this.unfinished !== undefined) return row.offset >= this.unfinished.next;
    const { chunk } = this;
    if (chunk === undefined) return false;
    const { rotateMs } = this.context.options;
    const isFar = rotateMs !== undefined && Math.abs(row.timestamp - chunk.firstTimestamp) >= rotateMs;
    return isFar || (!this.isTombstone(row) && this.isFullFor(chunk, row));
  }

  private isTombstone({ value, valueBytes }: SinkRow): boolean {
    return this.layout.columns === undefined ? valueBytes === null : value === null;
  }

  private isFullFor(chunk: Chunk, row: SinkRow): boolean {
    try {
      return chunk.isFullFor(row);
    } catch (e) {
      if (e instanceof UnfitRow) return false; // it is rejected when it is taken
      throw e;
    }
  }

  private isComplete(): boolean {
    const { chunk, unfinished } = this;
    if (chunk === undefined || unfinished !== undefined) return false;
    const { flushRows, rotateBytes } = this.context.options;
    return chunk.rows >= flushRows || chunk.bytes >= rotateBytes;
  }

  private async take(row: SinkRow, batch: SinkBatch): Promise<void> {
    const { options, clock } = this.context;
    if (this.isTombstone(row)) {
      if (options.nullValues === 'fail') await batch.reject(row, 'The record has no value (behavior.on.null.values).');
      return;
    }
    const first = this.unfinished?.first ?? row.offset;
    const chunk = this.chunk ?? new Chunk(first, row.timestamp, clock.now(), this.target, this.layout, options);
    try {
      await chunk.add(row);
      this.chunk = chunk;
    } catch (e) {
      this.chunk ??= chunk.rows > 0 ? chunk : undefined;
      if (!(e instanceof UnfitRow)) throw e;
      await batch.reject(row, e.message);
    }
  }

  /** Makes the chunk visible. @param end the offset behind it, where no note says so */
  private async publish(end: number): Promise<void> {
    const { chunk, unfinished } = this;
    const next = unfinished?.next ?? end;
    const first = unfinished?.first ?? chunk!.first;
    const files = (await chunk?.finish()) ?? [];
    const topicId = this.context.source.topicId ?? null;
    const seen = files.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }));
    const note: ChunkNote = { first, next, topicId, files: seen, done: false };
    await this.notes.decide(note);
    for (const file of files) await this.target.publish(file.name, file);
    await this.notes.done(note);
    this.chunk = undefined;
    this.unfinished = undefined;
    this.durable = next;
  }
}
