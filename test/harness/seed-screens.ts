import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../../src/base/json.ts';
import { seedCommits } from './seed-screens-commits.ts';
import { seedEvents } from './seed-screens-events.ts';
import { originDelay, seededSkew, seedFeatures } from './seed-screens-features.ts';
import type { TestContext } from './test-context.ts';

const HOUR_MS = 36e5;
const DAY_MS = 864e5;
const WEEK_MS = 7 * DAY_MS;

/** Numbers that repeat, in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

/** What the seed leaves, by name, for tests to look at. */
export type SeededScreens = { startMs: number; endMs: number; weeks: number };

/**
 * Fills the tables with half a year of one model's life as the domains would leave it: data, runs, versions with
 * verdicts, releases with decisions, predictions, monitors, alarms, triggers. Small but of every state.
 */
export async function seedScreens(ctx: TestContext): Promise<SeededScreens> {
  const random = numbers(7);
  const startMs = Date.UTC(2001, 0, 1);
  const weeks = 26;
  const endMs = startMs + weeks * WEEK_MS;
  ctx.calendar.advance({ nowMs: endMs, untilMs: endMs + HOUR_MS });
  await seedDatasets(ctx, startMs, weeks);
  await seedModels(ctx, startMs, weeks, random);
  await seedReleases(ctx, startMs, random);
  await seedServing(ctx, startMs, weeks, random);
  await seedMonitoring(ctx, startMs, weeks, random);
  await seedFeatures(ctx, endMs);
  await seedCommits(ctx, startMs);
  await seedEvents(ctx);
  return { startMs, endMs, weeks };
}

async function seedDatasets(ctx: TestContext, startMs: number, weeks: number): Promise<void> {
  const endMs = startMs + weeks * WEEK_MS;
  const columns = canonicalJson([
    { name: 'date', type: 'TIMESTAMP' },
    { name: 'delay', type: 'INTEGER' },
    { name: 'distance', type: 'INTEGER' },
    { name: 'origin', type: 'VARCHAR' },
  ]);
  const profile = await ctx.blobs.put(canonicalJson(seededProfile(startMs, endMs)));
  await ctx.db
    .insertInto('datasets')
    .values({
      name: 'flights',
      sequence: 300,
      file_count: 300,
      quarantined_count: 1,
      row_count: 2_998_112,
      size_bytes: 41_000_000,
      changed_at_ms: endMs - HOUR_MS,
      scanned_at_ms: endMs,
      scan_error: null,
    })
    .execute();
  for (let file = 0; file < 300; file += 1) {
    const bad = file === 290;
    await ctx.db
      .insertInto('dataset_files')
      .values({
        dataset: 'flights',
        path: `data/flights/${String(file).padStart(4, '0')}.parquet`,
        added_sequence: file + 1,
        removed_sequence: null,
        digest: `sha256:${String(file).padStart(64, '0')}`,
        rows: bad ? 0 : 10_000,
        size_bytes: 140_000,
        mtime_ns: '0',
        inode: '0',
        min_event_ms: null,
        max_event_ms: null,
        min_available_ms: null,
        max_available_ms: null,
        status: bad ? 'quarantined' : 'accepted',
        reason: bad ? 'Column distance is text in 612 rows; the schema says integer.' : null,
        anomalies: null,
        columns,
        registered_at_ms: endMs - (299 - file) * HOUR_MS,
      })
      .execute();
  }
  for (let week = 0; week < weeks; week += 1) {
    await ctx.db
      .insertInto('dataset_versions')
      .values({
        dataset: 'flights',
        number: week + 1,
        digest: `sha256:${String(week + 1).padStart(64, 'a')}`,
        sequence: (week + 1) * 11,
        state: week === 20 ? 'invalid' : 'valid',
        rows: 115_000 * (week + 1),
        new_rows: 115_000,
        file_count: (week + 1) * 11,
        quarantined_count: week === 20 ? 1 : 0,
        size_bytes: 1_500_000 * (week + 1),
        min_event_ms: startMs,
        max_event_ms: startMs + (week + 1) * WEEK_MS,
        max_available_ms: startMs + (week + 1) * WEEK_MS,
        columns,
        profile_digest: profile.digest,
        anomalies: '[]',
        created_at_ms: startMs + (week + 1) * WEEK_MS - HOUR_MS,
      })
      .execute();
  }
  await ctx.db
    .insertInto('validations')
    .values({
      validation_id: 'validation_0001',
      dataset: 'flights',
      subject_kind: 'version',
      subject_id: '26',
      subject_digest: null,
      schema_digest: null,
      suite_path: 'checks/flights.yaml',
      suite_digest: null,
      run_id: null,
      passed: 1,
      total: 17,
      failed: 0,
      warned: 1,
      rows: 2_998_112,
      duration_ms: 420,
      created_at_ms: endMs - 2 * HOUR_MS,
    })
    .execute();
  await ctx.db
    .insertInto('validation_results')
    .values([
      {
        validation_id: 'validation_0001',
        position: 0,
        kind: 'between',
        name: 'delay between -120 and 1800',
        column: 'delay',
        passed: 1,
        severity: 'stop',
        observed: '-96 to 1471',
        expected: '-120 to 1800',
        unexpected_count: 0,
        sample_rows: '[]',
        proposal: null,
      },
      {
        validation_id: 'validation_0001',
        position: 1,
        kind: 'mean',
        name: 'mean of delay between 0 and 12',
        column: 'delay',
        passed: 0,
        severity: 'warn',
        observed: '13.2',
        expected: '0 to 12',
        unexpected_count: null,
        sample_rows: canonicalJson([{ delay: 410, origin: 'ORD' }]),
        proposal: null,
      },
    ])
    .execute();
}

