import { tmpdir } from 'node:os';
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

async function targetOf({ options, allowedFolders, signal }: SinkContext<FileSinkOptions>): Promise<Target> {
  if (options.path === undefined) return BucketTarget.open(options, tmpdir(), signal);
  return FolderTarget.open(await AllowedPath.of(options.path, allowedFolders));
}
