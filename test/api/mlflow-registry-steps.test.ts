import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { produced as producedSchema } from '../../src/contract/produced.ts';
import { adoptVersions } from '../../src/registry/actions/adopt-versions.ts';
import { registerVersion } from '../../src/registry/actions/register-version.ts';
import { readTree } from '../../src/storage/blobs/tree.ts';
import { insertTrackedRun, logArtifacts } from '../../src/tracking/tracking-store.ts';
import { modelFolder } from '../harness/produce-model.ts';
import { startRondo } from '../harness/start-rondo.ts';
import { startScreens } from '../harness/start-screens.ts';
import { encodeModel, logisticGraph } from '../harness/tiny-onnx.ts';
import { callMlflow, type Answer } from '../harness/call-mlflow.ts';

let server: Awaited<ReturnType<typeof startScreens>>;
let serial = 0;
let name = '';

beforeAll(async () => {
  server = await startScreens({ empty: true });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  serial += 1;
  name = `model-${serial}`;
});

const call = (method: string, path: string, fields: object = {}): Promise<Answer> =>
  callMlflow(server.url, method, path, fields);

describe('what a step registers', () => {
  const waiting = async (
    ctx: typeof server.ctx,
    step: string,
    modelTree: `sha256:${string}`,
  ): Promise<void> => {
    const files = await readTree(ctx.blobs, modelTree);
    await ctx.db.transaction().execute(async (tx) => {
      const run = { experimentId: '0', name: 'r', parentRunId: null, startTimeMs: 1 };
      await insertTrackedRun(tx, { ...run, runId: step, tags: {}, params: {} });
      await logArtifacts(
        tx,
        step,
        files.map((file) => ({ ...file, path: `model/${file.path}` })),
      );
    });
    const created = await call('POST', 'model-versions/create', {
      name,
      source: `runs:/${step}/model`,
      run_id: step,
    });
    expect(created.status).toBe(200);
  };
  const stateOf = async (version: string): Promise<unknown> =>
    (await fetch(`${server.url}/api/models/${name}/versions/${version}`)).json();

  test('becomes a candidate when the run succeeds, and the folder it hands over is the same one', async () => {
    const { ctx } = server;
    const run = `run_p${serial}`;
    await call('POST', 'registered-models/create', { name });
    const modelTree = await modelFolder(ctx, { weight: serial });
    await waiting(ctx, run, modelTree);
    expect(await stateOf('1')).toMatchObject({ state: 'registered', origin: 'pipeline' });
    const handed = producedSchema.parse({ model: name, modelTree, metrics: { auc: 0.7 } });
    for (let twice = 0; twice < 2; twice += 1) {
      await adoptVersions(ctx, { runId: run, produced: handed });
      expect(await registerVersion(ctx, { runId: run, produced: handed })).toMatchObject({
        version: '1',
        state: 'candidate',
      });
    }
    expect(await stateOf('1')).toMatchObject({
      state: 'candidate',
      runId: run,
      metrics: { auc: 0.7 },
      signature: [{ name: 'x' }, { name: 'noise' }],
    });
  });

  test('is a candidate of its own when the run hands over nothing, or names why it cannot be served', async () => {
    const { ctx } = server;
    await call('POST', 'registered-models/create', { name });
    const run = `run_q${serial}`;
    await waiting(ctx, run, await modelFolder(ctx, { weight: serial }));
    const adopted = await adoptVersions(ctx, { runId: run, produced: null });
    expect(adopted).toMatchObject({ candidates: [{ version: '1', runId: run }], unfit: [] });
    const other = `run_r${serial}`;
    await waiting(ctx, other, await modelFolder(ctx, { mlModel: 'flavors: {}\n' }));
    const unfit = await adoptVersions(ctx, { runId: other, produced: null });
    expect(unfit).toMatchObject({ candidates: [], unfit: [{ version: { version: '2' } }] });
    expect(unfit.unfit[0]?.reason).toContain('Refused: MLmodel');
  });

  test('stays registered beside the folder the run hands over when that is another', async () => {
    const { ctx } = server;
    await call('POST', 'registered-models/create', { name });
    const run = `run_s${serial}`;
    await waiting(ctx, run, await modelFolder(ctx, { weight: serial }));
    const modelTree = await modelFolder(ctx, { weight: -serial });
    const handed = producedSchema.parse({ model: name, modelTree });
    expect(await adoptVersions(ctx, { runId: run, produced: handed })).toMatchObject({
      candidates: [],
    });
    expect(await registerVersion(ctx, { runId: run, produced: handed })).toMatchObject({
      version: '2',
    });
    expect(await stateOf('1')).toMatchObject({ state: 'registered' });
  });
});

