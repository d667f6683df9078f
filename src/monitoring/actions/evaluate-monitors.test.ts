import { describe, expect, test } from 'vitest';
import {
  testContext,
  TEST_START_MS,
  type TestContext,
} from '../../../test/harness/test-context.ts';
import { testsOnPostgres } from '../../../test/harness/test-database.ts';
import type {
  EndpointDefinition,
  ModelDefinition,
} from '../../config/project-file/project-definition.ts';
import { appendEvent } from '../../events/append-event.ts';
import { eventsAfter } from '../../events/event-store.ts';
import type { PredictionRow } from '../../storage/database/tables/serving.ts';
import { listAlarms, listWindows } from '../monitoring-store.ts';
import { monitors } from '../monitors/index.ts';
import { monitorsWork } from '../work.ts';
import { COLLECTION_GRACE_MS, evaluateMonitors } from './evaluate-monitors.ts';

const DAY = 86_400_000;
const WEEK = 7 * DAY;
const HORIZON = 2 * DAY;

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Entry = { kind: string } & Record<string, unknown>;

/** Settings as the project file gives them: checked, with defaults filled in. */
function entryOf(entry: Entry): Entry {
  const { kind, ...settings } = entry;
  const variant = monitors.find((candidate) => candidate.kind === kind);
  return { kind, ...variant?.config.parse(settings) };
}

function endpointWith(...entries: Entry[]): EndpointDefinition {
  return { model: 'late', monitors: entries.map(entryOf) } as unknown as EndpointDefinition;
}

async function contextWith(...entries: Entry[]): Promise<TestContext> {
  const model: ModelDefinition = { label: { column: 'late', horizon: HORIZON }, gates: [] };
  return testContext({
    definition: { models: { late: model }, endpoints: { late: endpointWith(...entries) } },
  });
}

async function promote(ctx: TestContext, version: string): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    await appendEvent(ctx, tx, {
      type: 'model.alias-moved',
      subject: { kind: 'model', id: 'late' },
      data: { model: 'late', alias: 'champion', from: null, to: version, reason: 'test' },
    });
  });
}

function goTo(ctx: TestContext, nowMs: number): void {
  ctx.calendar.advance({ nowMs, untilMs: nowMs });
}

async function settle(ctx: TestContext): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    if (!(await evaluateMonitors(ctx)).didSomething) return;
  }
  throw new Error('the monitors never come to rest');
}

type Traffic = {
  fromMs: number;
  toMs: number;
  rows: number;
  version?: string;
  /** True rate of positives; the model always says about 0.2. */
  rate?: number;
  shift?: number;
  failing?: number;
  feature?: (index: number) => number | string | null;
  labelled?: boolean;
};

let serial = 0;

/** Predictions as the collector leaves them, spread evenly over the span. */
async function serve(ctx: TestContext, next: () => number, traffic: Traffic): Promise<void> {
  const rows: Omit<PredictionRow, 'position'>[] = [];
  for (let index = 0; index < traffic.rows; index += 1) {
    const atMs =
      traffic.fromMs + Math.floor(((traffic.toMs - traffic.fromMs) * index) / traffic.rows);
    const failed = next() < (traffic.failing ?? 0);
    const x = next() * 10 + (traffic.shift ?? 0);
    const label = next() < (traffic.rate ?? 0.2) ? 1 : 0;
    serial += 1;
    rows.push({
      prediction_id: `prediction_${serial}`,
      endpoint: 'late',
      model: 'late',
      version: traffic.version ?? '1',
      at_ms: atMs,
      unit: `u${serial}`,
      arm: 'champion',
      release_id: null,
      stage: null,
      features: JSON.stringify({ x, kind: traffic.feature?.(index) ?? ['a', 'b', 'c'][index % 3] }),
      entities: '{}',
      views: '{}',
      missing: '[]',
      score: failed ? null : 0.2 + (x - 5) * 0.001,
      error: failed ? 'model failed' : null,
      latency_us: 500 + Math.floor(next() * 500),
      silent_version: null,
      silent_score: null,
      silent_error: null,
      silent_latency_us: null,
      label: failed || traffic.labelled === false ? null : label,
      label_at_ms: failed || traffic.labelled === false ? null : atMs + DAY / 4,
    });
  }
  await ctx.db.transaction().execute(async (tx) => {
    for (let at = 0; at < rows.length; at += 400) {
      await tx
        .insertInto('predictions')
        .values(rows.slice(at, at + 400))
        .execute();
    }
  });
}

