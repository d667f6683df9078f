import { describe, expect, test } from 'vitest';
import { dying } from '../../../test/harness/dying-triggers.ts';
import {
  testContext,
  TEST_START_MS,
  type TestContext,
} from '../../../test/harness/test-context.ts';
import { testsOnPostgres } from '../../../test/harness/test-database.ts';
import type {
  DatasetDefinition,
  PipelineDefinition,
} from '../../config/project-file/project-definition.ts';
import { scanSource } from '../../datasets/actions/scan-source.ts';
import { appendEvent } from '../../events/append-event.ts';
import { eventsAfter } from '../../events/event-store.ts';
import type { TriggerDoors } from '../trigger-kind.ts';
import { findTrigger, listFirings } from '../trigger-store.ts';
import { triggerDoors, triggersWork } from '../work.ts';
import { evaluateTriggers } from './evaluate-triggers.ts';
import { fireTrigger } from './fire-trigger.ts';
import { switchTrigger } from './switch-trigger.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type Entry = { kind: string } & Record<string, unknown>;

function training(...triggers: Entry[]): { train: PipelineDefinition } {
  const step = {
    run: 'true',
    in: [],
    out: {},
    with: {},
    retry: 0,
    cache: true,
    env: [],
  };
  return {
    train: {
      parameters: {},
      steps: { fit: step },
      triggers: triggers.map((entry) => ({ cool_down: 0, ...entry })),
    },
  };
}

const daily: Entry = { kind: 'schedule', cron: '0 4 * * *', timezone: 'UTC' };
const onAlarm: Entry = { kind: 'alarm', monitor: 'late/quality' };

function goTo(ctx: TestContext, nowMs: number): void {
  ctx.calendar.advance({ nowMs, untilMs: nowMs });
}

async function settle(ctx: TestContext, doors: TriggerDoors = triggerDoors(ctx)): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    if (!(await evaluateTriggers(ctx, doors))) return;
  }
  throw new Error('the triggers never come to rest');
}

async function endRuns(ctx: TestContext, state = 'succeeded'): Promise<void> {
  await ctx.db
    .updateTable('pipeline_runs')
    .set({ state })
    .where('state', 'in', ['queued', 'running'])
    .execute();
}

async function runsOf(ctx: TestContext) {
  return ctx.db
    .selectFrom('pipeline_runs')
    .select(['run_id', 'start_key', 'cause'])
    .orderBy('run_id')
    .execute();
}

/** An alarm as the monitors leave it: the row and its event. */
async function raiseAlarm(ctx: TestContext, alarmId: string): Promise<string> {
  return ctx.db.transaction().execute(async (tx) => {
    const eventId = await appendEvent(ctx, tx, {
      type: 'alarm.opened',
      subject: { kind: 'alarm', id: alarmId },
      data: { endpoint: 'late', monitor: 'late/quality', sentence: 'the loss is too high' },
    });
    const nowMs = ctx.clocks.calendar.nowMs();
    await tx
      .insertInto('alarms')
      .values({
        alarm_id: alarmId,
        monitor: 'late/quality',
        endpoint: 'late',
        kind: 'quality',
        model: 'late',
        version: '1',
        state: 'open',
        opened_ms: nowMs,
        closed_ms: null,
        closed_reason: null,
        first_bad_from_ms: nowMs,
        first_bad_to_ms: nowMs,
        effect: 1,
        effect_low: 1,
        effect_high: 1,
        effect_unit: '',
        evidence: 1,
        threshold: 1,
        sentence: '',
        closes_when: '',
        examples: '[]',
        details: '{}',
        opened_event: eventId,
      })
      .execute();
    return eventId;
  });
}

