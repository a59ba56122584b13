import { expect, it } from 'vitest';
import { paintError, theme } from '../../shell/theme.js';

const shown = (message: string): string => paintError(message, undefined, theme(false));

it('errors are shown without links to pages of another product', () => {
  expect(shown("The `T` table isn't queryable. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES.")).toBe(
    "The `T` table isn't queryable.\nAdd EMIT CHANGES.",
  );
  expect(shown('Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query')).toBe(
    'Key missing from projection (ie, SELECT).\nThe query',
  );
  expect(
    shown('Supply at least one element (see https://github.com/confluentinc/ksql/issues/4239). As a workaround'),
  ).toBe('Supply at least one element. As a workaround');
  expect(shown('Column type: MAP. See https://github.com/confluentinc/ksql/issues/6621 for more.')).toBe(
    'Column type: MAP.',
  );
  expect(shown("no row with 'See https://example.org for more.'")).toContain('https://example.org');
});
