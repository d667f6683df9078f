import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../engines/engine.ts';
import { mlflowEngine } from '../engines/python.ts';
import { onnxAndPython, pythonsOf, until, usePythonEngine } from '../harness/python-models.ts';
import { openGateway, spawnGateway, tableOf, type TestGateway } from '../harness/start-gateway.ts';
import { logisticGraph, writeModel } from '../harness/tiny-onnx.ts';

const reason = missing(mlflowEngine);
const row = { x: 0.5, n: 3 };

const ask = (gateway: TestGateway, user: string) =>
  gateway.post('/endpoints/late/predict', { inputs: [{ ...row, user }] });
describe.skipIf(reason)(`a Python process ${reason ?? ''}`, () => {
  let gateway: TestGateway | undefined;
  beforeAll(usePythonEngine);
  afterEach(async () => {
    await gateway?.[Symbol.asyncDispose]();
    gateway = undefined;
  });

  it('that takes too long is ended and started again, and holds nobody else up', async () => {
    gateway = await openGateway({ limits: { pythonTimeoutMs: 700 } });
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
          { name: 'late', model: 'late' },
          { name: 'other', model: 'other' },
        ],
      ),
    );
    process.kill(pythonsOf(live.dir)[0] ?? 0, 'SIGSTOP');
    const stuck = ask(live, 'a');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startedMs = performance.now();
    expect((await live.post('/endpoints/other/predict', { inputs: [row] })).status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(400);
    const { status, json } = await stuck;
    expect(status).toBe(503);
    expect(json.error.message).toContain('no answer within 700 ms');
    await until(async () => (await ask(live, 'b')).status === 200);
  });

  it('leaves no orphan: not when its version goes, nor when the gateway stops or is killed', async () => {
    const live = await spawnGateway();
    gateway = live;
    const table = tableOf(onnxAndPython(live.dir, '1'), [{ name: 'late', model: 'late' }]);
    await live.client.putRoutes(table);
    expect(pythonsOf(live.dir)).toHaveLength(1);
    const socket =
      readFileSync(`/proc/${pythonsOf(live.dir)[0]}/cmdline`, 'utf8').split('\0')[3] ?? '';
    expect(() => readFileSync(socket)).toThrow('ENOENT');
    await live.client.putRoutes({ ...tableOf([]), version: 2 });
    await until(() => pythonsOf(live.dir).length === 0, 5000);
    await live.client.putRoutes({ ...table, version: 3 });
    expect(pythonsOf(live.dir)).toHaveLength(1);
    // The same version with another interpreter is another process, and the one before it goes.
    const [before] = pythonsOf(live.dir);
    const models = table.models.map((model) => ({ ...model, python: '/usr/bin/env python3' }));
    await expect(live.client.putRoutes({ ...table, models, version: 4 })).rejects.toThrow('ENOENT');
    expect(pythonsOf(live.dir)).toEqual([before]);
    const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)']);
    for (const model of models) model.python = python.toString().trim();
    await live.client.putRoutes({ ...table, models, version: 4 });
    await until(() => pythonsOf(live.dir).length === 1 && pythonsOf(live.dir)[0] !== before, 5000);
    await live.kill();
    await until(() => pythonsOf(live.dir).length === 0, 5000);

    // A gateway that comes back answers its health at once; the model follows.
    await using again = await spawnGateway({ dir: live.dir });
    expect((await again.get('/v2/health/live')).status).toBe(200);
    expect((await ask(again, 'a')).status).toBe(503);
    const infer = await again.post('/v2/models/late/infer', {
      inputs: [{ name: 'x', shape: [1], datatype: 'FP64', data: [1] }],
      outputs: [{ name: 'score' }],
    });
    expect(infer.status).toBe(503);
    await until(async () => (await ask(again, 'b')).status === 200);
    await again.close();
    expect(pythonsOf(again.dir)).toEqual([]);
  });
});
