import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  auditView as auditSchema,
  eventView as eventSchema,
} from '../contract/views/audit-view.ts';
import { featureView as featureSchema } from '../contract/views/features-view.ts';
import { triggersView as triggersSchema } from '../contract/views/triggers-view.ts';
import { describeViews } from '../features/actions/describe-views.ts';
import { seedScreens, type SeededScreens } from '../../test/harness/seed-screens.ts';
import { testContext, type TestContext } from '../../test/harness/test-context.ts';
import { auditView, eventView, exportEvents } from './audit-view.ts';
import { dataText, subjectAddress } from './event-item.ts';
import { featuresView, featureView } from './features-view.ts';
import { triggersView } from './triggers-view.ts';
import { valueProfile } from './value-profile.ts';

const WEEK_MS = 7 * 864e5;
const rule = {
  trigger: 'train/new-data',
  pipeline: 'train',
  kind: 'new-data',
  sentence: 'When 150,000 rows of flights are new.',
  enabled: true,
  lastFiredMs: null,
  coolUntilMs: null,
  next: [],
};

describe('read models of what one can trust', () => {
  let ctx: TestContext;
  let seeded: SeededScreens;
  beforeAll(async () => {
    ctx = await testContext({ startMs: Date.UTC(2001, 0, 1) });
    seeded = await seedScreens(ctx);
  });
  afterAll(() => ctx[Symbol.asyncDispose]());

  test('audit: newest first, pages meet, nothing twice', async () => {
    const all = auditSchema.parse(await auditView(ctx.db, { limit: 500 }));
    const pages: number[] = [];
    let after: string | undefined;
    do {
      const page = await auditView(ctx.db, { limit: 97, after });
      pages.push(...page.items.map((item) => item.position));
      expect(page.total === null).toBe(after !== undefined);
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(pages).toHaveLength(all.total ?? 0);
    expect(pages).toEqual([...new Set(pages)].sort((left, right) => right - left));
    expect(pages.slice(0, 500)).toEqual(all.items.map((item) => item.position));
  });

  test('audit: type, subject, actor and time narrow together', async () => {
    const gates = await auditView(ctx.db, { type: 'gate.evaluated,run.started', limit: 500 });
    expect(new Set(gates.items.map((item) => item.type))).toEqual(
      new Set(['gate.evaluated', 'run.started']),
    );
    const run = await auditView(ctx.db, { subject: 'run:run_0021' });
    expect(run.items.map((item) => item.type)).toEqual([
      'run.failed',
      'step.committed',
      'run.pinned',
      'run.started',
    ]);
    expect(run.items[0]?.to).toBe('/runs/run_0021');
    const people = await auditView(ctx.db, { actor: 'human' });
    expect(people.items.map((item) => item.subject.id)).toEqual(['release_0010']);
    expect(people.actors).toEqual(['auto', 'human']);
    expect(people.kinds).toContain('commit');
    const week = { from: seeded.startMs + 9 * WEEK_MS, to: seeded.startMs + 10 * WEEK_MS };
    const ofWeek = await auditView(ctx.db, { ...week, limit: 500 });
    const everything: { atMs: number }[] = [];
    for await (const lines of exportEvents(ctx.db, {}))
      everything.push(
        ...lines
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as never),
      );
    expect(ofWeek.total).toBe(
      everything.filter(({ atMs }) => atMs >= week.from && atMs <= week.to).length,
    );
    expect(ofWeek.total).toBeGreaterThan(5);
  });

  test('audit: the chain says how far it has come, the export carries every seal', async () => {
    const { chain, total } = await auditView(ctx.db, {});
    expect(chain).toMatchObject({ sealed: (total ?? 0) - 3, unsealed: 3 });
    const lines: { position: number; seal: string | null }[] = [];
    for await (const part of exportEvents(ctx.db, { subject: 'commit' }))
      lines.push(
        ...part
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as never),
      );
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.every((line) => line.seal !== null)).toBe(true);
  });

  test('an event: its data, its seal, and what else happened to the same run', async () => {
    const { items } = await auditView(ctx.db, { subject: 'run:run_0022', type: 'run.pinned' });
    const view = eventSchema.parse(await eventView(ctx.db, items[0]?.eventId ?? ''));
    expect(view.seal).toMatch(/^[0-9a-f]{64}$/);
    expect(view.before.map((item) => item.type)).toEqual(['run.started']);
    expect(view.after.map((item) => item.type)).toEqual([
      'step.committed',
      'step.committed',
      'step.committed',
      'step.committed',
      'run.succeeded',
    ]);
    expect(await eventView(ctx.db, 'event_none')).toBeUndefined();
  });

  test('triggers: counts of four weeks, the history with runs and refusals', async () => {
    const view = triggersSchema.parse(
      await triggersView(ctx.db, {
        rules: [rule],
        nowMs: seeded.endMs,
        query: { state: 'skipped' },
      }),
    );
    expect(view.triggers[0]).toMatchObject({ fired: 0, skipped: 1 });
    expect(view.items.every((item) => item.run === null)).toBe(true);
    expect(view.items[0]?.reason).toContain('was in progress');
    const fired = await triggersView(ctx.db, {
      rules: [],
      nowMs: seeded.endMs,
      query: { trigger: 'train/schedule', limit: 3 },
    });
    expect(fired.items[0]?.run).toEqual({ runId: 'run_0025', state: 'running' });
    const more = await triggersView(ctx.db, {
      rules: [],
      nowMs: seeded.endMs,
      query: { trigger: 'train/schedule', limit: 100, after: fired.next ?? '' },
    });
    expect(fired.items.length + more.items.length).toBe(fired.total);
  });

  test('features: fresh, old and broken; missing at serving; the newest judgement', async () => {
    const views = await describeViews(ctx);
    const { items } = await featuresView(ctx.db, { views, nowMs: seeded.endMs });
    expect(items.map((item) => [item.name.slice(0, 12), item.error === null])).toEqual([
      ['destination_', false],
      ['origin_delay', true],
    ]);
    const item = items.find((one) => one.name === 'origin_delay');
    expect(item).toMatchObject({ keys: 229, stale: 14, skew: { version: '21' } });
    expect(item?.missing.share).toBeCloseTo(1 / 37, 3);
    expect(item?.usedBy.map((use) => use.state)).toEqual(['releasing', 'champion']);
  });

  test('a feature: values as served and as stored, and the version that saw the future', async () => {
    const views = await describeViews(ctx);
    const options = { views, name: 'origin_delay', nowMs: seeded.endMs };
    const view = featureSchema.parse(await featureView(ctx.db, options));
    expect(view.sentence).toContain('14 are older than the time to live');
    expect(view.columns.map((column) => column.column)).toEqual([
      'origin_delay_late_share',
      'origin_delay_flights',
    ]);
    expect(view.columns[0]?.stored?.histogram.length).toBeGreaterThan(5);
    expect(view.columns[1]?.served).toBeNull();
    expect(
      view.skew.filter((result) => result.outcome === 'refused').map((result) => result.version),
    ).toEqual(['12']);
    expect(await featureView(ctx.db, { ...options, name: 'nothing' })).toBeUndefined();
  });
});

