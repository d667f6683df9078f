import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  alarmView as alarmSchema,
  monitoringView as monitoringSchema,
} from '../contract/views/monitors-view.ts';
import { endpointView as endpointSchema } from '../contract/views/endpoints-view.ts';
import { homeView as homeSchema } from '../contract/views/home-view.ts';
import {
  modelView as modelSchema,
  versionView as versionSchema,
} from '../contract/views/models-view.ts';
import { releaseView as releaseSchema } from '../contract/views/releases-view.ts';
import { runView as runSchema } from '../contract/views/runs-view.ts';
import { seedScreens, type SeededScreens } from '../../test/harness/seed-screens.ts';
import { testContext, type TestContext } from '../../test/harness/test-context.ts';
import { datasetVersionView, datasetView, datasetsView } from './datasets-view.ts';
import { endpointsView, endpointView } from './endpoints-view.ts';
import { homeView } from './home-view.ts';
import { modelsView, modelView, versionView } from './models-view.ts';
import { alarmView, monitoringView, monitorsView } from './monitors-view.ts';
import { paletteItems } from './palette-view.ts';
import { releasesView, releaseView } from './releases-view.ts';
import { runsView, runView } from './runs-view.ts';

const endpoint = { endpoint: 'late-arrival', model: 'late-arrival', lossMetric: 'log_loss' };
const flights = { dataset: 'flights', source: 'files data/flights/*.parquet' };
const WEEK_MS = 7 * 864e5;

