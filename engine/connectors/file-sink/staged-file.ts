import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const zip = promisify(gzip);

/** What is held in memory before it goes to the file. */
const BUFFER = 256 * 1024;

/** A file that is complete and on the disk, under a name that nobody reads. */
export interface Finished {
  readonly path: string;
  readonly bytes: number;
  /** Of its contents, hexadecimal. */
  readonly sha256: string;
}

/** A file that grows where nobody reads it. The same appends give the same bytes. */
export class StagedFile {
  private readonly hash: Hash = createHash('sha256');
  private pieces: Uint8Array[] = [];
  private waiting = 0;
  private bytes = 0;
  private handle: FileHandle | undefined;

  constructor(
    readonly path: string,
    private readonly isPacked: boolean,
  ) {}

  /** The bytes are the file's from now on. */
  append(...pieces: readonly Uint8Array[]): Promise<void> | undefined {
    for (const bytes of pieces) {
      this.pieces.push(bytes);
      this.waiting += bytes.length;
    }
    return this.waiting < BUFFER ? undefined : this.drain();
  }

  /** All of it is on the disk when this resolves. */
  async finish(): Promise<Finished> {
    await this.drain();
    this.handle ??= await open(this.path, 'wx');
    await this.handle.sync();
    await this.handle.close();
    this.handle = undefined;
    return { path: this.path, bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  async discard(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    // What cannot be closed or removed is a file with a name of its own, which the next task of the partition removes.
    await handle?.close().catch(() => {});
    await rm(this.path, { force: true }).catch(() => {});
  }

  private async drain(): Promise<void> {
    if (this.waiting === 0) return;
    const plain = Buffer.concat(this.pieces);
    this.pieces = [];
    this.waiting = 0;
    // Members of gzip behind one another are one gzip file.
    const bytes = this.isPacked ? await zip(plain) : plain;
    this.handle ??= await open(this.path, 'wx');
    for (let at = 0; at < bytes.length; ) {
      at += (await this.handle.write(bytes, at, bytes.length - at)).bytesWritten;
    }
    this.hash.update(bytes);
    this.bytes += bytes.length;
  }
}
