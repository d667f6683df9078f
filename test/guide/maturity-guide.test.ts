import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { figureTable, requirementTable, testTable } from './maturity-tables.ts';

const guide = readFileSync(
  join(import.meta.dirname, '..', '..', 'docs', 'guide', 'maturity.md'),
  'utf8',
);

test.each([
  ['level 1', requirementTable(1)],
  ['level 2', requirementTable(2)],
  ['the 28 tests', testTable()],
  ['figures', figureTable()],
])('the table of %s is the code', (_what, table) => {
  expect(guide).toContain(table);
});
