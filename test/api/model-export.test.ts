import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExportManifest } from '../../src/contract/model-export.ts';
import type { RunDetail } from '../../src/contract/run-detail.ts';
import { missing } from '../engines/engine.ts';
import { mlflowEngine, pythonEnvironment } from '../engines/python.ts';
import { until } from '../harness/python-models.ts';
import { mainFile, startRondo, type RunningRondo } from '../harness/start-rondo.ts';

const reason = missing(mlflowEngine);
const run = promisify(execFile);
let rondo: RunningRondo;
let dir: string;
const cli = (...args: string[]) =>
  run(process.execPath, [mainFile, '--url', rondo.url, '--json', ...args]).then(
    ({ stdout }) => JSON.parse(stdout) as { folder: string; digest: string; version: string },
  );
const read = (...path: string[]) => readFileSync(join(dir, ...path), 'utf8');

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rondo-export-'));
  const project = join(dir, 'project');
  cpSync(join(import.meta.dirname, '../../examples/starter'), project, { recursive: true });
  rondo = await startRondo({ dir: project });
  const { runId } = await rondo.api.post<{ runId: string }>('/api/runs', { pipeline: 'train' });
  const state = () => rondo.api.get<RunDetail>(`/api/runs/${runId}`);
  await until(async () => !['queued', 'running'].includes((await state()).state), 60_000);
  await until(
    () =>
      rondo.api.get('/api/models/penguin-sex/versions/champion').then(
        () => true,
        () => false,
      ),
    60_000,
  );
}, 120_000);
afterAll(async () => {
  await rondo?.stop();
  rmSync(dir, { recursive: true, force: true });
});

it('is the same twice, whole, and as its manifest says', async () => {
  const first = await cli('models', 'export', 'penguin-sex', join(dir, 'first'));
  const second = await cli('models', 'export', 'penguin-sex@champion', join(dir, 'second'));
  const third = await cli('models', 'export', 'penguin-sex/1', join(dir, 'third'));
  expect(new Set([first.digest, second.digest, third.digest]).size).toBe(1);
  const names = readdirSync(join(dir, 'first'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(dir, 'first').length + 1));
  for (const name of names) expect(read('first', name)).toBe(read('second', name));
  const manifest = JSON.parse(read('first', 'manifest.json')) as ExportManifest;
  expect(names.toSorted()).toEqual(
    ['manifest.json', ...manifest.files.map(({ path }) => path)].toSorted(),
  );
  expect(names).toEqual(
    expect.arrayContaining(['README.md', 'signature.json', 'example.json', 'model/MLmodel']),
  );
  for (const { path, sha256, sizeBytes } of manifest.files) {
    const bytes = readFileSync(join(dir, 'first', path));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    expect(bytes.length).toBe(sizeBytes);
  }
  expect(manifest).toMatchObject({ model: 'penguin-sex', version: '1', format: 'onnx' });
});

it('leaves a folder alone that is not empty, and nothing of a version that is not there', async () => {
  mkdirSync(join(dir, 'mine'));
  writeFileSync(join(dir, 'mine', 'file'), 'mine');
  await expect(cli('models', 'export', 'penguin-sex', join(dir, 'mine'))).rejects.toMatchObject({
    stdout: expect.stringContaining('not empty'),
  });
  await expect(cli('models', 'export', 'penguin-sex/7', join(dir, 'none'))).rejects.toMatchObject({
    stdout: expect.stringContaining('MODEL_UNKNOWN'),
  });
  expect(readdirSync(dir).filter((name) => /none|partial/.test(name))).toEqual([]);
});

it('answers its example with onnxruntime for Node alone', async () => {
  await cli('models', 'export', 'penguin-sex', join(dir, 'node'));
  type Json = { name: string; datatype: string; shape: number[]; data: number[] };
  const { request, answer } = JSON.parse(read('node', 'example.json')) as {
    request: { inputs: Json[] };
    answer: { outputs: Json[] };
  };
  const session = await InferenceSession.create(join(dir, 'node', 'model', 'model.onnx'));
  const feeds = Object.fromEntries(
    request.inputs.map(({ name, shape, data }) => [
      name,
      new Tensor(
        'float32',
        Float32Array.from(data, (cell) => cell ?? Number.NaN),
        shape,
      ),
    ]),
  );
  const got = await session.run(feeds);
  for (const { name, data } of answer.outputs) {
    const values = Array.from((got[name] as Tensor).data as Float32Array, Number);
    expect(values).toHaveLength(data.length);
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(data[i] ?? Infinity, 5);
  }
  await session.release();
});

it.skipIf(reason)(`answers its example in Python as its README says ${reason ?? ''}`, async () => {
  await cli('models', 'export', 'penguin-sex', join(dir, 'python'));
  const code = /```python\n([\s\S]*?)```/.exec(read('python', 'README.md'))?.[1] ?? '';
  const said = execFileSync('python3', ['-c', code], {
    cwd: join(dir, 'python'),
    env: pythonEnvironment(mlflowEngine),
  }).toString();
  expect(said.trim().split('\n')).toEqual(['label True', 'probabilities True']);
});
