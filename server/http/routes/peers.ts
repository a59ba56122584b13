import { Readable } from 'node:stream';
import { type PeerRead, WeirError } from '../../../engine/index.js';
import type { ClusterEngine } from '../../cluster.js';
import { writeFrames } from '../../peer-frames.js';
import { anything, described, integer, list, map, named, object, orNull, text } from '../../wire/json-schema.js';
import { peerRowCodec } from '../../wire/peer-rows.js';
import { LINES } from '../answers.js';
import type { RouteContext } from '../context.js';
import { type Endpoint, endpoint } from '../endpoint.js';

/** As much of it as is looked at before the engine has it. */
const PEER_READ = named(
  'PeerReadRequest',
  described(
    object({
      queryId: text,
      read: object({
        queryId: text,
        subtopology: { type: 'number' },
        node: object({ id: text }),
        steps: list(anything),
        columns: list(anything),
      }),
      properties: map(anything),
      partitions: list({ ...integer, minimum: 0 }),
      maxLag: orNull({ type: 'number' }),
    }),
    'What one node asks of another; no API for clients.',
  ),
);
const PEER_QUERIES = named('PeerQueries', object({ queries: list(map(anything)) }));

function engineOf({ cluster }: RouteContext): ClusterEngine {
  if (cluster === undefined) throw new WeirError('NOT_FOUND', 'On the embedded log a node is alone.');
  return cluster.engine;
}

/** What nodes of a service ask each other: rows of the partitions that this one has, and what it runs. */
export const PEERS: readonly Endpoint[] = [
  endpoint<{ Body: PeerRead }>({
    method: 'POST',
    path: '/peer/read',
    summary: 'From another node: rows of those partitions of a table that this node has.',
    body: PEER_READ,
    answers: { 200: { types: { 'application/octet-stream': LINES } } },
    handler: (context) => (request, reply) => {
      const asked = request.body;
      const codec = peerRowCodec(asked.read.columns.map((c) => c.type));
      const frames = writeFrames(engineOf(context).readForPeer(asked), codec);
      return reply
        .type('application/octet-stream')
        .send(Readable.from(frames, { objectMode: false, highWaterMark: 65_536 }));
    },
  }),
  endpoint({
    method: 'POST',
    path: '/peer/queries',
    summary: 'From another node: what the persistent queries do here.',
    answers: { 200: PEER_QUERIES },
    handler: (context) => () => ({ queries: engineOf(context).queryStates() }),
  }),
];
