import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkRunHistory } from '../../test/harness/check-run-history.ts';
import { pipelineOf } from '../../test/harness/pipeline-of.ts';
import { processesWith, orphansAfter } from '../../test/harness/processes.ts';
import { testContext, type TestContext } from '../../test/harness/test-context.ts';
import { eventsOf } from '../events/event-store.ts';
import { latestMetrics } from '../tracking/tracking-store.ts';
import { cancelRun } from './actions/cancel-run.ts';
import { describeRun, listRuns } from './actions/describe-run.ts';
import { explainCache } from './actions/explain-cache.ts';
import { readLog } from './actions/read-log.ts';
import { startRun } from './actions/start-run.ts';
import { openEngine } from './engine.ts';
import type { RunOutcome } from './run.ts';
import { closeRuns, runsActive, runsIdle, waitForRun } from './work.ts';

const manual = { kind: 'manual' as const, text: 'a test' };

async function withEngine(work: (ctx: TestContext) => Promise<void>): Promise<void> {
  await using ctx = await testContext();
  await ctx.write('rondo.yaml', 'rondo: 1\nproject: test\n');
  try {
    await openEngine(ctx, { concurrency: 2 });
    await work(ctx);
  } finally {
    await closeRuns(ctx);
  }
}

type Steps = Parameters<typeof pipelineOf>[0];

async function runPipeline(
  ctx: TestContext,
  steps: Steps,
  more: Parameters<typeof pipelineOf>[1] = {},
): Promise<RunOutcome & { detail: Awaited<ReturnType<typeof describeRun>> }> {
  ctx.define({ pipelines: { p: pipelineOf(steps, more) } });
  const { runId } = await startRun(ctx, { pipeline: 'p', cause: manual });
  const outcome = await waitForRun(ctx, runId);
  return { ...outcome, detail: await describeRun(ctx, runId) };
}

function statesOf(run: {
  detail: Awaited<ReturnType<typeof describeRun>>;
}): Record<string, string> {
  return Object.fromEntries(run.detail.steps.map((step) => [step.step, step.state]));
}

async function logOf(
  ctx: TestContext,
  runId: string,
  step: string,
  from = 0,
  follow = false,
): Promise<string> {
  let text = '';
  for await (const piece of await readLog(ctx, { runId, step, attempt: null, from, follow })) {
    text += Buffer.from(piece).toString('utf8');
  }
  return text;
}

test('a chain of three steps runs in fresh folders and hands on its outputs', async () => {
  await withEngine(async (ctx) => {
    await ctx.write('words.txt', 'hello\n');
    ctx.define({
      pipelines: {
        chain: pipelineOf(
          {
            first: {
              run: 'cat words.txt > first.txt; echo made first',
              out: { text: 'first.txt' },
            },
            second: {
              run: 'mkdir model; cp inputs/first.text model/a.txt; echo $RONDO_PARAM_TREES > model/b.txt',
              in: ['first.text'],
              out: { model: 'model/' },
            },
            third: {
              run: `cat inputs/second.model/a.txt inputs/second.model/b.txt; printf '{"auc":0.75,"nested":{"x":1}}' > report.json`,
              in: ['second.model'],
              out: { report: 'report.json' },
            },
          },
          {
            parameters: { trees: 100 },
            produces: { model: 'm', from: 'second.model', metrics: 'third.report' },
          },
        ),
      },
    });
    const { runId } = await startRun(ctx, {
      pipeline: 'chain',
      cause: manual,
      parameters: { trees: '7' },
    });
    expect(await waitForRun(ctx, runId)).toMatchObject({ state: 'succeeded', reason: null });
    const events = await eventsOf(ctx.db, { kind: 'run', id: runId });
    expect(events.map((event) => event.type)).toEqual([
      'run.started',
      'run.pinned',
      'step.started',
      'step.committed',
      'step.started',
      'step.committed',
      'step.started',
      'step.committed',
      'run.succeeded',
    ]);
    expect(checkRunHistory(events, { first: [], second: ['first'], third: ['second'] })).toEqual(
      [],
    );
    expect(events.at(-1)?.data.produced).toMatchObject({
      model: 'm',
      metrics: { auc: 0.75, 'nested.x': 1 },
    });
    expect(await latestMetrics(ctx.db, runId)).toEqual({ auc: 0.75, 'nested.x': 1 });
    expect(await logOf(ctx, runId, 'third')).toBe('hello\n7\n');
    expect(await logOf(ctx, runId, 'third', 6)).toBe('7\n');
    expect(await logOf(ctx, runId, 'third', -2)).toBe('7\n');
    const tracked = await ctx.db
      .selectFrom('runs')
      .selectAll()
      .where('parent_run_id', '=', runId)
      .execute();
    expect(tracked.map((row) => [row.name, row.status])).toEqual([
      ['chain.first', 'FINISHED'],
      ['chain.second', 'FINISHED'],
      ['chain.third', 'FINISHED'],
    ]);
    const artifacts = await ctx.db.selectFrom('artifacts').select('path').orderBy('path').execute();
    expect(artifacts.map((row) => row.path)).toEqual([
      'first.txt',
      'model/a.txt',
      'model/b.txt',
      'report.json',
    ]);
  });
});