describe('read models of the screens', () => {
  let ctx: TestContext;
  let seeded: SeededScreens;
  beforeAll(async () => {
    ctx = await testContext({ startMs: Date.UTC(2001, 0, 1) });
    seeded = await seedScreens(ctx);
  });
  afterAll(() => ctx[Symbol.asyncDispose]());

  test('home: what needs a person, every station, decisions of the week newest first', async () => {
    const home = homeSchema.parse(await homeView(ctx.db, seeded.endMs));
    expect(home.inbox.map((item) => item.state).sort()).toEqual(['alarm', 'quarantined']);
    expect(home.loop.map((station) => [station.key, station.state])).toEqual([
      ['data', 'quarantined'],
      ['checks', 'passed'],
      ['train', 'running'],
      ['gate', 'passed'],
      ['roll-out', 'running'],
      ['serve', 'ok'],
      ['monitor', 'alarm'],
      ['trigger', 'fired'],
    ]);
    expect(home.loop.filter((station) => station.running).map((station) => station.key)).toEqual([
      'train',
      'roll-out',
    ]);
    const times = home.decisions.map((decision) => decision.atMs ?? 0);
    expect(times).toEqual([...times].sort((left, right) => right - left));
    expect(times.every((atMs) => atMs >= seeded.endMs - WEEK_MS)).toBe(true);
    expect(home.empty).toBe(false);
  });

  test('home: a failure that a success followed needs nobody; the last one failing does', async () => {
    // Run 21 failed and 22 succeeded: the inbox is silent. Without what came later it speaks.
    const home = await homeView(ctx.db, seeded.endMs);
    expect(home.inbox.some((item) => item.to === '/runs/run_0021')).toBe(false);
    await ctx.db
      .updateTable('pipeline_runs')
      .set({ state: 'failed', reason: 'disk full' })
      .where('run_id', '=', 'run_0024')
      .execute();
    const after = await homeView(ctx.db, seeded.endMs);
    expect(after.inbox.find((item) => item.to === '/runs/run_0024')?.text).toBe(
      'The last run of train failed: disk full',
    );
    await ctx.db
      .updateTable('pipeline_runs')
      .set({ state: 'succeeded', reason: null })
      .where('run_id', '=', 'run_0024')
      .execute();
  });

  test('runs: pages meet without gap or repetition; filters count what they show', async () => {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const view = await runsView(ctx.db, { limit: 5, ...(after === undefined ? {} : { after }) });
      seen.push(...view.items.map((item) => item.runId));
      expect(view.total).toBe(22);
      after = view.next ?? undefined;
    } while (after !== undefined);
    const everything = await runsView(ctx.db, { limit: 500 });
    expect(seen).toEqual(everything.items.map((item) => item.runId));
    expect(new Set(seen).size).toBe(22);
    const alarmed = await runsView(ctx.db, { cause: 'alarm' });
    expect(alarmed.items.every((item) => item.cause.kind === 'alarm')).toBe(true);
    expect(alarmed.total).toBe(alarmed.items.length);
    expect((await runsView(ctx.db, { text: 'MONDAY' })).total).toBe(22 - alarmed.total);
  });

  test('a run: its cause leads to the alarm, its steps know what they need, a failure says why', async () => {
    const run = runSchema.parse(await runView(ctx.db, 'run_0011'));
    expect(run.run.cause.to).toBe('/alarms/alarm_0011');
    expect(run.steps.map((step) => [step.name, step.needs])).toEqual([
      ['extract', []],
      ['validate', ['extract']],
      ['fit', ['extract']],
      ['evaluate', ['fit', 'extract']],
    ]);
    expect(run.run.produced).toEqual({ model: 'late-arrival', version: '8' });
    const failed = runSchema.parse(await runView(ctx.db, 'run_0021'));
    expect(failed.failure?.step).toBe('validate');
    expect(failed.sentence).toContain(
      'It stopped in validate: Dataset "flights" version 21 breaks its schema',
    );
    expect(await runView(ctx.db, 'run_none')).toBeUndefined();
  });

  test('models: champion, states, the weeks of loss', async () => {
    const { items } = await modelsView(ctx.db, [endpoint]);
    expect(items[0]?.champion?.version).toBe('19');
    expect(items[0]?.states.refused).toBe(14);
    expect(items[0]?.lossOfWeeks.filter((value) => value === null)).toHaveLength(1);
  });

  test("a model's life: loss with its band, hatched where labels are few, the frozen model beside it, marks in order", async () => {
    const model = modelSchema.parse(
      await modelView(ctx.db, 'late-arrival', { endpoints: [endpoint], range: {} }),
    );
    expect(model.life).toHaveLength(22);
    expect(model.life.filter((point) => !point.enough)).toHaveLength(1);
    expect(
      model.life.every(
        (point) => !point.enough || (point.serving.low ?? 1) < (point.serving.value ?? 0),
      ),
    ).toBe(true);
    expect(model.life.every((point) => point.frozen !== null)).toBe(true);
    expect(model.life.at(10)?.late).toBeCloseTo(0.19, 6);
    const kinds = new Set(model.marks.map((mark) => mark.kind));
    expect([...kinds].sort()).toEqual(['alarm', 'data', 'promoted', 'refused', 'rolled-back']);
    const part = await modelView(ctx.db, 'late-arrival', {
      endpoints: [endpoint],
      range: { from: seeded.endMs - 4 * WEEK_MS },
    });
    expect(part?.life).toHaveLength(4);
  });

  test('a version: gates in order, slices worst first, the refusal as its sentence', async () => {
    const version = versionSchema.parse(await versionView(ctx.db, 'late-arrival', '17'));
    expect(version.gates.map((gate) => [gate.kind, gate.state])).toEqual([
      ['metric', 'passed'],
      ['beats', 'refused'],
      ['slices', 'passed'],
      ['skew', 'passed'],
    ]);
    expect(version.sentence).toContain("against the champion's");
    const values = version.slices.map((slice) => slice.estimate.value ?? 0);
    expect(values).toEqual([...values].sort((left, right) => left - right));
    expect(version.lineage.map((link) => link.kind)).toEqual(['run', 'dataset']);
  });

  test('releases: newest first, pages meet', async () => {
    const all = await releasesView(ctx.db, {});
    expect(all.items.map((item) => item.version)).toEqual(['21', '19', '13', '10', '7', '1']);
    const first = await releasesView(ctx.db, { limit: 2 });
    const second = await releasesView(ctx.db, { limit: 2, after: first.next ?? '' });
    expect(second.items.map((item) => item.version)).toEqual(['13', '10']);
    expect((await releasesView(ctx.db, { state: 'rolled-back' })).total).toBe(1);
  });

  test('a release: stages with their requests, evidence in powers of ten, who may roll it back', async () => {
    const running = releaseSchema.parse(await releaseView(ctx.db, 'release_0021'));
    expect(running.stages.map((stage) => stage.state)).toEqual([
      'done',
      'done',
      'running',
      'waiting',
      'waiting',
    ]);
    expect(running.stages.reduce((sum, stage) => sum + (stage.requests ?? 0), 0)).toBe(
      running.budget.spent,
    );
    expect(running.guards.map((guard) => guard.guard)).toEqual(['errors', 'latency', 'quality']);
    expect(running.guards[0]?.promoteAt).toBeCloseTo(Math.log10(20), 9);
    expect(running.guards[0]?.rollBackAt).toBeCloseTo(Math.log10(60), 9);
    expect(running.canRollBack).toBe(true);
    expect((await releaseView(ctx.db, 'release_0019'))?.canRollBack).toBe(true);
    expect((await releaseView(ctx.db, 'release_0013'))?.canRollBack).toBe(false);
    const back = await releaseView(ctx.db, 'release_0010');
    expect(back?.stages.map((stage) => stage.state)).toEqual([
      'done',
      'stopped',
      'waiting',
      'waiting',
      'waiting',
    ]);
    expect(back?.decisions[0]?.state).toBe('rolled-back');
  });

  test('endpoints: counts of the week, quantiles, versions, what the form asks for', async () => {
    const { items } = await endpointsView(ctx.db, { endpoints: [endpoint], nowMs: seeded.endMs });
    expect(items[0]).toMatchObject({
      champion: '19',
      state: 'alarm',
      openAlarms: 1,
      release: { version: '21' },
    });
    expect(items[0]?.rate.reduce((sum, count) => sum + count, 0)).toBe(items[0]?.requests);
    const one = endpointSchema.parse(
      await endpointView(ctx.db, { endpoint, nowMs: seeded.endMs, range: {} }),
    );
    expect(one.versions).toEqual(['19', '21']);
    expect(one.tryIt.fields.map((field) => [field.name, field.kind])).toEqual([
      ['origin', 'entity'],
      ['hour', 'column'],
      ['weekday', 'column'],
      ['distance', 'column'],
    ]);
    expect(one.missingFeatures[0]).toMatchObject({
      column: 'origin_delay_late_share',
      missing: 27,
    });
    const middle = one.traffic[10];
    expect((middle?.p50Ms ?? 1) < (middle?.p95Ms ?? 0)).toBe(true);
  });

  test('monitors: what they say, drift by newest effect, an alarm with the run it started', async () => {
    const all = await monitorsView(ctx.db, {});
    expect(all.monitors.find((monitor) => monitor.monitor.endsWith('/quality'))?.alarmId).toBe(
      'alarm_0024',
    );
    const watched = monitoringSchema.parse(await monitoringView(ctx.db, endpoint, {}));
    const effects = watched.drift.map((column) => Math.abs(column.latest ?? 0));
    expect(effects).toEqual([...effects].sort((left, right) => right - left));
    expect(watched.loss.filter((point) => !point.enough)).toHaveLength(1);
    expect(watched.kpis.map((kpi) => kpi.name)).toEqual(['frozen log_loss', 'rebookings']);
    const alarm = alarmSchema.parse(await alarmView(ctx.db, 'alarm_0017', [endpoint]));
    expect(alarm.alarm.runId).toBe('run_0017');
    expect(alarm.consequences.map((item) => item.to)).toContain('/runs/run_0017');
    expect(alarm.closes).toBe('Version 13 was promoted.');
  });

  test('datasets: quarantine, versions, the profile of a version, its checks with the broken first', async () => {
    const { items } = await datasetsView(ctx.db, [flights]);
    expect(items[0]).toMatchObject({
      state: 'quarantined',
      versions: 26,
      files: 300,
      quarantined: 1,
    });
    const one = await datasetView(ctx.db, { dataset: flights, usedBy: [] });
    expect(one.quarantine[0]?.reason).toContain('the schema says integer');
    const version = await datasetVersionView(ctx, { dataset: 'flights', number: 26 }, null);
    expect(version?.columns.map((column) => column.name)).toEqual([
      'date',
      'delay',
      'distance',
      'origin',
    ]);
    expect(version?.sentence).toContain('Values are missing in delay (0.2 %)');
    expect(version?.checks.map((check) => check.state)).toEqual(['warned', 'passed']);
    expect(await datasetVersionView(ctx, { dataset: 'flights', number: 99 }, null)).toBeUndefined();
  });

  test('the palette knows every name', async () => {
    const items = await paletteItems(ctx.db);
    expect(items.map((item) => item.to)).toEqual(
      expect.arrayContaining([
        '/datasets/flights',
        '/models/late-arrival',
        '/endpoints/late-arrival',
        '/runs/run_0021',
        '/releases/release_0010',
        '/features/origin_delay',
        '/alarms/alarm_0024',
      ]),
    );
  });
});

test('views of an empty project say so and never fail', async () => {
  await using ctx = await testContext();
  const home = await homeView(ctx.db, ctx.clocks.calendar.nowMs());
  expect(home.empty).toBe(true);
  expect(home.loop.every((station) => station.state === 'none')).toBe(true);
  expect((await runsView(ctx.db, {})).items).toEqual([]);
  expect((await modelsView(ctx.db, [endpoint])).items).toEqual([]);
  const watched = await monitoringView(ctx.db, endpoint, {});
  expect(watched.sentence).toBe('Nothing is watched at this endpoint.');
  const served = await endpointView(ctx.db, {
    endpoint,
    nowMs: ctx.clocks.calendar.nowMs(),
    range: {},
  });
  expect(served.item.state).toBe('waiting');
  expect(served.tryIt.fields).toEqual([]);
  expect(await datasetsView(ctx.db, [flights])).toMatchObject({
    items: [{ state: 'waiting', latest: null }],
  });
});
