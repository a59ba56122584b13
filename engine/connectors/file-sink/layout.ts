import { temporalPattern } from '../../values/temporal-pattern.js';
import type { Value } from '../../values/value.js';
import { ConnectorFailed, type SinkContext, type SinkRow } from '../connector.js';
import { type RowColumns, rowColumns, twice } from '../row-columns.js';
import { plainText } from '../row-text.js';
import { type FileSinkOptions, splitAtFirst } from './options.js';
import { parquetSchema } from './parquet-rows.js';

/** How rows become lines, chosen once for a task. */
export interface Layout {
  /** Undefined: the record is taken as it is. */
  readonly columns: RowColumns | undefined;
  /** Folders in front of a file's name, with a slash at the end. */
  readonly folder: string;
  /** Of all files of the partition: what a name begins with, before the offset. */
  readonly prefix: string;
  /** With its dot. */
  readonly extension: string;
  /** The folder of a row, with a slash at the end; '' where all rows are in one. */
  folderOf(row: SinkRow, values: readonly Value[]): string;
}

const EXTENSIONS = { jsonl: '.jsonl', csv: '.csv', parquet: '.parquet' } as const;

/** @throws ConnectorFailed */
export function layoutOf({ source, partition, options }: SinkContext<FileSinkOptions>): Layout {
  const isRaw = options.valueAs === 'raw' || source.schema === undefined;
  const columns = isRaw ? undefined : rowColumns(source, options.lowerCase);
  if (columns === undefined && options.format !== 'jsonl') {
    throw new ConnectorFailed(
      `No stream or table stands over topic ${source.topic}, so that its records have no columns for ${options.format}.`,
      'Create a stream over it and name it in from, or write format=jsonl.',
    );
  }
  const double = columns === undefined ? undefined : twice(columns);
  if (double !== undefined) {
    throw new ConnectorFailed(`Two columns of ${source.name} have the name ${double} in lower case.`);
  }
  if (columns !== undefined && options.format === 'parquet') parquetSchema(columns.columns);
  const { topicsDir, extension, compression, format, filePrefix } = options;
  const named = extension === undefined ? EXTENSIONS[format] : `.${extension.replace(/^\./, '')}`;
  try {
    return {
      columns,
      folder: topicsDir === undefined ? '' : `${topicsDir}/${source.topic}/partition=${partition}/`,
      prefix: `${filePrefix}${source.topic}+${partition}+`,
      extension: compression === 'gzip' && !named.endsWith('.gz') ? `${named}.gz` : named,
      folderOf: folderBy(options.partitionBy, columns),
    };
  } catch (e) {
    throw new ConnectorFailed(
      `partition.by: ${(e as Error).message}`,
      `Columns: ${columns?.columns.map((c) => c.name).join(', ') ?? 'none'}`,
    );
  }
}

/** By `partition.by`. @throws Error where it names a column that there is not */
function folderBy(
  by: string | undefined,
  columns: RowColumns | undefined,
): (row: SinkRow, values: readonly Value[]) => string {
  if (by === undefined) return () => '';
  if (by.includes('=')) {
    const [name, text] = splitAtFirst(by, '=');
    const pattern = temporalPattern(text);
    return ({ timestamp }) => `${name}=${encodeURIComponent(pattern.formatTimestamp(timestamp))}/`;
  }
  const all = columns?.columns ?? [];
  const index = all.findIndex((c) => c.name.toLowerCase() === by.toLowerCase());
  if (index < 0) throw new Error(`There is no column ${by}.`);
  const [name, text] = [all[index]!.name, plainText(all[index]!.type)];
  return (_row, values) => {
    const value = values[index] ?? null;
    // Hive's name for it.
    return `${encodeURIComponent(name)}=${value === null ? '__HIVE_DEFAULT_PARTITION__' : encodeURIComponent(text(value))}/`;
  };
}