async function serveWeeks(
  ctx: TestContext,
  next: () => number,
  weeks: readonly Partial<Traffic>[],
  from = 0,
): Promise<void> {
  for (const [index, week] of weeks.entries()) {
    const fromMs = TEST_START_MS + (from + index) * WEEK;
    await serve(ctx, next, { fromMs, toMs: fromMs + WEEK, rows: 800, ...week });
  }
}

const drift: Entry = { kind: 'input-drift', reference: 'first-window' };
const quality: Entry = { kind: 'quality', tolerance: 0.03, reference: 'first-window' };

describe('windows', () => {
  test('are judged once each, when they are over and their labels are due', async () => {
    await using ctx = await contextWith(drift, quality);
    const next = random(1);
    await promote(ctx, '1');
    await serveWeeks(ctx, next, [{}, {}]);
    goTo(ctx, TEST_START_MS + WEEK + COLLECTION_GRACE_MS - 1);
    await settle(ctx);
    expect(await listWindows(ctx.db, { monitor: 'late/input-drift', limit: 9 })).toEqual([]);
    goTo(ctx, TEST_START_MS + 2 * WEEK + COLLECTION_GRACE_MS);
    await settle(ctx);
    await settle(ctx);
    const inputs = await listWindows(ctx.db, { monitor: 'late/input-drift', limit: 9 });
    expect(inputs.map((window) => [window.verdict, window.from_ms, window.rows])).toEqual([
      ['quiet', TEST_START_MS + WEEK, 800],
      ['reference', TEST_START_MS, 800],
    ]);
    const losses = await listWindows(ctx.db, { monitor: 'late/quality', limit: 9 });
    expect(losses.map((window) => window.verdict)).toEqual(['reference']);
    goTo(ctx, TEST_START_MS + 2 * WEEK + HORIZON + COLLECTION_GRACE_MS);
    await settle(ctx);
    const [last] = await listWindows(ctx.db, { monitor: 'late/quality', limit: 9 });
    expect(last).toMatchObject({ verdict: 'quiet', labelled: 800 });
    expect(last?.value).toBeGreaterThan(last?.value_low ?? Number.NaN);
  });

  test('are cut at a promotion; the detector begins anew and the alarm of the old version closes', async () => {
    await using ctx = await contextWith(drift);
    const next = random(2);
    await promote(ctx, '1');
    await serveWeeks(ctx, next, [{}, { shift: 5 }, { shift: 5 }]);
    goTo(ctx, TEST_START_MS + 3 * WEEK + COLLECTION_GRACE_MS);
    await settle(ctx);
    const [opened] = await listAlarms(ctx.db, { state: 'open', limit: 9 });
    expect(opened).toMatchObject({ monitor: 'late/input-drift', version: '1' });
    await serve(ctx, next, {
      fromMs: TEST_START_MS + 3 * WEEK,
      toMs: TEST_START_MS + 3 * WEEK + DAY,
      rows: 200,
    });
    goTo(ctx, TEST_START_MS + 3 * WEEK + DAY);
    await promote(ctx, '2');
    await settle(ctx);
    const [closed] = await listAlarms(ctx.db, { limit: 9 });
    expect(closed).toMatchObject({ state: 'closed', closedReason: 'version 2 was promoted' });
    await serve(ctx, next, {
      fromMs: TEST_START_MS + 3 * WEEK + DAY,
      toMs: TEST_START_MS + 4 * WEEK,
      rows: 500,
      version: '2',
    });
    await serveWeeks(ctx, next, [{ version: '2', shift: 5 }], 4);
    goTo(ctx, TEST_START_MS + 5 * WEEK + COLLECTION_GRACE_MS);
    await settle(ctx);
    const windows = await listWindows(ctx.db, { monitor: 'late/input-drift', limit: 3 });
    expect(windows.map((window) => [window.version, window.verdict, window.to_ms])).toEqual([
      ['2', 'reference', TEST_START_MS + 5 * WEEK],
      ['2', 'not-enough-evidence', TEST_START_MS + 4 * WEEK],
      ['1', 'not-enough-evidence', TEST_START_MS + 3 * WEEK + DAY],
    ]);
    expect(await listAlarms(ctx.db, { state: 'open', limit: 9 })).toEqual([]);
  });

  test('a crash between reading and writing judges nothing twice', async () => {
    await using ctx = await contextWith(drift, quality);
    const next = random(3);
    await promote(ctx, '1');
    await serveWeeks(ctx, next, [{}, {}, { shift: 5, rate: 0.5 }]);
    goTo(ctx, TEST_START_MS + 5 * WEEK);
    for (let fatal = 1; fatal < 12; fatal += 1) {
      let left = fatal;
      const db = new Proxy(ctx.db, {
        get(target, name) {
          const part: unknown = Reflect.get(target, name);
          if (name === 'transaction') {
            left -= 1;
            if (left === 0) throw new Error('killed');
          }
          return typeof part === 'function' ? (part.bind(target) as unknown) : part;
        },
      });
      await evaluateMonitors({ ...ctx, db }).catch(() => undefined);
    }
    await Promise.all([settle(ctx), settle(ctx)]);
    for (const monitor of ['late/input-drift', 'late/quality']) {
      const windows = await listWindows(ctx.db, { monitor, limit: 99 });
      expect(windows.map((window) => window.from_ms)).toEqual(
        windows.map((_, index) => TEST_START_MS + (windows.length - 1 - index) * WEEK),
      );
    }
    const opened = await eventsAfter(ctx.db, { position: 0, types: ['alarm.opened'], limit: 9 });
    expect(opened).toHaveLength(2);
  });
});

