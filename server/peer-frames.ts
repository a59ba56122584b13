import { ERROR_CODES, type ErrorCode, messageOf, type PeerRows, WeirError } from '../engine/index.js';
import type { PeerRowCodec } from './wire/peer-rows.js';

/** What comes between nodes in answer to a read: frames of a length (4 bytes), a kind (1 byte) and a payload. */
const KIND = { header: 1, rows: 2, end: 3, error: 4 } as const;

/** A frame is refused beyond this: rows come in batches of a thousand. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;

function frame(kind: number, payload: Buffer): Buffer {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32BE(payload.length + 1, 0);
  head[4] = kind;
  return Buffer.concat([head, payload]);
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), 'utf8');

/** The answer to a read. An error after its begin is its last frame; without an end or an error it was cut short. */
export async function* writeFrames({ partitions, rows }: PeerRows, codec: PeerRowCodec): AsyncGenerator<Buffer> {
  yield frame(KIND.header, json({ partitions }));
  try {
    for await (const batch of rows) yield frame(KIND.rows, codec.encode(batch));
    yield frame(KIND.end, Buffer.alloc(0));
  } catch (e) {
    const { code, hint } = e as { code?: string; hint?: string };
    yield frame(KIND.error, json({ code, hint, message: messageOf(e) }));
  }
}

/** Reads an answer as it comes. @throws WeirError NOT_READY where it is cut short, or the error that the other node met */
export async function readFrames(source: AsyncIterable<Buffer>, codec: PeerRowCodec): Promise<PeerRows> {
  const frames = framesOf(source);
  const first = await frames.next();
  if (first.done === true || first.value.kind !== KIND.header) throw cutShort();
  const { partitions } = JSON.parse(first.value.payload.toString('utf8')) as { readonly partitions: readonly number[] };
  async function* rows(): PeerRows['rows'] {
    for await (const { kind, payload } of frames) {
      if (kind === KIND.end) return;
      if (kind === KIND.error) throw errorOf(JSON.parse(payload.toString('utf8')));
      yield codec.decode(payload);
    }
    throw cutShort();
  }
  return { partitions, rows: rows() };
}

async function* framesOf(
  source: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly kind: number; readonly payload: Buffer }, void, undefined> {
  let chunks: Buffer[] = [];
  let waiting = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    waiting += chunk.length;
    while (waiting >= 4) {
      if (chunks[0]!.length < 4) chunks = [Buffer.concat(chunks)];
      const length = chunks[0]!.readUInt32BE(0);
      if (length < 1 || length > MAX_FRAME_BYTES)
        throw new WeirError('NOT_READY', 'The answer of another node cannot be read.');
      if (waiting < 4 + length) break;
      const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      yield { kind: all[4]!, payload: all.subarray(5, 4 + length) };
      const rest = all.subarray(4 + length);
      chunks = rest.length === 0 ? [] : [rest];
      waiting = rest.length;
    }
  }
}

const cutShort = (): WeirError => new WeirError('NOT_READY', 'The answer of another node was cut short.', 'Try again.');

/** An error as another node told it; of a code that is not known it is NOT_READY. */
export function errorOf(body: unknown): WeirError {
  const { code, message, hint } = (body ?? {}) as { code?: string; message?: string; hint?: string };
  const known = code !== undefined && code in ERROR_CODES ? (code as ErrorCode) : 'NOT_READY';
  return new WeirError(known, message ?? 'Another node has failed.', hint);
}
