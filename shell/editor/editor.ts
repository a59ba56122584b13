import type { Theme } from '../theme.js';
import { clip, displayWidth, padEnd } from '../width.js';
import { EditBuffer } from './buffer.js';
import { type FrameContent, layOut, Painter, type StyledSpan } from './frame.js';
import type { History } from './history.js';
import type { Key, Keyboard } from './keyboard.js';
import { HistorySearch } from './search.js';

/** What could stand in the place of the text between two offsets. */
export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly candidates: readonly string[];
  /** Candidates behind which a space comes in any case. */
  readonly words?: ReadonlySet<string>;
}

export interface EditorOptions {
  readonly keyboard: Keyboard;
  readonly history: History;
  readonly theme: Theme;
  readonly prompt: string;
  readonly continuation: string;
  write(text: string): void;
  size(): { readonly columns: number; readonly rows: number };
  /** Calls back when the terminal has another size; gives the function that ends it. */
  onResize(call: () => void): () => void;
  highlight(text: string): readonly StyledSpan[];
  /** May take its time: what is typed meanwhile makes its answer void. */
  complete(text: string, cursor: number): Promise<Completion>;
  /** Whether Enter runs the text. */
  isComplete(text: string): boolean;
  clearScreen(): void;
  suspend(): void;
}

export type Line =
  | { readonly kind: 'text'; readonly text: string }
  /** What was typed and is dropped. */
  | { readonly kind: 'interrupt'; readonly text: string }
  | { readonly kind: 'end' };

/** Longer texts are not coloured, nor completed: every key would cost too much. */
const MAX_STYLED = 20_000;
const MAX_LIST_ROWS = 8;

type Actions = Readonly<Record<string, (buffer: EditBuffer) => void>>;

const PLAIN_KEYS: Actions = {
  backspace: (b) => b.backspace(),
  delete: (b) => b.delete(),
  left: (b) => b.left(),
  right: (b) => b.right(),
  home: (b) => b.lineStart(),
  end: (b) => b.lineEnd(),
};
const CONTROL_KEYS: Actions = {
  a: (b) => b.lineStart(),
  e: (b) => b.lineEnd(),
  b: (b) => b.left(),
  f: (b) => b.right(),
  h: (b) => b.backspace(),
  k: (b) => b.killToLineEnd(),
  u: (b) => b.killToLineStart(),
  w: (b) => b.killWordBefore(),
  y: (b) => b.yank(),
  left: (b) => b.wordLeft(),
  right: (b) => b.wordRight(),
  _: (b) => b.undo(),
  '-': (b) => b.undo(),
};
const META_KEYS: Actions = {
  b: (b) => b.wordLeft(),
  left: (b) => b.wordLeft(),
  f: (b) => b.wordRight(),
  right: (b) => b.wordRight(),
  d: (b) => b.killWordAfter(),
  backspace: (b) => b.killWordBefore(),
};

interface Choice extends Completion {
  /** The candidate that is in the text; -1: none yet. */
  readonly at: number;
}

/** Reads statements of several lines, with history, search, colours and completion. */
export class Editor {
  private readonly buffer = new EditBuffer();
  private readonly painter: Painter;
  private search: HistorySearch | undefined;
  private choice: Choice | undefined;
  private pasting = false;
  /** Where in the history the text came from; its length: it is new. */
  private place = 0;
  private draft = '';
  private version = 0;
  private finish: ((line: Line) => void) | undefined;

  constructor(private readonly options: EditorOptions) {
    this.painter = new Painter(options.write, options.theme);
  }

  /** @param text what stands in it already */
  async read(text = ''): Promise<Line> {
    const { options } = this;
    this.buffer.set(text);
    this.search = this.choice = undefined;
    this.place = options.history.entries.length;
    this.draft = '';
    this.draw();
    const stopResize = options.onResize(() => {
      this.painter.forget(false);
      this.draw();
    });
    const line = await new Promise<Line>((resolve) => {
      this.finish = (l) => {
        this.finish = undefined;
        this.version++;
        options.keyboard.unlisten(this.onKey);
        resolve(l);
      };
      options.keyboard.listen(this.onKey, true);
    });
    stopResize();
    return line;
  }

