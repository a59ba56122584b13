import { boolean, list, milliseconds, oneOf, type SettingValues, setting, text, whole } from '../../base/setting.js';
import { isTimeUnit, namedZone, type TimeOptions } from '../files/times.js';

export const OPTIONS = {
  path: setting(
    'path',
    text,
    undefined,
    "A file, a folder or a pattern (rides/*.csv.gz, **/*.parquet), below one of the server's allowed folders. What comes into a " +
      'folder later is read too, in the order of names.',
  ),
  format: setting(
    'format',
    oneOf('auto', 'csv', 'json', 'parquet', 'lines'),
    'auto',
    'What files hold: auto, by their ending; json, an object a line or one array of objects; lines, each line is the value of a record as it stands.',
  ),
  follow: setting(
    'follow',
    boolean,
    false,
    'Whether a file that grows is read on, as tail -F does: a line counts once its end is there. A file that is cut off or replaced is read from its beginning.',
  ),
  delimiter: setting(
    'csv.delimiter',
    text,
    undefined,
    'Between fields of CSV: one character, or tab. Left out: by the first line.',
  ),
  header: setting('csv.header', boolean, true, 'Whether the first line of a CSV file names the columns.'),
  columns: setting(
    'csv.columns',
    list,
    undefined,
    'Columns of CSV without a header; left out: those of into, in order.',
  ),
  nullText: setting('csv.null.text', text, '', 'What NULL is in CSV, as an empty field is where a column is no text.'),
  textColumns: setting(
    'csv.text.columns',
    list,
    undefined,
    'Columns that stay text on a topic, though they look like numbers.',
  ),
  encoding: setting('encoding', text, undefined, 'Of text that is neither UTF-8 nor marked: latin1, utf-16le.'),
  zone: setting('time.zone', text, undefined, 'Of times that name none: UTC, America/New_York, +02:00.'),
  unit: setting(
    'timestamp.unit',
    oneOf('s', 'ms', 'us', 'ns'),
    undefined,
    'What numbers in a TIMESTAMP column count; left out: ms.',
  ),
  rowsPerSecond: setting(
    'rows.per.second',
    whole({ least: 1 }),
    undefined,
    'At most so many rows a second, for demonstrations.',
  ),
  scanMs: setting('scan.interval.ms', milliseconds, 1000, 'How often a folder is looked through for new files.'),
  settleMs: setting(
    'file.settle.ms',
    milliseconds,
    2000,
    'A new file of a folder is read when nobody has written to it for so long.',
  ),
  finished: setting(
    'finished.files',
    oneOf('keep', 'delete', 'move'),
    'keep',
    'What becomes of a file of a folder once all its rows are committed.',
  ),
  finishedDir: setting('finished.dir', text, undefined, 'Folder that gets finished files (finished.files=move).'),
};

export type FileSourceOptions = SettingValues<typeof OPTIONS>;

/** What is wrong with options that fit together badly. */
export function check(options: FileSourceOptions): string | undefined {
  const { follow, finished, finishedDir, format, delimiter, header, columns, encoding, zone } = options;
  if (follow && format === 'parquet') return 'follow is for text: a Parquet file does not grow.';
  if (follow && finished !== 'keep') return 'A file that is followed is never finished: leave out finished.files.';
  if ((finished === 'move') !== (finishedDir !== undefined)) {
    return 'finished.files=move and finished.dir belong together.';
  }
  if (delimiter !== undefined && delimiter !== 'tab' && delimiter !== '\\t' && [...delimiter].length !== 1) {
    return 'csv.delimiter is one character, or tab.';
  }
  if (header && columns !== undefined) return 'csv.columns is for files without a header: add csv.header=false.';
  if (encoding !== undefined) {
    try {
      new TextDecoder(encoding);
    } catch {
      return `'${encoding}' is no encoding: latin1, for example, or utf-16le.`;
    }
  }
  if (zone !== undefined) {
    try {
      namedZone(zone, OPTIONS.zone.name);
    } catch (e) {
      return (e as Error).message;
    }
  }
  return undefined;
}

/** How times are read. */
export const timesOf = ({ zone, unit }: FileSourceOptions): TimeOptions => ({
  zone: zone === undefined ? undefined : namedZone(zone, OPTIONS.zone.name),
  unit: unit !== undefined && isTimeUnit(unit) ? unit : undefined,
  names: { zone: OPTIONS.zone.name, unit: OPTIONS.unit.name },
});

/** As hints call them. */
export const TEXT_NAMES = { encoding: OPTIONS.encoding.name, delimiter: OPTIONS.delimiter.name };
