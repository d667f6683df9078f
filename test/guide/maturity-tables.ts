import { figures } from '../../src/maturity/delivery/index.ts';
import { mlTests } from '../../src/maturity/ml-tests/index.ts';
import { requirements } from '../../src/maturity/requirements/index.ts';

const ASKED = {
  automatic: '',
  person: " A person's step counts.",
  'when-seen': ' Not asked for while nothing happens that calls for it.',
  optional: ' Shown, never asked for.',
} as const;

/** Tables of the guide, made from what requirements, tests and figures say of themselves. */
export function requirementTable(level: 1 | 2): string {
  const rows = requirements
    .filter((one) => one.level === level)
    .map((one) => `| ${one.id} | ${one.title} | ${one.needs}${ASKED[one.asks]} |`);
  return ['| | requirement | met automatically when |', '|---|---|---|', ...rows].join('\n');
}

export function testTable(): string {
  const rows = mlTests.map(
    (one) => `| ${one.id} | ${one.title} | ${one.whole} | ${one.half ?? '-'} |`,
  );
  return ['| | test | 1 when | ½ when |', '|---|---|---|---|', ...rows].join('\n');
}

export function figureTable(): string {
  const rows = figures.map((one) => `| \`${one.id}\` | ${one.title} | ${one.unit} |`);
  return ['| figure | what it is | unit |', '|---|---|---|', ...rows].join('\n');
}
