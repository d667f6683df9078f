import { canonicalJson } from '../../src/base/json.ts';
import { originDelay, seededSkew } from './seed-screens-features.ts';
import type { TestContext } from './test-context.ts';

const HOUR_MS = 36e5;

const CHAMPIONS = [1, 7, 13, 19];

/** A version with its verdicts: champions of their time, and what the gates refused. */
export async function seedVersion(
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
