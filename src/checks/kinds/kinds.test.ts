import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAnalytics, type Analytics } from '../../storage/analytics/analytics.ts';
import type { Column } from '../../datasets/schema.ts';
import { evaluateSuite } from '../evaluate-suite.ts';
import { parseSuite } from '../suite.ts';
import { checkKinds } from './index.ts';

let analytics: Analytics;
const NOW = Date.UTC(2001, 0, 3);

beforeAll(async () => {
  analytics = await openAnalytics({ threads: 2, memoryLimitMb: 512 });
  await analytics.run(`
    CREATE TABLE t AS SELECT * FROM (VALUES
      (1, 'a', 1.0::DOUBLE, 10, TIMESTAMP '2001-01-01', 'x@y.org'),
      (2, 'a', 2.0, 20, TIMESTAMP '2001-01-01 12:00', 'z@y.org'),
      (3, 'b', 3.0, 30, TIMESTAMP '2001-01-02', NULL),
      (4, 'c', 4.0,  3, TIMESTAMP '2001-01-02 12:00', 'none'),
      (4, NULL, 'nan'::DOUBLE, NULL, TIMESTAMP '2001-01-02 18:00', 'y@y.org')) AS v(id, key, value, total, "at", mail);
    ALTER TABLE t ALTER value TYPE DOUBLE;
    CREATE TABLE empty AS SELECT * FROM t WHERE false;
    CREATE TABLE keys AS SELECT * FROM (VALUES ('a'), ('b')) AS v(name);
    CREATE TABLE later AS SELECT * REPLACE ("at" + INTERVAL 10 DAY AS "at", id + 3 AS id) FROM t;
  `);
});
afterAll(() => {
  analytics.close();
});

