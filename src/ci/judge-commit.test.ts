import { existsSync } from 'node:fs';
import { cp, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { gitProject, starterRepository, type GitProject } from '../../test/harness/git-project.ts';
import { testContext, type TestContext } from '../../test/harness/test-context.ts';
import { openProject, type OpenProject } from '../config/project-file/open-project.ts';
import type { Context } from '../context.ts';
import { scanSource } from '../datasets/actions/scan-source.ts';
import { eventsAfter } from '../events/event-store.ts';
import { projectVariants } from '../project-variants.ts';
import { seeCommit } from '../projects/actions/see-commit.ts';
import { findCommit } from '../projects/commit-store.ts';
import { findRepository, headOf } from '../projects/repository.ts';
import { judgeCommit } from './actions/judge-commit.ts';

type Setup = { ctx: Context; project: OpenProject; repository: GitProject };

/** A context on the starter project in a repository of its own, its data registered. */
async function starter(own: TestContext, ci = '{}'): Promise<Setup> {
  const repository = await starterRepository(own.project.dir, ci);
  const project = await openProject(own.project.dir, projectVariants);
  const ctx: Context = { ...own, project };
  await scanSource(ctx, { dataset: 'penguins' });
  return { ctx, project, repository };
}

/** Commits, judges, and gives the state of each check by kind with its summary. */
async function judge({ ctx, project, repository }: Setup, subject = 'a change') {
  const sha = await repository.commit(subject);
  const found = await findRepository(project.dir);
  const head = found && (await headOf(found, 'main'));
  if (!found || !head) throw new Error('no commit');
  await seeCommit(ctx, head, 'main');
  const { signal } = new AbortController();
  const load = (dir: string) => project.load(dir);
  await judgeCommit(ctx, { repository: found, load, signal }, sha);
  const rows = await ctx.db
    .selectFrom('commit_checks')
    .selectAll()
    .where('sha', '=', sha)
    .orderBy('position')
    .execute();
  const commit = await findCommit(ctx.db, sha);
  return {
    sha,
    state: commit?.state,
    reason: commit?.reason ?? '',
    checks: Object.fromEntries(rows.map((row) => [row.kind, row.state])),
    said: Object.fromEntries(rows.map((row) => [row.kind, row.summary])),
    logs: Object.fromEntries(rows.map((row) => [row.kind, row.log ?? ''])),
  };
}

test('the starter passes every check; nothing of it is a run, a model or a cached result', async () => {
  await using own = await testContext();
  const setup = await starter(own, `{ tests: 'node --check steps/fit.mjs' }`);
  const verdict = await judge(setup);
  expect(verdict).toMatchObject({
    state: 'passed',
    checks: {
      bundle: 'passed',
      tests: 'passed',
      'outputs-made': 'passed',
      'steps-fit': 'passed',
      'training-learns': 'passed',
      'finite-answers': 'passed',
    },
  });
  for (const table of ['pipeline_runs', 'model_versions', 'step_cache'] as const)
    expect(await setup.ctx.db.selectFrom(table).selectAll().execute()).toEqual([]);
  const events = await eventsAfter(setup.ctx.db, {
    position: 0,
    limit: 100,
    types: ['commit.seen', 'ci.started', 'bundle.built', 'ci.finished'],
  });
  expect(events.map((event) => event.type)).toEqual([
    'commit.seen',
    'ci.started',
    'bundle.built',
    'ci.finished',
  ]);
  // Its own database, blobs and checkout are gone with it.
  expect(existsSync(join(own.paths.temp, 'commits', verdict.sha))).toBe(false);
});

/** Five weeks of real flights, one file, as the demo's files are. */
async function flightsFile(ctx: TestContext): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('vega-datasets');
  const source = join(dirname(entry), '..', 'data', 'flights-3m.parquet');
  await ctx.write('data/flights/2001-02-04/00.parquet', '');
  await ctx.analytics.run(`copy (
    select *, date_trunc('hour', landed_at + interval '59 minutes 59 seconds') as arrived_at from (
      select *, date + to_minutes((greatest(delay, 0) + distance // 8 + 30)::bigint) as landed_at from (
        select row_number() over () as flight_id, date, delay::integer as delay, distance::integer as distance, origin, destination
        from read_parquet('${source}') where date < '2001-02-04'))
    order by landed_at) to '${join(ctx.project.dir, 'data/flights/2001-02-04/00.parquet')}' (format parquet)`);
}

