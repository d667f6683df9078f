import { canonicalJson } from '../../src/base/json.ts';
import { originDelay } from './seed-screens-features.ts';
import type { TestContext } from './test-context.ts';

const HOUR_MS = 36e5;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

const STAGES = ['shadow', '5%', '25%', '50%', '100%'];
const SHARES = [0, 0.05, 0.25, 0.5, 1];

/** Releases that were promoted, rolled back, and one on its way, with their decisions. */
export async function seedReleases(
  ctx: TestContext,
  startMs: number,
  random: () => number,
): Promise<void> {
  const plans = [
    { number: 1, state: 'promoted', stages: 5, champion: null },
    { number: 7, state: 'promoted', stages: 5, champion: '1' },
    { number: 10, state: 'rolled-back', stages: 2, champion: '7' },
    { number: 13, state: 'promoted', stages: 5, champion: '7' },
    { number: 19, state: 'promoted', stages: 5, champion: '13' },
    { number: 21, state: 'running', stages: 3, champion: '19' },
  ] as const;
  for (const plan of plans) {
    const startedMs = startMs + (plan.number + 3) * WEEK_MS + 5 * HOUR_MS;
    const releaseId = `release_${String(plan.number).padStart(4, '0')}`;
    const ended = plan.state === 'running' ? null : startedMs + 6 * DAY_MS;
    const last = plan.stages - 1;
    await ctx.db
      .insertInto('releases')
      .values({
        release_id: releaseId,
        endpoint: 'late-arrival',
        model: 'late-arrival',
        version: String(plan.number),
        champion: plan.champion,
        state: plan.state,
        stage: STAGES[last] ?? 'shadow',
        stage_index: last,
        share: SHARES[last] ?? 0,
        salt: 'salt',
        slow_us: 900,
        alpha_errors: 0.0167,
        settings: canonicalJson({
          alpha: 0.05,
          stages: ['shadow', 0.05, 0.25, 0.5, 1],
          budget: { requests: 60_000 },
        }),
        rollout: '{}',
        folded_position: 0,
        matured_at_ms: 0,
        matured_position: 0,
        decisions: 40,
        reason:
          plan.state === 'promoted'
            ? 'every guard non-inferior: challenger 0 errors in 1,912 requests; mean loss difference -0.0031 over 3,120 matured pairs'
            : plan.state === 'rolled-back'
              ? 'errors worse than the champion: challenger 11 errors in 214 requests, champion 0 in 4,101 beside it'
              : '412 more requests at 25%; quality not yet shown non-inferior',
        created_at_ms: startedMs,
        started_at_ms: startedMs,
        stage_started_at_ms: startedMs,
        ended_at_ms: ended,
      })
      .execute();
    const looks = plan.stages * 8;
    for (let look = 0; look < looks; look += 1) {
      const stage = Math.min(last, Math.floor(look / 8));
      const requests = (look + 1) * 130;
      const challenger = Math.floor(requests * (SHARES[stage] ?? 0));
      const bad = plan.state === 'rolled-back';
      const worse = bad && stage > 0 ? (look - 8) * 0.6 : -0.4 - random();
      const better = bad ? -1 : look * 0.12 + random() * 0.3;
      await ctx.db
        .insertInto('release_decisions')
        .values({
          release_id: releaseId,
          sequence: look + 1,
          at_ms: startedMs + look * 4 * HOUR_MS,
          stage: STAGES[stage] ?? 'shadow',
          share: SHARES[stage] ?? 0,
          decision:
            look === looks - 1 && plan.state !== 'running'
              ? bad
                ? 'rollback'
                : 'promote'
              : look % 8 === 7
                ? 'advance'
                : 'hold',
          reason:
            look % 8 === 7
              ? '210 requests at this stage, no guard worse, split intact'
              : '60 more requests at this stage',
          champion_requests: requests - challenger,
          challenger_requests: challenger,
          champion_errors: 0,
          challenger_errors: bad ? look : 0,
          champion_slow: Math.floor(requests * 0.05),
          challenger_slow: Math.floor(challenger * 0.05),
          pairs: look * 90,
          unlabelled: 0,
          loss_difference: -0.003,
          evidence: canonicalJson({
            requests,
            stageRequests: 100,
            split: { logMismatch: 0, needed: 6.9, intact: true },
            guards: ['errors', 'latency', 'quality'].map((guard, index) => ({
              guard,
              verdict: 'open',
              logWorse: worse * 2.3 - index,
              logNonInferior: (better - index * 0.4) * 1.1,
              needed: { worse: Math.log(60), nonInferior: Math.log(20) },
              text: `challenger ${bad ? look : 0} of ${challenger}, champion 0 of ${requests - challenger}`,
            })),
          }),
          event_id: `event_${releaseId}_${look}`,
        })
        .execute();
    }
  }
}

