import { canonicalJson } from '../../src/base/json.ts';
import type { TestContext } from './test-context.ts';

const DAY_MS = 864e5;
const WEEK_MS = 7 * DAY_MS;

/** Monitors with their windows, alarms, business figures. */
export async function seedMonitoring(
  ctx: TestContext,
  startMs: number,
  weeks: number,
  random: () => number,
): Promise<void> {
  const endMs = startMs + weeks * WEEK_MS;
  const kinds = [
    {
      kind: 'quality',
      state: 'alarm',
      sentence:
        'Log-loss 0.4939 (0.478 to 0.511) in the week of 18 June, 0.031 above the test rows.',
    },
    {
      kind: 'input-drift',
      state: 'quiet',
      sentence: 'No input column drifts; the largest effect is distance with 0.02 W1.',
    },
    {
      kind: 'score-drift',
      state: 'not-enough-evidence',
      sentence: 'Not enough evidence: 12 rows, at least 30 are needed.',
    },
    { kind: 'service', state: 'quiet', sentence: 'Every request was answered.' },
  ];
  for (const { kind, state, sentence } of kinds) {
    const monitor = `late-arrival/${kind}`;
    await ctx.db
      .insertInto('monitors')
      .values({
        monitor,
        endpoint: 'late-arrival',
        kind,
        config: '{}',
        version: '19',
        cursor_ms: endMs,
        detector: null,
        reference: null,
        state,
        sentence,
        updated_ms: endMs,
        active: 1,
      })
      .execute();
    for (let week = 4; week < weeks; week += 1) {
      const value = 0.46 + 0.02 * Math.sin(week / 2) + (week === 24 ? 0.03 : 0);
      const few = week === 8;
      await ctx.db
        .insertInto('monitor_windows')
        .values({
          monitor,
          from_ms: startMs + week * WEEK_MS,
          to_ms: startMs + (week + 1) * WEEK_MS,
          endpoint: 'late-arrival',
          model: 'late-arrival',
          version: '19',
          rows: few ? 12 : 11_000,
          labelled: few ? 9 : 10_900,
          verdict: few ? 'not-enough-evidence' : week === 24 ? 'alarm' : 'quiet',
          value: few ? null : value,
          value_low: few ? null : value - 0.014,
          value_high: few ? null : value + 0.014,
          reference: 0.462,
          limit_value: 0.482,
          effect: value - 0.462,
          effect_low: null,
          effect_high: null,
          effect_unit: 'log-loss',
          evidence: week,
          threshold: 52,
          sentence,
          details: canonicalJson({
            columns: [
              'hour',
              'weekday',
              'distance',
              'origin_delay_late_share',
              'destination_delay_late_share',
            ].map((column, index) => ({
              column,
              effectName: 'W1/sd',
              effect: few ? null : (index > 2 ? 0.1 : 0.01) + random() * 0.06,
              effectLow: null,
              effectHigh: null,
              p: 0.2,
              evidence: 1 + random(),
              enough: !few,
              alarm: index === 3 && week === 24,
              note: null,
            })),
          }),
          evaluated_ms: startMs + (week + 1) * WEEK_MS,
        })
        .execute();
    }
  }
  for (const week of [11, 17, 24]) {
    const open = week === 24;
    await ctx.db
      .insertInto('alarms')
      .values({
        alarm_id: `alarm_${String(week).padStart(4, '0')}`,
        monitor: 'late-arrival/quality',
        endpoint: 'late-arrival',
        kind: 'quality',
        model: 'late-arrival',
        version: week < 16 ? '7' : '19',
        state: open ? 'open' : 'closed',
        opened_ms: startMs + (week + 1) * WEEK_MS,
        closed_ms: open ? null : startMs + (week + 3) * WEEK_MS,
        closed_reason: open ? null : 'Version 13 was promoted.',
        first_bad_from_ms: startMs + week * WEEK_MS,
        first_bad_to_ms: startMs + (week + 1) * WEEK_MS,
        effect: 0.031,
        effect_low: 0.012,
        effect_high: 0.049,
        effect_unit: 'log-loss',
        evidence: 61,
        threshold: 52,
        sentence:
          'Realised log-loss of late-arrival is 0.031 (0.012 to 0.049) above what its test rows showed, since the week of 18 June.',
        closes_when: 'Two windows below 0.482, or another version promoted.',
        examples: canonicalJson(['prediction_000001', 'prediction_000002']),
        details: canonicalJson({ columns: [] }),
        opened_event: `event_alarm_${week}`,
      })
      .execute();
  }
  for (const kpi of ['frozen log_loss', 'rebookings']) {
    await ctx.db
      .insertInto('kpis')
      .values({ kpi, unit: '', endpoint: 'late-arrival', created_ms: startMs })
      .execute();
    for (let week = 4; week < weeks; week += 1) {
      await ctx.db
        .insertInto('kpi_points')
        .values({
          kpi,
          at_ms: startMs + week * WEEK_MS + 3 * DAY_MS,
          value:
            kpi === 'rebookings'
              ? 200 + Math.floor(random() * 90)
              : 0.475 + 0.02 * Math.sin(week / 2),
        })
        .execute();
    }
  }
}
