import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunsView } from '../../src/contract/views/runs-view.ts';
import { missing, run, type Engine } from '../engines/engine.ts';
import { createPostgresDatabase, postgresEngine, startPostgres } from '../engines/postgres.ts';
import { mlflowEngine, oldMlflowEngine, pythonEnvironment } from '../engines/python.ts';
import { readGuides } from '../guide/guide-blocks.ts';
import { startRondo, type RunningRondo } from '../harness/start-rondo.ts';

const reason = missing(mlflowEngine) ?? missing(oldMlflowEngine);
if (reason !== undefined) process.stderr.write(`tracking by MLflow's clients: ${reason}\n`);
const noPostgres =
  process.env.RONDO_TEST_POSTGRES_URL === undefined ? missing(postgresEngine) : undefined;
const PROJECT = { 'rondo.yaml': 'rondo: 1\nproject: tracking\n' };

async function python<T>(engine: Engine, script: string, ...given: string[]): Promise<T> {
  const { stdout } = await run('python3', [join(import.meta.dirname, script), ...given], {
    env: { ...pythonEnvironment(engine), PYTHONWARNINGS: 'ignore' },
    maxBuffer: 64 << 20,
  });
  // The client prints its own lines before.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}

describe.skipIf(reason !== undefined)("tracking by MLflow's clients", () => {
  let folder = '';
  let reference: Promise<Record<string, unknown>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rondo-tracking-'));
    // MLflow's own store, which every answer is compared with.
    const store = `sqlite:///${join(folder, 'reference.db')}`;
    reference = python(mlflowEngine, 'tracking_differential.py', store);
    reference.catch(() => undefined);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const answersOf = (engine: Engine, rondo: RunningRondo): Promise<Record<string, unknown>> =>
    python(engine, 'tracking_differential.py', rondo.url);

  test('each of 300 searches, writes and refusals is answered as by the store of MLflow', async () => {
    await using rondo = await startRondo({ files: PROJECT });
    const answers = await answersOf(mlflowEngine, rondo);
    expect(answers).toEqual(await reference);
    expect(Object.keys(answers).length).toBeGreaterThan(300);
  });

  test('the same to the older client', async () => {
    await using rondo = await startRondo({ files: PROJECT });
    expect(await answersOf(oldMlflowEngine, rondo)).toEqual(await reference);
  });

  test.skipIf(noPostgres !== undefined)('the same on PostgreSQL', async () => {
    await using server = await startPostgres();
    const database = await createPostgresDatabase(server.url);
    await using rondo = await startRondo({ files: PROJECT, flags: ['--database', database.href] });
    expect(await answersOf(mlflowEngine, rondo)).toEqual(await reference);
  });

  test('an afternoon in a notebook: nested, resumed and failed runs; the screens show it as ad hoc', async () => {
    await using rondo = await startRondo({ files: PROJECT });
    const seen = await python<{ runId: string }>(
      mlflowEngine,
      'tracking.py',
      'notebook',
      rondo.url,
    );
    expect(seen).toMatchObject({
      names: ['parent', 'child', 'broken'],
      status: { parent: 'FINISHED', child: 'FINISHED', broken: 'FAILED' },
      parent: { trees: '100', depth: '3', name: 'größe / π', auc: 0.95, loss: 0.1, team: 'a' },
      queued: Array.from({ length: 20 }, (_, index) => index),
      nested: true,
      changed: [
        'INVALID_PARAMETER_VALUE',
        expect.stringContaining('Changing param values is not allowed') as string,
      ],
    });
    const list = await rondo.api.get<RunsView>('/api/views/runs');
    expect(list.items.map((item) => [item.kind, item.pipeline, item.state])).toEqual([
      ['ad hoc', 'broken', 'failed'],
      ['ad hoc', 'parent', 'succeeded'],
    ]);
  });

  test('files and folders go through the proxy and come back the same, 50 MB streamed', async () => {
    await using rondo = await startRondo({ files: PROJECT });
    const seen = await python<{ runId: string }>(
      mlflowEngine,
      'tracking.py',
      'artifacts',
      rondo.url,
      folder,
    );
    expect(seen).toMatchObject({
      names: [
        'deep/a.json',
        'empty.txt',
        'model/deep/er/leaf ü.txt',
        'model/weights.bin',
        'note.txt',
        'other/place/empty.txt',
      ],
      same: true,
      listed: [
        ['model/deep', true, null],
        ['model/weights.bin', false, 50 << 20],
      ],
      root: ['deep', 'empty.txt', 'model', 'note.txt', 'other'],
      note: 'two',
      json: { a: [1] },
      missing: true,
      none: [],
    });
  });

  test('the guide works as it is written', async () => {
    await using rondo = await startRondo({ files: PROJECT });
    const blocks = readGuides()
      .flatMap((guide) => guide.blocks)
      .filter(({ mark }) => mark === 'mlflow');
    const { stdout } = await run('python3', ['-c', blocks.map(({ text }) => text).join('\n')], {
      env: { ...pythonEnvironment(mlflowEngine), MLFLOW_TRACKING_URI: rondo.url },
    });
    expect(stdout).toMatch(/metrics\.auc\n0 +[0-9a-f]{32} +0\.88/);
    const list = await rondo.api.get<RunsView>('/api/views/runs');
    expect(list.items.map((item) => item.metrics)).toEqual([{ rows: 1200 }, { auc: 0.88 }]);
  });

  test('a history of several pages comes whole and in order', async () => {
    await using rondo = await startRondo({ files: PROJECT });
    expect(await python(mlflowEngine, 'tracking.py', 'history', rondo.url)).toEqual({
      count: 60_000,
      same: true,
      latest: true,
    });
  });

  test('scikit-learn: autologging, logged models with their metrics, loading by run and by id', async () => {
    await using rondo = await startRondo({ files: PROJECT });
    expect(await python(mlflowEngine, 'tracking.py', 'models', rondo.url)).toMatchObject({
      autologged: { param: '1.0', datasets: ['dataset'], models: 1 },
      sameByRun: true,
      sameById: true,
      found: [true],
      status: 'READY',
      tag: 'young',
      noTag: false,
      params: { C: '1.0' },
      metric: [['auc', 0.9, 'points', true]],
      inputs: [['points', ['training']]],
      outputs: [true],
      gone: 'RESOURCE_DOES_NOT_EXIST',
      badName: 'INVALID_PARAMETER_VALUE',
    });
  });
});
