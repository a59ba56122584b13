import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EditBuffer } from '../../shell/editor/buffer.js';
import { type FrameContent, layOut, Painter } from '../../shell/editor/frame.js';
import { History, MAX_HISTORY } from '../../shell/editor/history.js';
import { HistorySearch } from '../../shell/editor/search.js';
import { highlight } from '../../shell/highlight.js';
import { theme } from '../../shell/theme.js';
import { removeDir } from '../support/temp.js';
import { Screen } from './screen.js';

describe('the buffer', () => {
  const buffer = (marked: string) => {
    const b = new EditBuffer();
    b.set(marked.replace('^', ''), marked.indexOf('^'));
    return b;
  };
  const does = (marked: string, ...actions: ((b: EditBuffer) => unknown)[]) => {
    const b = buffer(marked);
    for (const a of actions) a(b);
    return `${b.text.slice(0, b.cursor)}^${b.text.slice(b.cursor)}`;
  };

  it('moves by what people take for characters', () => {
    expect(does('a👩‍👩‍👧^b', (b) => b.left())).toBe('a^👩‍👩‍👧b');
    expect(does('a^e\u0301b', (b) => b.right())).toBe('ae\u0301^b');
    expect(does('日本^', (b) => b.backspace())).toBe('日^');
    expect(
      does(
        '^',
        (b) => b.backspace(),
        (b) => b.delete(),
        (b) => b.left(),
        (b) => b.right(),
      ),
    ).toBe('^');
  });

  it('moves by words and lines', () => {
    expect(
      does(
        'SELECT a_b, c^',
        (b) => b.wordLeft(),
        (b) => b.wordLeft(),
      ),
    ).toBe('SELECT ^a_b, c');
    expect(does('^SELECT a', (b) => b.wordRight())).toBe('SELECT^ a');
    expect(does('one\ntwo^\nthree', (b) => b.up())).toBe('one^\ntwo\nthree');
    expect(
      does(
        'one\ntwo\nthr^ee',
        (b) => b.up(),
        (b) => b.up(),
      ),
    ).toBe('one^\ntwo\nthree');
    expect(does('o^ne\ntwo', (b) => b.down())).toBe('one\nt^wo');
    expect([buffer('a^\nb').up(), buffer('a\n^b').down()]).toEqual([false, false]);
    expect(
      does(
        '\n^',
        (b) => b.up(),
        (b) => b.down(),
        (b) => b.lineStart(),
      ),
    ).toBe('\n^');
  });

  it('cuts, brings back, and undoes', () => {
    expect(
      does(
        'a b c^',
        (b) => b.killWordBefore(),
        (b) => b.lineStart(),
        (b) => b.yank(),
      ),
    ).toBe('c^a b ');
    expect(
      does(
        'ab^cd\nef',
        (b) => b.killToLineEnd(),
        (b) => b.killToLineEnd(),
      ),
    ).toBe('ab^ef');
    expect(
      does(
        'ab^cd',
        (b) => b.killToLineStart(),
        (b) => b.undo(),
      ),
    ).toBe('ab^cd');
  });
});

