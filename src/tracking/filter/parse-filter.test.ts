import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../base/app-error.ts';
import {
  experimentsGrammar,
  loggedModelsGrammar,
  modelVersionsGrammar,
  runsGrammar,
} from './grammars.ts';
import { parseFilter } from './parse-filter.ts';
import { parseOrder } from './parse-order.ts';

const runs = (filter: string) =>
  parseFilter(filter, runsGrammar).map((one) => [one.entity, one.key, one.comparator, one.value]);

/** How many conditions a filter has, or the code of the error. */
function outcome(filter: string): string {
  try {
    return String(runs(filter).length);
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

// What mlflow 3.17.2 reads, taken from its own SearchUtils.
test.each<[string, unknown[]]>([
  ['metric.acc >= 0.94', [['metric', 'acc', '>=', 0.94]]],
  ['metrics.acc<=-1e-3', [['metric', 'acc', '<=', -0.001]]],
  ["params.m!='tf'", [['parameter', 'm', '!=', 'tf']]],
  ['params."m" != "tf"', [['parameter', 'm', '!=', 'tf']]],
  ['params."m.x y" = \'tf\'', [['parameter', 'm.x y', '=', 'tf']]],
  ["tags.`mlflow.source name` ilike '%a'", [['tag', 'mlflow.source name', 'ILIKE', '%a']]],
  ["tags.mlflow.parentRunId = 'x'", [['tag', 'mlflow.parentRunId', '=', 'x']]],
  ["run.status = 'RUNNING'", [['attribute', 'status', '=', 'RUNNING']]],
  ['attributes."Run name" LIKE \'a_\'', [['attribute', 'run_name', 'LIKE', 'a_']]],
  ['dataset.digest IN (\'a\', "b")', [['dataset', 'digest', 'IN', ['a', 'b']]]],
  ["run_id NOT IN ('a')", [['attribute', 'run_id', 'NOT IN', ['a']]]],
  ['created > 5', [['attribute', 'start_time', '>', 5]]],
  [
    'params.a IS NULL and tags.b is not null',
    [
      ['parameter', 'a', 'IS NULL', null],
      ['tag', 'b', 'IS NOT NULL', null],
    ],
  ],
  ["params.q = 'it''s'", [['parameter', 'q', '=', "it''s"]]],
  [
    "  metrics.a = 1 AND params.and = ' OR ' ",
    [
      ['metric', 'a', '=', 1],
      ['parameter', 'and', '=', ' OR '],
    ],
  ],
  ['', []],
])('%s', (filter, expected) => {
  expect(runs(filter)).toEqual(expected);
});

test.each<[string, string]>([
  ["metrics.A > 0.1 OR params.B = 'LR'", 'Invalid clause(s) in filter string'],
  ["metrics.A > 0.1 NAND params.B = 'LR'", 'Invalid clause(s) in filter string'],
  ["metrics.A > 0.1 AND (params.B = 'LR')", 'Invalid clause(s) in filter string'],
  ['`metrics.A > 0.1', 'Invalid clause(s) in filter string'],
  ['param`.A > 0.1', 'Invalid clause(s) in filter string'],
  ["params.acc = 'LR", 'Invalid clause(s) in filter string'],
  ["tags.acc = = 'LR'", 'Invalid clause(s) in filter string'],
  ["attribute.status IS 'RUNNING'", 'Invalid clause(s) in filter string'],
  ['m.acc >= 0.94', "Invalid entity type 'm'"],
  ['acc >= 0.94', "Invalid attribute key 'acc'"],
  ['attribute.start != 1', "Invalid attribute key 'start'"],
  ["dataset.status = 'x'", "Invalid dataset key 'status'"],
  ['params.acc = LR', 'not quoted or unidentified quote types'],
  ['tags.acc = `LR`', 'not quoted or unidentified quote types'],
  ['attribute.status = true', 'Expected a quoted string value for attributes'],
  ['params.acc = 5', 'Expected a quoted string value for'],
  ["metrics.acc != 'lr'", 'Expected numeric value type for metric'],
  ["start_time > 'x'", 'Expected numeric value type for numeric attribute'],
  ['metrics.a ~ 1', "Invalid comparator '~'"],
  ["params.a > '1'", "Invalid comparator '>'"],
  ["params.a NOT LIKE '1'", "Invalid comparator 'NOT LIKE'"],
  ['metrics.a IS NULL', 'IS NULL / IS NOT NULL is only supported'],
  ["status IN ('a')", 'support comparison with a list of quoted string values'],
  ['run_id IN ()', 'got empty list'],
  ['run_id IN (1)', 'got different type in list'],
  ["run_id IN ('a' 'b')", 'got ill-formed list'],
  ['metrics.a > 1; metrics.b > 1', 'multiple expression'],
])('%s is refused', (filter, message) => {
  expect(() => runs(filter)).toThrow(message);
});

test('each kind of thing has its own names', () => {
  expect(parseFilter("name LIKE 'x%' AND tags.a IS NULL", experimentsGrammar)).toHaveLength(2);
  expect(() => parseFilter('metrics.a > 1', experimentsGrammar)).toThrow('Invalid entity type');
  expect(parseFilter('version_number >= 2', modelVersionsGrammar)[0]?.value).toBe(2);
  expect(parseFilter("name IN ('a','b') AND metrics.x < 3", loggedModelsGrammar)).toHaveLength(2);
  expect(parseFilter('params.lr = 0.01', loggedModelsGrammar)[0]?.value).toBe('0.01');
});

test('orders', () => {
  expect(parseOrder(['metrics.`a b` DESC', 'created', 'tag.x asc'], runsGrammar)).toEqual([
    { entity: 'metric', key: 'a b', descending: true },
    { entity: 'attribute', key: 'start_time', descending: false },
    { entity: 'tag', key: 'x', descending: false },
  ]);
  for (const [text, message] of [
    ['metrics.a up', 'Invalid ordering key'],
    ['metrics.a desc desc', 'Could not be parsed'],
    ['acc', 'Invalid attribute key'],
    ['m.acc', 'Invalid entity type'],
    ['', 'Could not be parsed'],
  ] as const)
    expect(() => parseOrder([text], runsGrammar)).toThrow(message);
  expect(() => parseOrder(['tags.a'], experimentsGrammar)).toThrow('Invalid order_by entity');
});

describe('for any name and value', () => {
  const name = fc.stringMatching(/^[\w .:/-]{1,20}$/).filter((text) => !/[`"]/.test(text));
  const value = fc.string({ maxLength: 30 }).filter((text) => !/['\\]/.test(text));

  test('a quoted name and a quoted text come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 5 }), (pairs) => {
        const filter = pairs.map(([key, text]) => `params.\`${key}\` = '${text}'`).join(' AND ');
        expect(runs(filter)).toEqual(pairs.map(([key, text]) => ['parameter', key, '=', text]));
      }),
    );
  });

  test('any number is compared as it is', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(runs(`metrics.a < ${String(number)}`)).toEqual([
          ['metric', 'a', '<', Number(String(number))],
        ]);
      }),
    );
  });

  test('nonsense is refused in words, never read as nothing', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 40 }).filter((text) => text.trim() !== ''),
        (text) => {
          expect(outcome(text)).toMatch(/^[1-9]|^INVALID_PARAMETER_VALUE$/);
        },
      ),
    );
  });
});
