import { cellText } from './row-text.js';
import { fits, fitWidths, printable, renderVertical, ruler, tableRow, untabbed } from './table.js';

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
}

export function rowWriter(format: Format, columns: Columns, options: WriterOptions): RowWriter {
  const safe = options.escape ? printable : (text: string) => text;
  switch (format) {
    case 'table':
      return new TableWriter(columns.names.map(printable), options.width, options.verticalWhenWide);
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

class TableWriter implements RowWriter {
  private sample: string[][] = [];
  private widths: number[] | undefined;
  private vertical: RowWriter | undefined;

  constructor(
    private readonly names: readonly string[],
    private readonly width: number,
    private readonly verticalWhenWide: boolean,
  ) {}

  get holds(): boolean {
    return this.widths === undefined && this.vertical === undefined && this.sample.length > 0;
  }

  rows(rows: readonly Row[]): string {
    if (this.vertical !== undefined) return this.vertical.rows(rows);
    const { widths } = this;
    if (widths !== undefined) return lines(rows.map((r) => tableRow(r.map(tableCell), widths)));
    this.sample.push(...rows.map((r) => [...r]));
    return this.sample.length >= SAMPLE_ROWS ? this.flush() : '';
  }

  flush(): string {
    if (this.widths !== undefined || this.vertical !== undefined) return '';
    const { names, sample, width } = this;
    this.sample = [];
    const cells = sample.map((r) => r.map(tableCell));
    if (this.verticalWhenWide && sample.length > 0 && !fits(names, cells, width)) {
      this.vertical = verticalWriter(names, width);
      return this.vertical.rows(sample);
    }
    const widths = (this.widths = fitWidths(names, cells, width));
    const line = ruler(widths);
    return lines([line, tableRow(names, widths), line, ...cells.map((r) => tableRow(r, widths))]);
  }

  end(): string {
    const held = this.flush();
    return this.vertical !== undefined ? held : `${held}${ruler(this.widths!)}\n`;
  }
}

/** A table of texts (what SHOW gives) in a format. */
export function renderTexts(
  format: Format,
  names: readonly string[],
  rows: readonly (readonly string[])[],
  options: WriterOptions,
): string {
  const writer = rowWriter(format, { names, types: [] }, options);
  return (writer.rows(rows.map((r) => r.map((c) => JSON.stringify(c)))) + writer.end()).trimEnd();
}