describe('quality', () => {
  test('a loss that rises while the inputs stay alarms with effect, evidence, first bad window, examples', async () => {
    await using ctx = await contextWith(drift, quality);
    const next = random(4);
    await promote(ctx, '1');
    await serveWeeks(ctx, next, [{}, {}, {}, { rate: 0.34 }, { rate: 0.34 }]);
    goTo(ctx, TEST_START_MS + 6 * WEEK);
    await settle(ctx);
    const alarms = await listAlarms(ctx.db, { limit: 9 });
    expect(alarms.map((alarm) => alarm.monitor)).toEqual(['late/quality']);
    const [alarm] = alarms;
    expect(alarm?.firstBadWindow).toEqual({
      fromMs: TEST_START_MS + 3 * WEEK,
      toMs: TEST_START_MS + 4 * WEEK,
    });
    expect(alarm?.examples).toHaveLength(20);
    expect(alarm?.evidence).toBeGreaterThan(alarm?.threshold ?? Infinity);
    expect(alarm?.sentence).toMatch(/Mean log_loss of .* worse than allowed/);
    expect(alarm?.closesWhen).toMatch(/or when another version is promoted/);
    const [event] = await eventsAfter(ctx.db, { position: 0, types: ['alarm.opened'], limit: 9 });
    expect(event?.data).toMatchObject({
      endpoint: 'late',
      model: 'late',
      version: '1',
      monitor: 'late/quality',
      alarm: alarm?.alarmId,
    });
  });

  test('closes when the labels prove the opposite', async () => {
    await using ctx = await contextWith(quality);
    const next = random(5);
    await promote(ctx, '1');
    await serveWeeks(ctx, next, [
      { rows: 3000 },
      { rows: 3000, rate: 0.4 },
      { rows: 3000, rate: 0.1 },
      { rows: 3000, rate: 0.1 },
    ]);
    goTo(ctx, TEST_START_MS + 5 * WEEK);
    await settle(ctx);
    const [alarm, ...others] = await listAlarms(ctx.db, { limit: 9 });
    expect(others).toEqual([]);
    expect(alarm).toMatchObject({ state: 'closed' });
    expect(alarm?.closedReason).toMatch(/is below 0\.\d+ with evidence/);
  });

  test('says how many labels came, and nothing of a window with fewer than 30', async () => {
    await using ctx = await contextWith(quality);
    const next = random(6);
    await promote(ctx, '1');
    await serveWeeks(ctx, next, [{}, { labelled: false }]);
    goTo(ctx, TEST_START_MS + 3 * WEEK);
    await settle(ctx);
    const [window] = await listWindows(ctx.db, { monitor: 'late/quality', limit: 1 });
    expect(window).toMatchObject({ verdict: 'not-enough-evidence', labelled: 0, rows: 800 });
    expect(window?.sentence).toMatch(/0 of 800 predictions have a label/);
  });
});