/** A profile as a version's blob holds it, with a time, a number and a text column. */
function seededProfile(startMs: number, endMs: number): unknown {
  const rows = 115_000;
  const bins = (
    from: number,
    to: number,
    weight: (at: number) => number,
  ): { from: number; to: number; count: number }[] =>
    Array.from({ length: 30 }, (_, index) => ({
      from: from + ((to - from) / 30) * index,
      to: from + ((to - from) / 30) * (index + 1),
      count: Math.round(weight(index / 30) * 5000),
    }));
  const column = {
    rows,
    missing: 0,
    distinct: 1200,
    min: null,
    max: null,
    mean: null,
    sd: null,
    quantiles: [],
    histogram: [],
    top: [],
    isTime: false,
  };
  return {
    rows,
    columns: [
      {
        ...column,
        name: 'date',
        type: 'TIMESTAMP',
        isTime: true,
        histogram: bins(startMs, endMs, () => 1),
      },
      {
        ...column,
        name: 'delay',
        type: 'INTEGER',
        mean: 8.2,
        sd: 31.4,
        min: -96,
        max: 1471,
        missing: 230,
        histogram: bins(-60, 240, (at) => Math.exp(-((at - 0.2) ** 2) * 60)),
        quantiles: [0.05, 0.25, 0.5, 0.75, 0.95].map((q, index) => ({
          q,
          value: [-18, -9, -3, 8, 71][index] ?? 0,
        })),
      },
      {
        ...column,
        name: 'distance',
        type: 'INTEGER',
        mean: 711,
        sd: 552,
        histogram: bins(0, 4900, (at) => at * Math.exp(-at * 7) * 8),
      },
      {
        ...column,
        name: 'origin',
        type: 'VARCHAR',
        distinct: 229,
        top: ['ORD', 'DFW', 'ATL', 'LAX', 'PHX', 'STL', 'DEN'].map((value, index) => ({
          value,
          count: 7000 - index * 600,
        })),
      },
    ],
    partial: { rows: 0, columns: {} },
    added: null,
  };
}

const METRIC_STEPS = ['extract', 'validate', 'fit', 'evaluate'] as const;

