import {
  messageOf,
  type QueryEnd,
  type QueryStream,
  type RequestContext,
  type RowBatch,
  WeirError,
} from '../../../engine/index.js';
import { checkedBody, resumable, SUBSCRIBE_BODY } from '../../http/request.js';
import type { Progress } from '../../push/silence.js';
import type { Notice } from '../../push/why-no-rows.js';
import { errorBody } from '../../wire/errors.js';
import { objectLine, type RowText, schemaOf } from '../../wire/query-format.js';
import { rowWriter } from '../../wire/row-json.js';
import { CHUNK_BYTES, lengthOf, sharedChunks } from '../../wire/shared-chunks.js';
import { textFrame } from '../frames.js';

/** The frames of `/ws/v1` (docs/api.md): those from the client as values, those to it as bytes. */

export type ClientMessage =
  | ({ readonly type: 'subscribe'; readonly id: string } & Subscribe)
  | { readonly type: 'unsubscribe' | 'pause' | 'resume'; readonly id: string }
  | { readonly type: 'ping'; readonly data: unknown };

export interface Subscribe {
  readonly sql: string;
  readonly context: RequestContext;
  /** `progress` frames are asked for. */
  readonly progress: boolean;
  /** Rows are objects. */
  readonly objects: boolean;
}

/** What was asked, as far as it could be read: an error that belongs to no query tells it. */
export interface RequestRef {
  readonly type?: string;
  readonly id?: string;
}

/** A frame that is not carried out. */
export class FrameRefused extends WeirError {
  constructor(
    readonly request: RequestRef,
    readonly error: WeirError,
  ) {
    super(error.code, error.message, error.hint);
  }
}

const MAX_ID = 128;
const TYPES = ['subscribe', 'unsubscribe', 'pause', 'resume', 'ping'];

const bad = (message: string, hint?: string): WeirError => new WeirError('BAD_REQUEST', message, hint);

/** @throws FrameRefused, or BAD_REQUEST where the query of a known id is at fault (`subscribe`) */
export function readMessage(text: string): ClientMessage {
  let v: unknown;
  try {
    v = JSON.parse(text);
  } catch (e) {
    throw new FrameRefused({}, bad(`Invalid JSON: ${messageOf(e)}`));
  }
  if (typeof v !== 'object' || v === null || Array.isArray(v)) {
    throw new FrameRefused({}, bad('A frame must be a JSON object.'));
  }
  const { type, id, data } = v as Record<string, unknown>;
  const request: RequestRef = {
    ...(typeof type === 'string' ? { type: type.slice(0, MAX_ID) } : {}),
    ...(typeof id === 'string' ? { id: id.slice(0, MAX_ID) } : {}),
  };
  if (typeof type !== 'string' || !TYPES.includes(type)) {
    const what =
      typeof type === 'string' ? `Unknown type of frame: '${type.slice(0, MAX_ID)}'.` : 'A frame needs a type.';
    throw new FrameRefused(request, bad(what, `Types are ${TYPES.join(', ')}.`));
  }
  if (type === 'ping') return { type, data };
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID) {
    throw new FrameRefused(request, bad(`Member 'id' must be text of 1 to ${MAX_ID} characters.`));
  }
  if (type !== 'subscribe') return { type: type as 'pause', id };
  try {
    return { type, id, ...readSubscribe(v as Record<string, unknown>) };
  } catch (e) {
    throw new SubscribeRefused(id, e);
  }
}

/** A `subscribe` that names no query that could be opened. */
export class SubscribeRefused extends Error {
  constructor(
    readonly id: string,
    readonly error: unknown,
  ) {
    super(messageOf(error));
  }
}

function readSubscribe(v: Record<string, unknown>): Subscribe {
  const { sql, context } = checkedBody(v, SUBSCRIBE_BODY);
  const { continuation, progress, shape } = v as {
    readonly continuation?: string | null;
    readonly progress?: boolean | null;
    readonly shape?: string | null;
  };
  return {
    sql,
    context: resumable(context, continuation ?? undefined),
    progress: progress === true,
    objects: shape === 'objects',
  };
}

const frame = (message: object): Buffer => textFrame(JSON.stringify(message));

function errorMembers(e: unknown): object {
  const { code, error_code, message, hint, statementText } = errorBody(e);
  return { code, error_code, message, hint, statementText };
}

export const schemaFrame = (id: string, query: QueryStream) => frame({ type: 'schema', id, ...schemaOf(query) });
export const noticeFrame = (id: string, notice: Notice) => frame({ type: 'notice', id, notice });
export const progressFrame = (id: string, progress: Progress) => frame({ type: 'progress', id, progress });
export const snapshotEndFrame = (id: string) => frame({ type: 'snapshot_end', id });
export const endFrame = (id: string, reason: QueryEnd) => frame({ type: 'end', id, reason });
export const errorFrame = (id: string, e: unknown) => frame({ type: 'error', id, ...errorMembers(e) });
export const refusalFrame = (request: RequestRef, e: unknown) => frame({ type: 'error', request, ...errorMembers(e) });
export const pongFrame = (data: unknown) => frame({ type: 'pong', data });

/** What `rows` and `lines` frames say behind their id, and whole frames by id. */
interface Body {
  readonly type: 'rows' | 'lines';
  readonly bytes: Buffer;
  readonly frames: Map<string, Buffer>;
}

/** Frames of a chunk that are kept: clients mostly name their queries alike (`q1`, `1`). */
const MAX_KEPT_FRAMES = 4;

const bodiesOf = (row: RowText) =>
  sharedChunks<Body>((query, batch, from) => {
    const length = lengthOf(batch);
    const tombstones: number[] = [];
    let text = '';
    let next = from;
    for (; next < length && text.length < CHUNK_BYTES; next++) {
      const line = batch.lines?.[next];
      if (batch.tombstones?.[next]) tombstones.push(next - from);
      text += `${next === from ? '' : ','}${line === undefined ? row(query, batch, next) : JSON.stringify(line)}`;
    }
    const type = batch.lines === undefined ? 'rows' : 'lines';
    const deleted = tombstones.length === 0 ? '' : `,"tombstones":[${tombstones.join(',')}]`;
    // The token is behind the whole batch.
    const token =
      next < length || batch.continuation === undefined ? '' : `,"continuation":${JSON.stringify(batch.continuation)}`;
    const bytes = Buffer.from(`,"${type}":[${text}]${deleted}${token}}`, 'utf8');
    return { chunk: { type, bytes, frames: new Map() }, next };
  });

const BODIES = bodiesOf((query, batch, i) => rowWriter(query.columns)(batch.rows[i]!));
const OBJECT_BODIES = bodiesOf(objectLine);

/** The `rows` or `lines` frames of a batch. The same bytes for all who call their query `id`. */
export function* batchFrames(id: string, query: QueryStream, batch: RowBatch, objects: boolean): Generator<Buffer> {
  if (lengthOf(batch) === 0 && batch.continuation === undefined) return;
  for (const { type, bytes, frames } of (objects ? OBJECT_BODIES : BODIES)(query, batch)) {
    let whole = frames.get(id);
    if (whole === undefined) {
      whole = textFrame(`{"type":"${type}","id":${JSON.stringify(id)}`, bytes);
      if (frames.size < MAX_KEPT_FRAMES) frames.set(id, whole);
    }
    yield whole;
  }
}