test('a step finds its parameters, a clean environment, the Node of the server, and inputs it cannot spoil', async () => {
  await withEngine(async (ctx) => {
    process.env.RONDO_TEST_PASSED = 'passed';
    process.env.RONDO_TEST_KEPT_BACK = 'kept back';
    const run = await runPipeline(
      ctx,
      {
        make: { run: 'echo precious > a.txt', out: { a: 'a.txt' } },
        use: {
          run: 'cat params.json; env; command -v node; chmod +w inputs/make.a; echo spoilt > inputs/make.a',
          in: ['make.a'],
          env: ['RONDO_TEST_PASSED'],
        },
        again: { run: 'cat inputs/make.a', in: ['make.a'] },
      },
      { parameters: { window_days: 28, fast: true } },
    );
    expect(run.state).toBe('succeeded');
    const log = await logOf(ctx, run.runId, 'use');
    expect(log).toContain('"window_days": 28');
    expect(log).toContain('RONDO_PARAM_WINDOW_DAYS=28');
    expect(log).toContain('RONDO_TEST_PASSED=passed');
    expect(log).toContain(`MLFLOW_RUN_ID=${run.detail.steps[1]?.stepRunId}`);
    expect(log).toContain(process.execPath);
    expect(log).not.toContain('kept back');
    expect(await logOf(ctx, run.runId, 'again')).toBe('precious\n');
  });
});

