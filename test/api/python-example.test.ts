import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentsFolder } from '../engines/engine.ts';
import { examplesVenv } from '../engines/examples-venv.ts';
import { missingVenv } from '../engines/python.ts';
import { startRondo, type RunningRondo } from '../harness/start-rondo.ts';

const example = resolve(import.meta.dirname, '../../examples/python-sklearn');
const reason = missingVenv();
const run = promisify(execFile);

/** As in a notebook: the estimator out of the record of the training step, its probabilities of the rows given. */
const PREDICT = `
import json, sys
import joblib, mlflow
import pandas as pd
from flights.rows import matrix
run_id, rows = sys.argv[1], json.loads(sys.argv[2])
path = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="model/sklearn.joblib")
print(json.dumps(joblib.load(path).predict_proba(matrix(pd.DataFrame(rows).astype(float)))[:, 1].tolist()))
`;

type RunDetail = {
  state: string;
  reason: string | null;
  steps: { step: string; state: string; stepRunId: string }[];
};
type Version = { state: string; gates: { kind: string; outcome: string }[] };
type Answer = { predictions: { score: number; version: string; missing: string[] }[] };

describe.skipIf(reason)(`flights in scikit-learn${reason ? ` (${reason})` : ''}`, () => {
  let dir = '';
  let rondo: RunningRondo;
  let python = '';
  let detail: RunDetail;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rondo-python-'));
    await cp(example, dir, { recursive: true, filter: (path) => !path.includes('__pycache__') });
    await run(process.execPath, [join(example, 'sample-data.mjs'), join(dir, 'data/flights')]);
    python = join(await examplesVenv(), 'python');
    rondo = await startRondo({ dir, env: { RONDO_ENVIRONMENTS: environmentsFolder } });
    const { runId } = await rondo.api.post<{ runId: string }>('/api/runs', {
      pipeline: 'train',
      cause: { kind: 'manual', text: 'a test' },
    });
    detail = await until(
      () => rondo.api.get<RunDetail>(`/api/runs/${runId}`),
      ({ state }) => state !== 'queued' && state !== 'running',
    );
  });

  afterAll(async () => {
    await rondo.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const stepRun = (name: string): string =>
    detail.steps.find(({ step }) => step === name)?.stepRunId ?? '';

  test('is trained, passes its gates and serves', { timeout: 60_000 }, async () => {
    expect({ state: detail.state, reason: detail.reason }).toEqual({
      state: 'succeeded',
      reason: null,
    });
    const version = await until(
      () => rondo.api.get<Version>('/api/models/late-arrival/versions/1').catch(() => undefined),
      (given) => given?.state === 'champion' || given?.state === 'refused',
    );
    expect(version?.gates.map(({ kind, outcome }) => [kind, outcome])).toEqual(
      ['metric', 'beats', 'slices', 'skew', 'service'].map((gate) => [gate, 'passed']),
    );
    expect(version?.state).toBe('champion');
  });

  test('is recorded by the mlflow client in the run of its step', async () => {
    const { run: record } = await rondo.api.get<{
      run: {
        info: { status: string };
        data: { params: { key: string; value: string }[]; metrics: { key: string }[] };
      };
    }>('/api/2.0/mlflow/runs/get', { run_id: stepRun('train') });
    expect(record.info.status).toBe('FINISHED');
    expect(record.data.params).toContainEqual({ key: 'max_iter', value: '60' });
    expect(record.data.metrics.map(({ key }) => key)).toEqual(['train_log_loss', 'train_rows']);
  });

  test(
    'answers as scikit-learn does, to 1e-5, missing features too',
    { timeout: 60_000 },
    async () => {
      const rows = Array.from({ length: 200 }, (_, index) => ({
        hour: index % 24,
        weekday: 1 + (index % 7),
        distance: 100 + 13 * index,
        origin_delay_late_share: index % 5 === 0 ? null : (index % 31) / 30,
        destination_delay_late_share: (index % 17) / 30,
      }));
      // A share that is not given is looked up by the airport; what was last known of it in 2001 is too old.
      const inputs = rows.map(({ origin_delay_late_share: share, ...row }) => ({
        ...row,
        origin: 'ORD',
        destination: 'JFK',
        ...(share === null ? {} : { origin_delay_late_share: share }),
      }));
      const response = await fetch(`${rondo.gatewayUrl}/endpoints/late-arrival/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs }),
      });
      const { predictions } = (await response.json()) as Answer;
      const { stdout } = await run(
        python,
        ['-c', PREDICT, stepRun('train'), JSON.stringify(rows)],
        { cwd: dir, env: { ...process.env, MLFLOW_TRACKING_URI: rondo.url } },
      );
      const own = JSON.parse(stdout) as number[];
      expect(predictions).toHaveLength(200);
      expect(predictions[0]?.missing).toEqual(['origin_delay_late_share']);
      expect(new Set(own).size).toBeGreaterThan(100);
      const gaps = predictions.map(({ score }, index) =>
        Math.abs(score - (own[index] ?? Number.NaN)),
      );
      expect(Math.max(...gaps)).toBeLessThan(1e-5);
    },
  );

  test('its own unit tests pass', { timeout: 60_000 }, async () => {
    const { stderr } = await run(python, ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
      cwd: dir,
    });
    expect(stderr).toMatch(/Ran [1-9]\d* tests/);
  });
});

async function until<Value>(
  ask: () => Promise<Value>,
  isEnough: (value: Value) => boolean,
): Promise<Value> {
  for (let tries = 0; tries < 1200; tries += 1) {
    const value = await ask();
    if (isEnough(value)) return value;
    await new Promise((wait) => setTimeout(wait, 250));
  }
  throw new Error('waited in vain');
}
