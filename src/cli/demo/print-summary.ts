import { textTable } from '../cli.ts';
import type { DemoSummary } from './summary.ts';

/** The summary for people: the weeks, the faults, the counts, where the time went. */
export function printSummary(summary: DemoSummary): string {
  const { predictions, releases } = summary;
  const weeks = textTable([
    ['week', 'late', 'serving', 'log-loss', 'frozen', 'decision', 'reason'],
    ...summary.weeks.map((week) => [
      week.week,
      week.lateRate === null ? '-' : week.lateRate.toFixed(3),
      week.servingVersion === null ? '-' : `v${week.servingVersion}`,
      week.logLossServing === null ? '-' : week.logLossServing.toFixed(4),
      week.logLossFrozen === null ? '-' : week.logLossFrozen.toFixed(4),
      week.decision,
      week.reason.length > 110 ? `${week.reason.slice(0, 109)}…` : week.reason,
    ]),
  ]);
  const faults = summary.faults.map(
    (fault) =>
      `  ${fault.caught ? 'caught' : 'MISSED'}  ${fault.kind}: ${fault.by}\n          events ${fault.evidence.slice(0, 4).join(' ')}`,
  );
  const commits = summary.commits.map(
    (commit) => `  ${commit.sha.slice(0, 7)}  ${commit.state.padEnd(11)} ${commit.subject}`,
  );
  const times = summary.times.map((part) => `${part.what} ${part.seconds} s`).join(' · ');
  return [
    weeks,
    '',
    summary.faults.length > 0
      ? `Planted faults\n${faults.join('\n')}`
      : 'No faults were planted, and none was found.',
    '',
    `Commits\n${commits.join('\n')}`,
    `Maturity: level ${summary.maturity.level}. ${summary.maturity.sentence}`,
    '',
    `Predictions: ${predictions.sent} sent, ${predictions.answered} answered, ${predictions.failed} failed, ${predictions.collected} collected`,
    `Releases: ${releases.promoted} promoted, ${releases.refused} refused, ${releases.rolledBack} rolled back, ${releases.expired} expired`,
    `Training runs by cause: ${Object.entries(summary.retrainings)
      .map(([cause, n]) => `${cause} ${n}`)
      .join(', ')}; human actions: ${summary.humanActions}`,
    `${summary.seconds} s: ${times}`,
    '',
    `Open ${summary.address}`,
  ].join('\n');
}