/** Hours of traffic since the first champion, and the newest predictions one by one. */
export async function seedServing(
  ctx: TestContext,
  startMs: number,
  weeks: number,
  random: () => number,
): Promise<void> {
  const hours: Parameters<ReturnType<TestContext['db']['insertInto']>['values']>[0][] = [];
  for (let hour = 4 * 168; hour < weeks * 168; hour += 1) {
    const week = Math.floor(hour / 168);
    const version = week < 10 ? '1' : week < 16 ? '7' : week < 22 ? '13' : '19';
    const requests = Math.floor(40 + 40 * Math.sin(((hour % 24) / 24) * Math.PI) + random() * 20);
    const labelled = hour > weeks * 168 - 24 ? 0 : requests;
    hours.push({
      endpoint: 'late-arrival',
      version,
      hour_ms: startMs + hour * HOUR_MS,
      model: 'late-arrival',
      requests,
      failed: 0,
      errors: week === 13 ? 1 : 0,
      missing: Math.floor(requests * 0.02),
      latency_sum_us: requests * 700,
      latency_max_us: 4000,
      score_sum: requests * 0.2,
      labelled,
      label_sum: labelled * 0.19,
      loss_sum: labelled * (0.46 + 0.03 * Math.sin(week)),
    } as never);
    if (hour >= (weeks - 1) * 168 && hour % 24 < 3) {
      hours.push({
        endpoint: 'late-arrival',
        version: '21',
        hour_ms: startMs + hour * HOUR_MS,
        model: 'late-arrival',
        requests: 12,
        failed: 0,
        errors: 0,
        missing: 0,
        latency_sum_us: 9000,
        latency_max_us: 3000,
        score_sum: 3,
        labelled: 10,
        label_sum: 2,
        loss_sum: 4.5,
      } as never);
    }
  }
  for (let at = 0; at < hours.length; at += 200) {
    await ctx.db
      .insertInto('prediction_hours')
      .values(hours.slice(at, at + 200) as never)
      .execute();
  }
  const endMs = startMs + weeks * WEEK_MS;
  const rows = Array.from({ length: 3000 }, (_, index) => ({
    prediction_id: `prediction_${String(index).padStart(6, '0')}`,
    endpoint: 'late-arrival',
    model: 'late-arrival',
    version: index % 6 === 0 ? '21' : '19',
    at_ms: endMs - WEEK_MS + Math.floor((index / 3000) * WEEK_MS),
    unit: `unit_${index}`,
    arm: index % 6 === 0 ? 'challenger' : 'champion',
    release_id: null,
    stage: null,
    features: canonicalJson({
      hour: index % 24,
      weekday: 3,
      distance: 400 + (index % 900),
      origin_delay_late_share: index % 37 === 0 ? null : 0.04 + ((index * 13) % 97) / 230,
    }),
    entities: canonicalJson({ origin: ['ORD', 'SFO', 'ATL'][index % 3] ?? 'ORD' }),
    views: canonicalJson({ origin_delay: originDelay.digest }),
    missing: index % 37 === 0 ? '["origin_delay_late_share"]' : '[]',
    score: 0.05 + random() * 0.4,
    error: null,
    latency_us: 400 + Math.floor(random() ** 6 * 4000),
    silent_version: null,
    silent_score: null,
    silent_error: null,
    silent_latency_us: null,
    label: index < 2700 ? (random() < 0.2 ? 1 : 0) : null,
    label_at_ms: index < 2700 ? endMs - WEEK_MS : null,
  }));
  for (let at = 0; at < rows.length; at += 300) {
    await ctx.db
      .insertInto('predictions')
      .values(rows.slice(at, at + 300) as never)
      .execute();
  }
}