describe('a step that goes wrong', () => {
  const cases: [string, Steps[string], string, string][] = [
    ['fails', { run: 'echo no luck; exit 3' }, 'STEP_FAILED', 'exit code 3'],
    [
      'leaves no declared output',
      { run: 'touch other.txt', out: { model: 'model.bin' } },
      'STEP_OUTPUT_MISSING',
      'left no output "model" at model.bin',
    ],
    [
      'leaves an empty folder',
      { run: 'mkdir model', out: { model: 'model/' } },
      'STEP_OUTPUT_MISSING',
      'empty folder',
    ],
    [
      'leaves a link that leads out',
      { run: 'ln -s /etc/hostname out.txt', out: { o: 'out.txt' } },
      'STEP_OUTPUT_INVALID',
      'outside its working directory',
    ],
    ['exits with 137', { run: 'exit 137' }, 'STEP_KILLED', 'SIGKILL (exit code 137)'],
    ['is killed', { run: 'sh -c "kill -KILL \\$\\$"' }, 'STEP_KILLED', 'SIGKILL (exit code 137)'],
    ['takes too long', { run: 'sleep 30', timeout: 150 }, 'STEP_TIMEOUT', 'timeout of 150ms'],
    [
      'names requirements that are not there',
      { run: 'true', environment: { kind: 'venv', requirements: 'no.txt', python: 'python3' } },
      'ENVIRONMENT_FAILED',
      'no.txt',
    ],
  ];
  test.each(cases)('%s', async (_name, step, code, sentence) => {
    await withEngine(async (ctx) => {
      const run = await runPipeline(ctx, {
        bad: step,
        after: { run: 'true', in: Object.keys(step.out ?? {}).map((name) => `bad.${name}`) },
        last: { run: 'sleep 0.05' },
      });
      expect(run).toMatchObject({ state: 'failed', failedStep: 'bad', code });
      expect(run.reason).toContain(sentence);
      expect(run.detail.steps[0]?.attempts).toHaveLength(1);
      const [failed] = (await eventsOf(ctx.db, { kind: 'run', id: run.runId })).filter(
        (event) => event.type === 'run.failed',
      );
      expect(failed?.data).toMatchObject({
        pipeline: 'p',
        step: 'bad',
        code,
        cause: { kind: 'manual' },
      });
    });
  });

  test('is tried again as often as it says, then the run fails and what hangs on it is skipped', async () => {
    await withEngine(async (ctx) => {
      const run = await runPipeline(ctx, {
        flaky: { run: 'echo attempt $RONDO_ATTEMPT; exit 1', retry: 1, out: { o: 'o' } },
        after: { run: 'true', in: ['flaky.o'] },
      });
      expect(statesOf(run)).toEqual({ flaky: 'failed', after: 'skipped' });
      expect(run.detail.steps[0]?.attempts.map((attempt) => attempt.state)).toEqual([
        'failed',
        'failed',
      ]);
      expect(await logOf(ctx, run.runId, 'flaky')).toBe('attempt 2\n');
    });
  });

  test('and then goes right has succeeded', async () => {
    await withEngine(async (ctx) => {
      const run = await runPipeline(ctx, { flaky: { run: 'test $RONDO_ATTEMPT = 2', retry: 3 } });
      expect(run.state).toBe('succeeded');
      expect(run.detail.steps[0]?.attempts.map((attempt) => attempt.state)).toEqual([
        'failed',
        'succeeded',
      ]);
    });
  });

  test('lets what runs beside it finish', async () => {
    await withEngine(async (ctx) => {
      const run = await runPipeline(ctx, {
        bad: { run: 'exit 1' },
        slow: { run: 'sleep 0.4; echo x > x', out: { x: 'x' } },
      });
      expect(statesOf(run)).toEqual({ bad: 'failed', slow: 'succeeded' });
    });
  });
});

const mayMount =
  process.getuid?.() === 0 &&
  spawnSync('sh', ['-c', 'd=$(mktemp -d); mount -t tmpfs -o size=1m none $d && umount $d'])
    .status === 0;

test.skipIf(!mayMount)(
  'a full disk fails the step with that reason; nothing half-written counts, and with space again it goes on',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'rondo-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'none', dir]);
    try {
      await using ctx = await testContext({ dir });
      await ctx.write('rondo.yaml', 'rondo: 1\nproject: test\n');
      try {
        await openEngine(ctx, { concurrency: 2 });
        const steps: Steps = {
          // Within the step's own space on another disk; it is the stored copy that does not fit.
          big: {
            run: 'head -c 9000000 /dev/urandom > /tmp/rondo-full-$$ && mv /tmp/rondo-full-$$ x',
            out: { x: 'x' },
          },
        };
        const run = await runPipeline(ctx, steps);
        expect(run).toMatchObject({ state: 'failed', failedStep: 'big' });
        expect(['DISK_FULL', 'STEP_FAILED']).toContain(run.code);
        expect(run.detail.steps[0]?.outputs).toEqual({});
        expect(await ctx.db.selectFrom('step_cache').selectAll().execute()).toEqual([]);
        const small = await runPipeline(ctx, { small: { run: 'echo x > x', out: { x: 'x' } } });
        expect(small.state).toBe('succeeded');
      } finally {
        await closeRuns(ctx);
      }
    } finally {
      execFileSync('umount', ['-l', dir]);
      await rm(dir, { recursive: true, force: true });
    }
  },
);

