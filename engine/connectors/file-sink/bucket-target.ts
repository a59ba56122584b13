import { randomUUID } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { occupied } from './occupied.js';
import type { FileSinkOptions } from './options.js';
import { elementText, S3 } from './s3.js';
import { closeScratch, openScratch } from './scratch.js';
import type { Finished } from './staged-file.js';
import { HIDDEN, type Target } from './target.js';

const SHA256 = 'x-amz-meta-weir-sha256';
const NOTHING_THERE = { 'if-none-match': '*' };
/** A single upload takes no more, whatever the option says. */
const MOST_AT_ONCE = 64 * 1024 * 1024;
const MOST_PARTS = 10_000;

/** A bucket. A file becomes visible by a conditional upload, which never takes the place of another object. */
export class BucketTarget implements Target {
  private constructor(
    private readonly s3: S3,
    private readonly bucket: string,
    private readonly partBytes: number,
    /** Of this machine, for files that grow. */
    private readonly scratch: string,
  ) {}

  /** @param base of this machine, the same for each task of the partition: see `openScratch` */
  static async open(options: FileSinkOptions, base: string, signal: AbortSignal): Promise<BucketTarget> {
    const s3 = await S3.open(options, signal);
    return new BucketTarget(s3, options.bucket!, options.partBytes, await openScratch(base));
  }

  get where(): string {
    return `bucket ${this.bucket}`;
  }

  async stage(name: string): Promise<string> {
    return join(this.scratch, `${basename(name)}~${randomUUID()}`);
  }

  async clear(): Promise<void> {
    // Files that grow are in a folder of this task alone.
  }

  async publish(name: string, file: Finished): Promise<void> {
    const headers = { [SHA256]: file.sha256, 'content-type': 'application/octet-stream' };
    const isDone =
      file.bytes <= Math.min(this.partBytes, MOST_AT_ONCE)
        ? await this.putWhole(name, file, headers)
        : await this.putParts(name, file, headers);
    if (!isDone && !(await this.has(name, file))) throw occupied(`${name} in ${this.where}`);
    await rm(file.path, { force: true });
  }

  async has(name: string, { bytes, sha256 }: Pick<Finished, 'bytes' | 'sha256'>): Promise<boolean> {
    const { status, headers } = await this.s3.send({ method: 'HEAD', key: name, expected: [404] });
    return status !== 404 && headers.get(SHA256) === sha256 && headers.get('content-length') === String(bytes);
  }

  async notes(prefix: string): Promise<readonly string[]> {
    const names: string[] = [];
    for (let token: string | undefined; ; ) {
      const { text } = await this.s3.send({
        method: 'GET',
        query: {
          'list-type': '2',
          'encoding-type': 'url',
          prefix: `${HIDDEN}/${prefix}`,
          ...(token === undefined ? {} : { 'continuation-token': token }),
        },
      });
      for (const [, key] of text.matchAll(/<Key>([^<]*)<\/Key>/g)) {
        names.push(decodeURIComponent(key!.replaceAll('+', ' ')).slice(HIDDEN.length + 1));
      }
      token = elementText(text, 'NextContinuationToken');
      if (token === undefined) return names;
    }
  }

  async readNote(name: string): Promise<string | undefined> {
    const { status, text } = await this.s3.send({ method: 'GET', key: `${HIDDEN}/${name}`, expected: [404] });
    return status === 404 ? undefined : text;
  }

  async addNote(name: string, text: string): Promise<boolean> {
    const { status } = await this.s3.send({
      method: 'PUT',
      key: `${HIDDEN}/${name}`,
      headers: NOTHING_THERE,
      body: text,
      expected: [412],
    });
    return status !== 412;
  }

  async setNote(name: string, text: string): Promise<void> {
    await this.s3.send({ method: 'PUT', key: `${HIDDEN}/${name}`, body: text });
  }

  async removeNote(name: string): Promise<void> {
    await this.s3.send({ method: 'DELETE', key: `${HIDDEN}/${name}`, expected: [404] });
  }

  async close(): Promise<void> {
    await closeScratch(this.scratch);
  }

  /** @returns false: there is an object of this name */
  private async putWhole(key: string, file: Finished, headers: Record<string, string>): Promise<boolean> {
    const body = new Uint8Array(await readFile(file.path));
    const { status } = await this.s3.send({
      method: 'PUT',
      key,
      headers: { ...headers, ...NOTHING_THERE },
      body,
      expected: [412],
    });
    return status !== 412;
  }

  /** @returns as `putWhole` */
  private async putParts(key: string, file: Finished, headers: Record<string, string>): Promise<boolean> {
    const { s3 } = this;
    const begun = await s3.send({ method: 'POST', key, query: { uploads: '' }, headers });
    const uploadId = elementText(begun.text, 'UploadId');
    if (uploadId === undefined) throw new Error(`${this.where} began an upload of ${key} without an id.`);
    try {
      const size = Math.max(this.partBytes, Math.ceil(file.bytes / MOST_PARTS));
      const done: string[] = [];
      for await (const body of parts(file, size)) {
        const query = { partNumber: String(done.length + 1), uploadId };
        const { headers: said } = await s3.send({ method: 'PUT', key, query, body });
        done.push(`<Part><PartNumber>${done.length + 1}</PartNumber><ETag>${said.get('etag') ?? ''}</ETag></Part>`);
      }
      const { status, text } = await s3.send({
        method: 'POST',
        key,
        query: { uploadId },
        headers: NOTHING_THERE,
        body: `<CompleteMultipartUpload>${done.join('')}</CompleteMultipartUpload>`,
        expected: [412],
      });
      // The store may find out while it answers already.
      const code = elementText(text, 'Code');
      if (status !== 412 && code !== undefined)
        throw new Error(`${this.where}: the upload of ${key} ended with ${code}.`);
      if (status === 412) await this.abort(key, uploadId);
      return status !== 412;
    } catch (e) {
      await this.abort(key, uploadId);
      throw e;
    }
  }

  private async abort(key: string, uploadId: string): Promise<void> {
    // What is left of an upload is invisible; buckets have rules that clear it away.
    await this.s3.send({ method: 'DELETE', key, query: { uploadId }, expected: [404] }).catch(() => {});
  }
}

/** The file in pieces, one of them in memory. */
async function* parts(file: Finished, size: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const handle = await open(file.path, 'r');
  try {
    for (let at = 0; at < file.bytes; at += size) {
      const bytes = new Uint8Array(Math.min(size, file.bytes - at));
      for (let n = 0; n < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, n, bytes.length - n, at + n);
        if (bytesRead === 0) throw new Error(`${file.path} has become shorter.`);
        n += bytesRead;
      }
      yield bytes;
    }
  } finally {
    await handle.close();
  }
}