async function seedModels(
  ctx: TestContext,
  startMs: number,
  weeks: number,
  random: () => number,
): Promise<void> {
  await ctx.db
    .insertInto('models')
    .values({
      name: 'late-arrival',
      created_at_ms: startMs,
      last_number: weeks - 4,
      description: null,
      updated_at_ms: startMs + weeks * WEEK_MS,
    })
    .execute();
  for (let week = 4; week < weeks; week += 1) {
    const atMs = startMs + week * WEEK_MS + 4 * HOUR_MS;
    const runId = `run_${String(week).padStart(4, '0')}`;
    const failed = week === 21;
    const running = week === weeks - 1;
    const cause =
      week % 6 === 5
        ? {
            kind: 'alarm',
            eventId: `event_alarm_${week}`,
            text: 'late-arrival/quality alarmed: log-loss 0.031 above the test rows',
          }
        : { kind: 'schedule', text: 'The schedule "0 4 * * 1" was due on Monday, 04:00' };
    await ctx.db
      .insertInto('pipeline_runs')
      .values({
        run_id: runId,
        pipeline: 'train',
        state: running ? 'running' : failed ? 'failed' : 'succeeded',
        cause_kind: cause.kind,
        cause: canonicalJson(cause),
        parameters: canonicalJson({ window_days: 28, trees: 100 }),
        start_key: null,
        definition: canonicalJson({
          steps: {
            extract: { uses: 'extract', in: ['flights', 'origin_delay'] },
            validate: { uses: 'checks', in: ['extract.train'] },
            fit: { run: 'node steps/fit.ts', in: ['extract.train'] },
            evaluate: { run: 'node steps/evaluate.ts', in: ['fit.model', 'extract.test'] },
          },
        }),
        pins: null,
        started_at_ms: atMs,
        ended_at_ms: running ? null : atMs,
        duration_ms: running ? null : 4200 + Math.floor(random() * 900),
        steps_total: 4,
        steps_done: running ? 2 : failed ? 1 : 4,
        failed_step: failed ? 'validate' : null,
        reason: failed
          ? 'Dataset "flights" version 21 breaks its schema in data/flights/0231.parquet: column distance is text'
          : null,
        code: failed ? 'DATASET_INVALID' : null,
        produced: null,
      })
      .execute();
    for (const [position, step] of METRIC_STEPS.entries()) {
      const state = running
        ? (['succeeded', 'succeeded', 'running', 'waiting'] as const)[position]
        : failed
          ? (['succeeded', 'failed', 'skipped', 'skipped'] as const)[position]
          : position === 0 && week % 5 === 0
            ? 'cached'
            : 'succeeded';
      const tookMs = [1900, 240, 1400, 380][position] ?? 100;
      await ctx.db
        .insertInto('step_runs')
        .values({
          step_run_id: `${runId}_${step}`,
          run_id: runId,
          step,
          position,
          state: state ?? 'waiting',
          attempt: 1,
          failures: 0,
          losses: 0,
          token: null,
          cache_key: null,
          cache_parts: null,
          cached_from: state === 'cached' ? 'run_0003_extract' : null,
          outputs:
            state === 'succeeded'
              ? canonicalJson({
                  [step === 'fit' ? 'model' : 'train']: {
                    path: 'x',
                    kind: 'file',
                    digest: `sha256:${'b'.repeat(64)}`,
                    sizeBytes: 1_400_000,
                  },
                })
              : null,
          details: null,
          metrics:
            step === 'evaluate' && state === 'succeeded'
              ? canonicalJson({ auc: 0.7 + random() * 0.03, log_loss: 0.45 + random() * 0.03 })
              : null,
          reason: null,
          code: null,
          started_at_ms: atMs,
          ended_at_ms: atMs,
          duration_ms: state === 'succeeded' ? tookMs : null,
        })
        .execute();
      if (state === 'cached' || state === 'waiting' || state === 'skipped') continue;
      await writeFile(join(ctx.paths.logs, `${runId}-${step}.log`), logOf(step));
      await ctx.db
        .insertInto('attempts')
        .values({
          attempt_id: `attempt_${runId}_${step}`,
          step_run_id: `${runId}_${step}`,
          run_id: runId,
          step,
          number: 1,
          state: state ?? 'running',
          token: `token_${runId}_${step}`,
          executor: 'local',
          external_ref: null,
          holder: 'holder',
          lease_until_ms: 0,
          clock_id: 'clock',
          log_path: `${runId}-${step}.log`,
          started_at_ms: atMs,
          ended_at_ms: atMs,
          duration_ms: tookMs,
          exit_code: state === 'failed' ? 1 : 0,
          signal: null,
          reason: state === 'failed' ? 'column distance is text in 612 rows' : null,
          code: null,
        })
        .execute();
    }
    await ctx.db
      .insertInto('trigger_firings')
      .values({
        firing_id: `firing_${String(week).padStart(4, '0')}`,
        trigger: `train/${cause.kind}`,
        pipeline: 'train',
        kind: cause.kind,
        occasion: `at:${atMs}`,
        event_id: cause.eventId ?? null,
        due_ms: atMs,
        state: 'fired',
        run_id: runId,
        reason: cause.text,
        missed: 0,
        cause: canonicalJson(cause),
        created_ms: atMs,
      })
      .execute();
    if (week % 4 === 2) await seedSkipped(ctx, week, atMs);
    if (failed || running) continue;
    await ctx.db
      .insertInto('runs')
      .values({
        run_id: runId,
        experiment_id: '0',
        name: 'train',
        user_id: '',
        status: 'FINISHED',
        lifecycle_stage: 'active',
        parent_run_id: null,
        artifact_uri: 'x',
        start_time_ms: atMs,
        end_time_ms: atMs,
      })
      .execute();
    await ctx.db
      .insertInto('latest_metrics')
      .values(
        [
          ['auc', 0.7 + random() * 0.03] as const,
          ['log_loss', 0.45 + random() * 0.03] as const,
        ].map(([key, value]) => ({
          run_id: runId,
          key,
          value,
          is_nan: 0,
          step: 0,
          timestamp_ms: atMs,
        })),
      )
      .execute();
    await seedVersion(ctx, week, runId, atMs, random);
  }
  await ctx.db
    .insertInto('model_aliases')
    .values({
      model: 'late-arrival',
      alias: 'champion',
      version: '19',
      moved_at_ms: startMs + 23 * WEEK_MS,
    })
    .execute();
}

