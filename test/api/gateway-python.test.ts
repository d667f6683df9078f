import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../engines/engine.ts';
import { mlflowEngine } from '../engines/python.ts';
import { pythonModel, pythonModelRows, usePythonEngine } from '../harness/python-models.ts';
import { openGateway, tableOf, type TestGateway } from '../harness/start-gateway.ts';

const reason = missing(mlflowEngine);
const compared = ['regressor', 'classifier', 'probabilities', 'pipeline', 'tensor'] as const;

describe.skipIf(reason)(`models of MLflow's python_function ${reason ?? ''}`, () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    usePythonEngine();
    gateway = await openGateway();
    const names = [...compared, 'frame'] as const;
    const models = names.map((name) => pythonModel(gateway.dir, name, { name, version: '1' }));
    await gateway.client.putRoutes(
      tableOf(
        models,
        names.map((name) => ({ name, model: name })),
      ),
    );
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
  });

  it.each(compared)('gives what mlflow.pyfunc gives: %s', async (name) => {
    const { rows, expected } = pythonModelRows(name);
    const scores = expected.map((value) => (Array.isArray(value) ? value[1] : value) as number);
    const close = (given: unknown) => {
      for (const [i, score] of scores.entries())
        expect(Math.abs((given as number[])[i]! - score)).toBeLessThan(1e-6);
    };
    const fields = await gateway.post(`/endpoints/${name}/predict`, { inputs: rows });
    expect(fields.status).toBe(200);
    close(fields.json.predictions.map((row: { score: number }) => row.score));

    const columns = Object.keys(rows[0]!);
    const types: Record<string, string> = { number: 'FP64', string: 'BYTES', boolean: 'BOOL' };
    const infer = await gateway.post(`/v2/models/${name}/infer`, {
      inputs: columns.map((column) => ({
        name: column,
        shape: [rows.length],
        datatype: types[typeof rows[0]![column]],
        data: rows.map((row) => row[column]),
      })),
      outputs: [{ name: 'predictions' }, { name: 'score' }],
    });
    expect(infer.status).toBe(200);
    close(infer.json.outputs[1].data);
    expect(infer.json.outputs[0].data).toHaveLength(expected.flat().length);

    const split = { columns, data: rows.map((row) => columns.map((column) => row[column])) };
    const inputs = Object.fromEntries(columns.map((c) => [c, rows.map((row) => row[c])]));
    for (const body of [
      { dataframe_split: split },
      { dataframe_records: rows },
      { instances: rows },
      { inputs },
    ]) {
      const scored = await gateway.post(`/invocations?endpoint=${name}`, body);
      expect(scored.status).toBe(200);
      expect(scored.json.predictions.flat()).toHaveLength(expected.flat().length);
      for (const [i, value] of expected.flat().entries())
        expect(Math.abs(scored.json.predictions.flat()[i] - value)).toBeLessThan(1e-6);
    }
  });

  it('tells its columns and what it is', async () => {
    const { json } = await gateway.get('/v2/models/pipeline');
    expect(json).toMatchObject({
      platform: 'mlflow_python_function',
      inputs: [
        { name: 'x', datatype: 'FP64', shape: [-1] },
        { name: 'n', datatype: 'INT64', shape: [-1] },
        { name: 'place', datatype: 'BYTES', shape: [-1] },
        { name: 'busy', datatype: 'BOOL', shape: [-1] },
      ],
      outputs: [{ name: 'predictions', datatype: 'FP64', shape: [-1, 2] }],
    });
    const { text } = await gateway.get('/metrics');
    expect(text).toContain('rondo_gateway_python_up{model="pipeline",version="1"} 1');
  });

  it('takes instants and missing texts, and gives each column of a data frame', async () => {
    const rows = [
      { at: '2026-01-01T06:30:00Z', place: 'Oslo' },
      { at: Date.UTC(2026, 0, 2), place: null },
      { at: '2026-01-01T02:00:00+02:00', place: 'Åre' },
    ];
    const scored = await gateway.post('/invocations?endpoint=frame', { dataframe_records: rows });
    expect(scored.json.predictions).toEqual([
      { hours: 6.5, place: 'Oslo' },
      { hours: 24, place: 'nowhere' },
      { hours: 0, place: 'Åre' },
    ]);
    const fields = await gateway.post('/endpoints/frame/predict', { inputs: rows });
    expect(fields.json.predictions.map(({ score }: { score: number }) => score)).toEqual([
      6.5, 24, 0,
    ]);
    const bad = await gateway.post('/endpoints/frame/predict', { inputs: [{ at: 'soon' }] });
    expect(bad.status).toBe(500);
    expect(bad.json.error.message).toContain('soon');
  });

  it('refuses what does not fit, and fails one row of many alone', async () => {
    const good = { x: 1, n: 2, place: 'Oslo', busy: true };
    const refused = await gateway.post('/endpoints/pipeline/predict', {
      inputs: [{ ...good, n: 1.5 }],
    });
    expect(refused.status).toBe(400);
    expect(refused.json.error.message).toContain('the column "n" wants long, got 1.5');
    const mixed = await gateway.post('/endpoints/pipeline/predict', {
      inputs: [good, { ...good, place: 'Rome' }, good],
    });
    expect(mixed.status).toBe(200);
    const [first, second, third] = mixed.json.predictions;
    expect(second).toMatchObject({
      score: null,
      error: expect.stringContaining("Found unknown categories ['Rome']"),
    });
    expect(first.score).toBe(third.score);
    await gateway.client.flush();
    const records = gateway.records().filter((record) => record.kind === 'prediction');
    expect(records.find(({ id }) => id === second.id)).toMatchObject({
      version: null,
      features: { place: 'Rome', busy: true },
    });
  });

  it('says at the start what is wrong with a model or its interpreter', async () => {
    const put = (model: ReturnType<typeof pythonModel>) =>
      gateway.client.putRoutes({ ...tableOf([model]), version: 2 });
    const model = pythonModel(gateway.dir, 'regressor', { name: 'bad', version: '1' });
    await expect(put({ ...model, python: '/nowhere/python' })).rejects.toMatchObject({
      code: 'GATEWAY_MODEL_UNLOADABLE',
      message: expect.stringContaining('ENOENT'),
    });
    await expect(
      put({ ...model, signature: [{ name: 'z', type: 'double', required: true }] }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('it fails on its input example'),
    });
    await expect(put({ ...model, path: gateway.dir })).rejects.toMatchObject({
      message: expect.stringContaining('MLmodel'),
    });
    expect(readdirSync(join(gateway.dir, 'gateway', 'scorers'))).toEqual([]);
    expect((await gateway.get('/v2/models/pipeline/ready')).status).toBe(200);
    const running = execFileSync('pgrep', ['-fc', `rondo_scorer.py ${gateway.dir}`]).toString();
    expect(Number(running)).toBe(6);
  });
});
