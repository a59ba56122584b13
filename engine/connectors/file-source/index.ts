import { ConnectorFailed, type SourceConnectorSpec, type SourceTask } from '../connector.js';
import { AllowedPath } from '../files/folders.js';
import { Cells } from './cells.js';
import { Listing } from './listing.js';
import { check, OPTIONS } from './options.js';
import { Position } from './position.js';
import { FileSourceTask } from './task.js';
import { Walk } from './walk.js';

export const fileSource: SourceConnectorSpec<typeof OPTIONS> = {
  kind: 'SOURCE',
  name: 'file-source',
  description:
    'Reads files of CSV, JSON, Parquet or lines: one, a folder, a pattern, or one that grows. They are not changed.',
  guarantee: 'exactly once',
  options: OPTIONS,
  required: ['path'],
  check,
  async start(context, position): Promise<SourceTask> {
    const { options, allowedFolders, into } = context;
    const from = await AllowedPath.of(options.path!, allowedFolders);
    const listing = await Listing.of(from, options.follow);
    if (options.follow && listing.single === undefined) {
      throw new ConnectorFailed('follow is for one file.', 'Name it in path.');
    }
    if (!options.header && options.columns === undefined && into === undefined) {
      throw new ConnectorFailed('CSV without a header needs names for its columns.', 'Name them in csv.columns.');
    }
    const finished =
      options.finishedDir === undefined ? undefined : await AllowedPath.of(options.finishedDir, allowedFolders);
    if (finished !== undefined && listing.covers(finished.path)) {
      throw new ConnectorFailed(
        'finished.dir is in the folder that is read, so that finished files would be read once more.',
        'Name a folder beside it.',
      );
    }
    const [at, ahead] = [new Position(position), new Position(position)];
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, context.signal]);
    const walk = new Walk(context, await Cells.of(context), from, listing, ahead, signal);
    const task = new FileSourceTask(context, walk.steps(), at, listing, { from, finished }, stop);
    await task.tidyDone();
    return task;
  },
};
