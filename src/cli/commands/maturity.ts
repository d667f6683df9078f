import type {
  DeliveryFigure,
  MaturityRequirement,
  MaturityTest,
  MaturityView,
} from '../../contract/views/maturity-view.ts';
import { AppError } from '../../base/app-error.ts';
import { textTable, type CommandModule } from '../cli.ts';
import { dayOf, figureOf } from '../figures.ts';

const MARKS: Record<MaturityRequirement['state'], string> = {
  automatic: '✓ automatic',
  manual: '· manual',
  missing: '✗ missing',
  insufficient: '? too few',
};

export const maturityCommand: CommandModule = (program, cli) => {
  program
    .command('maturity')
    .description('level, test score and delivery figures, as the recorded events prove them')
    .option('--days <n>', 'length of the window that ends now', '90')
    .option('--why', 'add the reason of each requirement and test, with the newest event behind it')
    .action(async (options: { days: string; why?: boolean }) => {
      const days = Number(options.days);
      if (!Number.isInteger(days) || days < 1 || days > 730)
        throw new AppError(
          'USAGE',
          `--days is a whole number from 1 to 730, not "${options.days}".`,
        );
      const view = await cli.api().get<MaturityView>('/api/maturity', { days });
      cli.result(view, (value) => maturityText(value, options.why === true));
    });
};

function maturityText(view: MaturityView, why: boolean): string {
  const { window, testScore, shares } = view;
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  return [
    view.sentence,
    `${dayOf(window.fromMs)} to ${dayOf(window.toMs)} (${window.days} days). Requirements: ${percent(shares.automatic)} automatic, ${percent(shares.manual)} manual, ${percent(shares.missing)} missing.`,
    '',
    ...[1, 2].flatMap((level) => [
      `LEVEL ${level}`,
      requirementTable(
        view.requirements.filter((one) => one.level === level),
        why,
      ),
      '',
    ]),
    `ML TEST SCORE ${testScore.total} - ${testScore.band}`,
    sectionTable(testScore.tests, testScore.sections),
    '',
    testTable(testScore.tests, why),
    '',
    'DELIVERY',
    deliveryTable(view.delivery),
    '',
    nextText(view),
  ].join('\n');
}

function requirementTable(cells: readonly MaturityRequirement[], why: boolean): string {
  return textTable(
    cells.map((cell) => [
      cell.id,
      MARKS[cell.state],
      cell.title,
      ...(why ? [cell.reason, cell.evidence[0]] : []),
    ]),
  );
}

const SECTIONS = ['data', 'model', 'infrastructure', 'monitoring'] as const;

/** Four columns, one a section: each test with its score. */
function sectionTable(
  tests: readonly MaturityTest[],
  sums: MaturityView['testScore']['sections'],
): string {
  const columns = SECTIONS.map((section) => [
    `${section} ${sums[section]}`,
    ...tests
      .filter((test) => test.section === section)
      .map((test) => `${test.id} ${scoreText(test)}`),
  ]);
  const rows = Math.max(...columns.map((column) => column.length));
  return textTable(
    Array.from({ length: rows }, (_, row) => columns.map((column) => column[row] ?? '')),
  );
}

function testTable(tests: readonly MaturityTest[], why: boolean): string {
  return textTable(
    tests.map((test) => [
      test.id,
      scoreText(test),
      test.title,
      ...(why ? [test.reason, test.evidence[0]] : []),
    ]),
  );
}

function scoreText(test: MaturityTest): string {
  return test.score === 0.5 ? '½' : String(test.score);
}

function deliveryTable(figures: readonly DeliveryFigure[]): string {
  return textTable([
    ['FIGURE', 'VALUE', 'P90', 'UNIT', 'N'],
    ...figures.map((one) => [
      one.title,
      figureOf(one.value),
      figureOf(one.p90),
      one.unit,
      String(one.n),
    ]),
  ]);
}

function nextText(view: MaturityView): string {
  if (view.next.length === 0) return 'Nothing is missing.';
  const lines = view.next.flatMap((id) => {
    const cell = view.requirements.find((one) => one.id === id);
    return cell ? [`  ${id} ${cell.title}: ${cell.reason}`] : [];
  });
  return ['NEXT', ...lines].join('\n');
}
