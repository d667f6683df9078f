import { afterAll, beforeAll, expect, test } from 'vitest';
import { onBothEngines } from '../harness/on-both-engines.ts';
import { seededSha } from '../harness/seed-screens-commits.ts';
import { seedScreens } from '../harness/seed-screens.ts';
import { testContext, type TestContext } from '../harness/test-context.ts';
import { canonicalJson } from '../../src/base/json.ts';
import type { LineageView } from '../../src/contract/views/lineage-view.ts';
import { readLineage } from '../../src/lineage/actions/read-lineage.ts';

/** Half a year of one model, its runs pinned to data and code as the engine pins them. */
async function seeded(): Promise<TestContext> {
  const ctx = await testContext({ startMs: Date.UTC(2001, 0, 1) });
  await seedScreens(ctx);
  const versions = await ctx.db
    .selectFrom('dataset_versions')
    .select(['number', 'digest'])
    .execute();
  const runs = await ctx.db.selectFrom('pipeline_runs').select('run_id').execute();
  for (const { run_id: runId } of runs) {
    const week = Number(runId.slice('run_'.length));
    const version = versions.find((one) => one.number === week);
    if (!version) continue;
    await ctx.db
      .updateTable('pipeline_runs')
      .set({
        pins: canonicalJson({
          projectTree: 'sha256:tree',
          datasets: { flights: { digest: version.digest, number: week } },
        }),
        // The last commit has no bundle yet.
        commit_sha: seededSha(week % 2 === 0 ? 4 : 5),
      })
      .where('run_id', '=', runId)
      .execute();
    await ctx.db
      .insertInto('step_artifacts')
      .values({
        step_run_id: `${runId}_extract`,
        run_id: runId,
        direction: 'in',
        kind: 'dataset',
        name: 'flights',
        digest: version.digest,
      })
      .execute();
  }
  const alarm = await ctx.db
    .selectFrom('alarms')
    .selectAll()
    .where('alarm_id', '=', 'alarm_0011')
    .executeTakeFirstOrThrow();
  await ctx.db
    .updateTable('trigger_firings')
    .set({ occasion: alarm.opened_event })
    .where('run_id', '=', 'run_0011')
    .execute();
  await ctx.db
    .insertInto('triggers')
    .values({
      trigger: 'train/alarm',
      pipeline: 'train',
      kind: 'alarm',
      config: '{}',
      sentence: 'x',
      enabled: 1,
      active: 1,
      position: 0,
      considered_ms: 0,
      last_fired_ms: null,
      created_ms: 0,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return ctx;
}

const keysOf = (view: LineageView): string[] => view.nodes.map((one) => one.key);
const edgesOf = (view: LineageView): string[] =>
  view.edges.map((edge) => `${edge.from} ${edge.label} ${edge.to}`);

onBothEngines(() => {
  let ctx: TestContext;
  beforeAll(async () => {
    ctx = await seeded();
  });
  afterAll(async () => {
    await ctx[Symbol.asyncDispose]();
  });

  test('a version: its run, the data and the code it read; its release and what it answered', async () => {
    const view = await readLineage(ctx, { kind: 'model-version', id: 'late-arrival/19' });
    expect(edgesOf(view)).toEqual(
      expect.arrayContaining([
        'run:run_0022 made model-version:late-arrival/19',
        'dataset-version:flights@22 was read by run:run_0022',
        `commit:${seededSha(4)} ran as run:run_0022`,
        'model-version:late-arrival/19 was released by release:release_0019',
        'release:release_0019 took to endpoint:late-arrival',
        'model-version:late-arrival/19 answered fold:down:prediction',
      ]),
    );
    const hours = await ctx.db
      .selectFrom('prediction_hours')
      .select((eb) => eb.fn.sum<number>('requests').as('sum'))
      .where('version', '=', '19')
      .executeTakeFirst();
    const fold = view.nodes.find((one) => one.key === 'fold:down:prediction');
    expect(fold?.count).toBe(Number(hours?.sum));
  });

  test('a dataset version leads to the run that read it and to no other', async () => {
    const view = await readLineage(ctx, {
      kind: 'dataset-version',
      id: 'flights@22',
      direction: 'down',
    });
    expect(keysOf(view).slice(0, 3)).toEqual([
      'dataset-version:flights@22',
      'run:run_0022',
      'model-version:late-arrival/19',
    ]);
  });

  test('a commit leads to its runs, those that were released first, the rest folded', async () => {
    const view = await readLineage(ctx, { kind: 'commit', id: seededSha(5) });
    const runs = view.nodes.filter((one) => one.kind === 'run').map((one) => one.id);
    expect(runs).toHaveLength(5);
    expect(runs).toEqual(['run_0013', 'run_0025', 'run_0023', 'run_0021', 'run_0019']);
    expect(view.nodes.find((one) => one.key === 'fold:down:run')?.count).toBe(11 - 5);
    expect(view.nodes.length).toBeLessThanOrEqual(30);
  });

  test('with a bundle between them where one was built', async () => {
    const up = await readLineage(ctx, { kind: 'bundle', id: `sha256:${'4'.repeat(64)}` });
    expect(edgesOf(up)).toContain(
      `commit:${seededSha(4)} was built into bundle:sha256:${'4'.repeat(64)}`,
    );
    expect(up.nodes.some((one) => one.kind === 'run')).toBe(true);
  });

  test('an alarm: the version that raised it and the run it started, and no circle of generations', async () => {
    const view = await readLineage(ctx, { kind: 'alarm', id: 'alarm_0011' });
    expect(edgesOf(view)).toEqual(
      expect.arrayContaining([
        'model-version:late-arrival/7 raised alarm:alarm_0011',
        'alarm:alarm_0011 started run:run_0011',
      ]),
    );
    const run = await readLineage(ctx, { kind: 'run', id: 'run_0011', direction: 'up' });
    expect(edgesOf(run)).toEqual(
      expect.arrayContaining([
        'alarm:alarm_0011 started run:run_0011',
        'model-version:late-arrival/7 raised alarm:alarm_0011',
      ]),
    );
    const version = await readLineage(ctx, {
      kind: 'model-version',
      id: 'late-arrival/8',
      direction: 'up',
    });
    expect(keysOf(version)).toContain('alarm:alarm_0011');
    expect(keysOf(version)).not.toContain('model-version:late-arrival/7');
  });

  test('a prediction leads back to the data its model was trained on', async () => {
    const view = await readLineage(ctx, { kind: 'prediction', id: 'prediction_000001' });
    expect(keysOf(view).slice(0, 3)).toEqual([
      'prediction:prediction_000001',
      'model-version:late-arrival/19',
      'run:run_0022',
    ]);
    expect(keysOf(view)).toContain('dataset-version:flights@22');
  });

  test('predictions are listed where their fold is opened', async () => {
    const view = await readLineage(ctx, {
      kind: 'model-version',
      id: 'late-arrival/19',
      open: 'fold:down:prediction',
    });
    const found = view.nodes.filter((one) => one.kind === 'prediction');
    expect(found).toHaveLength(60);
    expect(found[0]).toMatchObject({ id: 'prediction_002999', state: 'answered' });
    expect(found.at(-1)?.id).toBe('prediction_002929');
  });

  test('what is not there is refused by name', async () => {
    for (const [kind, id] of [
      ['commit', 'ffffffffff'],
      ['bundle', 'sha256:none'],
      ['dataset-version', 'flights@99'],
      ['dataset-version', 'flights'],
      ['run', 'run_none'],
      ['model-version', 'late-arrival/99'],
      ['model-version', 'late-arrival'],
      ['release', 'release_none'],
      ['endpoint', 'none'],
      ['prediction', 'prediction_none'],
      ['alarm', 'alarm_none'],
      ['fold', 'down:run'],
    ] as const) {
      await expect(readLineage(ctx, { kind, id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });
});
