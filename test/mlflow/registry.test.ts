import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing, run, type Engine } from '../engines/engine.ts';
import { mlflowEngine, oldMlflowEngine, pythonEnvironment } from '../engines/python.ts';
import { readGuides } from '../guide/guide-blocks.ts';
import { startRondo, type RunningRondo } from '../harness/start-rondo.ts';

const script = join(import.meta.dirname, 'registry.py');
const reason = missing(mlflowEngine) ?? missing(oldMlflowEngine);
if (reason !== undefined)
  process.stderr.write(`the registry seen by MLflow's clients: ${reason}\n`);

async function client<T>(engine: Engine, ...given: string[]): Promise<T> {
  const { stdout } = await run('python3', [script, ...given], {
    env: { ...pythonEnvironment(engine), PYTHONWARNINGS: 'ignore' },
    maxBuffer: 16 << 20,
  });
  // The client prints its own lines before.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}

type Refusal = [code: string, message: string] | null;

describe.skipIf(reason !== undefined)("the registry seen by MLflow's clients", () => {
  let rondo: RunningRondo;
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rondo-registry-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const started = (): Promise<RunningRondo> =>
    startRondo({ files: { 'rondo.yaml': 'rondo: 1\nproject: registry\n' } });

  test("answers as MLflow's own registry does, call by call, to both clients", async () => {
    const reference = client<unknown[]>(
      mlflowEngine,
      'compare',
      `sqlite:///${join(folder, 'reference.db')}`,
    );
    for (const engine of [mlflowEngine, oldMlflowEngine]) {
      rondo = await started();
      await using _stopped = rondo;
      const answers = await client<unknown[]>(engine, 'compare', rondo.url);
      expect(answers).toEqual(await reference);
      expect(answers.length).toBeGreaterThan(140);
    }
  });

  test('what a notebook logs is registered, loaded and copied, and is never champion', async () => {
    rondo = await started();
    await using _stopped = rondo;
    const seen = await client<{ refused: Record<string, Refusal> } & Record<string, unknown>>(
      mlflowEngine,
      'live',
      rondo.url,
      'notebook-model',
    );
    expect(seen).toMatchObject({
      registered: [{ version: '1', tags: { from: 'notebook' }, status: 'READY' }, { version: '2' }],
      'same run': true,
      'loaded @best': true,
      'loaded /1': true,
      'loaded /2': true,
      'loaded /latest': true,
      'logged model knows its versions': true,
      copied: ['1', 'models:/notebook-model/1', true],
      prompt: 'Hello {{name}}',
      'prompts hidden': true,
      webhook: [
        ['model_version.created', 'model_version_alias.created'],
        'DISABLED',
        [['hook', 'told of versions']],
        false,
        0,
      ],
      versions: ['1', '2', '3'],
    });
    for (const alias of ['champion', 'challenger']) {
      const [code, message] = seen.refused[alias] ?? ['', ''];
      expect(code).toBe('PERMISSION_DENIED');
      expect(message).toContain('Version 1 is ad hoc');
      expect(message).toContain('through gates and a release: rondo run');
    }
    const versions = await rondo.api.get<{ items: unknown[] }>(
      '/api/models/notebook-model/versions',
    );
    expect(versions.items).toMatchObject(
      Array.from({ length: 3 }, () => ({ origin: 'ad-hoc', state: 'registered', runId: null })),
    );
  });

  test('the guide works as it is written, and an old client is refused champion too', async () => {
    rondo = await started();
    await using _stopped = rondo;
    const guide = readGuides()
      .flatMap(({ blocks }) => blocks)
      .find(({ mark }) => mark === 'mlflow registry');
    const { stdout } = await run('python3', ['-c', guide?.text ?? ''], {
      env: { ...pythonEnvironment(mlflowEngine), MLFLOW_TRACKING_URI: rondo.url },
    });
    expect(stdout).toContain("name='churn'");
    expect(stdout).toMatch(/\[1\]\s*$/);
    const old = await client<{ versions: string[]; refused: Record<string, Refusal> }>(
      oldMlflowEngine,
      'live',
      rondo.url,
      'old-model',
      'skinny',
    );
    expect(old).toMatchObject({
      versions: ['1'],
      refused: { champion: ['PERMISSION_DENIED', expect.stringContaining('is ad hoc')] },
    });
  });

  test("a pipeline's champion is found and loaded by alias, scores as it serves, and is kept", async () => {
    const project = join(folder, 'penguins');
    await cp(join(import.meta.dirname, '..', '..', 'examples', 'starter'), project, {
      recursive: true,
    });
    rondo = await startRondo({ dir: project });
    await using _stopped = rondo;
    await expect
      .poll(
        async () =>
          (await rondo.api.get<{ items: { state: string }[] }>('/api/models/penguin-sex/versions'))
            .items[0]?.state,
        { timeout: 60_000, interval: 500 },
      )
      .toBe('champion');
    const seen = await client<{ example: number[][]; scores: number[] } & Record<string, unknown>>(
      mlflowEngine,
      'champion',
      rondo.url,
      'penguin-sex',
      'champion',
    );
    expect(seen).toMatchObject({
      version: {
        version: '1',
        aliases: ['champion'],
        source: 'mlflow-artifacts:/registered/penguin-sex/1',
      },
      run: ['FINISHED', 'train'],
      found: [['1', true]],
      inputs: ['input'],
      outputs: ['label', 'probabilities'],
      refused: {
        'alias away': 'PERMISSION_DENIED',
        'delete version': 'PERMISSION_DENIED',
        'delete model': 'PERMISSION_DENIED',
        rename: 'PERMISSION_DENIED',
      },
    });
    const columns = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'];
    const rows = seen.example.map((row) =>
      Object.fromEntries(columns.map((column, index) => [column, row[index]])),
    );
    const answer = await fetch(`${rondo.gatewayUrl}/endpoints/penguin-sex/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: rows }),
    });
    const { predictions } = (await answer.json()) as { predictions: { score: number }[] };
    expect(predictions).toHaveLength(3);
    for (const [index, prediction] of predictions.entries())
      expect(prediction.score).toBeCloseTo(seen.scores[index] ?? Number.NaN, 5);
  });
});
