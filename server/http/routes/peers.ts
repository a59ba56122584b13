import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type PeerRead, WeirError } from '../../../engine/index.js';
import type { ClusterEngine } from '../../cluster.js';
import { writeFrames } from '../../peer-frames.js';
import { peerRowCodec } from '../../wire/peer-rows.js';
import type { RouteContext } from '../app.js';

/** What nodes of a service ask each other: rows of the partitions that this one has, and what it runs. */
export function peerRoutes(app: FastifyInstance, context: RouteContext): void {
  const engine = (): ClusterEngine => {
    if (context.cluster === undefined) throw new WeirError('NOT_FOUND', 'On the embedded log a node is alone.');
    return context.cluster.engine;
  };

  app.post('/peer/read', (request, reply) => {
    const asked = readOf(request.body);
    const codec = peerRowCodec(asked.read.columns.map((c) => c.type));
    const frames = writeFrames(engine().readForPeer(asked), codec);
    return reply
      .type('application/octet-stream')
      .send(Readable.from(frames, { objectMode: false, highWaterMark: 65_536 }));
  });

  app.post('/peer/queries', () => ({ queries: engine().queryStates() }));
}

/** A body that another node has sent; what is not of its shape is refused before anything is read. */
function readOf(body: unknown): PeerRead {
  const asked = body as Partial<PeerRead> | null | undefined;
  const { read, partitions, queryId, properties, maxLag } = asked ?? {};
  const fits =
    typeof read?.queryId === 'string' &&
    typeof read.subtopology === 'number' &&
    typeof read.node?.id === 'string' &&
    Array.isArray(read.steps) &&
    Array.isArray(read.columns) &&
    typeof queryId === 'string' &&
    typeof properties === 'object' &&
    properties !== null &&
    Array.isArray(partitions) &&
    partitions.every((p) => Number.isInteger(p) && p >= 0) &&
    (maxLag === null || typeof maxLag === 'number');
  if (!fits) throw new WeirError('BAD_REQUEST', 'The request is no read of another node.');
  return asked as PeerRead;
}
