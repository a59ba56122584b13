import type { RowStream } from '../api/row-stream.js';
import type { Topology } from '../plan/topology.js';
import type { PullReader, RowBatches } from './rows.js';

/** Begins a bounded read of a stream: to where its topic ends now. */
export type OpenStream = (topology: Topology, reader: PullReader) => Promise<RowStream>;

/** The rows of a stream that are on its topic when the first is asked for. */
export async function* streamRows(open: OpenStream, topology: Topology, reader: PullReader): RowBatches {
  const stream = await open(topology, reader);
  try {
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) yield batch.rows;
  } finally {
    await stream.close();
  }
}
