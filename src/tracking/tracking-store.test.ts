import { expect, test } from 'vitest';
import { testContext, type TestContext } from '../../test/harness/test-context.ts';
import { changeExperiment } from './actions/change-experiment.ts';
import { readExperiment } from './actions/read-experiments.ts';
import { metricsOfJson } from './tracked-run.ts';
import {
  ensureExperiment,
  insertTrackedRun,
  latestMetrics,
  logMetrics,
  logParams,
  metricHistory,
  setTags,
} from './tracking-store.ts';
import type { MetricPoint } from './tracked-run.ts';

async function withRun(work: (ctx: TestContext) => Promise<void>): Promise<void> {
  await using ctx = await testContext();
  await ctx.db.transaction().execute(async (tx) => {
    const { experiment_id } = await ensureExperiment(tx, 'train', 1);
    await insertTrackedRun(tx, {
      runId: 'run_a',
      experimentId: experiment_id,
      name: 'train',
      parentRunId: null,
      startTimeMs: 1,
      tags: {},
      params: { trees: '100' },
    });
  });
  await work(ctx);
}

async function log(ctx: TestContext, ...points: MetricPoint[]): Promise<void> {
  await ctx.db.transaction().execute((tx) => logMetrics(tx, 'run_a', points));
}

const point = (step: number, timestampMs: number, value: number): MetricPoint => ({
  key: 'm',
  step,
  timestampMs,
  value,
});

// What MLflow's own store does (sqlalchemy_store.py, _update_latest_metrics_if_necessary).
const orders: [string, MetricPoint[], number][] = [
  ['a greater step wins over a later time', [point(2, 10, 1), point(1, 20, 9)], 1],
  ['a later time wins at one step', [point(1, 20, 1), point(1, 10, 9)], 1],
  ['a greater value wins at one step and time', [point(1, 10, 9), point(1, 10, 1)], 9],
  [
    'an infinity is the greatest double there is, as MLflow keeps it',
    [point(1, 10, 1e308), point(1, 10, Infinity)],
    Number.MAX_VALUE,
  ],
  ['its negative is less', [point(1, 10, -Infinity), point(1, 10, -1e308)], -1e308],
];
test.each(orders)('the latest value of a metric: %s', async (_name, points, latest) => {
  for (const order of [points, points.toReversed()]) {
    await withRun(async (ctx) => {
      await log(ctx, ...order);
      expect(await latestMetrics(ctx.db, 'run_a')).toEqual({ m: latest });
    });
    await withRun(async (ctx) => {
      for (const one of order) await log(ctx, one);
      expect(await latestMetrics(ctx.db, 'run_a')).toEqual({ m: latest });
    });
  }
});

test('NaN is kept as NaN, beside the numbers of its history; the same value again is one row', async () => {
  await withRun(async (ctx) => {
    await log(ctx, point(1, 10, 0.5), point(2, 20, Number.NaN), point(2, 20, Number.NaN));
    await log(ctx, point(1, 10, 0.5));
    expect(await latestMetrics(ctx.db, 'run_a')).toEqual({ m: Number.NaN });
    const history = await metricHistory(ctx.db, 'run_a', 'm');
    expect(history.map((row) => [row.step, row.value, row.is_nan])).toEqual([
      [1, 0.5, 0],
      [2, 0, 1],
    ]);
    await log(ctx, point(3, 30, 0.75));
    expect(await latestMetrics(ctx.db, 'run_a')).toEqual({ m: 0.75 });
  });
});

test('thousands of points in one call are stored, the last of each metric is the latest', async () => {
  await withRun(async (ctx) => {
    const points = Array.from({ length: 1200 }, (_, i) => ({
      key: `m${i % 3}`,
      step: i,
      timestampMs: i,
      value: i,
    }));
    await log(ctx, ...points);
    expect(await latestMetrics(ctx.db, 'run_a')).toEqual({ m0: 1197, m1: 1198, m2: 1199 });
    expect(await metricHistory(ctx.db, 'run_a', 'm1')).toHaveLength(400);
  });
});

test('a parameter keeps its first value, and who brings another one is told; a tag takes the new one', async () => {
  await withRun(async (ctx) => {
    const again = (params: Record<string, string>) =>
      ctx.db.transaction().execute((tx) => logParams(tx, 'run_a', params));
    expect(await again({ trees: '100', depth: '3' })).toEqual([]);
    expect(await again({ trees: '200', depth: '3' })).toEqual([
      { key: 'trees', stored: '100', given: '200' },
    ]);
    const params = await ctx.db.selectFrom('run_params').selectAll().orderBy('key').execute();
    expect(params.map((row) => [row.key, row.value])).toEqual([
      ['depth', '3'],
      ['trees', '100'],
    ]);
    await ctx.db.transaction().execute((tx) => setTags(tx, 'run_a', { note: 'one' }));
    await ctx.db.transaction().execute((tx) => setTags(tx, 'run_a', { note: 'two' }));
    const note = await ctx.db
      .selectFrom('run_tags')
      .selectAll()
      .where('key', '=', 'note')
      .execute();
    expect(note.map((row) => row.value)).toEqual(['two']);
  });
});

test('an experiment that a client deleted comes back with the next run of its pipeline', async () => {
  await withRun(async (ctx) => {
    await changeExperiment(ctx, '1', { kind: 'delete' });
    const again = await ctx.db.transaction().execute((tx) => ensureExperiment(tx, 'train', 2));
    expect([again.experiment_id, again.lifecycle_stage]).toEqual(['1', 'active']);
    expect((await readExperiment(ctx, { name: 'train' })).lifecycle_stage).toBe('active');
  });
});

test('an experiment is made once; ids count on as numbers', async () => {
  await withRun(async (ctx) => {
    const ids = await ctx.db.transaction().execute(async (tx) => {
      const found: string[] = [];
      for (let i = 0; i < 11; i += 1)
        found.push((await ensureExperiment(tx, `e${i % 10}`, 1)).experiment_id);
      return found;
    });
    expect(ids).toEqual(['2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '2']);
  });
});

test('numbers of a JSON document are metrics, by names that MLflow takes', () => {
  expect(
    metricsOfJson({
      auc: 0.5,
      by: { day: { rows: 3 } },
      name: 'x',
      list: [1],
      '../up': 1,
      ok: true,
    }),
  ).toEqual({ auc: 0.5, 'by.day.rows': 3 });
});