describe('other monitors', () => {
  test('service: errors beyond the limit alarm, and close with a good window', async () => {
    await using ctx = await contextWith({ kind: 'service', max_error_rate: 0.01 });
    const next = random(7);
    await promote(ctx, '1');
    await serveWeeks(ctx, next, [{ failing: 0.005 }, { failing: 0.05 }, {}]);
    goTo(ctx, TEST_START_MS + 4 * WEEK);
    await settle(ctx);
    const windows = await listWindows(ctx.db, { monitor: 'late/service', limit: 9 });
    expect(windows.map((window) => window.verdict)).toEqual(['quiet', 'alarm', 'quiet']);
    const [alarm] = await listAlarms(ctx.db, { limit: 9 });
    expect(alarm).toMatchObject({ state: 'closed', kind: 'service' });
    expect(alarm?.examples.length).toBeGreaterThan(10);
  });

  test('score-drift sees scores that move while nothing is labelled', async () => {
    await using ctx = await contextWith({ kind: 'score-drift', reference: 'first-window' });
    const next = random(8);
    await promote(ctx, '1');
    await serveWeeks(ctx, next, [{}, {}, { shift: 4, labelled: false }]);
    goTo(ctx, TEST_START_MS + 4 * WEEK);
    await settle(ctx);
    const [alarm] = await listAlarms(ctx.db, { limit: 9 });
    expect(alarm).toMatchObject({ kind: 'score-drift' });
    expect(alarm?.effect).toBeGreaterThan(0.3);
  });

  test('checks: served values the training rows never had alarm, with the proposed change', async () => {
    await using ctx = await contextWith({ kind: 'checks' });
    const next = random(9);
    await promote(ctx, '1');
    await serveWeeks(ctx, next, [
      {},
      {},
      { feature: (index) => (index % 10 === 0 ? 'zeppelin' : 'a') },
    ]);
    goTo(ctx, TEST_START_MS + 4 * WEEK);
    await settle(ctx);
    const windows = await listWindows(ctx.db, { monitor: 'late/checks', limit: 9 });
    expect(windows.map((window) => window.verdict).slice(-3)).toEqual([
      'alarm',
      'quiet',
      'reference',
    ]);
    const [alarm] = await listAlarms(ctx.db, { limit: 9 });
    expect(alarm?.sentence).toMatch(/zeppelin|kind/);
    expect(alarm?.examples.length).toBeGreaterThan(0);
  });
});

test.each([
  { ignore: [], verdicts: ['alarm', 'alarm'], sentence: /leave the training schema: .*x/ },
  { ignore: ['x'], verdicts: ['quiet', 'quiet'], sentence: /fit the training schema/ },
])(
  'checks: an input that grows with time, ignoring $ignore: $verdicts',
  async ({ ignore, verdicts, sentence }) => {
    await using ctx = await contextWith({ kind: 'checks', ignore });
    await promote(ctx, '1');
    await serveWeeks(ctx, random(13), [{}, {}, { shift: 20 }, { shift: 40 }]);
    goTo(ctx, TEST_START_MS + 5 * WEEK);
    await settle(ctx);
    const windows = await listWindows(ctx.db, { monitor: 'late/checks', limit: 9 });
    expect(windows.slice(0, 2).map((window) => window.verdict)).toEqual(verdicts);
    expect(windows[0]?.sentence).toMatch(sentence);
  },
);

test('a suite that is gone is said in the place of the window, and stops no other monitor', async () => {
  await using ctx = await contextWith(
    { kind: 'checks', suite: 'checks/gone.yaml' },
    { kind: 'service' },
  );
  const next = random(12);
  await promote(ctx, '1');
  await serveWeeks(ctx, next, [{}, {}]);
  goTo(ctx, TEST_START_MS + 3 * WEEK);
  await settle(ctx);
  const [window] = await listWindows(ctx.db, { monitor: 'late/checks', limit: 9 });
  expect(window?.sentence).toMatch(/could not be judged: There is no suite "checks\/gone.yaml"/);
  const others = await listWindows(ctx.db, { monitor: 'late/service', limit: 9 });
  expect(others.map((one) => one.verdict).slice(-2)).toEqual(['quiet', 'quiet']);
});

test('a year without any change: few alarms of any monitor', async () => {
  // Each may alarm once in ten years; one alarm of three monitors in a year has a chance of a third at most.
  const budget = { reference: 'first-window', false_alarm_every: '520w' };
  await using ctx = await contextWith(
    { kind: 'input-drift', ...budget },
    { kind: 'score-drift', ...budget },
    quality,
  );
  const next = random(10);
  await promote(ctx, '1');
  await serveWeeks(
    ctx,
    next,
    Array.from({ length: 53 }, () => ({ rows: 300 })),
  );
  goTo(ctx, TEST_START_MS + 54 * WEEK);
  await settle(ctx);
  expect(await listAlarms(ctx.db, { limit: 9 })).toEqual([]);
});

// Over a network the ways to and fro count, not the work.
test.skipIf(testsOnPostgres())('a quiet round costs well under a millisecond', async () => {
  await using ctx = await contextWith(drift, quality);
  await promote(ctx, '1');
  while (await monitorsWork.run(ctx));
  const startedMs = performance.now();
  for (let round = 0; round < 200; round += 1) expect(await monitorsWork.run(ctx)).toBe(false);
  expect((performance.now() - startedMs) / 200).toBeLessThan(1);
});
