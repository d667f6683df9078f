import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VersionDetail } from '../../src/contract/delivery.ts';
import type { RunDetail } from '../../src/contract/run-detail.ts';
import { openAnalytics, type Analytics } from '../../src/storage/analytics/analytics.ts';
import { missing } from '../engines/engine.ts';
import { mlflowEngine, pythonEnvironment } from '../engines/python.ts';
import { until } from '../harness/python-models.ts';
import { mainFile, startRondo, type RunningRondo } from '../harness/start-rondo.ts';

const reason = missing(mlflowEngine);

/** A slow trip is likelier at rush hour and where the last trips of the zone were slow. */
const files = {
  'rondo.yaml': `
rondo: 1
project: trips
datasets:
  trips:
    source: { kind: files, path: 'data/*.parquet' }
    time: { event: started, available: known }
features:
  zone:
    from: trips
    entity: zone
    time: { event: started, available: known }
    sql: zone.sql
    ttl: 30d
    history: { rows: 20 }
pipelines:
  train:
    steps:
      extract:
        uses: extract
        in: [trips, zone]
        with: { time: started, test: 2d, label: slow, columns: { hour: hour, slow: slow }, keep: [zone] }
        out: { train: train.parquet, test: test.parquet }
      fit:
        run: python3 fit.py
        env: [PYTHONPATH]
        in: [extract.train]
        out: { model: model }
    produces: { model: slow, from: fit.model, train: extract.train, test: extract.test }
  nightly:
    steps:
      score:
        uses: score
        in: [trips]
        with: { endpoint: slow, time: started }
        out: { scored: scored.parquet }
models:
  slow:
    label: { column: slow, horizon: 1h }
    gates: [{ kind: service, latency_p95_ms: 500 }]
endpoints:
  slow: { model: slow }
`,
  'zone.sql': `
select zone, started, max(known) over w as known, avg(slow) over w as share
from trips window w as (partition by zone order by started rows between 19 preceding and current row)
`,
  'fit.py': `
import mlflow.sklearn, pandas
from mlflow.models import infer_signature
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

rows = pandas.read_parquet(open("inputs/extract.train", "rb"))
x = rows[["hour", "zone_share"]].astype(float)
model = make_pipeline(SimpleImputer(), LogisticRegression(C=10)).fit(x, rows["slow"])
mlflow.sklearn.save_model(model, "model", signature=infer_signature(x, model.predict_proba(x)),
    input_example=x.dropna().head(2), pyfunc_predict_fn="predict_proba",
    serialization_format="cloudpickle", pip_requirements=["mlflow", "scikit-learn"])
`,
};

