import { boolean, bytes, milliseconds, oneOf, type SettingValues, setting, text, whole } from '../../base/setting.js';
import { temporalPattern } from '../../values/temporal-pattern.js';

/** Names that Confluent's S3 sink has too mean the same. */
export const OPTIONS = {
  path: setting('path', text, undefined, "Folder that gets the files, below one of the server's allowed folders."),
  bucket: setting('s3.bucket.name', text, undefined, 'Bucket that gets the files, instead of path.'),
  region: setting('s3.region', text, 'us-east-1', 'Region of the bucket.'),
  storeUrl: setting('store.url', text, undefined, "Address of the store that has the bucket; left out: Amazon's own."),
  pathStyle: setting(
    's3.path.style.access.enabled',
    boolean,
    true,
    'Whether the bucket stands in the path of an address; else it stands before the host name.',
  ),
  accessKey: setting('aws.access.key.id', text, undefined, 'Access key of the store.', { secret: true }),
  secretKey: setting('aws.secret.access.key', text, undefined, 'Secret key of the store.', { secret: true }),
  sessionToken: setting('aws.session.token', text, undefined, 'Token of a session, where the keys are of one.', {
    secret: true,
  }),
  partBytes: setting(
    's3.part.size',
    whole({ least: 5 * 1024 * 1024, most: 5 * 1024 * 1024 * 1024, of: 'bytes' }),
    16 * 1024 * 1024,
    'A larger file goes to the bucket in parts of this size.',
  ),
  topicsDir: setting(
    'topics.dir',
    text,
    undefined,
    'Puts files into TOPICS.DIR/TOPIC/partition=N/. Left out: they stand in the folder or bucket itself.',
  ),
  filePrefix: setting('file.prefix', text, '', 'What names of files begin with, such as part-.'),
  format: setting(
    'format',
    oneOf('jsonl', 'csv', 'parquet'),
    'jsonl',
    'What files hold: jsonl is a JSON object a line.',
  ),
  extension: setting('file.extension', text, undefined, 'What names of files end with; left out: by the format.'),
  compression: setting('compression', oneOf('none', 'gzip'), 'none', 'Of jsonl and csv; Parquet compresses itself.'),
  valueAs: setting(
    'value.as',
    oneOf('columns', 'raw'),
    'columns',
    'columns: rows by the columns that the catalog knows; raw: the JSON of the record as its writer wrote it (jsonl only).',
  ),
  lowerCase: setting('column.names.lowercase', boolean, false, 'Whether names of columns are written in lower case.'),
  delimiter: setting('csv.delimiter', text, ',', 'Between fields of CSV.'),
  nullText: setting('csv.null.text', text, '', 'What NULL is in CSV. A text that looks like it is in quotes.'),
  header: setting('csv.header', boolean, true, 'Whether the first line of a CSV file names the columns.'),
  nullValues: setting(
    'behavior.on.null.values',
    oneOf('ignore', 'fail'),
    'ignore',
    'What a record without a value is (a deleted row of a table): left out, or a bad record.',
  ),
  flushRows: setting('flush.size', whole({ least: 1 }), 100_000, 'Rows of a file, at most.'),
  rotateBytes: setting(
    'rotate.bytes',
    bytes,
    128 * 1024 * 1024,
    'A file that has so many bytes (before compression) is complete.',
  ),
  rotateMs: setting(
    'rotate.interval.ms',
    milliseconds,
    undefined,
    'A file is complete before a row whose time is so far from that of its first row.',
  ),
  rotateScheduleMs: setting(
    'rotate.schedule.interval.ms',
    milliseconds,
    60_000,
    'How long a file waits for more rows, by the wall clock.',
  ),
  partitionBy: setting(
    'partition.by',
    text,
    undefined,
    'Puts rows into folders: a column (vendor), or a name and a pattern of the time (dt=yyyy-MM-dd, UTC).',
  ),
  offsetWidth: setting(
    'filename.offset.zero.pad.width',
    whole({ least: 0, most: 19 }),
    10,
    'Digits of the offset in names of files, at least.',
  ),
};

export type FileSinkOptions = SettingValues<typeof OPTIONS>;

/** What is wrong with options that fit together badly. */
export function check(options: FileSinkOptions): string | undefined {
  const { path, bucket, format, valueAs, compression, accessKey, secretKey, storeUrl, partitionBy } = options;
  if ((path === undefined) === (bucket === undefined)) return 'Name either path or s3.bucket.name.';
  if (bucket !== undefined && (accessKey === undefined || secretKey === undefined)) {
    return "A bucket needs aws.access.key.id and aws.secret.access.key, for example '${env:AWS_ACCESS_KEY_ID}'.";
  }
  if (storeUrl !== undefined && !/^https?:\/\/[^/]+\/?$/.test(storeUrl)) {
    return 'store.url must be an address without a path, such as http://minio:9000.';
  }
  if (valueAs === 'raw' && format !== 'jsonl') return 'value.as=raw is for format=jsonl.';
  if (compression !== 'none' && format === 'parquet')
    return 'compression is for jsonl and csv: Parquet compresses itself.';
  for (const name of ['filePrefix', 'extension'] as const) {
    if (/[/\\~]/.test(options[name] ?? '')) return `${OPTIONS[name].name} is part of a name of a file: no /, \\ or ~.`;
  }
  if (options.topicsDir?.split('/').some((part) => part === '..' || part === '' || part.startsWith('.'))) {
    return "topics.dir is a path below the target: no '..', and no names that begin with a dot.";
  }
  if (partitionBy?.includes('=')) {
    const [name, pattern] = splitAtFirst(partitionBy, '=');
    if (!/^[A-Za-z0-9_-]+$/.test(name))
      return 'partition.by must begin with a name of letters and digits before the =.';
    try {
      temporalPattern(pattern);
    } catch (e) {
      return `partition.by: ${(e as Error).message}`;
    }
  }
  return undefined;
}

export function splitAtFirst(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
