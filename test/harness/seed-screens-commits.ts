import { canonicalJson } from '../../src/base/json.ts';
import type { TestContext } from './test-context.ts';

const HOUR_MS = 36e5;
const WEEK_MS = 168 * HOUR_MS;

const COMMITS = [
  { week: 3, state: 'replaced', subject: 'Flights: extract, validate, fit, evaluate' },
  {
    week: 9,
    state: 'failed',
    subject:
      'Use the delay of the same flight as a feature, which a very long subject line explains',
  },
  { week: 12, state: 'replaced', subject: 'Hour as a cycle instead of a number' },
  { week: 18, state: 'rolled-back', subject: 'Fewer trees' },
  { week: 21, state: 'deployed', subject: 'Delay of the destination as a second feature view' },
  { week: 25, state: 'testing', subject: 'Comments' },
] as const;

const CHECKS = [
  ['tests', "the project's own tests", '12 tests passed'],
  ['run', 'the pipeline runs', 'Four steps ran on 10,000 rows of two weeks.'],
  ['outputs', 'declared outputs are made', 'All 6 outputs were made.'],
  [
    'learns',
    'better than the constant prediction',
    'Log-loss 0.461 against 0.487 on its own rows.',
  ],
  ['numbers', 'answers to strange values', '40 strange rows: 33 finite scores, 7 named refusals.'],
] as const;

const REASONS = {
  failed: 'The check "the pipeline runs" failed: step fit exited with 1.',
  testing: null,
  deployed: 'In force: every check held, and runs use it.',
  replaced: 'Replaced by a newer commit.',
  'rolled-back': 'Taken back by a person: the first model it made was refused.',
} as const;

/** The sha of a seeded commit by its place. */
export function seededSha(index: number): string {
  return `${String(index)}a7f3c`.repeat(7).slice(0, 40);
}

/** The commit whose code runs of a week used. */
export function seededCommitAt(week: number): string {
  const place = COMMITS.findLastIndex(
    (commit) => commit.week <= week && commit.state !== 'failed' && commit.state !== 'testing',
  );
  return seededSha(place);
}

/** Six commits of every state, with verdicts, bundles and deployments. */
export async function seedCommits(ctx: TestContext, startMs: number): Promise<void> {
  let deployed = 0;
  for (const [index, commit] of COMMITS.entries()) {
    const sha = seededSha(index);
    const seenMs = startMs + commit.week * WEEK_MS + 2 * HOUR_MS;
    const failed = commit.state === 'failed';
    const testing = commit.state === 'testing';
    const bundle = failed || testing ? null : `sha256:${String(index).repeat(64)}`;
    await ctx.db
      .insertInto('commits')
      .values({
        number: index + 1,
        sha,
        branch: 'main',
        subject: commit.subject,
        author: 'Ada Okonkwo <ada@example.org>',
        committed_ms: seenMs - 60_000,
        seen_ms: seenMs,
        state: commit.state,
        reason: REASONS[commit.state],
        bundle,
        started_ms: seenMs,
        finished_ms: testing ? null : seenMs,
        duration_ms: testing ? null : 21_400,
      })
      .execute();
    await seedChecks(ctx, sha, { failed, testing });
    if (bundle === null) continue;
    await ctx.db
      .insertInto('bundles')
      .values({ digest: bundle, sha, files: 14, size_bytes: 48_211, built_ms: seenMs })
      .execute();
    deployed += 1;
    await ctx.db
      .insertInto('deployments')
      .values({
        number: deployed,
        sha,
        bundle,
        pipelines: canonicalJson(['train']),
        state: commit.state === 'deployed' ? 'in-force' : commit.state,
        before_number: deployed === 1 ? null : deployed - 1,
        actor: 'auto',
        reason: 'Every check held.',
        at_ms: seenMs,
        ended_ms: commit.state === 'deployed' ? null : seenMs + 3 * WEEK_MS,
      })
      .execute();
  }
}

async function seedChecks(
  ctx: TestContext,
  sha: string,
  { failed, testing }: { failed: boolean; testing: boolean },
): Promise<void> {
  for (const [position, [kind, name, summary]] of CHECKS.entries()) {
    if (testing && position > 1) continue;
    const broke = failed && position === 1;
    const skipped = failed && position > 1;
    await ctx.db
      .insertInto('commit_checks')
      .values({
        sha,
        kind,
        position,
        name,
        state: broke ? 'failed' : skipped ? 'skipped' : 'passed',
        duration_ms: skipped ? null : 900 + position * 4100,
        summary: broke
          ? 'Step fit exited with 1.'
          : skipped
            ? 'Not asked: the pipeline does not run.'
            : summary,
        log: broke ? 'Error: column "delay" is not known before landing\n    at fit.ts:41' : null,
      })
      .execute();
  }
}
