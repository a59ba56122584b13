import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { WeirError } from '../../engine/index.js';

/** A line that is longer is no line: a file without line ends would fill the memory. */
const MAX_LINE = 32 * 1024 * 1024;

/** Whole lines of a file as UTF-8 bytes, the last line's end perhaps missing. `line`: the number of the first one. */
export interface Lines {
  readonly bytes: Buffer;
  readonly line: number;
}

export interface Input {
  /** As it stands in messages. */
  readonly name: string;
  /** Size of the file in bytes; undefined for standard input. */
  readonly size: number | undefined;
  /** Bytes of the file read so far. */
  readonly read: () => number;
  /** Can be asked once. @throws WeirError BAD_REQUEST with the line where the text is not what the encoding says */
  lines(): AsyncGenerator<Lines>;
}

/**
 * A file, or standard input (`-`): gzip is known by its first bytes, UTF-16 and UTF-8 with a byte order mark by theirs; all else
 * is UTF-8, or what `encoding` names (a label that TextDecoder knows).
 * @throws WeirError NOT_FOUND, BAD_REQUEST
 */
export async function openInput(file: string, encoding: string | undefined): Promise<Input> {
  const isStandard = file === '-';
  let size: number | undefined;
  if (!isStandard) {
    const found = await stat(file).catch((e: NodeJS.ErrnoException) => {
      const text = e.code === 'ENOENT' ? `There is no file ${file}.` : `The file cannot be read: ${e.message}`;
      throw new WeirError('NOT_FOUND', text, undefined, { cause: e });
    });
    if (found.isDirectory()) throw new WeirError('BAD_REQUEST', `${file} is a folder.`, 'Name one of its files.');
    size = found.size;
  }
  let read = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of isStandard ? process.stdin : createReadStream(file)) {
      const bytes = chunk as Buffer;
      read += bytes.length;
      yield bytes;
    }
  };
  const name = isStandard ? 'standard input' : file;
  return {
    name,
    size,
    read: () => read,
    lines: () => wholeLines(decoded(unzipped(counted(), name), encoding, name), name),
  };
}

/** The first bytes and all of it, the first again. */
async function peek(source: AsyncGenerator<Buffer>, n: number): Promise<[Buffer, AsyncGenerator<Buffer>]> {
  let head: Buffer = Buffer.alloc(0);
  let ended = false;
  while (head.length < n && !ended) {
    const next = await source.next();
    if (next.done === true) ended = true;
    else head = Buffer.concat([head, next.value]);
  }
  const all = async function* (): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    if (!ended) yield* source;
  };
  return [head, all()];
}

async function* unzipped(source: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Buffer> {
  const [head, all] = await peek(source, 2);
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* all;
    return;
  }
  const gunzip = createGunzip();
  const feeding = (async () => {
    try {
      for await (const chunk of all) {
        if (!gunzip.write(chunk)) await new Promise((done) => gunzip.once('drain', done));
      }
      gunzip.end();
    } catch (e) {
      gunzip.destroy(e as Error);
    }
  })();
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
    await feeding;
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `${name} is gzip and cannot be unpacked: ${(e as Error).message}`, undefined, {
      cause: e,
    });
  }
}

/** As UTF-8, without a byte order mark. */
async function* decoded(
  source: AsyncGenerator<Buffer>,
  encoding: string | undefined,
  name: string,
): AsyncGenerator<Buffer> {
  const [head, all] = await peek(source, 3);
  const mark =
    head[0] === 0xff && head[1] === 0xfe
      ? 'utf-16le'
      : head[0] === 0xfe && head[1] === 0xff
        ? 'utf-16be'
        : head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf
          ? 'utf-8'
          : undefined;
  const label = mark ?? encoding ?? 'utf-8';
  if (/^utf-?8$/i.test(label)) {
    let skip = mark === undefined ? 0 : 3;
    for await (const chunk of all) {
      yield chunk.subarray(skip);
      skip = 0;
    }
    return;
  }
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(label, { fatal: true });
  } catch {
    throw new WeirError('BAD_REQUEST', `'${label}' is no encoding.`, 'For example --encoding latin1, or utf-16le.');
  }
  try {
    for await (const chunk of all) yield Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
    yield Buffer.from(decoder.decode(), 'utf8');
  } catch (e) {
    if (e instanceof WeirError) throw e;
    throw new WeirError('BAD_REQUEST', `${name} is no ${label}.`, undefined, { cause: e });
  }
}

async function* wholeLines(source: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Lines> {
  let line = 1;
  let pieces: Buffer[] = [];
  let waiting = 0;
  const give = function* (bytes: Buffer): Generator<Lines> {
    const good = isUtf8(bytes) ? bytes : bytes.subarray(0, firstBadLine(bytes));
    if (good.length > 0) yield { bytes: good, line };
    for (let at = good.indexOf(10); at >= 0; at = good.indexOf(10, at + 1)) line++;
    if (good.length === bytes.length) return;
    const hint = 'Name what it is, for example --encoding latin1.';
    throw new WeirError('BAD_REQUEST', `${name}:${line}: the text is no UTF-8.`, hint);
  };
  for await (const chunk of source) {
    const end = chunk.lastIndexOf(10) + 1;
    if (end > 0) {
      yield* give(Buffer.concat([...pieces, chunk.subarray(0, end)]));
      pieces = [];
      waiting = 0;
    }
    if (end === chunk.length) continue;
    pieces.push(chunk.subarray(end));
    waiting += chunk.length - end;
    if (waiting > MAX_LINE) {
      throw new WeirError('BAD_REQUEST', `${name}:${line}: a line of more than ${MAX_LINE / 1048576} MiB.`);
    }
  }
  if (waiting > 0) yield* give(Buffer.concat(pieces));
}

/** Where the first line begins that is no UTF-8. */
function firstBadLine(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    const until = end < 0 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(at, until))) return at;
    at = until;
  }
  return bytes.length;
}
