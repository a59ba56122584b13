import { cellText } from './row-text.js';
import {
  type CellStyle,
  fits,
  fitWidths,
  nameWidths,
  printable,
  renderVertical,
  ruler,
  tableRow,
  tableWidth,
  untabbed,
} from './table.js';
import type { Theme } from './theme.js';

/** The ways in which rows are written. */
export const FORMATS = ['table', 'vertical', 'json', 'ndjson', 'csv', 'tsv', 'markdown'] as const;
export type Format = (typeof FORMATS)[number];

/** A format by its name; ksqlDB's TABULAR is a table. Undefined: there is none of that name. */
export function formatOf(name: string): Format | undefined {
  const lower = name.toLowerCase();
  if (lower === 'tabular') return 'table';
  if (lower === 'md') return 'markdown';
  return FORMATS.find((f) => f === lower);
}

/** For programs: nothing but rows belongs into it. */
export const isMachineFormat = (format: Format): boolean =>
  format === 'json' || format === 'ndjson' || format === 'csv' || format === 'tsv';

export interface Columns {
  readonly names: readonly string[];
  /** SQL types; empty where they are not known. */
  readonly types: readonly string[];
}

/** A row: the JSON text of each value, as it was sent. */
export type Row = readonly string[];

/** Turns rows into text; whatever it gives ends with a line end, or is empty. */
export interface RowWriter {
  rows(rows: readonly Row[]): string;
  /** What is held back to find the widths of the columns comes now. */
  flush(): string;
  end(): string;
  /** Whether rows are held back, so that somebody has to call `flush` before long. */
  readonly holds: boolean;
}

/** Rows from which a table's widths are taken. */
const SAMPLE_ROWS = 50;

const lines = (texts: readonly string[]): string => (texts.length === 0 ? '' : `${texts.join('\n')}\n`);

export interface WriterOptions {
  /** Cells of a line; infinite where nothing is to be narrowed. */
  readonly width: number;
  /** A table that could not be read on the screen stands vertically. */
  readonly verticalWhenWide: boolean;
  /** Control characters are shown as escapes: the text goes to a terminal. */
  readonly escape: boolean;
  /** Colours; left out: none. */
  readonly theme?: Theme | undefined;
  /** Cells that are names are not wrapped either: what SHOW and DESCRIBE give. */
  readonly wholeNames?: boolean;
}

export function rowWriter(format: Format, columns: Columns, options: WriterOptions): RowWriter {
  const safe = options.escape ? printable : (text: string) => text;
  switch (format) {
    case 'table':
      return new TableWriter(columns, options);
    case 'vertical':
      return verticalWriter(columns.names.map(printable), options.width);
    case 'json':
      return jsonWriter(columns.names, safe);
    case 'ndjson':
      return lineWriter('', (row) => safe(objectText(columns.names, row)));
    case 'csv':
      return lineWriter(safe(columns.names.map(csvText).join(',')), (row) => safe(row.map(csvCell).join(',')));
    case 'tsv':
      return lineWriter(safe(columns.names.map(tsvText).join('\t')), (row) => safe(row.map(tsvCell).join('\t')));
    case 'markdown':
      return lineWriter(
        markdownHeader(columns),
        (row) => `| ${row.map((c) => markdownText(cellText(c))).join(' | ')} |`,
      );
  }
}

/** A line a row, under a header (none where it is empty). */
function lineWriter(header: string, line: (row: Row) => string): RowWriter {
  let begun = header === '';
  const begin = (): string => {
    if (begun) return '';
    begun = true;
    return `${header}\n`;
  };
  return { holds: false, rows: (rows) => begin() + lines(rows.map(line)), flush: begin, end: begin };
}

function verticalWriter(names: readonly string[], width: number): RowWriter {
  let count = 0;
  return {
    holds: false,
    rows: (rows) => lines(rows.map((row) => renderVertical(names, row.map(cellText), ++count, width))),
    flush: () => '',
    end: () => '',
  };
}

/** One array of objects over all rows. The comma comes first, so that a row is a whole line as soon as it is there. */
function jsonWriter(names: readonly string[], safe: (text: string) => string): RowWriter {
  let count = 0;
  return {
    holds: false,
    rows: (rows) => lines(rows.map((row) => `${count++ === 0 ? '[\n  ' : ', '}${safe(objectText(names, row))}`)),
    flush: () => '',
    end: () => (count === 0 ? '[]\n' : ']\n'),
  };
}

const objectText = (names: readonly string[], row: Row): string =>
  `{${names.map((n, i) => `${JSON.stringify(n)}:${row[i] ?? 'null'}`).join(',')}}`;

