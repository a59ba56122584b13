import type { Style, Theme } from '../theme.js';
import { graphemes } from '../width.js';

/** A stretch of a text in one style; what no span covers is plain. In order, none over another. */
export interface StyledSpan {
  readonly start: number;
  readonly end: number;
  readonly style: Style;
}

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly style: Style;
}

type CellRow = readonly Cell[];

export interface Frame {
  readonly rows: readonly CellRow[];
  readonly row: number;
  /** In cells. */
  readonly column: number;
  /** Rows of the text; what follows them stands below. */
  readonly textRows: number;
}

export interface FrameContent {
  readonly prompt: string;
  /** In front of every line but the first. */
  readonly continuation: string;
  readonly text: string;
  readonly cursor: number;
  readonly spans: readonly StyledSpan[];
  /** Lines under the text. */
  readonly below: readonly { readonly text: string; readonly style: Style; readonly spans?: readonly StyledSpan[] }[];
}

/** Lays a text out in rows of at most `columns` cells. A row is never full, so that the terminal never wraps by itself. */
export function layOut(content: FrameContent, columns: number): Frame {
  const rows: Cell[][] = [[]];
  const limit = Math.max(10, columns - 1);
  let used = 0;
  let cursor: { row: number; column: number } | undefined;
  const newRow = () => {
    rows.push([]);
    used = 0;
  };
  const put = (text: string, width: number, style: Style) => {
    if (used + width > limit) newRow();
    rows.at(-1)!.push({ text, width, style });
    used += width;
  };
  const putAll = (text: string, styleAt: (offset: number) => Style, eachAt?: (offset: number) => void) => {
    let offset = 0;
    for (const g of graphemes(text)) {
      // A wide character that does not fit begins a row: the cursor on it stands there.
      if (used + g.width > limit) newRow();
      eachAt?.(offset);
      const control = /^[\u0000-\u001f\u007f-\u009f]/.test(g.text);
      if (control) put(g.text === '\t' ? '  ' : '?', g.text === '\t' ? 2 : 1, styleAt(offset));
      else put(g.text, g.width, styleAt(offset));
      offset += g.text.length;
    }
  };
  const { text, prompt, continuation } = content;
  let start = 0;
  text.split('\n').forEach((line, i) => {
    if (i > 0) newRow();
    putAll(i === 0 ? prompt : continuation, () => 'prompt');
    const styleAt = styles(content.spans, start);
    putAll(line, styleAt, (offset) => {
      if (start + offset === content.cursor) cursor = { row: rows.length - 1, column: used };
    });
    if (content.cursor === start + line.length) cursor = { row: rows.length - 1, column: used };
    start += line.length + 1;
  });
  const textRows = rows.length;
  for (const line of content.below) {
    newRow();
    const styleAt = styles(line.spans ?? [], 0, line.style);
    putAll(line.text, styleAt);
  }
  const at = cursor ?? { row: textRows - 1, column: 0 };
  return { rows, row: at.row, column: at.column, textRows };
}

/** The style at ever larger offsets, counted from `from`. */
function styles(spans: readonly StyledSpan[], from: number, fallback: Style = 'plain'): (offset: number) => Style {
  let i = 0;
  return (offset) => {
    const at = from + offset;
    while (i < spans.length && spans[i]!.end <= at) i++;
    const span = spans[i];
    return span !== undefined && span.start <= at ? span.style : fallback;
  };
}

/** Of a frame that is higher than the screen, the rows around the cursor. */
function clipHeight(frame: Frame, height: number): Frame {
  if (frame.rows.length <= height) return frame;
  const from = Math.max(0, Math.min(frame.row - Math.floor(height / 2), frame.rows.length - height));
  return {
    rows: frame.rows.slice(from, from + height),
    row: frame.row - from,
    column: frame.column,
    textRows: Math.max(1, Math.min(height, frame.textRows - from)),
  };
}

const same = (a: Cell | undefined, b: Cell | undefined): boolean =>
  a !== undefined && b !== undefined && a.text === b.text && a.style === b.style;

const EMPTY: Frame = { rows: [], row: 0, column: 0, textRows: 0 };

/** Draws frames over each other, writing only what has changed: a key typed at the end of a line is one character. */
export class Painter {
  private drawn = EMPTY;

  constructor(
    private readonly write: (text: string) => void,
    private readonly theme: Theme,
  ) {}

  draw(next: Frame, height: number): void {
    const frame = clipHeight(next, Math.max(3, height - 1));
    const before = this.drawn;
    let out = '';
    let row = before.row;
    let column = before.column;
    const go = (toRow: number, toColumn: number) => {
      if (toRow > row) {
        const there = Math.min(toRow, Math.max(before.rows.length, 1) - 1);
        if (there > row) out += `\u001b[${there - row}B`;
        row = Math.max(row, there);
        // Rows that were not there are made, which scrolls where the screen ends.
        if (toRow > row) {
          out += '\r\n'.repeat(toRow - row);
          column = 0;
          row = toRow;
        }
      } else if (toRow < row) {
        out += `\u001b[${row - toRow}A`;
        row = toRow;
      }
      if (toColumn === column) return;
      if (toColumn === 0) out += '\r';
      else out += toColumn > column ? `\u001b[${toColumn - column}C` : `\u001b[${column - toColumn}D`;
      column = toColumn;
    };
    frame.rows.forEach((cells, i) => {
      const old = before.rows[i] ?? [];
      let at = 0;
      let x = 0;
      while (at < cells.length && same(cells[at], old[at])) x += cells[at++]!.width;
      if (at === cells.length && at === old.length) {
        if (i >= before.rows.length) go(i, 0);
        return;
      }
      go(i, x);
      out += this.paint(cells.slice(at));
      for (const c of cells.slice(at)) column += c.width;
      if (old.length > at) out += '\u001b[K';
    });
    if (before.rows.length > frame.rows.length) {
      go(frame.rows.length, 0);
      out += '\u001b[J';
    }
    go(frame.row, frame.column);
    if (out !== '') this.write(out);
    this.drawn = frame;
  }

  /** Leaves what is drawn and goes to the line behind it. */
  leave(): void {
    const { rows, row } = this.drawn;
    const down = rows.length - 1 - row;
    this.write(`${down > 0 ? `\u001b[${down}B` : ''}\r\n`);
    this.drawn = EMPTY;
  }

  /** The screen has been cleared, or has another size: the next frame is drawn anew, from the top of this one. */
  forget(cleared: boolean): void {
    if (!cleared && this.drawn.rows.length > 0)
      this.write(`${this.drawn.row > 0 ? `\u001b[${this.drawn.row}A` : ''}\r\u001b[J`);
    this.drawn = EMPTY;
  }

  private paint(cells: CellRow): string {
    let out = '';
    for (let i = 0; i < cells.length; ) {
      const { style } = cells[i]!;
      let text = '';
      for (; i < cells.length && cells[i]!.style === style; i++) text += cells[i]!.text;
      out += this.theme.paint(style, text);
    }
    return out;
  }
}