test('a profile counts numbers into bins, words by how often, and what is missing', () => {
  const numbers = valueProfile({ name: 'a', type: 'DOUBLE' }, [1, 2, 3, null, 5]);
  expect(numbers).toMatchObject({ rows: 5, missing: 1, distinct: 4, mean: 2.75, min: 1, max: 5 });
  expect(numbers?.histogram.reduce((sum, bin) => sum + bin.count, 0)).toBe(4);
  const words = valueProfile({ name: 'b', type: 'VARCHAR' }, ['x', 'y', 'x']);
  expect(words?.top).toEqual([
    { value: 'x', count: 2 },
    { value: 'y', count: 1 },
  ]);
  expect(words?.histogram).toEqual([]);
  expect(valueProfile({ name: 'c', type: 'DOUBLE' }, [])).toBeNull();
  expect(valueProfile({ name: 'd', type: 'DOUBLE' }, [4, 4])?.histogram).toEqual([]);
});

test('an event speaks by its own sentence, or by its first plain fields; its subject has a page', () => {
  expect(dataText({ reason: 'disk full', rows: 3 })).toBe('disk full');
  expect(dataText({ rows: 115_000, list: [1], digest: `sha256:${'a'.repeat(64)}` })).toBe(
    'rows 115,000 · digest aaaaaaaaaa',
  );
  expect(subjectAddress({ kind: 'model', id: 'm' }, { version: '4' })).toBe('/models/m/4');
  expect(subjectAddress({ kind: 'trigger', id: 'train/alarm' })).toBe(
    '/triggers?trigger=train%2Falarm',
  );
  expect(subjectAddress({ kind: 'kpi', id: 'x' })).toBeNull();
});
