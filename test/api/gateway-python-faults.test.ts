import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RoutedRelease } from '../../src/contract/route-table.ts';
import { missing } from '../engines/engine.ts';
import { mlflowEngine } from '../engines/python.ts';
import { onnxAndPython, pythonsOf, until, usePythonEngine } from '../harness/python-models.ts';
import { openGateway, tableOf, type TestGateway } from '../harness/start-gateway.ts';
import { logisticGraph, writeModel } from '../harness/tiny-onnx.ts';

const reason = missing(mlflowEngine);
const release: RoutedRelease = {
  id: 'release_1',
  challenger: '2',
  stage: '50%',
  share: 0.5,
  salt: 'salt',
  slowUs: null,
  alphaErrors: 1e-30,
};
const row = { x: 0.5, n: 3 };

const ask = (gateway: TestGateway, user: string) =>
  gateway.post('/endpoints/late/predict', { inputs: [{ ...row, user }] });
describe.skipIf(reason)(`the Python process of a model ${reason ?? ''}`, () => {
  let gateway: TestGateway | undefined;
  beforeAll(usePythonEngine);
  afterEach(async () => {
    await gateway?.[Symbol.asyncDispose]();
    gateway = undefined;
  });

  it('is killed under load as the challenger: every request is answered, by the champion where it must be', async () => {
    gateway = await openGateway();
    const live = gateway;
    await live.client.putRoutes(
      tableOf(onnxAndPython(live.dir, '2'), [
        { name: 'late', model: 'late', assignBy: 'user', release },
      ]),
    );
    const answers = new Map<string, number>();
    let running = true;
    let count = 0;
    const load = Array.from({ length: 8 }, async (_, lane) => {
      while (running) {
        count += 1;
        const { status, json } = await ask(live, `u${lane}-${count}`);
        const version = status === 200 ? json.predictions[0].version : `status ${status}`;
        answers.set(version, (answers.get(version) ?? 0) + 1);
      }
    });
    await until(() => count > 200);
    const [first] = pythonsOf(live.dir);
    process.kill(first ?? 0, 'SIGKILL');
    await until(() => pythonsOf(live.dir).some((pid) => pid !== first));
    await until(async () => (await live.get('/v2/models/late/versions/2/ready')).status === 200);
    const atRestart = count;
    await until(() => count > atRestart + 200);
    running = false;
    await Promise.all(load);
    // Nobody was refused, and both versions answered.
    expect([...answers.keys()].sort()).toEqual(['1', '2']);
    expect([...answers.values()].reduce((sum, n) => sum + n, 0)).toBe(count);
    await live.client.flush();
    const records = live.records().filter((record) => record.kind === 'prediction');
    expect(records).toHaveLength(count);
    const fallen = records.filter(({ error }) => error !== null);
    expect(fallen.length).toBeGreaterThan(0);
    expect(fallen.every(({ arm, version }) => arm === 'challenger' && version === '1')).toBe(true);
    expect(fallen[0]?.error).toMatch(/Python process/);
    const { releases } = await live.client.state();
    expect(releases[0]?.stages[0]?.challengerErrors).toBe(fallen.length);
    expect((await live.get('/metrics')).text).toContain(
      'rondo_gateway_python_restarts{model="late",version="2"} 1',
    );
  });

  it('dies as the champion: 503 with Retry-After until it is back; other endpoints go on', async () => {
    gateway = await openGateway();
    const live = gateway;
    const other = writeModel(live.dir, {
      name: 'other',
      version: '1',
      graph: logisticGraph([1, 0], 0),
      columns: ['x', 'n'],
    });
    await live.client.putRoutes(
      tableOf(
        [...onnxAndPython(live.dir, '1'), other],
        [
          { name: 'late', model: 'late', release: { ...release, share: 0, stage: 'shadow' } },
          { name: 'other', model: 'other' },
        ],
      ),
    );
    expect((await ask(live, 'a')).json.predictions[0].version).toBe('1');
    process.kill(pythonsOf(live.dir)[0] ?? 0, 'SIGKILL');
    await until(async () => (await ask(live, 'b')).status === 503);
    const refused = await ask(live, 'c');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.json.error).toMatchObject({ code: 'GATEWAY_MODEL_DOWN' });
    expect((await live.get('/v2/models/late/ready')).status).toBe(503);
    const infer = await live.post('/v2/models/late/versions/1/infer', {
      inputs: [
        { name: 'x', shape: [1], datatype: 'FP64', data: [1] },
        { name: 'n', shape: [1], datatype: 'INT64', data: [1] },
      ],
    });
    expect(infer.status).toBe(503);
    expect((await live.post('/invocations?endpoint=late', { instances: [row] })).status).toBe(503);
    const unhurt = await live.post('/endpoints/other/predict', { inputs: [row] });
    expect(unhurt.status).toBe(200);
    await until(async () => (await ask(live, 'd')).status === 200);
  });
});