describe('schedules', () => {
  test('fire once at their instant, with the cause on the run', async () => {
    await using ctx = await testContext({ definition: { pipelines: training(daily) } });
    await settle(ctx);
    goTo(ctx, TEST_START_MS + 4 * HOUR - 1);
    await settle(ctx);
    expect(await runsOf(ctx)).toEqual([]);
    goTo(ctx, TEST_START_MS + 4 * HOUR);
    await settle(ctx);
    await settle(ctx);
    const [run, ...others] = await runsOf(ctx);
    expect(others).toEqual([]);
    expect(JSON.parse(run?.cause ?? '')).toMatchObject({
      kind: 'schedule',
      trigger: 'train/schedule',
    });
    const [firing] = await listFirings(ctx.db, { limit: 10 });
    expect(firing).toMatchObject({ state: 'fired', runId: run?.run_id, missed: 0 });
    const events = await eventsAfter(ctx.db, { position: 0, types: ['trigger.fired'], limit: 9 });
    expect(events.map((event) => event.data.run)).toEqual([run?.run_id]);
  });

  test('after a downtime fire once, for the latest instant, and say how many were missed', async () => {
    await using ctx = await testContext({ definition: { pipelines: training(daily) } });
    await settle(ctx);
    goTo(ctx, TEST_START_MS + 9 * DAY);
    await settle(ctx);
    const firings = await listFirings(ctx.db, { limit: 10 });
    expect(firings).toHaveLength(1);
    expect(firings[0]).toMatchObject({ dueMs: TEST_START_MS + 8 * DAY + 4 * HOUR, missed: 8 });
    expect(firings[0]?.reason).toMatch(/8 earlier instants passed unused/);
  });

  test('are skipped with the reason while the pipeline runs, and fire at the next instant', async () => {
    await using ctx = await testContext({ definition: { pipelines: training(daily) } });
    await settle(ctx);
    for (const day of [0, 1]) {
      goTo(ctx, TEST_START_MS + day * DAY + 4 * HOUR);
      await settle(ctx);
    }
    const [second, first] = await listFirings(ctx.db, { limit: 10 });
    expect(first?.state).toBe('fired');
    expect(second?.state).toBe('skipped');
    expect(second?.reason).toMatch(/not finished/);
    await endRuns(ctx);
    goTo(ctx, TEST_START_MS + 2 * DAY + 4 * HOUR);
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(2);
  });

  test('a changed line starts afresh, a removed one stops, a switched-off one says so', async () => {
    await using ctx = await testContext({ definition: { pipelines: training(daily) } });
    await settle(ctx);
    await switchTrigger(ctx, { trigger: 'train/schedule', enabled: false, actor: 'human' });
    goTo(ctx, TEST_START_MS + 5 * HOUR);
    await settle(ctx);
    expect((await listFirings(ctx.db, { limit: 1 }))[0]?.reason).toMatch(/switched off/);
    await switchTrigger(ctx, { trigger: 'train/schedule', enabled: true, actor: 'human' });
    ctx.define({ pipelines: training({ ...daily, cron: '0 3 * * *' }) });
    await settle(ctx);
    expect(await runsOf(ctx)).toEqual([]);
    ctx.define({ pipelines: training() });
    goTo(ctx, TEST_START_MS + 3 * DAY);
    await settle(ctx);
    expect(await runsOf(ctx)).toEqual([]);
    expect((await findTrigger(ctx.db, 'train/schedule'))?.active).toBe(false);
  });
});

