import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../../src/base/json.ts';
import { seededCommitAt } from './seed-screens-commits.ts';
import { seedVersion } from './seed-screens-versions.ts';
import type { TestContext } from './test-context.ts';

const HOUR_MS = 36e5;
const WEEK_MS = 168 * HOUR_MS;

const METRIC_STEPS = ['extract', 'validate', 'fit', 'evaluate'] as const;

/** A run a week, its steps, attempts, firings and versions; one failed, one still at work. */
export async function seedModels(
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
        commit_sha: seededCommitAt(week),
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