describe('the painter', () => {
  const COLUMNS = 20;
  const content = (text: string, cursor: number, below: string[] = []): FrameContent => ({
    prompt: 'weir> ',
    continuation: '   -> ',
    text,
    cursor,
    spans: highlight(text),
    below: below.map((b) => ({ text: b, style: 'dim' })),
  });

  it('draws over what was there so that the screen is as if drawn anew', () => {
    const piece = fc.constantFrom(
      'S',
      'SELECT ',
      '日',
      'e\u0301',
      "'",
      '\n',
      ' ',
      '1',
      '--',
      '👍',
      'abcdefghijklmnop',
      '(',
    );
    const step = fc.record({
      text: fc.array(piece, { maxLength: 12 }).map((p) => p.join('')),
      at: fc.nat(100),
      below: fc.array(fc.constantFrom('TABLES', 'TOPICS   TYPES'), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const drawn = new Screen(COLUMNS, 60);
        const painter = new Painter((t) => drawn.write(t), theme(true));
        for (const s of steps) {
          const next = content(s.text, Math.min(s.at, s.text.length), s.below);
          painter.draw(layOut(next, COLUMNS), 60);
          const anew = new Screen(COLUMNS, 60);
          new Painter((t) => anew.write(t), theme(true)).draw(layOut(next, COLUMNS), 60);
          expect([drawn.text(), drawn.cursor]).toEqual([anew.text(), anew.cursor]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('writes one character for one that is typed', () => {
    let written = '';
    const painter = new Painter((t) => (written += t), theme(true));
    painter.draw(layOut(content('SELECT abc', 10), 80), 24);
    written = '';
    painter.draw(layOut(content('SELECT abcd', 11), 80), 24);
    expect(written).toBe('d');
  });

  it('shows the rows around the cursor where the text is higher than the screen', () => {
    const screen = new Screen(COLUMNS, 10);
    const painter = new Painter((t) => screen.write(t), theme(false));
    const text = Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n');
    painter.draw(layOut(content(text, text.length), COLUMNS), 10);
    expect(screen.text().split('\n').at(-1)).toBe('   -> line 29');
    painter.draw(layOut(content(text, 0), COLUMNS), 10);
    expect(screen.text().split('\n')[0]).toBe('weir> line 0');
    expect(screen.cursor).toEqual([0, 6]);
  });
});

describe('the history', () => {
  it('keeps statements of several lines, bounded, for its owner alone, and no secrets', () => {
    const dir = mkdtempSync(join(tmpdir(), 'weir-history-'));
    const file = join(dir, 'history');
    try {
      writeFileSync(file, 'SHOW TYPES;\n', { mode: 0o644 });
      const history = new History(file);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      history.add("SELECT '\\n\\\\'\nFROM a\\G");
      history.add("SELECT '\\n\\\\'\nFROM a\\G");
      history.add(' SHOW STREAMS;');
      history.add("SET 'x.token'='abc';");
      history.add("SET 'url'='http://a:b@host';");
      history.add('SELECT token FROM a;');
      history.add("CREATE SOURCE CONNECTOR c WITH ('db.password'='x');");
      history.add("SET 'ksql.schema.registry.basic.auth.user.info'='a:b';");
      expect(new History(file).entries).toEqual(['SHOW TYPES;', "SELECT '\\n\\\\'\nFROM a\\G", 'SELECT token FROM a;']);
      for (let i = 0; i < 2 * MAX_HISTORY; i++) history.add(`SELECT ${i};`);
      expect(history.entries).toHaveLength(MAX_HISTORY);
      expect(new History(file).entries.at(-1)).toBe(`SELECT ${2 * MAX_HISTORY - 1};`);
      expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(MAX_HISTORY + 1);
    } finally {
      removeDir(dir);
    }
  });

  it('is searched from its end, in any case', () => {
    const search = new HistorySearch(['select a', 'show b', 'SELECT c'], '');
    const type = (t: string) => {
      for (const c of t) search.type(c);
      return search.found;
    };
    expect([search.found, type('sel'), search.failed]).toEqual([undefined, 'SELECT c', false]);
    search.older();
    expect(search.found).toBe('select a');
    search.older();
    expect(search.found).toBe('select a');
    expect([type('x'), search.failed]).toEqual([undefined, true]);
    search.erase();
    expect([search.found, search.failed]).toEqual(['SELECT c', false]);
  });
});

describe('colours', () => {
  const styled = (text: string) =>
    highlight(text)
      .filter((s) => s.style !== 'name')
      .map((s) => [text.slice(s.start, s.end).trim(), s.style]);

  it('of tokens, comments, commands and what is not finished', () => {
    expect(styled('SELECT COUNT(*), date FROM t.key WHERE a > 1.5 -- why')).toEqual([
      ['SELECT', 'keyword'],
      ['COUNT', 'function'],
      ['date', 'type'],
      ['FROM', 'keyword'],
      ['WHERE', 'keyword'],
      ['1.5', 'number'],
      ['-- why', 'comment'],
    ]);
    expect(styled("SET 'a'='b\nc")).toEqual([
      ['SET', 'keyword'],
      ["'a'", 'string'],
      ["'b\nc", 'string'],
    ]);
    expect(styled('/* a */ SHOW /* b')).toEqual([
      ['/* a */', 'comment'],
      ['SHOW', 'keyword'],
      ['/* b', 'comment'],
    ]);
    expect(styled('\\x auto')).toEqual([['\\x', 'command']]);
    expect(styled('SELECT ä')).toEqual([['SELECT', 'keyword']]);
  });

  it('never fail, whatever is typed, and lie in order within the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        let at = 0;
        return highlight(text).every((s) => {
          const fits = s.start >= at && s.end > s.start && s.end <= text.length;
          at = s.end;
          return fits;
        });
      }),
    );
  });
});