/** Data came while the pipeline ran: an occasion without a run. */
async function seedSkipped(ctx: TestContext, week: number, atMs: number): Promise<void> {
  await ctx.db
    .insertInto('trigger_firings')
    .values({
      firing_id: `firing_${String(week).padStart(4, '0')}b`,
      trigger: 'train/new-data',
      pipeline: 'train',
      kind: 'new-data',
      occasion: `event_data_${week}`,
      event_id: `event_data_${week}`,
      due_ms: atMs + HOUR_MS,
      state: 'skipped',
      run_id: null,
      reason: 'A run of train was in progress; 161,204 new rows of flights wait for the next.',
      missed: 0,
      cause: '{}',
      created_ms: atMs + HOUR_MS,
    })
    .execute();
}

function logOf(step: string): string {
  return Array.from(
    { length: 40 },
    (_, line) =>
      `${step}: ${line * 2500} of 100000 rows, log-loss ${(0.6 - line * 0.003).toFixed(4)}`,
  ).join('\n');
}

const CHAMPIONS = [1, 7, 13, 19];

async function seedVersion(
  ctx: TestContext,
  week: number,
  runId: string,
  atMs: number,
  random: () => number,
): Promise<void> {
  const number = week - 3;
  const state =
    number === 19
      ? 'champion'
      : CHAMPIONS.includes(number)
        ? 'retired'
        : number === 10
          ? 'rolled-back'
          : number === 21
            ? 'releasing'
            : 'refused';
  const loss = 0.455 + random() * 0.03;
  const refusal = `log-loss ${loss.toFixed(4)} against the champion's ${(loss - 0.004).toFixed(4)} on 21,334 flights (95 % interval of the difference 0.001 to 0.007)`;
  await ctx.db
    .insertInto('model_versions')
    .values({
      model: 'late-arrival',
      number,
      version: String(number),
      digest: `sha256:${String(number).padStart(64, 'c')}`,
      origin: 'pipeline',
      run_id: runId,
      source_run_id: runId,
      source: `mlflow-artifacts:/registered/late-arrival/${number}`,
      stage: 'None',
      state,
      reason:
        state === 'refused' ? refusal : state === 'retired' ? 'A newer version was promoted' : null,
      signature: canonicalJson([
        { name: 'hour', type: 'double', required: true },
        { name: 'weekday', type: 'double', required: true },
        { name: 'distance', type: 'double', required: true },
        { name: 'origin_delay_late_share', type: 'double', required: true },
      ]),
      features: canonicalJson([
        {
          column: 'origin_delay_late_share',
          view: 'origin_delay',
          viewDigest: originDelay.digest,
          feature: 'late_share',
          entity: 'origin',
          ttlMs: 12 * HOUR_MS,
        },
      ]),
      metrics: canonicalJson({
        auc: 0.71 + random() * 0.02,
        log_loss: loss,
        brier: 0.14 + random() * 0.01,
      }),
      produced: canonicalJson({ datasets: [{ dataset: 'flights', version: week }] }),
      positive_class: 1,
      created_at_ms: atMs,
      changed_at_ms: atMs,
      updated_at_ms: atMs,
    })
    .execute();
  const passed = state !== 'refused';
  await ctx.db
    .insertInto('gate_verdicts')
    .values([
      {
        model: 'late-arrival',
        version: String(number),
        position: 0,
        kind: 'metric',
        settings: '{}',
        outcome: 'passed',
        reason: 'auc 0.7204 is at least 0.62 on 21,334 rows',
        evidence: canonicalJson({ metric: 'auc', value: 0.7204 }),
        event_id: `event_gate_${number}_0`,
        at_ms: atMs,
      },
      {
        model: 'late-arrival',
        version: String(number),
        position: 1,
        kind: 'beats',
        settings: '{}',
        outcome: passed ? 'passed' : 'refused',
        reason: passed
          ? 'log-loss is 0.0061 below the champion on 21,334 rows (0.004 to 0.008)'
          : refusal,
        evidence: canonicalJson({ difference: 0.004, low: 0.001, high: 0.007 }),
        event_id: `event_gate_${number}_1`,
        at_ms: atMs,
      },
      {
        model: 'late-arrival',
        version: String(number),
        position: 2,
        kind: 'slices',
        settings: '{}',
        outcome: 'passed',
        reason:
          'auc of 14 origins with at least 500 rows is at least 0.55; the lowest is SEA with 0.602',
        evidence: canonicalJson({
          metric: 'auc',
          min: 0.55,
          slices: [
            'ORD',
            'DFW',
            'ATL',
            'LAX',
            'PHX',
            'DEN',
            'SEA',
            'SFO',
            'MSP',
            'BOS',
            'EWR',
            'IAH',
            'STL',
            'JFK',
          ].map((slice) => {
            const value = 0.6 + random() * 0.15;
            return {
              slice,
              value,
              low: value - 0.03,
              high: value + 0.03,
              rows: 500 + Math.floor(random() * 1500),
              passed: true,
            };
          }),
        }),
        event_id: `event_gate_${number}_2`,
        at_ms: atMs,
      },
      {
        model: 'late-arrival',
        version: String(number),
        position: 3,
        kind: 'skew',
        settings: '{}',
        ...seededSkew(number),
        event_id: `event_gate_${number}_3`,
        at_ms: atMs,
      },
    ])
    .execute();
}

const STAGES = ['shadow', '5%', '25%', '50%', '100%'];
const SHARES = [0, 0.05, 0.25, 0.5, 1];

async function seedReleases(
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

async function seedServing(
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

async function seedMonitoring(
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
