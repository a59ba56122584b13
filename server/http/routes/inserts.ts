import type { ServerResponse } from 'node:http';
import { type InsertStream, WeirError } from '../../../engine/index.js';
import { ERROR, errorBody } from '../../wire/errors.js';
import { described, integer, list, named, object, oneOf, text } from '../../wire/json-schema.js';
import { LINES } from '../answers.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import { linesOf } from '../line-reader.js';
import { DELIMITED, JSON_TYPE } from '../media.js';

const INSERT_LINES = named('InsertLines', described(text, 'A line {"target": NAME}, then a JSON object a line.'));
const ACKNOWLEDGEMENTS = named(
  'Acknowledgements',
  list(
    named('Acknowledgement', {
      anyOf: [
        object({ status: oneOf('ok'), seq: integer }),
        { allOf: [ERROR], type: 'object', properties: { status: oneOf('error'), seq: integer } },
      ],
    }),
  ),
);

/**
 * `POST /inserts-stream`: a line `{"target": …}`, then a row a line, a JSON object each. The answer's head comes as soon as
 * the target is known, then `{"status":"ok","seq":n}` for each row once it is durable; the first row that does not fit is
 * answered `{"status":"error", …}`, and is the last. Over HTTP/1.1 and HTTP/2.
 */
export const INSERTS: readonly Endpoint[] = [
  endpoint({
    method: 'POST',
    path: '/inserts-stream',
    summary: 'Inserts rows. Each is acknowledged when it is durable; the first that does not fit ends it.',
    lines: { type: DELIMITED, schema: INSERT_LINES },
    answers: { 200: { types: { [DELIMITED]: LINES, [JSON_TYPE]: ACKNOWLEDGEMENTS } } },
    handler:
      ({ engine, config, logger }) =>
      async (request, reply) => {
        const lines = linesOf((request.body ?? []) as AsyncIterable<Uint8Array>, config.limits.maxBody);
        const first = await lines.next();
        const [head, ...rows] = first.done === true ? [] : first.value;
        const inserts = await engine.openInserts(readTarget(head));
        reply.hijack();
        const asArray = request.headers.accept?.includes(JSON_TYPE) === true;
        const answer = new Acknowledgements(reply.raw, asArray, request.raw.httpVersionMajor >= 2);
        try {
          if (await answer.take(inserts, rows)) {
            for await (const more of lines) if (!(await answer.take(inserts, more))) break;
          }
        } catch (e) {
          logger.warn({ err: e }, 'inserts failed');
          await answer.refuse(e);
        }
        answer.end();
      },
  }),
];

function readTarget(line: string | undefined): string {
  let args: unknown;
  try {
    args = JSON.parse(line ?? 'null');
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Invalid JSON in the line of arguments: ${(e as Error).message}`);
  }
  const target = (args as { target?: unknown } | null)?.target;
  if (typeof target !== 'string') {
    throw new WeirError('BAD_REQUEST', 'The first line must name the stream: {"target": "NAME"}.');
  }
  return target;
}

/** The answer: one acknowledgement a row, in order. */
class Acknowledgements {
  private seq = 0;
  private written = 0;

  constructor(
    private readonly response: ServerResponse,
    private readonly asArray: boolean,
    /** Some clients parse every DATA frame. */
    private readonly alone: boolean,
  ) {
    response.on('error', () => {}); // the client has gone: 'destroyed' says so
    response.writeHead(200, { 'content-type': asArray ? JSON_TYPE : DELIMITED });
    response.flushHeaders();
  }

  /** False where a row was refused, or the client has gone. */
  async take(inserts: InsertStream, rows: readonly string[]): Promise<boolean> {
    const { inserted, error } = await inserts.insert(rows);
    for (let i = 0; i < inserted; i++) await this.write({ status: 'ok', seq: this.seq++ });
    if (error !== undefined) await this.refuse(error);
    return error === undefined && !this.response.destroyed;
  }

  async refuse(e: unknown): Promise<void> {
    await this.write({ status: 'error', seq: this.seq, ...errorBody(e) });
  }

  end(): void {
    if (this.asArray) this.response.write(this.written === 0 ? '[]' : ']');
    this.response.end();
  }

  private async write(ack: object): Promise<void> {
    const { response } = this;
    if (response.destroyed) return;
    const text = JSON.stringify(ack);
    const line = this.asArray ? `${this.written === 0 ? '[' : ',\n'}${text}` : `${text}\n`;
    this.written++;
    await new Promise<void>((resolve) => {
      if (this.alone) response.write(line, () => resolve());
      else if (response.write(line)) resolve();
      else {
        const go = (): void => {
          response.removeListener('drain', go);
          response.removeListener('close', go);
          resolve();
        };
        response.on('drain', go).on('close', go);
      }
    });
  }
}
