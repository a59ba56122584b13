import { describe, expect, it } from 'vitest';
import { KeyedRows, liveLines } from '../../shell/live.js';
import { isPush } from '../../shell/query.js';
import { Progress, sideMessage } from '../../shell/side-messages.js';
import { theme } from '../../shell/theme.js';

const lines = (rows: KeyedRows, height: number, offset = 0, now = 10_000, colours = false) =>
  liveLines({
    names: ['K', 'V'],
    rows,
    offset,
    width: 60,
    height,
    now,
    footer: ['footer', 'notice'],
    theme: theme(colours),
  });

describe('rows by key', () => {
  it('are replaced, deleted, and stay in the order of their keys', () => {
    const rows = new KeyedRows([0]);
    for (const [k, v] of [
      ['10', 'a'],
      ['9', 'b'],
      ['10', 'c'],
      ['8', 'd'],
    ])
      rows.set([k!, `"${v}"`], 0);
    rows.delete(['8', 'null']);
    expect(rows.sorted().map((r) => r.cells)).toEqual([
      ['9', 'b'],
      ['10', 'c'],
    ]);
  });

  it('are bounded: those that have not changed for longest go', () => {
    const rows = new KeyedRows([0], 2);
    for (const k of ['1', '2', '1', '3']) rows.set([k, '0'], 0);
    expect([rows.sorted().map((r) => r.cells[0]), rows.left]).toEqual([['1', '3'], 1]);
  });

  it('are told apart by all key columns', () => {
    const rows = new KeyedRows([0, 1]);
    rows.set(['"a"', '"b,c"'], 0);
    rows.set(['"a,b"', '"c"'], 0);
    expect(rows.size).toBe(2);
  });

  it('fill the screen and no more, and can be scrolled', () => {
    const rows = new KeyedRows([0]);
    for (let i = 0; i < 30; i++) rows.set([String(i), '"x"'], i === 3 ? 9_900 : 0);
    const first = lines(rows, 12);
    expect(first).toHaveLength(12);
    expect(first[3]).toMatch(/^\| +0 /);
    expect(first.slice(-2)).toEqual(['30 keys, 24 not on the screen · footer', 'notice']);
    expect(lines(rows, 12, 99)[3]).toMatch(/^\| +24 /);
    expect(lines(rows, 12, 0, 10_000, true).filter((l) => l.startsWith('\u001b[1m'))).toHaveLength(1);
  });
});

describe('what comes between rows', () => {
  it('is read', () => {
    expect(sideMessage('{"tombstone":[9223372036854775807,null]}')).toEqual({
      kind: 'tombstone',
      row: '[9223372036854775807,null]',
    });
    expect(sideMessage('{"snapshotEnd":true}')).toEqual({ kind: 'snapshotEnd' });
    expect(sideMessage('{"continuation":"x"}')).toEqual({ kind: 'other' });
    expect(sideMessage('{"message":"It broke.","hint":"Mend it."}')).toEqual({
      kind: 'failure',
      message: 'It broke.',
      hint: 'Mend it.',
    });
  });

  it('becomes the line of status', () => {
    const progress = new Progress(0);
    progress.add(10, 1_000);
    progress.add(10, 2_000);
    expect(progress.text(2_000)).toBe('20 rows · 10.0 rows/s · skipped 0 · Ctrl-C ends');
    expect(progress.text(2_000, 'change')).toBe('20 changes · 10.0 changes/s · skipped 0 · Ctrl-C ends');
    progress.notice({ code: 'CATCHING_UP', message: '', records: 7 });
    expect(progress.text(60_000)).toBe('20 rows · 0.0 rows/s · lag 7 · skipped 0 · Ctrl-C ends');
    const message = sideMessage('{"progress":{"lag":9,"recordsIn":50,"filtered":3,"skipped":2,"late":4}}');
    if (message.kind !== 'progress') throw new Error(`is ${message.kind}`);
    progress.progress(message.progress);
    expect(progress.text(60_000)).toBe('20 rows · 0.0 rows/s · lag 9 · skipped 6 · Ctrl-C ends');
    progress.notice({ code: 'WAITING_AT_END', message: '', records: 100 });
    expect(progress.text(60_000)).toContain('lag 0');
  });
});

it('a push query is one with EMIT outside of quotes and comments', () => {
  expect(
    [
      'SELECT 1 FROM a EMIT CHANGES;',
      'select 1 from a emit\nfinal;',
      "SELECT 'EMIT CHANGES' FROM a;",
      'SELECT 1 -- EMIT CHANGES\nFROM a;',
    ].map(isPush),
  ).toEqual([true, true, false, false]);
});