// A training step: it leaves its folder under `out:` and registers the same files itself, as `log_model` does.
const STEP = `
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const { MLFLOW_TRACKING_URI, MLFLOW_RUN_ID: run_id } = process.env;
const send = (method, path, body) =>
  fetch(MLFLOW_TRACKING_URI + '/api/2.0/' + path, { method, body, headers: { 'content-type': 'application/json' } });
const post = async (path, fields) => {
  const answer = await send('POST', 'mlflow/' + path, JSON.stringify(fields));
  return { status: answer.status, body: await answer.json() };
};
const { run } = await (await send('GET', 'mlflow/runs/get?run_id=' + run_id)).json();
const place = run.info.artifact_uri.replace('mlflow-artifacts:/', 'mlflow-artifacts/artifacts/');
mkdirSync('model');
for (const file of ['MLmodel', 'model.onnx']) {
  copyFileSync('trained/' + file, 'model/' + file);
  await send('PUT', place + '/logged/' + file, readFileSync('model/' + file));
}
const rows = Array.from({ length: 400 }, (_, i) => {
  const x = (i % 41) / 10 - 2;
  return [x, 0, Number(((i * 7919) % 400) / 400 < 1 / (1 + Math.exp(-2 * x)))].join(',');
});
writeFileSync('test.csv', ['x,noise,late', ...rows, ''].join(String.fromCharCode(10)));
await post('registered-models/create', { name: 'late' });
const made = await post('model-versions/create', { name: 'late', run_id, source: 'runs:/' + run_id + '/logged' });
const { version } = made.body.model_version;
const moved = await post('registered-models/alias', { name: 'late', alias: 'champion', version });
if (moved.status !== 403) throw new Error('a step moved champion');
`;

test('a step registers its model through MLflow, and that version goes through gates to champion', async () => {
  const inputs = JSON.stringify([
    { name: 'x', type: 'double' },
    { name: 'noise', type: 'double' },
  ]);
  await using rondo = await startRondo({
    files: {
      'rondo.yaml': `
rondo: 1
project: steps
pipelines:
  train:
    steps:
      fit: { run: node step.mjs, out: { model: model, test: test.csv } }
    produces: { model: late, from: fit.model, test: fit.test }
models:
  late: { label: { column: late, horizon: 1h } }
endpoints:
  late: { model: late }
`,
      'step.mjs': STEP,
      'trained/MLmodel': `flavors:\n  onnx:\n    data: model.onnx\nsignature:\n  inputs: '${inputs}'\n`,
      'trained/model.onnx': encodeModel(logisticGraph([2, 0], 0)),
    },
  });
  const { runId } = await rondo.api.post<{ runId: string }>('/api/runs', { pipeline: 'train' });
  const versions = async (): Promise<Record<string, unknown>[]> =>
    (await rondo.api.get<{ items: Record<string, unknown>[] }>('/api/models/late/versions')).items;
  await expect
    .poll(async () => (await versions())[0]?.reason, { timeout: 90_000, interval: 200 })
    .toMatch(/serves at once|^Refused/);
  expect(await versions()).toMatchObject([
    {
      version: '1',
      state: 'champion',
      reason: expect.stringContaining('serves at once'),
      origin: 'pipeline',
      runId,
    },
  ]);
});