describe('alarms', () => {
  test('start one run per event; other monitors none', async () => {
    await using ctx = await testContext({
      definition: { pipelines: training(onAlarm, { ...onAlarm, monitor: 'late/service' }) },
    });
    await settle(ctx);
    const eventId = await raiseAlarm(ctx, 'alarm_1');
    await settle(ctx);
    await endRuns(ctx);
    await settle(ctx);
    const runs = await runsOf(ctx);
    expect(runs).toHaveLength(1);
    expect(JSON.parse(runs[0]?.cause ?? '')).toMatchObject({ kind: 'alarm', eventId });
  });

  test('raised before the rule was written start nothing', async () => {
    await using ctx = await testContext();
    await raiseAlarm(ctx, 'alarm_1');
    ctx.define({ pipelines: training(onAlarm) });
    await settle(ctx);
    expect(await runsOf(ctx)).toEqual([]);
  });

  test('wait for a running pipeline, the newest only', async () => {
    await using ctx = await testContext({ definition: { pipelines: training(daily, onAlarm) } });
    await settle(ctx);
    goTo(ctx, TEST_START_MS + 4 * HOUR);
    await settle(ctx);
    goTo(ctx, TEST_START_MS + 5 * HOUR);
    await raiseAlarm(ctx, 'alarm_1');
    await settle(ctx);
    const newest = await raiseAlarm(ctx, 'alarm_2');
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(1);
    const states = (await listFirings(ctx.db, { trigger: 'train/alarm', limit: 9 })).map(
      (firing) => [firing.state, firing.eventId === newest],
    );
    expect(states).toEqual([
      ['waiting', true],
      ['skipped', false],
    ]);
    await endRuns(ctx);
    await settle(ctx);
    const runs = await runsOf(ctx);
    expect(runs).toHaveLength(2);
    expect(JSON.parse(runs[1]?.cause ?? '')).toMatchObject({ kind: 'alarm', eventId: newest });
  });

  test('that wait are dropped once closed, or once a run since has succeeded', async () => {
    await using ctx = await testContext({ definition: { pipelines: training(onAlarm) } });
    await settle(ctx);
    await fireTrigger(ctx, triggerDoors(ctx), { trigger: 'train/alarm', actor: 'human' });
    goTo(ctx, TEST_START_MS + HOUR);
    await raiseAlarm(ctx, 'alarm_1');
    await settle(ctx);
    await ctx.db
      .updateTable('alarms')
      .set({ state: 'closed', closed_reason: 'the loss fell' })
      .execute();
    await endRuns(ctx);
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(1);
    expect((await listFirings(ctx.db, { limit: 1 }))[0]?.reason).toMatch(/closed.*the loss fell/);
  });

  test('within the cool-down wait for its end', async () => {
    const rule = { ...onAlarm, cool_down: 2 * DAY };
    await using ctx = await testContext({ definition: { pipelines: training(rule) } });
    await settle(ctx);
    await raiseAlarm(ctx, 'alarm_1');
    await settle(ctx);
    await endRuns(ctx);
    goTo(ctx, TEST_START_MS + DAY);
    await raiseAlarm(ctx, 'alarm_2');
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(1);
    goTo(ctx, TEST_START_MS + 2 * DAY - 1);
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(1);
    goTo(ctx, TEST_START_MS + 2 * DAY);
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(2);
  });
});

describe('new data', () => {
  const flights: DatasetDefinition = { source: { kind: 'files', path: 'data/*.csv' } };
  const rule: Entry = { kind: 'new-data', dataset: 'flights', min_rows: 100 };

  async function addRows(ctx: TestContext, name: string, rows: number): Promise<void> {
    const lines = Array.from({ length: rows }, (_, index) => `${name}${index},${index}`);
    await ctx.write(`data/${name}.csv`, `id,delay\n${lines.join('\n')}\n`);
    await scanSource(ctx, { dataset: 'flights' });
  }

  test('counts rows since the last run and cuts a version at most daily after the first', async () => {
    await using ctx = await testContext({
      definition: { datasets: { flights }, pipelines: training(rule) },
    });
    await addRows(ctx, 'a', 60);
    await settle(ctx);
    goTo(ctx, TEST_START_MS + DAY);
    await settle(ctx);
    expect(await runsOf(ctx)).toEqual([]);
    // The first version does not wait for the next day.
    await addRows(ctx, 'b', 60);
    await settle(ctx);
    const [run] = await runsOf(ctx);
    expect(JSON.parse(run?.cause ?? '')).toMatchObject({
      kind: 'new-data',
      text: expect.stringContaining('120 new rows in flights') as string,
    });
    const pins = { datasets: { flights: { number: 1, digest: 'd' } } };
    await ctx.db
      .updateTable('pipeline_runs')
      .set({ pins: JSON.stringify(pins) })
      .execute();
    await endRuns(ctx);
    await addRows(ctx, 'c', 99);
    goTo(ctx, TEST_START_MS + 3 * DAY);
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(1);
    await addRows(ctx, 'd', 1);
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(1);
    goTo(ctx, TEST_START_MS + 4 * DAY);
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(2);
  });
});