async function run(check: string, table = 't') {
  const described = await analytics.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE ${table}`,
  );
  const columns: Column[] = described.map((row) => ({
    name: row.column_name,
    type: row.column_type,
  }));
  const { checks } = parseSuite(`rondo-checks: 1\nchecks:\n  - { ${check} }\n`, 'suite.yaml');
  const [result] = await evaluateSuite(analytics, checks, {
    sql: table,
    columns,
    nowMs: NOW,
    previousRows: 4,
    shift: () => ({
      psi: 0.3,
      cells: 10,
      noise: 0.1,
      meanShift: 1,
      meanBefore: 0,
      meanAfter: 1,
      missingBefore: 0,
      missingAfter: 0,
      distinctBefore: 1,
      distinctAfter: 1,
      newValues: [],
    }),
    table: (name) => name,
  });
  return result!;
}

/** kind, settings that pass, settings that fail, unexpected rows of the failure (undefined: not counted). */
const CASES: [kind: string, passes: string, fails: string, unexpected?: number][] = [
  ['row_count', 'min: 5, max: 5', 'min: 6'],
  ['row_count_ratio', 'min: 1.25, max: 1.25', 'max: 1.2'],
  ['row_count_equals', 'table: later', 'table: keys'],
  ['column_exists', 'column: id', 'column: nope'],
  ['columns_match_set', 'columns: [id, key, value, total, at, mail]', 'columns: [id, key]'],
  ['type_is', 'column: id, type: [text, integer]', 'column: id, type: text'],
  ['not_null', 'column: key, mostly: 0.8', 'column: key', 1],
  ['completeness', 'column: key, min: 0.8', 'column: key, min: 0.81', 1],
  ['unique', 'column: at', 'column: id', 2],
  ['compound_unique', 'columns: [id, key]', 'columns: [key]', 2],
  ['uniqueness', 'column: key, min: 0.5', 'column: key, min: 0.51'],
  ['distinct_count', 'column: key, min: 3, max: 3', 'column: key, max: 2'],
  ['distinctness', 'column: key, min: 0.75, max: 0.75', 'column: key, min: 0.8'],
  ['in_set', 'column: key, values: [a, b], mostly: 0.75', 'column: key, values: [a, b]', 1],
  ['not_in_set', 'column: key, values: [x]', 'column: key, values: [a]', 2],
  [
    'min_domain_mass',
    'column: key, values: [a], mass: 0.5',
    'column: key, values: [a], mass: 0.6',
    2,
  ],
  ['between', 'column: id, min: 1, max: 4', 'column: id, min: 1, max: 4, strict_max: true', 2],
  ['finite', 'column: value, mostly: 0.8', 'column: value', 1],
  ['regex', 'column: mail, pattern: "@", mostly: 0.75', 'column: mail, pattern: "@"', 1],
  ['length', 'column: mail, min: 4, max: 7', 'column: mail, min: 5', 1],
  ['pair', "a: total, b: id, is: '>', mostly: 0.6", "a: total, b: id, is: '>'", 2],
  ['min_between', 'column: id, min: 1, max: 1', 'column: id, min: 2'],
  ['max_between', 'column: id, min: 4, max: 4', 'column: id, max: 3'],
  ['mean_between', 'column: id, min: 2.8, max: 2.8', 'column: id, min: 2.9'],
  ['sum_between', 'column: id, min: 14, max: 14', 'column: id, max: 13'],
  ['sd_between', 'column: id, min: 1.3038, max: 1.3039', 'column: id, max: 1.2'],
  ['quantile_between', 'column: total, q: 0.5, min: 15, max: 15', 'column: total, q: 0.5, min: 16'],
  ['correlation_between', 'a: id, b: id, min: 0.999', 'a: id, b: total, min: 0.9'],
  ['entropy_between', 'column: key, min: 1.0397, max: 1.0398', 'column: key, max: 1'],
  ['freshness', 'column: at, within: 6h', 'column: at, within: 5h'],
  [
    'foreign_key',
    'column: key, table: keys, to: name, mostly: 0.75',
    'column: key, table: keys, to: name',
    1,
  ],
  [
    'custom_sql',
    'sql: "SELECT * FROM rows WHERE id > 4"',
    'sql: "SELECT * FROM rows WHERE id > 3"',
    2,
  ],
  [
    'train_test_overlap',
    'test: later, columns: [id], max_share: 0.4',
    'test: later, columns: [id]',
    1,
  ],
  ['time_leakage', 'column: at, test: later', 'column: at, test: t', 5],
  ['label_conflicts', 'label: id, columns: [at]', 'label: total, columns: [key]', 2],
  ['value_shift', 'column: id, max_psi: 0.4', 'column: id, max_psi: 0.2'],
];

test.each(CASES)('%s passes and fails where it should', async (kind, passes, fails, unexpected) => {
  const good = await run(`kind: ${kind}, ${passes}`);
  expect(good, good.observed).toMatchObject({ passed: true, sampleRows: [] });
  const bad = await run(`kind: ${kind}, ${fails}`);
  expect(bad.passed, bad.observed).toBe(false);
  expect(bad.observed).not.toMatch(/cannot be computed/);
  expect(bad.unexpectedCount).toBe(unexpected ?? bad.unexpectedCount);
  expect(bad.sampleRows.length).toBeLessThanOrEqual(20);
});

test('every kind is in the list above', () => {
  expect(
    checkKinds.map((kind) => kind.kind).filter((kind) => !CASES.some(([name]) => name === kind)),
  ).toEqual([]);
});

test('no rows break no rule about values', async () => {
  for (const [kind, , fails] of CASES) {
    if (
      !/^(not_null|unique|in_set|between|finite|regex|length|pair|mean_between|quantile_between|distinctness|uniqueness|entropy_between|completeness|foreign_key)$/.test(
        kind,
      )
    )
      continue;
    const result = await run(`kind: ${kind}, ${fails}`, 'empty');
    expect(result, `${kind}: ${result.observed}`).toMatchObject({ passed: true });
  }
  expect((await run('kind: freshness, column: at, within: 1h', 'empty')).passed).toBe(false);
});

test('a custom query may give one number', async () => {
  expect(
    (await run('kind: custom_sql, sql: "SELECT sum(id) FROM rows", min: 14, max: 14')).passed,
  ).toBe(true);
  expect((await run('kind: custom_sql, sql: "SELECT sum(id) FROM rows", max: 13')).passed).toBe(
    false,
  );
});

test('NaN is neither between nor a good mean', async () => {
  expect((await run('kind: between, column: value, min: 0')).unexpectedCount).toBe(1);
  expect((await run('kind: mean_between, column: value, min: 0')).passed).toBe(false);
});

test('what cannot be computed fails alone, a missing column is named', async () => {
  const { checks } = parseSuite(
    'rondo-checks: 1\nchecks:\n  - { kind: mean_between, column: key, min: 1 }\n  - { kind: row_count, min: 1 }\n  - { kind: not_null, column: gone }\n',
    's.yaml',
  );
  const results = await evaluateSuite(analytics, checks, {
    sql: 't',
    columns: [{ name: 'key', type: 'VARCHAR' }],
    nowMs: NOW,
    previousRows: null,
    shift: () => null,
    table: (name) => name,
  });
  expect(results.map((result) => result.passed)).toEqual([false, true, false]);
  expect(results[0]?.observed).toMatch(/cannot be computed/);
  expect(results[2]?.observed).toBe('there is no column gone');
});

test.each([
  [
    'rondo-checks: 1\nchecks:\n  - { kind: not_nul, column: a }\n',
    /s.yaml:3:\d+: .*Did you mean "not_null"/,
  ],
  [
    'rondo-checks: 1\nchecks:\n  - { kind: not_null, column: a, mosty: 1 }\n',
    /s.yaml:3:34: .*Did you mean "mostly"/,
  ],
  [
    'rondo-checks: 1\nchecks:\n  - { kind: between, column: 5 }\n',
    /s.yaml:3:22: checks.0.column: .*string/,
  ],
  ['rondo-checks: 1\nchecks: [', /s.yaml:\d+:\d+/],
])('a broken suite names line and column: %s', (text, message) => {
  expect(() => parseSuite(text, 's.yaml')).toThrow(message);
});