  /** Ends the reading from outside: the terminal is gone. */
  end(): void {
    this.finish?.({ kind: 'end' });
  }

  private readonly onKey = (key: Key): boolean => {
    if (this.finish === undefined) return false;
    this.version++;
    if (key.name === 'paste-start') this.pasting = true;
    else if (key.name === 'paste-end') this.pasting = false;
    else if (this.pasting) this.paste(key);
    else if (this.search === undefined || !this.searchKey(key, this.search)) this.editKey(key);
    if (this.finish !== undefined && !this.pasting) this.draw();
    return true;
  };

  private paste(key: Key): void {
    const enter = key.name === 'return' || key.name === 'enter';
    this.buffer.insert(enter ? '\n' : key.name === 'tab' ? '  ' : (key.text ?? ''));
  }

  private leave(line: Line): void {
    this.choice = this.search = undefined;
    this.buffer.cursor = this.buffer.text.length;
    this.draw();
    if (line.kind === 'interrupt') this.options.write('^C');
    this.painter.leave();
    this.finish?.(line);
  }

  private editKey(key: Key): void {
    const { buffer } = this;
    const { name, ctrl, meta } = key;
    if (name === 'tab' && !ctrl && !meta) {
      this.tab(key);
      return;
    }
    this.choice = undefined;
    if (key.text !== undefined) buffer.insert(key.text);
    else if (name === 'return' || name === 'enter') this.enter(meta);
    else if (ctrl) this.controlKey(name);
    else if (name === 'up' || name === 'down') {
      if (!(name === 'up' ? buffer.up() : buffer.down())) this.recall(name === 'up' ? -1 : 1);
    } else (meta ? META_KEYS : PLAIN_KEYS)[name]?.(buffer);
  }

  private controlKey(name: string): void {
    const { buffer, options } = this;
    switch (name) {
      case 'p':
      case 'n':
        this.recall(name === 'p' ? -1 : 1);
        break;
      case 'l':
        options.clearScreen();
        this.painter.forget(true);
        break;
      case 'r':
        this.search = new HistorySearch(options.history.entries, buffer.text);
        break;
      case 'z':
        this.painter.leave();
        options.suspend();
        break;
      case 'c':
        this.leave({ kind: 'interrupt', text: buffer.text });
        break;
      case 'd':
        if (buffer.text === '') this.leave({ kind: 'end' });
        else buffer.delete();
        break;
      default:
        CONTROL_KEYS[name]?.(buffer);
    }
  }

  private enter(newLine: boolean): void {
    const { buffer } = this;
    const runs = !newLine && (buffer.text.trim() === '' || this.options.isComplete(buffer.text));
    if (runs) this.leave({ kind: 'text', text: buffer.text });
    else buffer.insert('\n');
  }

  /** An older (-1) or newer (1) entry of the history. */
  private recall(step: -1 | 1): void {
    const { entries } = this.options.history;
    const to = this.place + step;
    if (to < 0 || to > entries.length) return;
    if (this.place === entries.length) this.draft = this.buffer.text;
    this.place = to;
    this.buffer.set(entries[to] ?? this.draft);
  }

  /** True where the key was one for the search; others end it and are keys for the text that it found. */
  private searchKey(key: Key, search: HistorySearch): boolean {
    const { name, ctrl } = key;
    if (key.text !== undefined) search.type(key.text);
    else if (name === 'backspace' || (ctrl && name === 'h')) search.erase();
    else if (ctrl && name === 'r') search.older();
    else if (ctrl && (name === 'c' || name === 'g')) {
      this.buffer.set(search.original);
      this.search = undefined;
      return true;
    } else {
      this.search = undefined;
      return name === 'escape' || name === 'tab';
    }
    if (search.found !== undefined) this.buffer.set(search.found, search.offset);
    return true;
  }