describe.skipIf(reason)(`a scikit-learn project ${reason ?? ''}`, () => {
  let rondo: RunningRondo;
  let analytics: Analytics;
  let dir: string;
  const run = promisify(execFile);
  const cli = (...args: string[]) =>
    run(process.execPath, [mainFile, '--url', rondo.url, '--json', ...args]).then(
      ({ stdout }) => JSON.parse(stdout) as Record<string, unknown>,
    );

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'rondo-loop-'));
    analytics = await openAnalytics({ threads: 1, memoryLimitMb: 512 });
    const data = join(dir, 'trips.parquet');
    await analytics.run(`copy (
      select now()::timestamp - interval 8 day + i * interval 4 minute as started, started + interval 1 hour as known,
        hour(started) as hour, ['a', 'b', 'c', 'd'][1 + i % 4] as zone,
        (hash(i) % 1000 / 1000.0 < case when hour(started) between 7 and 9 then 0.8 else 0.1 + 0.15 * (i % 4) end)::int as slow
      from range(2500) t(i)) to '${data}' (format parquet)`);
    const env = pythonEnvironment(mlflowEngine);
    rondo = await startRondo({
      files: {
        ...files,
        'data/trips.parquet': readFileSync(data),
      },
      env: { PYTHONPATH: env.PYTHONPATH ?? '', RONDO_PYTHON: 'python3' },
    });
    const { runId } = await rondo.api.post<{ runId: string }>('/api/runs', { pipeline: 'train' });
    const state = () => rondo.api.get<RunDetail>(`/api/runs/${runId}`);
    await until(async () => !['queued', 'running'].includes((await state()).state), 60_000);
    await until(
      () =>
        rondo.api.get<VersionDetail>('/api/models/slow/versions/1').then(
          ({ state: now }) => now !== 'candidate',
          () => false,
        ),
      60_000,
    );
  }, 120_000);
  afterAll(async () => {
    await rondo?.stop();
    analytics?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('passes its gates and serves as a Python model', async () => {
    const version = await rondo.api.get<VersionDetail>('/api/models/slow/versions/champion');
    expect(version).toMatchObject({ version: '1', state: 'champion', format: 'python-function' });
    expect(version.gates.every(({ outcome }) => outcome === 'passed')).toBe(true);
    expect(version.features.map(({ column }) => column)).toEqual(['zone_share']);
    await until(async () => {
      const ready = await fetch(`${rondo.gatewayUrl}/v2/models/slow/ready`);
      return ready.status === 200;
    }, 30_000);
  });

  it('scores a file as the endpoint does, with the features by their keys', async () => {
    const rows = ['a', 'b', 'c', 'd', 'nowhere'].flatMap((zone) =>
      [3, 8, 20].map((hour) => ({ zone, hour })),
    );
    const input = join(dir, 'rows.csv');
    const text = ['zone,hour', ...rows.map(({ zone, hour }) => `${zone},${hour}`), ',8'].join('\n');
    writeFileSync(input, text);
    const output = join(dir, 'scored.parquet');
    const said = await cli('predict', '--endpoint', 'slow', '--input', input, '--output', output);
    expect(said).toMatchObject({ model: 'slow', version: '1', rows: 16, errors: 1, output });
    const scored = await analytics.rows<{ score: number; error: string | null }>(
      `select score, error from read_parquet('${output}')`,
    );
    const asked = await fetch(`${rondo.gatewayUrl}/endpoints/slow/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: rows }),
    });
    const { predictions } = (await asked.json()) as { predictions: { score: number }[] };
    expect(new Set(predictions.map(({ score }) => score)).size).toBe(15);
    for (const [i, { score }] of predictions.entries())
      expect(Math.abs((scored[i]?.score ?? 2) - score)).toBeLessThan(1e-9);
    expect(scored.at(-1)).toEqual({
      score: null,
      error: expect.stringMatching(
        /^GATEWAY_BAD_INPUT: "zone" is missing: it is the key of feature view zone/,
      ),
    });
  });

  it("scores at each row's time with what was known then, from the command line and as a step", async () => {
    const { runId } = await rondo.api.post<{ runId: string }>('/api/runs', { pipeline: 'nightly' });
    const state = () => rondo.api.get<RunDetail>(`/api/runs/${runId}`);
    await until(async () => !['queued', 'running'].includes((await state()).state), 60_000);
    const detail = await state();
    expect(detail).toMatchObject({ state: 'succeeded' });
    expect(detail.steps[0]?.metrics).toEqual({ rows: 2500, errors: 0 });

    const trips = join(dir, 'trips.parquet');
    const input = join(dir, 'asked.parquet');
    await analytics.run(
      `copy (select zone, started, hour from read_parquet('${trips}') order by started limit 400) to '${input}' (format parquet)`,
    );
    const output = join(dir, 'timed.parquet');
    await cli('predict', 'slow', '--input', input, '--output', output, '--time', 'started');
    // The feature by hand: the last 20 trips of the zone that were known by then.
    const full = join(dir, 'full.parquet');
    await analytics.run(`copy (
      select a.zone, a.started, a.hour, (select avg(slow) from (select slow from read_parquet('${trips}') t
        where t.zone = a.zone and t.known <= a.started order by t.started desc limit 20)) as zone_share
      from read_parquet('${input}') a order by a.started) to '${full}' (format parquet)`);
    const byHand = join(dir, 'by-hand.parquet');
    await cli('predict', 'slow', '--input', full, '--output', byHand, '--model-version', '1');
    const [compared] = await analytics.rows(
      `select count(*) as n, count(*) filter (abs(a.score - b.score) > 1e-9) as differ, count(distinct a.score) > 50 as varied
       from read_parquet('${output}') a join read_parquet('${byHand}') b using (zone, started)`,
    );
    expect(compared).toEqual({ n: 400, differ: 0, varied: true });
  });

  it('is exported with the SQL of its features, and answers its example in Python as the README says', async () => {
    const folder = join(dir, 'export');
    await cli('models', 'export', 'slow@champion', folder);
    const read = (path: string) => readFileSync(join(folder, path), 'utf8');
    expect(read('features/zone.sql').trim()).toBe(files['zone.sql'].trim());
    expect(JSON.parse(read('features/views.json'))).toMatchObject({
      zone: { from: 'trips', entity: 'zone', ttlMs: 30 * 86_400_000 },
    });
    expect(JSON.parse(read('signature.json'))).toMatchObject({
      inputs: [{ name: 'hour' }, { feature: { view: 'zone', name: 'share', entity: 'zone' } }],
      positiveClass: 1,
    });
    const code = /```python\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '';
    const check = `${code}
import numpy
wanted = example["answer"]["outputs"][0]
got = mlflow.pyfunc.load_model("model").predict(rows)
print(numpy.allclose(got, numpy.array(wanted["data"]).reshape(wanted["shape"]), atol=1e-9))`;
    const said = await run('python3', ['-c', check], {
      cwd: folder,
      env: pythonEnvironment(mlflowEngine),
    });
    expect(said.stdout.trim().split('\n').at(-1)).toBe('True');
  });
});
