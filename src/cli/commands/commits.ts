import type { DeploymentItem } from '../../contract/commit-events.ts';
import type { CommitItem, CommitView, StationRecord } from '../../contract/views/commits-view.ts';
import { textTable, type CommandModule } from '../cli.ts';

export const commitsCommand: CommandModule = (program, cli) => {
  const commits = program
    .command('commits')
    .description('commits seen on the watched branch: tested, deployed, or why not')
    .option('--limit <n>', 'how many', '20')
    .action(async (options: { limit: string }) => {
      const page = await cli.api().get<{ items: CommitItem[] }>('/api/commits', { ...options });
      cli.result(page, (value) => commitsText(value.items));
    });
  commits
    .command('rollback')
    .description('take the deployed commit back; the next run uses the one before it')
    .option('--reason <text>', 'kept with the decision')
    .action(async (options: { reason?: string }) => {
      const result = await cli
        .api()
        .post<{ sha: string; to: string }>('/api/deployments/rollback', options);
      cli.result(
        result,
        (value) =>
          `Commit ${short(value.sha)} taken back; runs use ${short(value.to)} from now on.`,
      );
    });
};

export const commitCommand: CommandModule = (program, cli) => {
  program
    .command('commit <sha>')
    .description('follow one commit through its six stations, from source to monitoring')
    .action(async (sha: string) => {
      const view = await cli.api().get<CommitView>(`/api/commits/${encodeURIComponent(sha)}`);
      cli.result(view, commitText);
    });
};

export const deploymentsCommand: CommandModule = (program, cli) => {
  program
    .command('deployments')
    .description('which commit runs used from when on')
    .option('--limit <n>', 'how many', '20')
    .action(async (options: { limit: string }) => {
      const page = await cli
        .api()
        .get<{ items: DeploymentItem[] }>('/api/deployments', { ...options });
      cli.result(page, (value) => deploymentsText(value.items));
    });
};

function short(sha: string): string {
  return sha.slice(0, 7);
}

function commitsText(commits: readonly CommitItem[]): string {
  if (commits.length === 0)
    return 'No commits. They are watched when rondo.yaml has "ci:" and the project is a git repository.';
  return textTable([
    ['COMMIT', 'STATE', 'SUBJECT', 'WHY'],
    ...commits.map((commit) => [
      short(commit.sha),
      commit.state,
      commit.subject,
      commit.sentence.split('\n')[0] ?? '',
    ]),
  ]);
}

function deploymentsText(deployments: readonly DeploymentItem[]): string {
  if (deployments.length === 0) return 'Nothing was deployed; runs use the files as they are.';
  return textTable([
    ['#', 'COMMIT', 'STATE', 'SINCE', 'BY', 'SUBJECT'],
    ...deployments.map((deployment) => [
      String(deployment.number),
      short(deployment.sha),
      deployment.state,
      new Date(deployment.atMs).toISOString(),
      deployment.actor,
      deployment.subject,
    ]),
  ]);
}

const MARKS = { done: '✓', running: '…', failed: '✗', waiting: '·' } as const;

function commitText(view: CommitView): string {
  const station = (name: string, record: StationRecord): string => {
    const at = record.atMs === null ? '' : `  ${new Date(record.atMs).toISOString()}`;
    return `  ${MARKS[record.state]} ${name.padEnd(11)}${at}  ${record.summary}`;
  };
  const checks = view.checks.map(
    (check) => `    ${check.state.padEnd(8)} ${check.name}: ${check.summary}`,
  );
  const logs = view.checks.flatMap((check) =>
    check.log === null ? [] : [`\n${check.name} printed:\n${check.log.trimEnd()}`],
  );
  const { source, ci, deployment, training, service, monitoring } = view.records;
  return [
    `${short(view.sha)}  ${view.subject}  ${view.state}`,
    station('source', source),
    station('ci', ci),
    ...checks,
    station('deployment', deployment),
    station('training', training),
    station('service', service),
    station('monitoring', monitoring),
    ...logs,
  ].join('\n');
}