describe('value skew', () => {
  test('starts a run with the columns named; one found by a run itself starts no second', async () => {
    const rule: Entry = { kind: 'value-skew', dataset: 'flights' };
    await using ctx = await testContext({ definition: { pipelines: training(rule) } });
    await settle(ctx);
    const skew = (version: string) =>
      ctx.db.transaction().execute((tx) =>
        appendEvent(ctx, tx, {
          type: 'dataset.value-skew',
          subject: { kind: 'dataset', id: 'flights' },
          data: { dataset: 'flights', version, columns: ['delay', 'origin'] },
        }),
      );
    await skew('1');
    await settle(ctx);
    const [run] = await runsOf(ctx);
    expect(JSON.parse(run?.cause ?? '')).toMatchObject({
      text: 'the values of flights moved: delay, origin',
    });
    goTo(ctx, TEST_START_MS + HOUR);
    const pins = { datasets: { flights: { number: 2, digest: 'd' } } };
    await ctx.db
      .updateTable('pipeline_runs')
      .set({ pins: JSON.stringify(pins) })
      .execute();
    await skew('2');
    await settle(ctx);
    await endRuns(ctx);
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(1);
    await skew('3');
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(2);
  });
});

describe('crashes', () => {
  test.each(Array.from({ length: 24 }, (_, index) => index + 1))(
    'a kill at point %i leaves one run per occasion, completed by the next round',
    async (fatal) => {
      const late = { ...onAlarm, monitor: 'late/quality' };
      const pipelines = {
        ...training(daily),
        again: { ...training(late).train, triggers: [{ ...late, cool_down: 0 }] },
      };
      await using ctx = await testContext({ definition: { pipelines } });
      await settle(ctx);
      await raiseAlarm(ctx, 'alarm_1');
      goTo(ctx, TEST_START_MS + 4 * HOUR);
      const doomed = dying(ctx, fatal);
      const error: unknown = await settle(doomed.ctx, doomed.doors).then(
        () => 'ended well',
        (reason: unknown) => String(reason),
      );
      expect(['ended well', 'Error: killed']).toContain(error);
      await settle(ctx);
      await settle(ctx);
      const runs = await runsOf(ctx);
      expect(new Set(runs.map((run) => run.start_key)).size).toBe(2);
      expect(runs).toHaveLength(2);
      const firings = await listFirings(ctx.db, { limit: 10 });
      expect(firings.map((firing) => firing.state)).toEqual(['fired', 'fired']);
      const told = await eventsAfter(ctx.db, { position: 0, types: ['trigger.fired'], limit: 10 });
      expect(told).toHaveLength(2);
    },
  );

  test('two rounds at once give one run', async () => {
    await using ctx = await testContext({ definition: { pipelines: training(onAlarm) } });
    await settle(ctx);
    await raiseAlarm(ctx, 'alarm_1');
    await Promise.all([settle(ctx), settle(ctx), settle(ctx)]);
    expect(await runsOf(ctx)).toHaveLength(1);
  });

  test('a run that cannot be started is skipped with the reason', async () => {
    const pipelines = training(onAlarm);
    await using ctx = await testContext({ definition: { pipelines } });
    await settle(ctx);
    await raiseAlarm(ctx, 'alarm_1');
    const broken = { ...pipelines.train.steps.fit, in: ['nothing'] } as never;
    ctx.define({ pipelines: { train: { ...pipelines.train, steps: { fit: broken } } } });
    await settle(ctx);
    const [firing] = await listFirings(ctx.db, { limit: 1 });
    expect(firing?.state).toBe('skipped');
    expect(firing?.reason).toMatch(/could not be started.*nothing/);
  });
});

test('the same key fires by hand once', async () => {
  await using ctx = await testContext({
    definition: { pipelines: training({ kind: 'manual' }) },
  });
  const order = { trigger: 'train/manual', key: 'release-7', actor: 'human' };
  const first = await fireTrigger(ctx, triggerDoors(ctx), order);
  expect(await fireTrigger(ctx, triggerDoors(ctx), order)).toEqual(first);
  expect(first.state).toBe('fired');
  expect(await runsOf(ctx)).toHaveLength(1);
  await expect(
    fireTrigger(ctx, triggerDoors(ctx), { ...order, trigger: 'train/manul' }),
  ).rejects.toThrow(/no trigger "train\/manul"/);
});

// Over a network the ways to and fro count, not the work.
test.skipIf(testsOnPostgres())('a quiet round costs well under a millisecond', async () => {
  await using ctx = await testContext({
    definition: { pipelines: training(daily, onAlarm) },
  });
  while (await triggersWork.run(ctx));
  const startedMs = performance.now();
  for (let round = 0; round < 200; round += 1) expect(await triggersWork.run(ctx)).toBe(false);
  expect((performance.now() - startedMs) / 200).toBeLessThan(1);
});
