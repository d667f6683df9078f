import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { HISTORY_END_MS, wholeHistory } from '../harness/event-history.ts';
import { onBothEngines } from '../harness/on-both-engines.ts';
import { testContext, type TestContext } from '../harness/test-context.ts';
import { canonicalJson } from '../../src/base/json.ts';
import type { Event } from '../../src/events/event.ts';
import { readMaturity } from '../../src/maturity/actions/read-maturity.ts';
import { eventsSince } from '../../src/maturity/maturity-store.ts';

const DAY_MS = 864e5;

/** Stores events in batches, in their order. */
async function store(ctx: TestContext, events: readonly Event[]): Promise<void> {
  for (let from = 0; from < events.length; from += 500) {
    await ctx.db
      .insertInto('events')
      .values(
        events.slice(from, from + 500).map((event) => ({
          event_id: event.eventId,
          type: event.type,
          subject_kind: event.subject.kind,
          subject_id: event.subject.id,
          at_ms: event.atMs,
          recorded_at_ms: event.recordedAtMs,
          actor: event.actor,
          data: canonicalJson(event.data),
        })),
      )
      .execute();
  }
}

async function triggersOf(ctx: TestContext): Promise<void> {
  for (const kind of ['schedule', 'new-data', 'alarm']) {
    await ctx.db
      .insertInto('triggers')
      .values({
        trigger: `train/${kind}`,
        pipeline: 'train',
        kind,
        config: '{}',
        sentence: kind,
        enabled: 1,
        active: 1,
        position: 0,
        considered_ms: 0,
        last_fired_ms: null,
        created_ms: 0,
      })
      .execute();
  }
}

/** What a busy half year leaves beside the events maturity is made of: spread over 170 days, of four types. */
async function storeNoise(ctx: TestContext, count: number): Promise<void> {
  const step = Math.floor((170 * DAY_MS) / count);
  const text = canonicalJson({ model: 'late', version: '12', text: 'x'.repeat(200) });
  await sql`insert into events
      (event_id, type, subject_kind, subject_id, at_ms, recorded_at_ms, actor, data)
    with recursive numbers(i) as (select 1 union all select i + 1 from numbers where i < ${count})
    select 'event_noise_' || i,
      case i % 4 when 0 then 'release.observed' when 1 then 'dataset.files-registered'
        when 2 then 'label.revised' else 'step.started' end,
      'release', 'release_late_12', ${sql.lit(HISTORY_END_MS)} - i * cast(${sql.lit(step)} as bigint),
      ${sql.lit(HISTORY_END_MS)}, 'auto', ${sql.lit(text)}
    from numbers`.execute(ctx.db);
}

onBothEngines(() => {
  test('the stored history of a project that meets everything is of level 2', async () => {
    await using ctx = await testContext({ startMs: HISTORY_END_MS });
    await triggersOf(ctx);
    await store(ctx, wholeHistory().events);
    await ctx.db
      .insertInto('prediction_hours')
      .values({
        endpoint: 'late',
        version: '12',
        hour_ms: HISTORY_END_MS - DAY_MS,
        model: 'late',
        requests: 100,
        failed: 0,
        errors: 0,
        missing: 0,
        latency_sum_us: 1,
        latency_max_us: 1,
        score_sum: 1,
        labelled: 60,
        label_sum: 1,
        loss_sum: 1,
      })
      .execute();
    const view = await readMaturity(ctx, { days: 90 });
    expect(view).toMatchObject({ level: 2, testScore: { total: 2 } });
    const figure = (id: string) => view.delivery.find((one) => one.id === id);
    expect(figure('labelled-predictions')).toMatchObject({ value: 0.6, n: 100 });
    expect(figure('audit-coverage')).toMatchObject({ value: 0, n: wholeHistory().events.length });
    const short = await readMaturity(ctx, { days: 7 });
    expect(short).toMatchObject({ level: 0, window: { days: 7 } });
    expect(figure('model-age')?.evidence).toEqual(
      short.delivery.find((one) => one.id === 'model-age')?.evidence,
    );
  });

  test('what serves is known however long ago it was trained', async () => {
    await using ctx = await testContext({ startMs: HISTORY_END_MS + 400 * DAY_MS });
    await store(ctx, wholeHistory().events);
    const view = await readMaturity(ctx, { days: 90 });
    expect(view.level).toBe(0);
    expect(view.requirements.filter((cell) => cell.state === 'automatic')).toEqual([]);
    expect(view.delivery.find((one) => one.id === 'model-age')?.value).toBeGreaterThan(400);
    expect(view.delivery.find((one) => one.id === 'data-age')?.value).toBeGreaterThan(400);
  });

  test('sixty thousand other events change nothing and are not read', async () => {
    await using ctx = await testContext({ startMs: HISTORY_END_MS });
    await triggersOf(ctx);
    await store(ctx, wholeHistory().events);
    const before = await readMaturity(ctx, { days: 90 });
    await storeNoise(ctx, 60_000);
    const after = await readMaturity(ctx, { days: 90 });
    const cells = ({ delivery, ...rest }: typeof before) => ({
      ...rest,
      delivery: delivery.filter((cell) => cell.id !== 'audit-coverage'),
    });
    expect(cells(after)).toEqual(cells(before));
    expect(after.delivery.find((one) => one.id === 'audit-coverage')).toMatchObject({
      n: 60_000 + wholeHistory().events.length,
    });
  });
});

test('events of a type since an instant are found by the index, none is looked at in vain', async () => {
  await using ctx = await testContext({ startMs: HISTORY_END_MS });
  await storeNoise(ctx, 1000);
  const plan = await sql<{ detail: string }>`explain query plan
    select * from events where type in ('run.started', 'gate.evaluated') and at_ms >= 5`.execute(
    ctx.db,
  );
  expect(plan.rows.map((row) => row.detail).join(' ')).toContain(
    'USING INDEX events_by_type_and_time (type=? AND at_ms>?)',
  );
  const found = await eventsSince(ctx.db, {
    types: ['label.revised'],
    fromMs: HISTORY_END_MS - 17 * DAY_MS,
  });
  expect(found).toHaveLength(25);
  expect(found.every((event) => event.type === 'label.revised')).toBe(true);
});