test('the flights example passes every check', async () => {
  await using own = await testContext({ startMs: Date.UTC(2001, 1, 4, 6) });
  const root = join(import.meta.dirname, '..', '..');
  await cp(join(root, 'examples', 'flights'), own.project.dir, { recursive: true });
  await symlink(join(root, 'node_modules'), join(own.project.dir, 'node_modules'));
  const repository = await gitProject(own.project.dir);
  await repository.write('.gitignore', 'data/\nnode_modules\n');
  await flightsFile(own);
  const project = await openProject(own.project.dir, projectVariants);
  const ctx: Context = { ...own, project };
  await scanSource(ctx, { dataset: 'flights' });
  const verdict = await judge({ ctx, project, repository });
  expect(verdict.said['outputs-made']).toMatch(/train ran on the slice; all 5 declared outputs/);
  expect(Object.values(verdict.checks)).toEqual(Array.from({ length: 6 }, () => 'passed'));
});

/** What is wrong with the project, and which check must say so. */
const planted: {
  what: string;
  kind: string;
  ci?: string;
  break(repository: GitProject): Promise<void>;
  says: RegExp;
}[] = [
  {
    what: 'rondo.yaml has a key nobody knows',
    kind: 'bundle',
    break: (repository) => repository.change('rondo.yaml', 'triggers:', 'trigers:'),
    says: /unknown key "trigers"\. Did you mean "triggers"/,
  },
  {
    what: 'the tests of the project fail',
    kind: 'tests',
    ci: `{ tests: 'echo one and one is three; exit 3' }`,
    break: () => Promise.resolve(),
    says: /tests failed.*code 3/i,
  },
  {
    what: 'the tests of the project never end',
    kind: 'tests',
    ci: `{ tests: 'sleep 60 & sleep 60', timeout: 1s }`,
    break: () => Promise.resolve(),
    says: /tests failed.*1 ?s/i,
  },
  {
    what: 'a step leaves its output under another name',
    kind: 'outputs-made',
    break: (repository) =>
      repository.change('rondo.yaml', 'out: { model: model }', 'out: { model: modell }'),
    says: /train\.fit failed: .*no output "model" at modell/,
  },
  {
    what: 'the evaluation leaves a score too few',
    kind: 'steps-fit',
    break: (repository) =>
      repository.change('steps/evaluate.mjs', 'scores.join', 'scores.slice(1).join'),
    says: /training left \d+ scores for \d+ test rows/,
  },
  {
    what: 'the model has learnt the opposite',
    kind: 'training-learns',
    break: (repository) =>
      repository.change(
        'steps/fit.mjs',
        'logisticRegressionOnnx({ mean, scale, weights, bias })',
        'logisticRegressionOnnx({ mean, scale, weights: weights.map((w) => -w), bias })',
      ),
    says: /does not beat a constant: log loss .* for the constant/,
  },
  {
    what: 'huge values overflow in the graph and come out as no number',
    kind: 'finite-answers',
    break: (repository) =>
      repository.change(
        'steps/fit.mjs',
        'logisticRegressionOnnx({ mean, scale, weights, bias })',
        `logisticRegressionOnnx({ mean, bias, scale: scale.map((value) => value * 1e-12),
          weights: weights.map((weight, j) => (j === 2 ? 0 : weight * 1e-12)) })`,
      ),
    says: /flipper_length_mm = 1e\+30: the score is not a finite number/,
  },
];

test.for(planted)('a bad project is found: $what', async (plan) => {
  await using own = await testContext();
  const setup = await starter(own, plan.ci);
  await plan.break(setup.repository);
  const verdict = await judge(setup);
  expect(verdict.state).toBe('failed');
  expect(verdict.checks[plan.kind]).toBe('failed');
  expect(verdict.said[plan.kind]).toMatch(plan.says);
  expect(verdict.reason).toContain(verdict.said[plan.kind]);
  const others = Object.entries(verdict.checks).filter(([kind]) => kind !== plan.kind);
  expect(others.filter(([, state]) => state === 'failed')).toEqual([]);
});

test('the log of failing tests is kept', async () => {
  await using own = await testContext();
  const setup = await starter(own, `{ tests: 'echo one and one is three; exit 3' }`);
  const verdict = await judge(setup);
  expect(verdict.logs.tests).toContain('one and one is three');
  const kept = join(own.paths.logs, 'commits', `${verdict.sha}.log`);
  expect(await readFile(kept, 'utf8')).toContain('one and one is three');
});

test('a project without data yet passes; what could not be tried says so', async () => {
  await using own = await testContext();
  const setup = await starter(own);
  await rm(join(own.project.dir, 'data'), { recursive: true });
  await using empty = await testContext();
  const verdict = await judge({ ...setup, ctx: { ...setup.ctx, db: empty.db } });
  expect(verdict.state).toBe('passed');
  expect(verdict.checks['outputs-made']).toBe('skipped');
  expect(verdict.said['outputs-made']).toBe(
    'The dataset penguins has no data yet to run train on.',
  );
});
