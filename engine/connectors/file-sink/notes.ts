import { ConnectorFailed } from '../connector.js';
import type { ChunkFile } from './chunk.js';
import type { Target } from './target.js';

/** What is decided about a chunk before any of its files is visible. Whoever writes the chunk after that gives it the same end. */
export interface ChunkNote {
  readonly first: number;
  /** Offset behind the last record that the chunk has taken or left out. */
  readonly next: number;
  /** Null: the log does not tell topics of one name apart. */
  readonly topicId: string | null;
  readonly files: readonly Pick<ChunkFile, 'name' | 'bytes' | 'sha256'>[];
  /** All files have been visible: readers may have taken them away since. */
  readonly done: boolean;
}

/** The notes of one partition: of the newest chunk, and sometimes of one before it. */
export class ChunkNotes {
  /** Of the newest chunk. */
  private kept: string | undefined;

  constructor(
    private readonly target: Target,
    /** What names of this partition's files begin and end with. */
    private readonly prefix: string,
    private readonly extension: string,
    private readonly topicId: string | undefined,
  ) {}

  /** What is known of the newest chunk; undefined: there is none. @throws ConnectorFailed where it is of another topic */
  async newest(): Promise<ChunkNote | undefined> {
    const ending = `${this.extension}.json`;
    const names = (await this.target.notes(this.prefix))
      .map((name) => ({ name, offset: name.slice(this.prefix.length, -ending.length) }))
      .filter(({ name, offset }) => name.endsWith(ending) && /^\d+$/.test(offset))
      .sort((a, b) => Number(b.offset) - Number(a.offset));
    const [newest, ...older] = names;
    for (const { name } of older) await this.target.removeNote(name);
    this.kept = newest?.name;
    return newest === undefined ? undefined : this.read(newest.name);
  }

  /** Decides the end of a chunk. @throws Error where another task has decided otherwise */
  async decide(note: ChunkNote): Promise<void> {
    const name = this.nameOf(note);
    if (await this.target.addNote(name, JSON.stringify(note))) return;
    const other = await this.read(name);
    if (other.next !== note.next) {
      throw new Error(`Another task writes offsets ${note.first} to ${other.next} into ${this.target.where}.`);
    }
  }

  async done(note: ChunkNote): Promise<void> {
    const name = this.nameOf(note);
    await this.target.setNote(name, JSON.stringify({ ...note, done: true }));
    if (this.kept !== undefined && this.kept !== name) await this.target.removeNote(this.kept);
    this.kept = name;
  }

  private nameOf({ first }: ChunkNote): string {
    return `${this.prefix}${String(first)}${this.extension}.json`;
  }

  private async read(name: string): Promise<ChunkNote> {
    const text = await this.target.readNote(name);
    // It is gone between two looks where another task has gone on.
    if (text === undefined) throw new Error(`Another task goes on with ${name} in ${this.target.where}.`);
    let note: ChunkNote;
    try {
      note = JSON.parse(text) as ChunkNote;
    } catch (e) {
      throw new ConnectorFailed(
        `${name} in ${this.target.where} is not what Weir has written.`,
        'Give the connector another folder or prefix.',
        { cause: e },
      );
    }
    if (this.topicId !== undefined && note.topicId !== null && note.topicId !== this.topicId) {
      throw new ConnectorFailed(
        `${this.target.where} has files of another topic of the same name, which was deleted since.`,
        'Move them and the folder .weir away, or give the connector another folder or prefix.',
      );
    }
    return note;
  }
}