  // --- Completion ------------------------------------------------------------------------------------------------

  private tab(key: Key): void {
    const { buffer, choice, options } = this;
    const line = buffer.text.slice(buffer.text.lastIndexOf('\n', buffer.cursor - 1) + 1, buffer.cursor);
    if (choice !== undefined) this.next(choice, key.shift ? -1 : 1);
    else if (line.trim() === '' && buffer.text.trim() !== '') buffer.insert('  ');
    else if (buffer.text.length <= MAX_STYLED) {
      const asked = this.version;
      void options.complete(buffer.text, buffer.cursor).then((completion) => {
        if (asked !== this.version || this.finish === undefined) return;
        this.offer(completion);
        this.draw();
      });
    }
  }

  private offer(completion: Completion): void {
    const { start, end, candidates } = completion;
    if (candidates.length === 0) return;
    const typed = this.buffer.text.slice(start, end);
    const common = candidates.reduce(commonStart);
    const space = candidates.length === 1 && completion.words?.has(common) && !/^\s/.test(this.buffer.text.slice(end));
    if (candidates.length === 1 || common.length > typed.length)
      this.buffer.replace(start, end, space ? `${common} ` : common);
    if (candidates.length > 1)
      this.choice = { start, end: start + Math.max(common.length, typed.length), candidates, at: -1 };
  }

  /** Puts the next candidate in the place of the one before. */
  private next(choice: Choice, step: number): void {
    const { candidates, start, end } = choice;
    const at = (choice.at + step + candidates.length) % candidates.length;
    const text = candidates[at]!;
    this.buffer.replace(start, end, text);
    this.choice = { ...choice, at, end: start + text.length };
  }

  // --- Drawing ---------------------------------------------------------------------------------------------------

  private draw(): void {
    const { buffer, options, search } = this;
    const { columns, rows } = options.size();
    const content: FrameContent = {
      prompt: search?.prompt ?? options.prompt,
      continuation: options.continuation,
      text: buffer.text,
      cursor: buffer.cursor,
      spans: buffer.text.length > MAX_STYLED ? [] : options.highlight(buffer.text),
      below: this.choice === undefined ? [] : listOf(this.choice, columns),
    };
    this.painter.draw(layOut(content, columns), rows);
  }
}

function commonStart(a: string, b: string): string {
  let n = 0;
  while (n < a.length && n < b.length && a[n]!.toLowerCase() === b[n]!.toLowerCase()) n++;
  return a.slice(0, n);
}

/** The candidates in columns, the chosen one marked; of many, those around it. */
function listOf({ candidates, at }: Choice, columns: number): FrameContent['below'] {
  const width = Math.min(columns - 2, candidates.reduce((w, c) => Math.max(w, displayWidth(c)), 0) + 2);
  const perRow = Math.max(1, Math.floor((columns - 1) / width));
  const rowCount = Math.ceil(candidates.length / perRow);
  const from = Math.max(0, Math.min(Math.floor(Math.max(at, 0) / perRow) - 3, rowCount - MAX_LIST_ROWS));
  const below: FrameContent['below'][number][] = [];
  for (let row = from; row < Math.min(rowCount, from + MAX_LIST_ROWS); row++) {
    let text = '';
    const spans: StyledSpan[] = [];
    for (let i = row * perRow; i < Math.min(candidates.length, (row + 1) * perRow); i++) {
      const shown = clip(candidates[i]!, width - 2);
      if (i === at) spans.push({ start: text.length, end: text.length + shown.length, style: 'selected' });
      text += padEnd(shown, width);
    }
    below.push({ text: text.trimEnd(), style: 'dim', spans });
  }
  const more = candidates.length - (from + MAX_LIST_ROWS) * perRow;
  if (more > 0) below.push({ text: `… ${more} more`, style: 'dim' });
  return below;
}