const textOf = (json: string): string => (json.startsWith('"') ? (JSON.parse(json) as string) : json);

/** RFC 4180. NULL is nothing at all, an empty text is a pair of quotes. */
const csvCell = (json: string): string => (json === 'null' ? '' : csvText(textOf(json)));
const csvText = (text: string): string =>
  text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** As PostgreSQL's COPY writes text: NULL is `\N`, tabs and line ends are escaped. */
const tsvCell = (json: string): string => (json === 'null' ? '\\N' : tsvText(textOf(json)));
const TSV_ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const tsvText = (text: string): string => text.replace(/[\\\t\n\r]/g, (c) => TSV_ESCAPES[c]!);

const NUMERIC = /^(INTEGER|INT|BIGINT|DOUBLE|DECIMAL)\b/;
export const isNumeric = (type: string): boolean => NUMERIC.test(type);

function markdownHeader({ names, types }: Columns): string {
  const rule = names.map((_, i) => (NUMERIC.test(types[i] ?? '') ? '---:' : '---'));
  return `| ${names.map(markdownText).join(' | ')} |\n| ${rule.join(' | ')} |`;
}

const markdownText = (text: string): string =>
  printable(text)
    .replace(/[\\|`*]/g, (c) => `\\${c}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/\r?\n/g, '<br>');

const tableCell = (json: string): string => untabbed(cellText(json));

const NUMBER = /^-?\d+(\.\d+)?$/;

class TableWriter implements RowWriter {
  private sample: Row[] = [];
  private widths: number[] | undefined;
  private vertical: RowWriter | undefined;
  private readonly names: readonly string[];
  /** Columns whose values stand to the right. */
  private right: readonly boolean[];

  constructor(
    columns: Columns,
    private readonly options: WriterOptions,
  ) {
    this.names = columns.names.map(printable);
    this.right = columns.names.map((_, i) => NUMERIC.test(columns.types[i] ?? ''));
  }

  get holds(): boolean {
    return this.widths === undefined && this.vertical === undefined && this.sample.length > 0;
  }

  rows(rows: readonly Row[]): string {
    if (this.vertical !== undefined) return this.vertical.rows(rows);
    if (this.widths !== undefined) return lines(rows.map((r) => this.line(r, this.widths!)));
    this.sample.push(...rows);
    return this.sample.length >= SAMPLE_ROWS ? this.flush() : '';
  }

  flush(): string {
    if (this.widths !== undefined || this.vertical !== undefined) return '';
    const { names, sample } = this;
    const { width, verticalWhenWide, wholeNames } = this.options;
    this.sample = [];
    const cells = sample.map((r) => r.map(tableCell));
    const least = wholeNames === true ? nameWidths(names, cells) : undefined;
    const widths = fitWidths(names, cells, width, least);
    const isTooWide = wholeNames === true ? tableWidth(widths) > width : !fits(names, cells, width);
    if (verticalWhenWide && sample.length > 0 && isTooWide) {
      this.vertical = verticalWriter(names, width);
      return this.vertical.rows(sample);
    }
    this.widths = widths;
    // Of what SHOW gives no types are known: a column of nothing but numbers is one of numbers.
    if (wholeNames === true) {
      this.right = names.map((_, i) => cells.length > 0 && cells.every((r) => NUMBER.test(r[i] ?? '')));
    }
    const line = ruler(widths);
    const header = tableRow(names, widths, { right: this.right });
    return lines([line, header, line, ...sample.map((r) => this.line(r, widths))]);
  }

  end(): string {
    const held = this.flush();
    return this.vertical !== undefined ? held : `${held}${ruler(this.widths!)}\n`;
  }

  private line(row: Row, widths: readonly number[]): string {
    const { theme } = this.options;
    const style: CellStyle = {
      right: this.right,
      ...(theme?.colours === true && row.includes('null')
        ? { paint: (i: number, text: string) => (row[i] === 'null' ? theme.paint('dim', text) : text) }
        : {}),
    };
    return tableRow(row.map(tableCell), widths, style);
  }
}

/** A table of texts (what SHOW gives) in a format. */
export function renderTexts(
  format: Format,
  names: readonly string[],
  rows: readonly (readonly string[])[],
  options: WriterOptions,
): string {
  const writer = rowWriter(format, { names, types: [] }, { ...options, wholeNames: true });
  return (writer.rows(rows.map((r) => r.map((c) => JSON.stringify(c)))) + writer.end()).trimEnd();
}
