import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SinkConnectorSpec, SinkContext, SinkTask } from '../connector.js';
import { AllowedPath } from '../files/folders.js';
import { BucketTarget } from './bucket-target.js';
import { FolderTarget } from './folder-target.js';
import { layoutOf } from './layout.js';
import { check, type FileSinkOptions, OPTIONS } from './options.js';
import type { Target } from './target.js';
import { FileSinkTask } from './task.js';

export const fileSink: SinkConnectorSpec<typeof OPTIONS> = {
  kind: 'SINK',
  name: 'file-sink',
  description:
    'Writes rows into files of JSON lines, CSV or Parquet, in a folder or in a bucket of an S3-compatible store.',
  guarantee: 'exactly once',
  options: OPTIONS,
  required: [],
  check,
  async start(context): Promise<SinkTask> {
    const layout = layoutOf(context);
    return new FileSinkTask(context, await targetOf(context), layout);
  },
};

async function targetOf(context: SinkContext<FileSinkOptions>): Promise<Target> {
  const { options, allowedFolders, signal } = context;
  if (options.path === undefined) return BucketTarget.open(options, scratchOf(context), signal);
  return FolderTarget.open(await AllowedPath.of(options.path, allowedFolders));
}

/** The partition's own place among the temporary files of this machine, the same for each of its tasks. */
function scratchOf({ serviceId, connector, source, partition }: SinkContext<FileSinkOptions>): string {
  const id = createHash('sha256').update(JSON.stringify([serviceId, connector, source.topic, partition]));
  return join(tmpdir(), `weir-file-sink-${id.digest('hex').slice(0, 16)}`);
}
