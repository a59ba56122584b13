import { createGunzip } from 'node:zlib';
import { WeirError } from '../../base/errors.js';

/** A line that is longer is no line: a file without line ends would fill the memory. */
const MAX_LINE = 32 * 1024 * 1024;

/** Whole lines of a text as UTF-8 bytes (which are not checked), the last line's end perhaps missing. */
export interface Lines {
  readonly bytes: Buffer;
  /** The number of the first one. */
  readonly line: number;
  /** Where they begin in the text: bytes of UTF-8. */
  readonly at: number;
}

/** A text that is read line by line. */
export interface TextInput {
  /** As it stands in messages. */
  readonly name: string;
  /** What the options are called where a person sets them. */
  readonly names: { readonly encoding: string; readonly delimiter: string };
  /** Can be asked once. @throws WeirError BAD_REQUEST where the bytes are not what the encoding says */
  lines(): AsyncGenerator<Lines>;
}

/** Where a text is read from: its beginning, or a place in it that has been reached before. */
export interface TextPlace {
  /** Bytes of UTF-8. */
  readonly at: number;
  /** Number of the line that begins there. */
  readonly line: number;
}

const BEGINNING: TextPlace = { at: 0, line: 1 };

/**
 * A text from bytes: gzip is known by its first bytes, UTF-16 and UTF-8 with a byte order mark by theirs; all else is UTF-8, or what `encoding`
 * names (a label that TextDecoder knows).
 * @param from the bytes are those from the beginning all the same: what lies before is read and left out
 */
export function textInput(
  bytes: () => AsyncGenerator<Buffer>,
  { name, names, encoding }: Pick<TextInput, 'name' | 'names'> & { readonly encoding: string | undefined },
  from: TextPlace = BEGINNING,
): TextInput {
  const whole = () => decoded(unzipped(bytes(), name), encoding, name, names.encoding);
  return { name, names, lines: () => wholeLines(from.at === 0 ? whole() : skipped(whole(), from.at), name, from) };
}

/** A text whose bytes are UTF-8 and begin at a place in it. */
export const plainInput = (
  bytes: () => AsyncGenerator<Buffer>,
  { name, names }: Pick<TextInput, 'name' | 'names'>,
  from: TextPlace,
): TextInput => ({ name, names, lines: () => wholeLines(bytes(), name, from) });

/** Whether a text that begins with these bytes is neither packed nor marked: its places are those of the file. */
export const isPlain = (head: Buffer, encoding: string | undefined): boolean =>
  (encoding === undefined || /^utf-?8$/i.test(encoding)) && !isZipped(head) && markOf(head) === undefined;

const isZipped = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** What a byte order mark says; undefined: there is none. */
function markOf(head: Buffer): 'utf-16le' | 'utf-16be' | 'utf-8' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 'utf-8' : undefined;
}

async function* skipped(source: AsyncGenerator<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of source) {
    if (left >= chunk.length) left -= chunk.length;
    else {
      yield chunk.subarray(left);
      left = 0;
    }
  }
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
  if (!isZipped(head)) {
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
  option: string,
): AsyncGenerator<Buffer> {
  const [head, all] = await peek(source, 3);
  const mark = markOf(head);
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
    throw new WeirError('BAD_REQUEST', `'${label}' is no encoding.`, `For example ${option} latin1, or utf-16le.`);
  }
  try {
    for await (const chunk of all) yield Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
    yield Buffer.from(decoder.decode(), 'utf8');
  } catch (e) {
    if (e instanceof WeirError) throw e;
    throw new WeirError('BAD_REQUEST', `${name} is no ${label}.`, undefined, { cause: e });
  }
}

async function* wholeLines(source: AsyncGenerator<Buffer>, name: string, from: TextPlace): AsyncGenerator<Lines> {
  let { at, line } = from;
  let pieces: Buffer[] = [];
  let waiting = 0;
  const give = (bytes: Buffer): Lines => {
    const lines = { bytes, line, at };
    for (let p = bytes.indexOf(10); p >= 0; p = bytes.indexOf(10, p + 1)) line++;
    at += bytes.length;
    return lines;
  };
  for await (const chunk of source) {
    const end = chunk.lastIndexOf(10) + 1;
    if (end > 0) {
      yield give(Buffer.concat([...pieces, chunk.subarray(0, end)]));
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
  if (waiting > 0) yield give(Buffer.concat(pieces));
}
