/** Tables for a terminal: columns as wide as what they hold, narrowed to fit the screen; what is longer is wrapped. */

const MIN_WIDTH = 6;

/** Widths that fit `total` characters, borders included. */
export function fitWidths(names: readonly string[], rows: readonly (readonly string[])[], total: number): number[] {
  const widths = names.map((n, i) => Math.max(MIN_WIDTH, width(n), ...rows.map((r) => longestLine(r[i] ?? ''))));
  const room = Math.max(names.length * MIN_WIDTH, total - 3 * names.length - 1);
  // The widest column gives way first.
  for (let over = widths.reduce((a, b) => a + b, 0) - room; over > 0; ) {
    const widest = Math.max(...widths);
    const at = widths.indexOf(widest);
    const second = Math.max(MIN_WIDTH, ...widths.filter((_, i) => i !== at));
    const cut = Math.min(over, Math.max(1, widest - second));
    if (widest - cut < MIN_WIDTH) break;
    widths[at] = widest - cut;
    over -= cut;
  }
  return widths;
}

const width = (s: string) => [...s].length;
const longestLine = (s: string) => Math.max(0, ...s.split('\n').map(width));

/** Control characters as escapes, so that data cannot command the terminal; line ends and tabs stay. */
export const printable = (text: string): string =>
  text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

function wrap(cell: string, size: number): string[] {
  const out: string[] = [];
  for (const line of cell.split('\n')) {
    const chars = [...line];
    if (chars.length === 0) out.push('');
    for (let i = 0; i < chars.length; i += size) out.push(chars.slice(i, i + size).join(''));
  }
  return out;
}

export const ruler = (widths: readonly number[]): string => `+${widths.map((w) => '-'.repeat(w + 2)).join('+')}+`;

export function tableRow(cells: readonly string[], widths: readonly number[]): string {
  const wrapped = widths.map((w, i) => wrap(cells[i] ?? '', w));
  const height = Math.max(1, ...wrapped.map((w) => w.length));
  const lines: string[] = [];
  for (let l = 0; l < height; l++) {
    const line = widths.map((w, i) => {
      const text = wrapped[i]![l] ?? '';
      return text + ' '.repeat(w - width(text));
    });
    lines.push(`| ${line.join(' | ')} |`);
  }
  return lines.join('\n');
}

export function renderTable(names: readonly string[], rows: readonly (readonly string[])[], total: number): string {
  const widths = fitWidths(names, rows, total);
  const line = ruler(widths);
  return [line, tableRow(names, widths), line, ...rows.map((r) => tableRow(r, widths)), line].join('\n');
}

/** A row as lines `name: value`, after a line with its number. */
export function renderVertical(names: readonly string[], row: readonly string[], number: number): string {
  const size = Math.max(...names.map(width));
  const lines = names.map((n, i) => `${' '.repeat(size - width(n))}${n}: ${row[i] ?? ''}`);
  return [`*************************** ${number}. row ***************************`, ...lines].join('\n');
}