test('a cancelled run stops its processes, and stays cancelled', async () => {
  await withEngine(async (ctx) => {
    ctx.define({
      pipelines: {
        p: pipelineOf({
          long: { run: 'sleep 300 & sleep 300' },
          // Equal commands would be one result, made once.
          other: { run: 'sleep 301 & sleep 301' },
          third: { run: 'sleep 302 & sleep 302' },
        }),
      },
    });
    const { runId } = await startRun(ctx, { pipeline: 'p', cause: manual });
    // Two are at work, the third waits for a place.
    const atWork = (): number =>
      ['long', 'other', 'third'].filter((step) => processesWith(`RONDO_STEP=${step}`).length > 0)
        .length;
    await expect.poll(atWork, { timeout: 15_000 }).toBe(2);
    await cancelRun(ctx, { runId, reason: 'not needed' });
    expect(await waitForRun(ctx, runId)).toMatchObject({
      state: 'cancelled',
      reason: 'not needed',
    });
    expect(await orphansAfter(`RONDO_RUN_ID=${runId}`, 5000)).toEqual([]);
    const detail = await describeRun(ctx, runId);
    expect(detail.steps.map((step) => step.state)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    const attempts = detail.steps.flatMap((step) => step.attempts.map((attempt) => attempt.state));
    expect(new Set(attempts)).toEqual(new Set(['cancelled']));
    await expect(cancelRun(ctx, { runId })).rejects.toMatchObject({ code: 'RUN_FINISHED' });
    await expect(cancelRun(ctx, { runId: 'run_no' })).rejects.toMatchObject({
      code: 'RUN_UNKNOWN',
    });
  });
});

test('asking twice with one key starts one run; unknown pipelines and parameters are refused with a word that exists', async () => {
  await withEngine(async (ctx) => {
    ctx.define({
      pipelines: {
        train: pipelineOf({ a: { run: 'true' } }, { parameters: { trees: 100, fast: false } }),
      },
    });
    const order = { pipeline: 'train', cause: manual, key: 'event-1' };
    const [first, second] = await Promise.all([startRun(ctx, order), startRun(ctx, order)]);
    expect(second).toEqual(first);
    await runsIdle(ctx);
    expect(await runsActive(ctx)).toBe(false);
    expect((await listRuns(ctx, { limit: 10 })).items).toHaveLength(1);
    await expect(startRun(ctx, { pipeline: 'trian', cause: manual })).rejects.toMatchObject({
      code: 'PIPELINE_UNKNOWN',
      help: 'Did you mean "train"?',
    });
    await expect(
      startRun(ctx, { pipeline: 'train', cause: manual, parameters: { tree: 1 } }),
    ).rejects.toMatchObject({ code: 'PARAMETER_UNKNOWN' });
    await expect(
      startRun(ctx, { pipeline: 'train', cause: manual, parameters: { trees: 'many' } }),
    ).rejects.toMatchObject({ code: 'PARAMETER_INVALID' });
  });
});

test('a log is followed while the step runs and ends with it', async () => {
  await withEngine(async (ctx) => {
    ctx.define({
      pipelines: {
        p: pipelineOf({ talk: { run: 'echo one; sleep 0.4; echo two; sleep 0.2; echo three' } }),
      },
    });
    const { runId } = await startRun(ctx, { pipeline: 'p', cause: manual });
    const times: number[] = [];
    let text = '';
    for await (const piece of await readLog(ctx, {
      runId,
      step: 'talk',
      attempt: null,
      from: 0,
      follow: true,
    })) {
      times.push(performance.now());
      text += Buffer.from(piece).toString('utf8');
    }
    expect(text).toBe('one\ntwo\nthree\n');
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(300);
    await expect(
      readLog(ctx, { runId, step: 'talc', attempt: null, from: 0, follow: false }),
    ).rejects.toMatchObject({ code: 'STEP_UNKNOWN' });
  });
});

test('a server that stops in the middle: the next one takes the attempt back and runs no finished step again', async () => {
  await using ctx = await testContext();
  await ctx.write('rondo.yaml', 'rondo: 1\nproject: test\n');
  const gate = join(ctx.project.dir, '..', 'gate');
  ctx.define({
    pipelines: {
      p: pipelineOf({
        a: { run: 'echo a > a', out: { a: 'a' } },
        b: {
          run: `until test -e ${gate}; do sleep 0.02; done; echo b > b`,
          in: ['a.a'],
          out: { b: 'b' },
        },
        c: { run: 'cat inputs/b.b', in: ['b.b'] },
      }),
    },
  });
  await openEngine(ctx, { concurrency: 2 });
  const { runId } = await startRun(ctx, { pipeline: 'p', cause: manual });
  await expect
    .poll(async () => (await describeRun(ctx, runId)).steps[1]?.state, { timeout: 5000 })
    .toBe('running');
  await closeRuns(ctx);
  expect(await orphansAfter(`RONDO_RUN_ID=${runId}`, 5000)).toEqual([]);
  expect((await describeRun(ctx, runId)).state).toBe('running');
  await writeFile(gate, '');
  try {
    expect(await waitForRun(ctx, runId)).toMatchObject({ state: 'succeeded' });
    const detail = await describeRun(ctx, runId);
    expect(detail.steps.map((step) => step.attempts.map((attempt) => attempt.state))).toEqual([
      ['succeeded'],
      ['lost', 'succeeded'],
      ['succeeded'],
    ]);
    const events = await eventsOf(ctx.db, { kind: 'run', id: runId });
    expect(checkRunHistory(events, { a: [], b: ['a'], c: ['b'] })).toEqual([]);
  } finally {
    await closeRuns(ctx);
  }
});

describe('the cache', () => {
  const steps: Steps = {
    prepare: {
      run: 'sh lib/helper.sh > data.txt; echo $RONDO_TEST_FLAVOUR >> data.txt',
      out: { data: 'data.txt' },
      env: ['RONDO_TEST_FLAVOUR'],
    },
    fit: {
      run: 'mkdir model; cp inputs/prepare.data model/m.txt; cat params.json >> model/m.txt',
      in: ['prepare.data'],
      out: { model: 'model/' },
    },
  };
  const parameters = { parameters: { trees: 100 } };

  const setTime = (ctx: TestContext, path: string): Promise<void> =>
    utimes(join(ctx.project.dir, path), new Date(1e12), new Date(1e12));

  async function withWarmCache(work: (ctx: TestContext) => Promise<void>): Promise<void> {
    await withEngine(async (ctx) => {
      process.env.RONDO_TEST_FLAVOUR = 'plain';
      await ctx.write('lib/helper.sh', 'echo 1111\n');
      await ctx.write('package-lock.json', '{"lockfileVersion":3}');
      await setTime(ctx, 'lib/helper.sh');
      // Long enough that its digest is remembered by its times.
      await new Promise((resolve) => setTimeout(resolve, 150));
      const first = await runPipeline(ctx, steps, parameters);
      expect(statesOf(first)).toEqual({ prepare: 'succeeded', fit: 'succeeded' });
      await work(ctx);
    });
  }

  test('an unchanged pipeline runs nothing and says whose results it has', async () => {
    await withWarmCache(async (ctx) => {
      const again = await runPipeline(ctx, steps, parameters);
      expect(statesOf(again)).toEqual({ prepare: 'cached', fit: 'cached' });
      expect(
        again.detail.steps.every((step) => step.attempts.length === 0 && step.cachedFrom !== null),
      ).toBe(true);
      const tags = await ctx.db
        .selectFrom('run_tags')
        .selectAll()
        .where('key', '=', 'rondo.cached_from')
        .execute();
      expect(tags).toHaveLength(2);
      expect((await explainCache(ctx, again.runId)).map((item) => item.difference)).toEqual([
        null,
        null,
      ]);
    });
  });

  // What other engines serve stale: each must run again.
  const mutations: [
    string,
    (ctx: TestContext) => Promise<unknown>,
    string,
    Partial<Parameters<typeof pipelineOf>[1]>?,
  ][] = [
    [
      'a helper that no command names was edited',
      (ctx) => ctx.write('lib/helper.sh', 'echo 2222\n'),
      'project files',
    ],
    [
      'a file was edited, its size and time as before',
      async (ctx) => {
        await ctx.write('lib/helper.sh', 'echo 3333\n');
        await setTime(ctx, 'lib/helper.sh');
      },
      'project files',
    ],
    [
      'the lock file changed',
      (ctx) => ctx.write('package-lock.json', '{"lockfileVersion":2}'),
      'project files',
    ],
    [
      'a variable named by env: has another value',
      () => Promise.resolve((process.env.RONDO_TEST_FLAVOUR = 'sweet')),
      'variable RONDO_TEST_FLAVOUR',
    ],
    [
      'a parameter changed',
      () => Promise.resolve(),
      'parameter trees',
      { parameters: { trees: 101 } },
    ],
  ];
  test.each(mutations)('%s', async (_name, mutate, part, more = {}) => {
    await withWarmCache(async (ctx) => {
      await mutate(ctx);
      const again = await runPipeline(ctx, steps, { ...parameters, ...more });
      expect(again.detail.steps[0]?.state).toBe('succeeded');
      expect((await explainCache(ctx, again.runId))[0]?.difference?.part).toBe(part);
    });
  });

  test('a stored output that is gone is made again', async () => {
    await withWarmCache(async (ctx) => {
      const row = await ctx.db
        .selectFrom('artifacts')
        .selectAll()
        .where('path', '=', 'model/m.txt')
        .executeTakeFirstOrThrow();
      const path = await ctx.blobs.localPath(row.digest as `sha256:${string}`);
      await rm(path);
      const again = await runPipeline(ctx, steps, parameters);
      expect(statesOf(again)).toEqual({ prepare: 'cached', fit: 'succeeded' });
      expect(existsSync(path)).toBe(true);
    });
  });

  test('a step that says cache: false always runs; the same bytes out of it are a hit for the next', async () => {
    await withWarmCache(async (ctx) => {
      const again = await runPipeline(
        ctx,
        { ...steps, prepare: { ...steps.prepare, cache: false } },
        parameters,
      );
      expect(statesOf(again)).toEqual({ prepare: 'succeeded', fit: 'cached' });
    });
  });

  test('two runs that need the same step at once do it once', async () => {
    await withEngine(async (ctx) => {
      ctx.define({
        pipelines: { p: pipelineOf({ slow: { run: 'sleep 0.3; echo x > x', out: { x: 'x' } } }) },
      });
      const runs = await Promise.all(
        [1, 2].map(() => startRun(ctx, { pipeline: 'p', cause: manual })),
      );
      const outcomes = await Promise.all(runs.map(({ runId }) => waitForRun(ctx, runId)));
      expect(outcomes.map((outcome) => outcome.state)).toEqual(['succeeded', 'succeeded']);
      const attempts = await ctx.db.selectFrom('attempts').selectAll().execute();
      expect(attempts).toHaveLength(1);
    });
  });
});

test('files that git ignores and the data directory are no part of the project', async () => {
  await withEngine(async (ctx) => {
    execFileSync('git', ['init', '-q'], { cwd: ctx.project.dir });
    await ctx.write('.gitignore', 'secret.txt\n');
    await ctx.write('secret.txt', 'x');
    await ctx.write('untracked.txt', 'x');
    const run = await runPipeline(ctx, { list: { run: 'ls -A' } });
    expect((await logOf(ctx, run.runId, 'list')).trim().split('\n')).toEqual([
      '.gitignore',
      'params.json',
      'rondo.yaml',
      'untracked.txt',
    ]);
    expect(await readFile(join(ctx.project.dir, 'secret.txt'), 'utf8')).toBe('x');
  });
});
