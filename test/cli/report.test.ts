import { expect, it } from 'vitest';
import { type Result, reportText } from '../../cli/test-runner/report.js';

const result = (name: string, reason?: string): Result => ({
  test: { file: 'a.sql', name },
  outcome: reason === undefined ? { passed: true } : { passed: false, reason },
  ms: 1,
});

it('tests that failed say why; of very many the first ones', () => {
  expect(reportText([result('good'), result('bad', 'Expected 2\nin: ASSERT')], 'text', false)).toBe(
    [
      'FAIL a.sql: 1 passed, 1 failed',
      '     - bad',
      '         Expected 2',
      '         in: ASSERT',
      '2 cases, 1 passed, 1 failed (50.0 % pass)',
    ].join('\n'),
  );
  const many = Array.from({ length: 12 }, (_, i) => result(`t${i}`, 'why'));
  const text = reportText(many, 'text', false);
  expect([text.match(/why/g)?.length, text.split('\n').at(-1)]).toEqual([
    10,
    '--verbose tells what differs in all of them.',
  ]);
  expect(reportText(many, 'text', true).match(/why/g)).toHaveLength(12);
  expect(reportText(many, 'summary', false)).not.toContain('why');
});
